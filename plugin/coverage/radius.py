"""The covering radius, the quantiles beside it, and the threshold δ that makes a gap.

The one idea: S itself gives the scale.  How far each sample of S is from the rest of S gives the
default threshold here and, in :mod:`.yardstick`, the percentile of any distance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArtifactError, InputError
from .distances import leave_one_out
from .rows import Metric, Rows, checked_distances, checked_metric

DELTA_QUANTILE = 0.99
"""The default δ covers this share of S when each sample is taken out in turn."""

BY_SEQUENCE = "leave-one-sequence-out"

_QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class Threshold:
    """δ, where it came from, and what the user should know about it ("" where all is well).

    ``source`` is "given", "leave-one-out", "leave-one-sequence-out" or "p95 of U to S".
    """

    delta: float
    source: str
    metric: Metric = "cosine"
    warning: str = ""


@dataclass(frozen=True)
class CoverageReport:
    """What S leaves uncovered of U, in the unit of ``metric``.

    ``delta`` is the threshold a gap exceeds and ``delta_source`` where it came from; ``quantiles``
    are p50, p90, p95, p99 and ``delta_max`` of the distances from U to S.  ``delta_max`` is the
    covering radius, the maximum; one outlier sets it, so read the quantiles with it.
    """

    metric: Metric
    delta: float
    delta_source: str
    warning: str
    quantiles: dict[str, float]
    gaps: int
    candidates: int

    @property
    def threshold(self) -> Threshold:
        """δ as the array functions take it."""
        return Threshold(self.delta, self.delta_source, self.metric, self.warning)


def coverage_report(dist_to_S: ArrayLike, threshold: Threshold) -> CoverageReport:
    """Quantiles, covering radius and number of gaps of the distances from U to S.

    Parameters
    ----------
    dist_to_S : (n,)
        In the unit of ``threshold.metric``.

    Examples
    --------
    >>> report = coverage_report([0.1, 0.2, 0.6], Threshold(0.5, "given"))
    >>> report.quantiles["delta_max"], report.gaps
    (0.6, 1)
    """
    distance = checked_distances("dist_to_S", dist_to_S)
    quantiles = {name: float(np.quantile(distance, q)) for name, q in _QUANTILES.items()}
    return CoverageReport(
        threshold.metric,
        threshold.delta,
        threshold.source,
        threshold.warning,
        quantiles | {"delta_max": float(distance.max())},
        int(is_gap(distance, threshold.delta).sum()),
        len(distance),
    )


def is_gap(dist_to_S: ArrayLike, delta: float) -> NDArray[np.bool_]:
    """Which distances lie beyond δ.  A distance equal to δ is covered."""
    return np.asarray(dist_to_S, np.float64) > delta


def default_delta(loo: ArrayLike) -> float:
    """The 0.99 quantile of the leave-one-out distances of S, linearly interpolated.

    Examples
    --------
    >>> default_delta([0.0, 1.0])
    0.99
    """
    return float(np.quantile(checked_distances("The leave-one-out distances", loo), DELTA_QUANTILE))


def choose_threshold(
    loo: ArrayLike | None,
    dist_to_S: ArrayLike,
    *,
    metric: Metric = "cosine",
    given: float | None = None,
    by_sequence: bool = False,
) -> Threshold:
    """δ from the user, or else from S, or else from U, in that order.

    Parameters
    ----------
    loo : (m,) or None
        Leave-one-out distances of S (:func:`~.distances.leave_one_out`); None where S has one
        sample, which has no other sample to be near to.  δ is then the 0.95 quantile of
        ``dist_to_S``, which makes one candidate in twenty a gap, and the warning says so.
    dist_to_S : (n,)
        Distances from U to S.
    given : float, optional
        The user's δ, or an earlier run's.
    by_sequence : bool
        Whether ``loo`` left out whole sequences.

    Examples
    --------
    >>> choose_threshold(None, [0.1, 0.3], given=0.2)
    Threshold(delta=0.2, source='given', metric='cosine', warning='')
    """
    metric = checked_metric(metric)
    if given is not None:
        return Threshold(_checked_delta(given), "given", metric)
    if loo is None or np.size(loo) == 0:
        distance = checked_distances("dist_to_S", dist_to_S)
        return Threshold(
            float(np.quantile(distance, 0.95)),
            "p95 of U to S",
            metric,
            "S has one sample, so it has no distances of its own to read δ from: δ is the 0.95 "
            "quantile of U's distances to it, which always makes one candidate in twenty a gap. "
            "Give δ to compare runs.",
        )
    delta = default_delta(loo)
    warning = ""
    if delta == 0:
        warning = (
            "Nearly all samples of S are exact copies of others, so δ is 0 and every candidate "
            "that is not one more copy is a gap; remove duplicates from S or give δ."
        )
    source = BY_SEQUENCE if by_sequence else "leave-one-out"
    return Threshold(delta, source, metric, warning)


def coverage_json(report: CoverageReport) -> dict[str, Any]:
    """The content of ``coverage.json``; ``delta`` and ``delta_max`` as the viewers expect them.

    Examples
    --------
    >>> doc = coverage_json(coverage_report([0.1, 0.6], Threshold(0.5, "given")))
    >>> doc["delta"], doc["delta_max"], doc["metric"]
    (0.5, 0.6, 'cosine')
    """
    return {
        "delta": report.delta,
        "delta_max": report.quantiles["delta_max"],
        "delta_source": report.delta_source,
        "metric": report.metric,
        **report.quantiles,
        "n_candidates": report.candidates,
        "n_gaps": report.gaps,
    }


def threshold_from_json(
    doc: Mapping[str, Any], nn_U_to_S: ArrayLike, embed_S: Rows | None = None
) -> Threshold:
    """δ out of a ``coverage.json`` that may have been made elsewhere.

    A document with ``delta_max`` means ``delta`` as the threshold.  A lone ``delta`` below the
    largest distance can only be a threshold; one that is not below it is a covering radius, with
    which nothing would ever be a gap: δ is then read off S where its embeddings are at hand, else
    it is the 0.95 quantile of ``nn_U_to_S``, and the warning says so.

    Parameters
    ----------
    doc : mapping
        Parsed JSON.
    nn_U_to_S : (n,)
        Distances from U to S of the same run.
    embed_S : float32 (m, d), optional
        Unit rows of S.

    Raises
    ------
    ArtifactError
        No ``delta``, or values that are not what they should be.

    Examples
    --------
    >>> threshold_from_json({"delta": 0.2, "metric": "cosine"}, [0.1, 0.5]).delta
    0.2
    """
    distance = checked_distances("nn_U_to_S", nn_U_to_S)
    metric, said = _metric_of(doc)
    delta = doc.get("delta")
    if isinstance(delta, bool) or not isinstance(delta, (int, float)) or not 0 <= delta < math.inf:
        raise ArtifactError(
            f"coverage.json has delta = {delta!r}; it must be a number that is not negative."
        )
    if "delta_max" in doc or delta < distance.max():
        return Threshold(float(delta), "given", metric, said)
    note = f"delta = {delta:g} in coverage.json is a covering radius: no candidate lies beyond it. "
    if embed_S is not None and len(embed_S) > 1:
        own = choose_threshold(leave_one_out(embed_S, metric=metric), distance, metric=metric)
        note += f"δ = {own.delta:.4g} is read off S instead. "
    else:
        own = Threshold(float(np.quantile(distance, 0.95)), "p95 of U to S", metric)
        note += f"δ = {own.delta:.4g}, the 0.95 quantile of nn_U_to_S, is used instead. "
    warning = " ".join(part.strip() for part in (note, own.warning, said) if part)
    return Threshold(own.delta, own.source, metric, warning)


def _metric_of(doc: Mapping[str, Any]) -> tuple[Metric, str]:
    if "metric" not in doc:
        return "cosine", "coverage.json names no metric; its distances are taken as cosine."
    if doc["metric"] not in ("cosine", "euclidean"):
        raise ArtifactError(
            f"coverage.json has metric = {doc['metric']!r}; it must be cosine or euclidean."
        )
    return doc["metric"], ""


def _checked_delta(delta: float) -> float:
    if isinstance(delta, bool) or not 0 <= delta <= 2:
        raise InputError(f"δ is {delta}; a distance between unit vectors lies in 0..2.")
    return float(delta)
