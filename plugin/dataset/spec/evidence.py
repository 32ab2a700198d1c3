"""What a spec says beside distances: δ's worth, support, attributes, and what tells it from S."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ...coverage.criterion import Threshold
from ...coverage.named.markers import is_marker
from ...coverage.named.ranges import NamedRange
from ...coverage.support import support
from ...coverage.verdict import drive_numbers
from ...coverage.yardstick import Yardstick
from ...interchange.features.feature_cache import KNOWN
from ...report.spec.apart import Apart, set_apart
from ...report.spec.missing import Shared, over_represented
from ...report.spec.rule import Rule
from ...settings.spec import SpecParams
from ..gaps.coverage.coverage import STEP, CoverageResult
from ..gaps.vectors.attributes import read_attributes
from ..store import runs
from ..store.fields.metadata import scene_paths
from ..store.names import FRAME_NUMBER, SEQUENCE, Names, ReviewNames
from ..store.sets.drives import read_drives
from ..store.sets.resolve import resolve, told_by
from ..store.vectors.vectors import Vectors

Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of the candidates, one entry each, and of S.

    ``support`` images of S lie within δ of a candidate, of ``support_drives`` drives; these and
    ``drives`` int64 (m,), the drive of each image of S, are None where no field names drives.
    ``support`` is None where there are no embeddings.
    """

    support: list[int] | None
    support_drives: list[int] | None
    attributes: list[Mapping[str, float]]
    apart: tuple[Apart, ...]
    ranges: tuple[NamedRange, ...]
    drives: NDArray[np.int64] | None


def worth(covered: CoverageResult, given: float | None, scale: Yardstick | None) -> Threshold:
    """What decides in a spec and what it is worth: as in the run, unless a δ is given for it."""
    known = covered.threshold
    if given is not None and (given != known.delta or known.score == "novelty"):
        rated = scale is not None and known.drives > 1
        return known.at(given, scale.level(given, known.drives) if scale and rated else None)
    return known


def gather(
    dataset: fo.Dataset,
    names: Names,
    covered: CoverageResult,
    found: Vectors,
    owned: Vectors,
    rule: Rule,
) -> Evidence:
    """Support within the spec's δ, on the day of issue, and attributes beside the ranges of S."""
    drives = drives_of(dataset, covered, owned.ids)
    counts = of_drives = None
    if rule.checkable:
        labels = [None] * len(owned.ids) if drives is None else drives
        by_image, by_drive = support(
            found.matrix, owned.matrix, labels, rule.delta, metric=rule.metric
        )
        counts, of_drives = by_image.tolist(), by_drive.tolist()
    record = runs.read(dataset, names, STEP)
    camera_field = record.params.get("camera_field") if record else None
    columns, cameras = read_attributes(dataset, names, found.ids, camera_field)
    ranges = tuple(NamedRange(**known) for known in covered.ranges)
    attributes: list[Mapping[str, float]] = [
        {name: column[row] for name, column in columns.items() if column[row] is not None}
        for row in range(len(found.ids))
    ]
    apart = tuple(set_apart(columns, ranges, cameras))
    support_drives = None if drives is None else of_drives
    return Evidence(counts, support_drives, attributes, apart, ranges, drives)


def differences(
    dataset: fo.Dataset, here: Columns, there: Columns, params: SpecParams
) -> tuple[tuple[str, ...], tuple[Shared, ...]]:
    """The fields that were tried, and values that candidates ``here`` have more often than S."""
    untried = {SEQUENCE, FRAME_NUMBER, ReviewNames.failure_rate, ReviewNames.failure_rank}
    untried |= told_by(dataset, params.owned, params.pool)
    if ReviewNames.ground_truth in here:
        untried |= {*KNOWN}  # a feature cache says the same in three more columns
    tried = tuple(name for name in here if name not in untried)
    mine, theirs = ({name: of[name] for name in tried} for of in (here, there))
    markers = _markers(dataset, theirs, params.pool)
    return tried, tuple(over_represented(mine, theirs, markers=markers))


def _markers(dataset: fo.Dataset, owned: Columns, pool: str) -> set[str]:
    """Fields that may only say which images are in U, by their values in S and in all of U."""
    paths, candidates = scene_paths(dataset), resolve(dataset, pool)
    single = [name for name, values in owned.items() if len({*values} - {None}) == 1]
    return {name for name in single if is_marker(owned[name], candidates.distinct(paths[name]))}


def drives_of(
    dataset: fo.Dataset, covered: CoverageResult, ids: Sequence[str]
) -> NDArray[np.int64] | None:
    """The drive of each image, as a number, by the field that named those of S for the run."""
    if covered.looks_like_video:
        return np.zeros(len(ids), np.int64)
    field = covered.sequence_field
    if field is None or not dataset.has_field(field):
        return None
    return drive_numbers(read_drives(dataset, field, ids, []).owned)
