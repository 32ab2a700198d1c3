"""The covering radius, the quantiles beside it, the verdicts counted, and ``coverage.json``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ArtifactError
from .criterion import (
    CANNOT_SAY,
    COVERED,
    GAP,
    Basis,
    Score,
    Threshold,
    choose_threshold,
    own_distances,
)
from .nearest.rows import Metric, Rows, checked_distances

_STANDING = ("basis", "alpha", "drives_owned", "level", "score", "cutoff")
"""What a verdict rests on, as ``coverage.json`` has it."""
_DRIVES = ("drives_pool", "drives", "sequence_field", "looks_like_video", "ranges", "asked")

_QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class CoverageReport:
    """What S leaves uncovered of U, in the unit of ``metric``.

    ``delta`` is the threshold and ``delta_source`` where it came from; ``quantiles`` are p50, p90,
    p95, p99 and ``delta_max`` of the distances from U to S.  ``delta_max`` is the covering radius,
    the maximum; one outlier sets it, so read the quantiles with it.  ``gaps``, ``covered`` and
    ``cannot_say`` add up to ``candidates``.  ``drives_owned`` and ``drives_pool`` count the drives
    of S and U; ``drives`` are the rows of U's, the most unusual first, each a
    :class:`.drives.DriveRow` as a dict; ``sequence_field`` names drives, None where each image
    counts as one, which ``looks_like_video`` doubts; ``inside`` are evenly spaced quantiles of the
    distance of images of S to the nearest other one, of their own drive too; ``ranges`` are the
    own ranges of S in the attributes of its images, each a
    :class:`.named.ranges.NamedRange` as a dict, and ``asked`` the attributes and fields that
    drives were compared in; ``gaps_once`` counts gaps with near duplicates counted once, 0 where
    they were not looked for.  The rest is as in :class:`.criterion.Threshold`.
    """

    metric: Metric
    delta: float
    delta_source: str
    warning: str
    quantiles: dict[str, float]
    gaps: int
    candidates: int
    covered: int = 0
    cannot_say: int = 0
    basis: Basis = "unrated"
    alpha: float = 0.1
    drives_owned: int = 0
    level: float | None = None
    score: Score = "nearest"
    cutoff: float | None = None
    drives_pool: int = 0
    drives: list[dict[str, Any]] = field(default_factory=list, repr=False)
    sequence_field: str | None = None
    looks_like_video: bool = False
    inside: list[float] = field(default_factory=list, repr=False)
    ranges: list[dict[str, Any]] = field(default_factory=list, repr=False)
    asked: list[str] = field(default_factory=list, repr=False)
    gaps_once: int = 0

    @property
    def threshold(self) -> Threshold:
        """δ as the array functions take it."""
        return Threshold(
            self.delta,
            self.delta_source,
            self.metric,
            self.warning,
            self.basis,
            self.alpha,
            self.drives_owned,
            self.level,
            self.score,
            self.cutoff,
        )


def coverage_report(
    dist_to_S: ArrayLike,
    threshold: Threshold,
    verdicts: ArrayLike | None = None,
    **about: Any,
) -> CoverageReport:
    """Quantiles, covering radius and counts of verdicts of the candidates.

    Parameters
    ----------
    dist_to_S : (n,)
        In the unit of ``threshold.metric``.
    verdicts : int8 (n,), optional
        What :meth:`.criterion.Threshold.verdicts` gave; by default asked with the distances alone.
    **about
        Further attributes of the report: ``drives``, ``sequence_field``, ...

    Examples
    --------
    >>> report = coverage_report([0.1, 0.2, 0.6], Threshold(0.5, "given"))
    >>> report.quantiles["delta_max"], report.gaps, report.covered
    (0.6, 1, 2)
    """
    distance = checked_distances("dist_to_S", dist_to_S)
    codes = np.asarray(threshold.verdicts(distance) if verdicts is None else verdicts)
    quantiles = {name: float(np.quantile(distance, q)) for name, q in _QUANTILES.items()}
    return CoverageReport(
        metric=threshold.metric,
        delta=threshold.delta,
        delta_source=threshold.source,
        warning=threshold.warning,
        quantiles=quantiles | {"delta_max": float(distance.max())},
        gaps=int((codes == GAP).sum()),
        candidates=len(distance),
        covered=int((codes == COVERED).sum()),
        cannot_say=int((codes == CANNOT_SAY).sum()),
        basis=threshold.basis,
        alpha=threshold.alpha,
        drives_owned=threshold.drives,
        level=threshold.level,
        score=threshold.score,
        cutoff=threshold.cutoff,
        **about,
    )


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
        "n_covered": report.covered,
        "n_cannot_say": report.cannot_say,
        **{name: getattr(report, name) for name in (*_STANDING, *_DRIVES)},
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
        return Threshold(float(delta), "given", metric, said, **_standing(doc))
    note = f"delta = {delta:g} in coverage.json is a covering radius: no candidate lies beyond it. "
    if embed_S is not None and len(embed_S) > 1:
        inside = own_distances(embed_S, None, metric=metric)
        own = choose_threshold(embed_S, inside, distance, metric=metric)
        note += f"δ = {own.delta:.4g} is read off S instead. "
    else:
        delta = float(np.quantile(distance, 0.95))
        own = Threshold(delta, "p95 of U to S", metric, basis="unrated")
        note += f"δ = {own.delta:.4g}, the 0.95 quantile of nn_U_to_S, is used instead. "
    warning = " ".join(part.strip() for part in (note, own.warning, said) if part)
    return replace(own, warning=warning)


def _standing(doc: Mapping[str, Any]) -> dict[str, Any]:
    """What a document of ours says its δ is worth; of another's that is unknown."""
    known = {name: doc.get(name) for name in _STANDING}
    basis, alpha, drives = known["basis"], known["alpha"], known["drives_owned"]
    numbers = [value for value in (alpha, known["level"], known["cutoff"]) if value is not None]
    if (
        basis not in get_args(Basis)
        or known["score"] not in get_args(Score)
        or type(drives) is not int
        or drives < 0
        or not all(type(value) in (int, float) and 0 <= value <= 4 for value in numbers)
        or alpha is None
        or not 0 < alpha < 1
    ):
        return {"basis": "unrated"}
    return {"drives": known.pop("drives_owned"), **known}


def _metric_of(doc: Mapping[str, Any]) -> tuple[Metric, str]:
    if "metric" not in doc:
        return "cosine", "coverage.json names no metric; its distances are taken as cosine."
    if doc["metric"] not in ("cosine", "euclidean"):
        raise ArtifactError(
            f"coverage.json has metric = {doc['metric']!r}; it must be cosine or euclidean."
        )
    return doc["metric"], ""
