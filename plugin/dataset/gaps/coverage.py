"""``compute_coverage``: how far every candidate is from what you own, and which are gaps.

δ is read off S once and then stays: only a fixed threshold lets the number of gaps fall as S grows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...coverage.distances import leave_one_out, nearest_distance, sequence_numbers
from ...coverage.radius import (
    BY_SEQUENCE,
    CoverageReport,
    Threshold,
    choose_threshold,
    coverage_report,
    is_gap,
)
from ...coverage.yardstick import Yardstick
from ...errors import EmptySetError
from ...progress import Progress, silent
from ...results import Result
from ...settings.steps import CoverageParams
from ..store import fields, runs
from ..store.inputs import Inputs, read_inputs
from ..store.names import SEQUENCE, Names
from ..store.sets import Samples
from ..store.step import Step

STEP = "coverage"


@dataclass(frozen=True, repr=False)
class CoverageResult(Result, CoverageReport):
    """What ``compute_coverage`` found; :func:`yardstick` reads the distances inside S."""

    owned: int
    seconds: float
    reused: bool = False
    yardstick: Mapping[str, Any] | None = field(default=None, repr=False)

    def __str__(self) -> str:
        spread = ", ".join(f"{name} {value:.4f}" for name, value in self.quantiles.items())
        text = (
            f"{self.gaps} of {self.candidates} candidates are gaps (farther than "
            f"δ = {self.delta:.4f} {self.metric}, {self.delta_source}); distance to S: {spread}"
        )
        notes = [self.warning] if self.warning else []
        if not self.gaps and self.delta_source.startswith("leave-one"):
            parts = "sequences" if self.delta_source == BY_SEQUENCE else "samples"
            notes.append(
                f"No candidate is farther from S than its {parts} are from each other. The picks "
                "are the farthest all the same; a smaller delta, such as the p90, looks closer."
            )
        return "\n".join([text, *notes])


def compute_coverage(
    samples: Samples,
    params: CoverageParams | None = None,
    *,
    inputs: Inputs | None = None,
    progress: Progress = silent,
) -> CoverageResult:
    """Measure every candidate of U against S, exactly.

    Writes ``dist_to_S``, ``nearest_S``, ``dist_percentile`` and ``is_gap`` on U.  Without a value
    of the user's, δ is the first run's; on the first run (or with ``reset_delta``) it is the 0.99
    quantile of the leave-one-out distances inside S, leaving out the sample's whole sequence where
    S holds two or more.
    """
    params = params or CoverageParams()
    inputs = inputs or read_inputs(samples, params)
    step = Step.of(STEP, samples, params, inputs.trace())
    known = step.current()
    if known and step.filled(step.names.dist_to_S) == known["candidates"]:
        return CoverageResult(**{**known, "reused": True})
    step.begin()
    owned, pool = inputs.owned.matrix, inputs.pool.matrix
    nearest = nearest_distance(
        pool, owned, metric=params.metric, memory_mb=params.memory_mb, progress=progress
    )
    sequences = _sequences(inputs)
    inside = None
    if len(owned) > 1:
        inside = leave_one_out(
            owned, sequences=sequences, metric=params.metric, memory_mb=params.memory_mb
        )
    earlier = _earlier_threshold(step.earlier, params, inputs)
    threshold = earlier or choose_threshold(
        inside,
        nearest.distance,
        metric=params.metric,
        given=params.delta,
        by_sequence=sequence_numbers(sequences, len(owned)) is not None,
    )
    report = coverage_report(nearest.distance, threshold)
    scale = None if inside is None else Yardstick.of(inside)
    near = [inputs.owned.ids[index] for index in nearest.index]
    return write(step, inputs.pool.ids, nearest.distance, near, report, scale, len(owned))


def read(dataset: fo.Dataset, names: Names) -> CoverageResult:
    """What the last run on the dataset found; an EmptySetError if it never ran."""
    record = runs.read(dataset, names, STEP)
    if record is None or not record.results:
        raise EmptySetError("Coverage is not computed yet: run compute_coverage first.")
    return CoverageResult(**record.results)


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
        measured = dataset.exists(names.dist_percentile).exists(names.dist_to_S)
        pairs = measured.values([names.dist_to_S, names.dist_percentile])
    return Yardstick.from_pairs(*pairs)


def _sequences(inputs: Inputs) -> list[str | None] | None:
    """Which sequence each sample of S belongs to, where they say so."""
    view = inputs.sets.owned
    if not view.has_field(SEQUENCE):
        return None
    by_id = dict(zip(*view.values(["id", SEQUENCE]), strict=True))
    return [by_id[sample_id] for sample_id in inputs.owned.ids]


def _earlier_threshold(
    record: runs.Record | None, params: CoverageParams, inputs: Inputs
) -> Threshold | None:
    """The earlier run's δ, where it still means the same and nobody asks for another."""
    if params.delta is not None or params.reset_delta or not record or not record.results:
        return None
    earlier = CoverageResult(**record.results)
    if earlier.metric != params.metric or record.inputs["fingerprint"] != inputs.fingerprint:
        return None
    return earlier.threshold


def write(
    step: Step,
    ids: list[str],
    distance: NDArray[np.floating],
    nearest: list[str] | None,
    report: CoverageReport,
    scale: Yardstick | None,
    owned: int,
    seconds: float | None = None,
) -> CoverageResult:
    """Write the fields of the candidates ``ids``, then the record.

    Samples that are not named lose theirs; ``seconds`` are the step's own by default.
    """
    dataset, names = step.dataset, step.names
    unknown = [None] * len(ids)
    far, unit = distance.astype(float).tolist(), f"{report.metric} distance"
    place = unknown if scale is None else scale.percentile(distance).tolist()
    beyond = is_gap(distance, report.delta).tolist()
    inside = "Place of dist_to_S among the distances inside S, 0-100"
    for name, kind, description, values in (
        (names.dist_to_S, float, f"{unit} to the nearest sample of S", far),
        (names.dist_percentile, float, inside, place),
        (names.is_gap, bool, f"dist_to_S is above δ = {report.delta:.6g}", beyond),
        (names.nearest_S, fo.ObjectIdField, "The nearest sample of S", nearest or unknown),
    ):
        fields.declare(dataset, name, kind, description)
        fields.write(dataset, name, ids, values)
    covered = CoverageResult(
        **vars(report),
        owned=owned,
        seconds=step.seconds if seconds is None else seconds,
        yardstick=None if scale is None else scale.record(),
    )
    step.complete(covered)
    return covered
