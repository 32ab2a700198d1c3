"""What gap cards of a dataset are made of: gaps, distances, drives and what is known of images.

Distances, verdicts and drives are those of the last coverage run; fields of the user's, attributes
and reviews are read as they are now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ....cards.columns import Column, Terms, terms_of
from ....coverage.criterion import GAP, NAMES
from ....coverage.named.findings import Numbers
from ....coverage.picks.duplicates import frame_scale
from ....coverage.words import joined
from ....coverage.yardstick import Yardstick
from ....embeddings.attributes import WORDS
from ....errors import EmptySetError, MismatchError
from ....settings.fields import Params
from ....settings.rationales import FailureParams
from ....settings.steps import CardParams, CoverageParams
from ...store import runs
from ...store.fields.metadata import columns, metadata
from ...store.fields.verdict_fields import models
from ...store.names import FRAME_NUMBER, SEQUENCE, Names, ReviewNames
from ...store.runs import Record
from ...store.samples import slice_path
from ...store.sets.drives import Drives
from ...store.sets.resolve import Samples, dataset_of
from ...store.steps.inputs import Inputs
from ...store.vectors.judged import FAILURES, Judged
from ..coverage import coverage
from ..coverage.coverage import CoverageResult
from ..vectors.attributes import read_attributes

Labels = Sequence[Hashable]


@dataclass(frozen=True, eq=False)
class Said:
    """What is known of the images beside their vectors.

    ``columns`` of the user's and ``attributes``, of S and U; the ``cameras`` of both that
    attributes are compared by; the ``judged`` samples, and how many ``neighbors`` among them tell
    of a gap.
    """

    columns: list[Column]
    attributes: list[Numbers]
    cameras: tuple[Labels, Labels] | None
    judged: Judged | None
    neighbors: int

    def digest(self) -> str:
        """Changes with any of it."""
        found = hashlib.blake2b(repr((self.columns, self.attributes, self.cameras)).encode())
        if self.judged is not None:
            found.update(repr((self.judged.vectors.digest(), self.neighbors)).encode())
            found.update(self.judged.failed.tobytes())
        return found.hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything that cards are made of.

    ``gap`` bool (n,) and ``distance`` (n,) of U; ``support`` (n,), None where it was not counted;
    ``order`` sorts S as it was recorded; ``owned_drives`` are one where S looks like video;
    ``frame_scale`` is how near near duplicates are, ``scale`` is None where S has one image.
    """

    dataset: fo.Dataset
    names: Names
    covered: CoverageResult
    inputs: Inputs
    settings: CoverageParams
    order: NDArray[np.int64]
    owned_drives: list[str | None]
    pool_drives: list[str | None]
    gap: NDArray[np.bool_]
    distance: NDArray[np.float64]
    support: NDArray[np.float64] | None
    scale: Yardstick | None
    said: Said

    @classmethod
    def read(cls, samples: Samples, params: CardParams, inputs: Inputs) -> Scene:
        """Read what the last coverage run left.

        Raises
        ------
        MismatchError
            S, U or their drives are not what it saw.
        """
        dataset, names = dataset_of(samples), Names(params.suffix)
        record = runs.finished(dataset, names, coverage.STEP)
        assert record is not None, "the caller has read its result"
        covered = coverage.of_record(record.results)
        settings = CoverageParams(**_settings(record, CoverageParams))
        owned, pool = inputs.owned.ids, inputs.pool.ids
        drives = inputs.drives(samples, settings.sequence_field)
        _refuse_others(record, inputs, drives, params)
        gap, distance, support = _measured(dataset, names, pool)
        return cls(
            dataset,
            names,
            covered,
            inputs,
            settings,
            drives.order,
            ["S"] * len(owned) if covered.looks_like_video else drives.owned,
            drives.pool,
            gap,
            distance,
            support,
            coverage.yardstick(dataset, names),
            _said(dataset, names, inputs, drives.field, settings.camera_field),
        )

    @cached_property
    def frame_scale(self) -> float:
        """How far apart neighbouring frames of S usually are."""
        owned, metric = self.inputs.owned.matrix, self.covered.metric
        return frame_scale(owned, self.owned_drives, self.order, metric=metric)

    @cached_property
    def terms(self) -> Terms:
        """What names are made of."""
        return terms_of(self.said.columns, self.owned_drives, self.pool_drives)

    @property
    def left_out(self) -> dict[str, str]:
        """Why fields of the user's name no card."""
        return {
            **dict.fromkeys(sorted(self.inputs.sets.fields), "says who is S and U"),
            **self.terms.left_out,
        }

    def trace(self, earlier: Record | None = None) -> dict[str, Any]:
        """What a record keeps of all this: equal traces give equal cards.

        ``earlier`` as in :meth:`...store.steps.inputs.Inputs.trace`.
        """
        others = {suffix or "none": stamp for suffix, stamp in self.others().items()}
        return {**self.inputs.trace(earlier), "said": self.said.digest(), "others": others}

    def others(self) -> dict[str, str]:
        """The stamps of the other analyses' coverage runs, by suffix."""
        found = {}
        for suffix in runs.suffixes(self.dataset, coverage.STEP):
            record = runs.read(self.dataset, Names(suffix), coverage.STEP)
            if suffix != self.names.suffix and record is not None and not record.running:
                found[suffix] = stamp(record)
        return found


def stamp(record: Record) -> str:
    """What tells one run of a step from the next."""
    return record.token or record.created


def _refuse_others(record: Record, inputs: Inputs, drives: Drives, params: CardParams) -> None:
    """MismatchError where the coverage run saw another S, another U or other drives."""
    known, now = record.inputs, {**inputs.trace(record), "drives": drives.digest()}
    if "owned_digest" not in known:
        raise MismatchError(
            "These distances were imported, and cards need distances between the vectors of this "
            "dataset: run compute_coverage first."
        )
    roles = {f"S ({params.owned!r})": "owned_digest", f"U ({params.pool!r})": "pool_digest"}
    changed = [role for role, name in roles.items() if known.get(name) != now[name]]
    if not changed and known.get("drives") != now["drives"]:
        changed = ["The field that names drives"]
    if changed:
        raise MismatchError(
            f"{joined(changed)} {'differs' if len(changed) == 1 else 'differ'} from what "
            "compute_coverage saw: run compute_coverage again, or give the same S, U and view."
        )


def _measured(
    dataset: fo.Dataset, names: Names, pool: Sequence[str]
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64] | None]:
    """Which images of U are gaps, their distance to S, and their support where it was counted."""
    gap_field = names.gap_verdict if dataset.has_field(names.gap_verdict) else names.is_gap
    wanted = {"gap": gap_field, "distance": names.dist_to_S, "support": names.support}
    paths = {name: path for name, path in wanted.items() if dataset.has_field(path)}
    if not {"gap", "distance"} <= paths.keys():
        raise MismatchError(
            f"The dataset has no field {gap_field!r} or {names.dist_to_S!r} any more: run "
            "compute_coverage again."
        )
    found = columns(dataset, pool, paths)
    gap = np.array([verdict in (NAMES[GAP], True) for verdict in found["gap"]])
    near = np.array(found.get("support", [None] * len(pool)), np.float64)
    return gap, np.array(found["distance"], np.float64), None if np.isnan(near).any() else near


def _said(
    dataset: fo.Dataset,
    names: Names,
    inputs: Inputs,
    drive_field: str | None,
    camera_field: str | None,
) -> Said:
    ids, split = [*inputs.owned.ids, *inputs.pool.ids], len(inputs.owned.ids)
    skipped = {SEQUENCE, FRAME_NUMBER, drive_field, (drive_field or "").split(".")[0]}
    skipped |= inputs.sets.fields
    theirs = [
        Column(name, column[:split], column[split:])
        for name, column in metadata(dataset, ids).items()
        if name not in skipped
    ]
    measured, cameras = read_attributes(dataset, names, ids, camera_field)
    numbers = [
        Numbers(name, column[:split], column[split:], *WORDS[name])
        for name, column in measured.items()
        if any(value is not None for value in column)
    ]
    by = (cameras[:split], cameras[split:]) if camera_field or slice_path(dataset) else None
    return Said(theirs, numbers, by, *_judged(dataset, names))


def _judged(dataset: fo.Dataset, names: Names) -> tuple[Judged | None, int]:
    """Reviewed samples, as the last ranking by failures took them; None where there are none."""
    record = runs.read(dataset, names, FAILURES)
    params = FailureParams(**_settings(record, FailureParams))
    known = models(dataset)
    if not known:
        return None, params.neighbors
    said = ReviewNames(params.model if params.model in known else known[0])
    try:
        return Judged.read(dataset, names, said), params.neighbors
    except EmptySetError:
        return None, params.neighbors


def _settings(record: Record | None, params: type[Params]) -> dict[str, Any]:
    """What a record has of a class's settings: an earlier version's may be others."""
    kept = {} if record is None else record.params
    return {name: value for name, value in kept.items() if name in params.model_fields}
