"""``compute_coverage``: how far every candidate is from what you own, and which are gaps.

δ is read off S once and then stays: only a fixed threshold lets the number of gaps fall as S grows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....coverage.criterion import (
    GAP,
    NAMES,
    OwnDistances,
    within_distances,
)
from ....coverage.drives import drive_table
from ....coverage.picks.duplicates import frame_scale
from ....coverage.radius import CoverageReport, coverage_report
from ....coverage.words import coverage_summary, unnamed
from ....coverage.yardstick import Yardstick
from ....errors import EmptySetError
from ....progress import Progress, silent
from ....results import Result
from ....settings.steps import CoverageParams
from ...store import runs
from ...store.fields.fields import Column as FieldColumn
from ...store.fields.ownership import Column, Writes, refuse_foreign
from ...store.leases import holds_lease
from ...store.names import Names
from ...store.samples import by_slice, flat, slice_path
from ...store.sets.door import admitted
from ...store.sets.drives import Drives
from ...store.sets.resolve import Samples, dataset_of, left_out
from ...store.steps import written
from ...store.steps.inputs import Inputs, read_inputs
from ...store.steps.step import Step
from ..rounds import round_cards, rounds
from ..vectors.attributes import NamedChannel, fields_digest, named_channel
from . import kept_delta, remeasured
from .compared import compare

STEP = "coverage"
CURVE = 65
"""Quantiles of the distances inside S that a record keeps."""
LISTED_DRIVES = 1000
"""Rows of the drives table that a record keeps."""

NOTES = (kept_delta.WRITES, rounds.WRITES)
"""Records that the step keeps beside its own."""

Figures = NDArray[Any]


@dataclass(frozen=True)
class Measured:
    """What is known of each candidate, (n,) each; None where a folder did not say.

    ``distance`` and ``novelty`` float; ``verdict`` int8 codes of ``criterion``; ``support`` and
    ``support_drives`` int; ``nearest`` sample ids.
    """

    distance: Figures
    verdict: Figures
    novelty: Figures | None = None
    support: Figures | None = None
    support_drives: Figures | None = None
    nearest: Sequence[str] | None = None


@dataclass(frozen=True, repr=False)
class CoverageResult(Result, CoverageReport):
    """What ``compute_coverage`` found; :func:`yardstick` reads the distances inside S.

    ``slices`` counts the images of S and of U of each slice of a grouped dataset; ``notes`` say
    what of it is in none of the views that were passed.
    """

    owned: int = 0
    seconds: float = 0.0
    reused: bool = False
    yardstick: Mapping[str, Any] | None = field(default=None, repr=False)
    slices: Mapping[str, list[int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        counts = [f"{name} {s:,} of S and {u:,} of U" for name, (s, u) in self.slices.items()]
        slices = [f"slices: {', '.join(counts)}"] if counts else []
        return "\n".join([coverage_summary(self), *slices, *self.notes])


@holds_lease("compute_coverage")
def compute_coverage(
    samples: Samples,
    params: CoverageParams | None = None,
    *,
    inputs: Inputs | None = None,
    progress: Progress = silent,
) -> CoverageResult:
    """Measure every candidate of U against S, exactly.

    Writes ``dist_to_S``, ``nearest_S``, ``dist_percentile``, ``support``, ``support_drives``,
    ``novelty``, ``gap_verdict`` and ``is_gap`` on U.  Without a value of the user's, δ is the first
    run's; on the first run (or with ``reset_delta``, or another ``alpha``) it is read off S as
    :func:`....coverage.criterion.choose_threshold` says.

    Raises
    ------
    InputError
        ``sequence_field`` cannot name drives, or a field of the user's has one of these names.
    """
    params = params or CoverageParams()
    notes = left_out(samples, params.owned, params.pool)
    samples = admitted(samples, params.slices)
    if inputs is None:  # else whoever read them has looked
        inputs = read_inputs(samples, params)
        dataset, names = dataset_of(samples), Names(params.suffix)
        notes += written.said(written.others_among(dataset, names, inputs))
    return replace(_covered(samples, params, inputs, progress), notes=notes)


def _covered(
    samples: Samples, params: CoverageParams, inputs: Inputs, progress: Progress
) -> CoverageResult:
    drives = inputs.drives(samples, params.sequence_field)
    step = Step.of(STEP, samples, params, writes=writes)
    # Attributes and fields may come after the images were embedded: they are then asked again.
    attributes = {step.names.attributes, Names().attributes}  # of the analysis, or the plain ones
    more = {
        "drives": drives.digest(),
        "attributes": sum(map(step.filled, attributes)),
        "fields": fields_digest(step.dataset, drives.field, inputs.sets.fields),
    }
    step.inputs = inputs.trace(step.earlier) | more
    step.work = work(len(inputs.owned.ids), len(inputs.pool.ids))
    known = step.current()
    refuse_foreign(step.dataset, step.names, writes(step.names), *NOTES)
    rounds.settle(step.dataset, step.names, step.earlier)
    round_cards.note(step.dataset, step.names)
    if known:
        return replace(of_record(known), reused=True)
    _keep_delta(step)
    kept = _kept_delta(step, params, inputs, drives.field)
    before = remeasured.recall(step, inputs, drives, params.metric)
    made = compare(step, inputs, drives, params, kept, before, progress)
    owned, own, threshold, found = made.owned, made.own, made.threshold, made.nearest
    pool = inputs.pool.matrix
    if (
        drives.field
        and not drives.by_group
        and drives.unnamed
        and not (own and own.looks_like_video)
    ):
        said = unnamed(drives.unnamed, len(owned), drives.field)
        threshold = replace(threshold, warning=f"{threshold.warning} {said}".strip())
    told = None
    if len(owned) > 1:
        told = (before.novelty if before else remeasured.measured_novelty)(pool, owned)
    new = None if told is None else told[0]
    codes = threshold.verdicts(found.distance, new)
    scale = None if own is None else Yardstick.of(own.distance, own.drive)
    usual = None if scale is None else float(scale.distance(50.0))
    table = drive_table(own, drives.owned, found.distance, drives.pool, codes, usual)
    about = _named(step, params, inputs, drives, own)
    table = [
        replace(row, findings=[asdict(f) for f in about.findings.get(row.drive, [])])
        for row in table
    ]
    ids = np.array(inputs.owned.ids, object)[made.order]
    support = made.support, made.support_drives
    measured = Measured(found.distance, codes, new, *support, ids[found.index].tolist())
    curve = []
    if own is not None:
        within = within_distances(owned, own, params.metric)
        curve = np.quantile(within, np.linspace(0, 1, CURVE)).tolist()
    report = coverage_report(
        found.distance,
        threshold,
        codes,
        drives_pool=len(table) + sum(label is None for label in drives.pool),
        drives=[asdict(row) for row in table[:LISTED_DRIVES]],
        sequence_field=drives.field,
        looks_like_video=own is not None and own.looks_like_video,
        inside=curve,
        ranges=about.ranges,
        asked=about.asked,
        gaps_once=_gaps_once(inputs, drives, codes, params, one=bool(own and own.looks_like_video)),
    )
    slices = _slices(inputs)
    return write(
        step,
        inputs.pool.ids,
        measured,
        report,
        scale,
        inputs.owned.ids,
        drives.owned,
        slices=slices,
        note=partial(
            remeasured.note, step, inputs, drives, own, (found, *support), told, threshold.delta
        ),
    )


def work(owned: int, pool: int) -> float:
    """How many distances the step computes: of S and of U to S."""
    return float(owned) * (owned + pool)


def _gaps_once(
    inputs: Inputs, drives: Drives, codes: Figures, params: CoverageParams, *, one: bool
) -> int:
    """Gaps with near duplicates counted once; 0 where that would take longer than the distances.

    Nearer than neighbouring frames of S usually are, as cards and picks have it; ``one``: S is one
    drive.
    """
    owned, gaps = inputs.owned.matrix, np.flatnonzero(codes == GAP)
    if not len(gaps) or len(gaps) ** 2 > 2 * len(owned) * len(codes):
        return 0
    labels = ["S"] * len(owned) if one else drives.owned
    scale = frame_scale(owned, labels, drives.order, metric=params.metric)
    return len(inputs.alike(gaps, scale, params.metric).representatives)


def read(dataset: fo.Dataset, names: Names) -> CoverageResult:
    """What the last run on the dataset found; an EmptySetError if it never ran."""
    record = runs.finished(dataset, names, STEP)
    if record is None or "delta" not in record.results:
        raise EmptySetError("Coverage is not computed yet: run compute_coverage first.")
    return of_record(record.results)


def of_record(results: Mapping[str, Any]) -> CoverageResult:
    """A recorded result; what an earlier or a later version kept otherwise is left at its default.

    The record has a ``delta`` at least.
    """
    least = {"metric": "cosine", "delta_source": "", "warning": "", "quantiles": {}}
    known = runs.known(CoverageResult, results)
    return CoverageResult(**{**least, "gaps": 0, "candidates": 0, **known, "notes": ()})


def yardstick(
    dataset: fo.Dataset,
    names: Names,
    pairs: tuple[ArrayLike, ArrayLike] | None = None,
) -> Yardstick | None:
    """The yardstick that the last coverage run kept; None where S has one sample.

    Runs recorded before there was one keep none: it is then read off the pairs of ``dist_to_S`` and
    ``dist_percentile`` that U carries, exact at each pair and interpolated between.
    ``pairs`` are these two columns, where the caller holds them.
    """
    record = runs.read(dataset, names, STEP)
    if record is not None and record.results.get("yardstick"):
        return Yardstick.from_record(record.results["yardstick"])
    if pairs is None:
        if not (dataset.has_field(names.dist_to_S) and dataset.has_field(names.dist_percentile)):
            return None
        measured = flat(dataset).exists(names.dist_percentile).exists(names.dist_to_S)
        pairs = measured.values([names.dist_to_S, names.dist_percentile])
    return Yardstick.from_pairs(*pairs)


def _slices(inputs: Inputs) -> dict[str, list[int]]:
    """Images of S and of U of each slice."""
    owned, pool = by_slice(inputs.sets.owned), by_slice(inputs.sets.pool)
    return {name: [owned.get(name, 0), pool.get(name, 0)] for name in sorted({**owned, **pool})}


def _kept_delta(
    step: Step, params: CoverageParams, inputs: Inputs, drive_field: str | None
) -> kept_delta.KeptDelta | None:
    """An earlier run's δ, where it still means the same and nobody asks for another."""
    if params.delta is not None or params.reset_delta or params.score == "novelty":
        return None
    return kept_delta.recall(
        step.dataset,
        step.names,
        metric=params.metric,
        alpha=params.alpha,
        fingerprint=inputs.fingerprint,
        drive_field=drive_field,
    )


def _keep_delta(step: Step) -> None:
    """Note the δ of the last run that finished, before its record is replaced."""
    if step.earlier and not step.earlier.running and "delta" in step.earlier.results:
        found = of_record(step.earlier.results)
        kept_delta.keep(step.dataset, step.names, step.earlier, found)


def _named(
    step: Step,
    params: CoverageParams,
    inputs: Inputs,
    drives: Drives,
    own: OwnDistances | None,
) -> NamedChannel:
    """What sets drives of U apart by name, and the ranges of S."""
    video = own is not None and own.looks_like_video
    owned = ["S"] * len(drives.owned) if video else drives.owned
    return named_channel(
        step.dataset,
        step.names,
        inputs.owned.ids,
        owned,
        inputs.pool.ids,
        drives.pool,
        params.alpha,
        drive_field=drives.field,
        camera_field=params.camera_field or slice_path(step.dataset),
        without=inputs.sets.fields,
    )


def writes(names: Names) -> Writes:
    """What the step writes."""
    return Writes(
        STEP,
        (
            Column(names.dist_to_S, float, "Distance to the nearest sample of S", first=True),
            Column(
                names.dist_percentile,
                float,
                "Place of dist_to_S among the distances inside S, drives weighted alike, 0-100",
                first=True,
            ),
            Column(
                names.gap_verdict, str, "gap, covered, or cannot say where S has too few drives"
            ),
            Column(names.is_gap, bool, "gap_verdict is gap; empty where it cannot say", first=True),
            Column(names.nearest_S, fo.ObjectIdField, "The nearest sample of S", first=True),
            Column(names.support, int, "Number of images of S within δ"),
            Column(names.support_drives, int, "Number of drives of S that have an image within δ"),
            Column(
                names.novelty,
                float,
                "Length of what lies outside the components that hold 90 % of the variance of S",
            ),
        ),
    )


def write(
    step: Step,
    ids: list[str],
    measured: Measured,
    report: CoverageReport,
    scale: Yardstick | None,
    owned: Sequence[str],
    drives: Sequence[str | None] | None = None,
    seconds: float | None = None,
    slices: Mapping[str, list[int]] | None = None,
    note: Callable[[], None] | None = None,
) -> CoverageResult:
    """Write the fields of the candidates ``ids``, then the record, and the round.

    ``owned`` are the ids of S and ``drives`` the drives of these, where they are known.  Samples
    that are not named lose their values; ``seconds`` are the step's own by default; ``note`` is
    called before the record is completed.
    """
    names, distance, unknown = step.names, measured.distance, [None] * len(ids)
    codes = measured.verdict.tolist()
    columns: dict[str, FieldColumn] = {
        names.dist_to_S: distance.astype(float),
        names.dist_percentile: unknown if scale is None else scale.percentile(distance),
        names.gap_verdict: [NAMES[code] for code in codes],
        names.is_gap: [None if code < 0 else code == 1 for code in codes],
        names.nearest_S: measured.nearest or unknown,
        names.support: _written(measured.support, unknown),
        names.support_drives: _written(measured.support_drives, unknown),
        names.novelty: _written(measured.novelty, unknown),
    }
    step.begin()
    step.write_columns(ids, columns)
    covered = CoverageResult(
        **vars(report),
        owned=len(owned),
        seconds=step.seconds if seconds is None else seconds,
        yardstick=None if scale is None else scale.record(),
        slices=slices or {},
    )
    if note:
        note()
    rounds.propose(step, owned, ids, measured.verdict, covered, drives)
    step.complete(covered)
    _keep_delta(step)
    rounds.settle(step.dataset, step.names, step.earlier)
    return covered


def _written(column: Figures | None, unknown: list[None]) -> FieldColumn:
    if column is None:
        return unknown
    return column.astype(float) if column.dtype.kind == "f" else column
