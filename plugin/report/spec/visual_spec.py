"""A Visual Spec: what to collect, what not, how many, and when it counts, as plain values.

This module holds what a spec says and turns it into ``spec.json``, whose format is
:mod:`~.format`; how it looks is :mod:`~.page`, its files are :mod:`~.package`, and
reading one back is :mod:`~.reading`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...coverage.criterion import Threshold
from ...coverage.named.ranges import NamedRange
from ...coverage.words import standing
from .apart import Apart
from .format import FORMAT, VERSION
from .missing import LEAST_COUNT, LEAST_LIFT, LEVEL, Shared
from .rule import NEAR_MISS, Rule

REFERENCE = "reference.npz"


@dataclass(frozen=True, eq=False)
class Image:
    """One image of a spec: its file and what is known of it.

    ``to_owned``, ``to_centre`` in the spec's metric, None where unknown; ``percentile`` 0..100 or
    None; ``facts`` are metadata as (field, value); ``heat`` uint8 (h, w) or None where no heatmap
    was computed.  ``support`` images of S lie within δ, of ``support_drives`` drives (None where no
    field names drives); ``attributes`` by name, empty where none were measured.
    """

    id: str
    path: str
    to_centre: float | None
    to_owned: float | None = None
    percentile: float | None = None
    facts: tuple[tuple[str, str], ...] = ()
    heat: NDArray[np.uint8] | None = None
    support: int | None = None
    support_drives: int | None = None
    attributes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class MadeBy:
    """The encoder behind a spec's vectors; ``parameters`` open it again."""

    name: str
    fingerprint: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OtherCard:
    """A gap card of which a rule knows ``rows`` images as another request's."""

    card: int
    title: str
    rows: int


@dataclass(frozen=True, eq=False)
class VisualSpec:
    """Everything a Visual Spec says.

    ``candidates`` are all of them; ``shown`` are the rows of it with a picture, in the order shown;
    ``owned`` the images of S nearest to the centre; ``missing`` what stands out in the metadata
    and ``tried`` the fields looked at; ``reference`` float32 (m, d), the rows of S that decide.
    ``source`` says in words where the candidates came from; ``place`` is the empty place they
    represent, if they do; ``drive`` the sequence that all of them come from, empty where there are
    several; ``parameters`` are the export's own; ``heatmap`` is the method behind the heatmaps.
    ``threshold`` says what the rule's δ is worth; ``apart`` what sets the candidates apart in their
    attributes, and ``ranges`` are those of S; ``reference_drives`` int64 (m,) numbers the drives of
    ``reference``, None where no field names drives; ``others`` are the cards of the rule's
    ``others``.
    """

    title: str
    quantity: int
    quantity_source: str
    rule: Rule
    dataset: str
    source: str
    encoder: MadeBy
    owned_count: int
    threshold: Threshold
    delta_source: str
    candidates: tuple[Image, ...]
    shown: tuple[int, ...]
    owned: tuple[Image, ...]
    missing: tuple[Shared, ...]
    tried: tuple[str, ...]
    reference: NDArray[np.float32]
    place: tuple[float, float, float] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    heatmap: str = ""
    note: str = ""
    drive: str = ""
    apart: tuple[Apart, ...] = ()
    ranges: tuple[NamedRange, ...] = ()
    reference_drives: NDArray[np.int64] | None = None
    others: tuple[OtherCard, ...] = ()
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
        """Number of candidates that are new by the rule."""
        rule = self.rule
        if rule.novelty is not None:
            return int(np.count_nonzero(~rule.covers(rule.candidates, np.empty(0, np.float32))))
        return sum(1 for image in self.candidates if (image.to_owned or 0) > rule.delta)

    @property
    def estimated(self) -> bool:
        """Whether the candidates represent an empty place on the sphere."""
        return self.place is not None

    @property
    def has_heatmaps(self) -> bool:
        """Whether any candidate shown has a heatmap."""
        return any(self.candidates[row].heat is not None for row in self.shown)


def _ball(rule: Rule) -> dict[str, Any]:
    """The rule in numbers and words; δ alone where images cannot be checked."""
    if not rule.checkable:
        return {"checkable": False, "radius": None, "rule": {"new": "d_S > delta"}}
    new = "d_S > delta" if rule.novelty is None else "n > novelty.beyond"
    return {
        "radius": rule.radius,
        "radius_source": rule.radius_source,
        "radius_drives": rule.drives,
        "radius_level": rule.level,
        "near_miss_radius": rule.near_radius,
        "novelty": None if rule.novelty is None else {"beyond": rule.novelty.beyond},
        "rule": {
            "d_S": "distance to the nearest row of embeddings in reference.npz",
            "d_c": "distance to the nearest row of candidates in reference.npz",
            "d_o": "distance to the nearest row of others in reference.npz; infinite without any",
            **_measured(rule),
            "accepted": f"{new} and d_c <= d_o and d_c <= radius and d_c < d_S",
            "near miss": f"not accepted, {new} and d_c <= d_o and d_c <= {NEAR_MISS} radius",
            "off target": f"{new} and (d_c > d_o or d_c > {NEAR_MISS} radius)",
            "covered already": new.replace(">", "<="),
        },
    }


def _measured(rule: Rule) -> dict[str, str]:
    if rule.novelty is None:
        return {}
    left = "length of x - (x components^T) components, x being the vector less mean"
    return {"n": f"novelty: {left}, with mean and components of reference.npz"}


def document(spec: VisualSpec, reference_digest: str) -> dict[str, Any]:
    """The content of ``spec.json``."""
    rule = spec.rule
    numbers = {row: number for number, row in enumerate(spec.shown, 1)}

    def listed(image: Image) -> dict[str, Any]:
        return {
            "id": image.id,
            "path": image.path,
            "dist_to_S": image.to_owned,
            "percentile": image.percentile,
            "dist_to_centre": image.to_centre,
        }

    def chosen(image: Image) -> dict[str, Any]:
        about = {"support": image.support, "support_drives": image.support_drives}
        return {**listed(image), **about, "attributes": dict(image.attributes)}

    def own(*names: str) -> dict[str, Any]:
        return {name: getattr(spec, name) for name in names}

    return {
        "format": FORMAT,
        "version": VERSION,
        **own("id", "created", "title", "note", "dataset", "source", "estimated", "place"),
        "encoder": asdict(spec.encoder),
        "heatmap": spec.heatmap or None,
        "metric": rule.metric,
        "delta": rule.delta,
        **own("delta_source", "quantity", "quantity_source"),
        "standing": {
            "sentence": standing(spec.threshold),
            **{
                name: getattr(spec.threshold, name)
                for name in ("basis", "alpha", "level", "drives")
            },
        },
        **_ball(rule),
        "missing": {
            "found": [asdict(shared) for shared in spec.missing],
            "fields": spec.tried,
            "test": {
                "name": "one-sided Fisher exact, Holm-corrected",
                "level": LEVEL,
                "least_count": LEAST_COUNT,
                "least_lift": LEAST_LIFT,
            },
        },
        "others": [asdict(each) for each in spec.others],
        "apart": [asdict(each) for each in spec.apart],
        "ranges": [asdict(each) for each in spec.ranges],
        "candidates": [
            {**chosen(image), "picture": numbers.get(row)}
            for row, image in enumerate(spec.candidates)
        ],
        "owned": [listed(image) for image in spec.owned],
        **own("owned_count"),
        "reference": {
            "file": REFERENCE,
            "rows": len(spec.reference),
            "blake2b": reference_digest,
        },
        **own("parameters"),
        "centre": rule.centre.tolist(),
    }
