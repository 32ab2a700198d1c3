"""``compute_coverage``: how far every candidate is from what you own, and which are gaps.

δ is read off S once and then stays: only a fixed threshold lets the number of gaps fall as S grows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

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
from ...settings.steps import CoverageParams, Metric
from ..store import fields, runs
from ..store.inputs import Inputs, read_inputs
from ..store.names import SEQUENCE, Names
from ..store.sets import Samples
from ..store.step import Step

STEP = "coverage"


@dataclass(frozen=True, repr=False)
class CoverageResult(Result):
    """What ``compute_coverage`` found; distances in ``metric``.

    ``delta`` is the threshold a gap exceeds and ``delta_source`` where it came from; ``quantiles``
    are p50, p90, p95, p99 and ``delta_max`` (the covering radius) of ``dist_to_S`` over U.
    ``yardstick`` holds distances inside S; :func:`yardstick` reads it.
    """

    metric: str
    delta: float
    delta_source: str
    warning: str
    quantiles: dict[str, float]
    gaps: int
    candidates: int
    owned: int
    seconds: float
    reused: bool = False
    yardstick: Mapping[str, Any] | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        report: CoverageReport,
        owned: int,
        seconds: float,
        yardstick: Yardstick | None = None,
    ) -> CoverageResult:
        """The result in the words of a record."""
        return cls(
            report.metric,
            report.delta,
            report.threshold.source,
            report.threshold.warning,
            {name: getattr(report, name) for name in ("p50", "p90", "p95", "p99", "delta_max")},
            report.n_gaps,
            report.n_candidates,
            owned,
            seconds,
            yardstick=None if yardstick is None else yardstick.record(),
        )

    def threshold(self) -> Threshold:
        """δ as the array functions take it."""
        return Threshold(self.delta, self.delta_source, cast(Metric, self.metric), self.warning)

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
    write_fields(
        step.dataset,
        step.names,
        inputs.pool.ids,
        distance=nearest.distance,
        nearest=[inputs.owned.ids[index] for index in nearest.index],
        percentile=None if scale is None else scale.percentile(nearest.distance).tolist(),
        gap=is_gap(nearest.distance, report.delta),
        report=report,
    )
    covered = CoverageResult.of(report, len(owned), step.seconds, scale)
    step.complete(covered)
    return covered


def read(dataset: fo.Dataset, names: Names) -> CoverageResult:
    """What the last run on the dataset found.

    Raises
    ------
    EmptySetError
        It never ran.
    """
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

    Parameters
    ----------
    pairs
        These two columns, where the caller holds them.
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
    return earlier.threshold()


def write_fields(
    dataset: fo.Dataset,
    names: Names,
    ids: list[str],
    *,
    distance: NDArray[np.floating],
    nearest: list[str] | None,
    percentile: list[float] | None,
    gap: NDArray[np.bool_],
    report: CoverageReport,
) -> None:
    """Write the fields of the candidates ``ids``; samples that are not named lose theirs."""
    unit = f"{report.metric} distance"
    for name, kind, description in (
        (names.dist_to_S, float, f"{unit} to the nearest sample of S"),
        (names.dist_percentile, float, "Place of dist_to_S among the distances inside S, 0-100"),
        (names.is_gap, bool, f"dist_to_S is above δ = {report.delta:.6g}"),
        (names.nearest_S, fo.ObjectIdField, "The nearest sample of S"),
    ):
        fields.declare(dataset, name, kind, description)
    unknown = [None] * len(ids)
    fields.write(dataset, names.dist_to_S, ids, distance.astype(float).tolist())
    fields.write(dataset, names.dist_percentile, ids, percentile or unknown)
    fields.write(dataset, names.is_gap, ids, gap.tolist())
    fields.write(dataset, names.nearest_S, ids, nearest or unknown)
