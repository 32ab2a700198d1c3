"""Numbers that say how well S covers U: the covering radius, its quantiles, the threshold δ.

The one idea: a raw distance says nothing by itself, so S is its own yardstick.  How far apart are
images that are all owned?  The distances of S to itself, each sample left out in turn, give the
default δ and turn every distance into a percentile.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArtifactError, DimensionError, EmptySetError, InputError
from .distances import leave_one_out
from .rows import Metric, checked_metric

DELTA_QUANTILE = 0.99
QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class CoverageReport:
    """How far U is from S; every distance in the unit of ``metric``.

    Attributes
    ----------
    delta : float
        Threshold: a candidate farther than this is a gap.
    delta_source : str
        Where it came from, in words.
    delta_max : float
        The covering radius: the largest distance of a candidate to S.
    quantiles : mapping
        p50, p90, p95 and p99 of those distances; one outlier sets ``delta_max`` alone.
    n_gaps, n_candidates : int
        Candidates beyond ``delta``, and all.
    """

    metric: Metric
    delta: float
    delta_source: str
    delta_max: float
    quantiles: Mapping[str, float]
    n_gaps: int
    n_candidates: int


@dataclass(frozen=True)
class Threshold:
    """δ and where it came from; ``warning`` is a sentence where it had to be guessed."""

    delta: float
    source: str
    metric: Metric
    warning: str | None = None


def default_delta(inside: ArrayLike) -> float:
    """δ read off S: the 0.99 quantile of its leave-one-out distances (m,).

    Raises
    ------
    EmptySetError
        There is no such distance: S has one sample.
    """
    inside = np.asarray(inside, np.float64)
    if not inside.size:
        raise EmptySetError(
            "S has one image, so there is no distance inside S to read δ off: give δ yourself."
        )
    return float(np.quantile(inside, DELTA_QUANTILE))


def percentile_of(distance: ArrayLike, inside: ArrayLike) -> NDArray[np.float64]:
    """Where distances stand among those inside S, 0 to 100.

    The share of ``inside`` (m,) that is smaller, ties counting half, so that the median of S is 50
    whatever it repeats.  NaN where ``inside`` is empty.

    >>> percentile_of([0.0, 0.2, 9.0], [0.1, 0.2, 0.3, 0.4]).tolist()
    [0.0, 37.5, 100.0]
    """
    order = np.sort(np.asarray(inside, np.float64))
    distance = np.asarray(distance, np.float64)
    if not order.size:
        return np.full(distance.shape, np.nan)
    below = np.searchsorted(order, distance, side="left")
    up_to = np.searchsorted(order, distance, side="right")
    return 50.0 * (below + up_to) / order.size


def report_coverage(distance: ArrayLike, threshold: Threshold) -> CoverageReport:
    """Summarise the distances (n,) of U to S against ``threshold``."""
    distance = np.asarray(distance, np.float64)
    if not distance.size:
        raise EmptySetError("U has no candidate to report on.")
    return CoverageReport(
        metric=threshold.metric,
        delta=threshold.delta,
        delta_source=threshold.source,
        delta_max=float(distance.max()),
        quantiles={name: float(np.quantile(distance, q)) for name, q in QUANTILES.items()},
        n_gaps=int((distance > threshold.delta).sum()),
        n_candidates=len(distance),
    )


def coverage_json(report: CoverageReport) -> dict[str, Any]:
    """The document of ``coverage.json``."""
    return {
        "delta": report.delta,
        "delta_source": report.delta_source,
        "delta_max": report.delta_max,
        "metric": report.metric,
        **report.quantiles,
        "n_gaps": report.n_gaps,
        "n_candidates": report.n_candidates,
    }


def threshold_from_json(
    document: Mapping[str, Any], distance: ArrayLike, embed_S: NDArray[np.float32] | None = None
) -> Threshold:
    """Read δ out of a ``coverage.json`` made here or elsewhere.

    Elsewhere a lone ``delta`` may be the covering radius, with which nothing would ever be a gap.
    A ``delta`` that is not below the largest ``distance`` (n,) is taken for that: the threshold
    then comes from ``embed_S`` (m, d) where there is one, else it is p95 of ``distance``.

    Raises
    ------
    ArtifactError
        ``delta`` or ``metric`` is not what it has to be.
    """
    distance = np.asarray(distance, np.float64)
    if distance.ndim != 1 or not distance.size:
        raise DimensionError(f"nn_U_to_S has shape {distance.shape}; one distance a candidate.")
    delta = document.get("delta")
    if isinstance(delta, bool) or not isinstance(delta, int | float) or not math.isfinite(delta):
        raise ArtifactError(f"coverage.json: delta is {delta!r}; a number is needed.")
    if delta < 0:
        raise ArtifactError(f"coverage.json: delta is {delta}; a distance is not negative.")
    try:
        metric = checked_metric(document.get("metric", "cosine"))
    except InputError as error:
        raise ArtifactError(f"coverage.json: {error}") from error
    notes = [] if "metric" in document else ["coverage.json names no metric: cosine is assumed."]
    if "delta_max" in document or delta < distance.max():
        return Threshold(float(delta), "coverage.json", metric, " ".join(notes) or None)
    if embed_S is not None and len(embed_S) > 1:
        delta = default_delta(leave_one_out(embed_S, metric=metric))
        source = "leave-one-out inside S"
    else:
        delta, source = float(np.quantile(distance, 0.95)), "p95 of nn_U_to_S"
    notes.append(
        f"coverage.json's delta is not below the largest distance, so it is a covering radius; "
        f"δ = {delta:.4f} is taken from {source}."
    )
    return Threshold(delta, source, metric, " ".join(notes))
