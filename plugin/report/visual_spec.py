"""A Visual Spec: what to collect, what not, how many, and when it counts, as plain values.

This module holds what a spec says and turns it into ``spec.json``; how it looks is
:mod:`~.spec_page`, its files are :mod:`~.spec_package`, and reading one back is
:mod:`~.spec_reading`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .spec_missing import LEAST_COUNT, LEAST_LIFT, LEVEL, Shared
from .spec_rule import NEAR_MISS, Rule

FORMAT = "gapsphere visual spec"
VERSION = 1
REFERENCE = "reference.npz"


@dataclass(frozen=True, eq=False)
class Image:
    """One image of a spec: where it lies and what is known of it.

    ``to_owned``, ``to_centre`` in the spec's metric; ``percentile`` 0..100 or None; ``facts`` are
    metadata as (field, value); ``heat`` uint8 (h, w) or None where no heatmap was computed.
    """

    id: str
    path: str
    to_centre: float
    to_owned: float | None = None
    percentile: float | None = None
    facts: tuple[tuple[str, str], ...] = ()
    heat: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Origin:
    """Whose spec it is and what made its vectors.

    ``source`` says in words where the candidates came from; ``estimated`` that they stand for an
    empty place; ``encoder_params`` open the encoder again; ``parameters`` are the export's own;
    ``heatmap`` is the method behind the heatmaps.
    """

    dataset: str
    source: str
    encoder: str
    fingerprint: str
    owned_count: int
    delta_source: str
    estimated: bool = False
    place: tuple[float, float, float] | None = None
    encoder_params: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    heatmap: str = ""


@dataclass(frozen=True, eq=False)
class VisualSpec:
    """Everything a Visual Spec says.

    ``candidates`` are all of them; ``shown`` are the rows of it with a picture, in the order shown;
    ``owned`` the images of S nearest to the centre; ``missing`` what stands out in the metadata
    and ``tried`` the fields looked at; ``reference`` float32 (m, d), the rows of S that decide;
    ``drive`` the sequence that all candidates come from, empty where there are several.
    """

    title: str
    quantity: int
    quantity_source: str
    rule: Rule
    origin: Origin
    candidates: tuple[Image, ...]
    shown: tuple[int, ...]
    owned: tuple[Image, ...]
    missing: tuple[Shared, ...]
    tried: tuple[str, ...]
    reference: NDArray[np.float32]
    note: str = ""
    drive: str = ""
    created: str = field(
        default_factory=lambda: datetime.now(timezone.utc).isoformat(timespec="seconds")
    )

    @property
    def id(self) -> str:
        """Name of this spec: its date and a digest of what it asks for."""
        digest = hashlib.blake2b(self.rule.centre.tobytes(), digest_size=3)
        identity = [self.created, self.title, self.quantity, self.rule.radius, self.rule.delta]
        identity += [image.id for image in self.candidates]
        digest.update(json.dumps(identity).encode())
        return f"GS-{self.created[:10].replace('-', '')}-{digest.hexdigest()}"

    @property
    def beyond(self) -> int:
        """Candidates that lie beyond δ."""
        return sum(1 for image in self.candidates if (image.to_owned or 0) > self.rule.delta)

    @property
    def narrow(self) -> bool:
        """Whether the radius is no more than the spread of one drive's frames."""
        return bool(self.drive) and self.rule.radius_source == "candidates"

    @property
    def has_heatmaps(self) -> bool:
        """Whether a picture that is shown has a heatmap."""
        return any(self.candidates[row].heat is not None for row in self.shown)


def document(spec: VisualSpec, reference_digest: str) -> dict[str, Any]:
    """The content of ``spec.json``."""
    rule, origin = spec.rule, spec.origin
    numbers = {row: number for number, row in enumerate(spec.shown, 1)}
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": spec.id,
        "created": spec.created,
        "title": spec.title,
        "note": spec.note,
        "dataset": origin.dataset,
        "source": origin.source,
        "estimated": origin.estimated,
        "place": list(origin.place) if origin.place else None,
        "encoder": {
            "name": origin.encoder,
            "fingerprint": origin.fingerprint,
            "parameters": dict(origin.encoder_params),
        },
        "heatmap": origin.heatmap or None,
        "metric": rule.metric,
        "delta": rule.delta,
        "delta_source": origin.delta_source,
        "quantity": spec.quantity,
        "quantity_source": spec.quantity_source,
        "radius": rule.radius,
        "radius_source": rule.radius_source,
        "near_miss_radius": rule.near_radius,
        "rule": {
            "accepted": "d_S > delta and d_c <= radius",
            "near miss": f"d_S > delta and radius < d_c <= {NEAR_MISS} radius",
            "off target": f"d_S > delta and d_c > {NEAR_MISS} radius",
            "covered already": "d_S <= delta",
        },
        "missing": {
            "found": [vars(shared) for shared in spec.missing],
            "fields": list(spec.tried),
            "test": {
                "name": "one-sided Fisher exact, Holm-corrected",
                "level": LEVEL,
                "least_count": LEAST_COUNT,
                "least_lift": LEAST_LIFT,
            },
        },
        "candidates": [
            {**_listed(image), "picture": numbers.get(row)}
            for row, image in enumerate(spec.candidates)
        ],
        "owned": [_listed(image) for image in spec.owned],
        "owned_count": origin.owned_count,
        "reference": {
            "file": REFERENCE,
            "rows": len(spec.reference),
            "blake2b": reference_digest,
        },
        "parameters": dict(origin.parameters),
        "centre": [float(value) for value in rule.centre],
    }


def _listed(image: Image) -> dict[str, Any]:
    return {
        "id": image.id,
        "path": image.path,
        "dist_to_S": image.to_owned,
        "percentile": image.percentile,
        "dist_to_centre": image.to_centre,
    }
