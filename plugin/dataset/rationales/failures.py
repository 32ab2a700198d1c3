"""``rank_gaps_by_failures``: which gap first, where a model is known to fail beside it.

A sample is judged by the tables of a feature cache, corrected by a person where one decided:
``misclassified`` is a failure, ``correct`` is not, ``ambiguous`` and ``unknown`` decide nothing.
``disagree`` turns the verdict round.  ``relabel`` says that the ground truth was wrong: what agreed
with it has failed, and of what did not agree nothing is known any more.  ``unsure`` tells nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import fiftyone as fo
import numpy as np

from ...coverage.failures import failure_rate
from ...errors import DimensionError, EmptySetError
from ...progress import Progress, silent
from ...results import Result
from ...settings.rationales import FailureParams
from ..store import runs, vectors
from ..store.leases import holds_lease
from ..store.names import Names, ReviewNames
from ..store.ownership import Column, Writes, refuse_foreign
from ..store.samples import flat
from ..store.sets import reloaded
from ..store.step import Step
from .decisions import require_verdicts

STEP = "failures"


@dataclass(frozen=True, repr=False)
class FailureRanking(Result):
    """What ``rank_gaps_by_failures`` found; rates 0..1.

    ``judged`` samples tell, ``corrected`` of them by a person; ``overall`` is their failure rate,
    ``highest`` that around the gap of rank 1, None without a gap.
    """

    gaps: int
    candidates: int
    judged: int
    corrected: int
    overall: float
    highest: float | None
    neighbors: int

    def __str__(self) -> str:
        first = (
            "" if self.highest is None else f"; around the first of them {self.highest:.0%} fail"
        )
        return (
            f"{self.gaps} gaps ranked by the failures of {self.neighbors} judged neighbours"
            f"{first}, {self.overall:.0%} overall ({self.judged} judged, "
            f"{self.corrected} of them by a person)"
        )


def writes() -> Writes:
    """What the step writes."""
    return Writes(
        STEP,
        (
            Column(
                ReviewNames.failure_rate,
                float,
                "Error rate of the nearest judged samples, 0 to 1, smoothed",
                first=True,
            ),
            Column(
                ReviewNames.failure_rank,
                int,
                "Place of a gap by failure_rate, 1 = first",
                first=True,
            ),
        ),
    )


@holds_lease("rank_gaps_by_failures")
def rank_gaps_by_failures(
    dataset: fo.Dataset, params: FailureParams | None = None, *, progress: Progress = silent
) -> FailureRanking:
    """Give every candidate the error rate of its nearest judged samples, and gaps their order.

    Writes ``failure_rate`` on U and ``failure_rank`` on its gaps: the highest rate first, of equal
    rates the one farthest from S.

    Raises
    ------
    InputError
        There are no verdicts.
    EmptySetError
        Coverage was not computed, or no judged sample has an embedding.
    """
    params = params or FailureParams()
    dataset, names = reloaded(dataset), Names(params.suffix)
    refuse_foreign(dataset, names, writes())
    said = require_verdicts(dataset, params.model)
    pool = _candidates(dataset, names)
    failed, corrected = _judged(dataset, said)
    found = vectors.read(
        flat(dataset).select(list(failed), ordered=False), names.embedding, unit=True
    )
    if not found.ids:
        raise EmptySetError(
            f"No sample that was judged has an {names.embedding!r}: embed those as well."
        )
    wanted = vectors.read(
        flat(dataset).select(list(pool), ordered=False), names.embedding, unit=True
    )
    if wanted.matrix.shape[1] != found.matrix.shape[1]:
        raise DimensionError(f"{names.embedding!r} has two lengths: embed with one encoder.")
    wrong = np.array([failed[i] for i in found.ids])
    row_of = {sample_id: row for row, sample_id in enumerate(found.ids)}
    rates = failure_rate(
        wanted.matrix,
        found.matrix,
        wrong,
        neighbors=params.neighbors,
        own=[row_of.get(i, -1) for i in wanted.ids],
        progress=progress,
    )
    gaps = [
        (-rate, -pool[i][0], i)
        for i, rate in zip(wanted.ids, rates.tolist(), strict=True)
        if pool[i][1]
    ]
    order = [i for *_, i in sorted(gaps)]
    inputs = {"judged_digest": found.digest(), "failed": int(wrong.sum())}
    step = Step.of(STEP, dataset, params, inputs, lambda _: writes())
    step.begin()
    step.write(ReviewNames.failure_rate, wanted.ids, rates.tolist())
    step.write(ReviewNames.failure_rank, order, range(1, len(order) + 1))
    ranked = FailureRanking(
        len(order),
        len(wanted.ids),
        len(found.ids),
        len(corrected.intersection(found.ids)),
        float(wrong.mean()),
        -min(gaps)[0] if gaps else None,
        params.neighbors,
    )
    step.complete(ranked)
    return ranked


def _candidates(dataset: fo.Dataset, names: Names) -> dict[str, tuple[float, bool]]:
    """Distance to S and whether it is a gap, of every candidate."""
    runs.finished(dataset, names, "coverage")
    if not dataset.has_field(names.dist_to_S) or not len(flat(dataset).exists(names.dist_to_S)):
        raise EmptySetError("Which samples are gaps is not known yet: run compute_coverage first.")
    columns = flat(dataset).exists(names.dist_to_S).values(["id", names.dist_to_S, names.is_gap])
    return {i: (distance, bool(gap)) for i, distance, gap in zip(*columns, strict=True)}


def _judged(dataset: fo.Dataset, said: ReviewNames) -> tuple[dict[str, bool], set[str]]:
    """Whether each sample failed, where that is known, and those that a person decided on."""
    ids, statuses = flat(dataset).values(["id", said.prediction_status])
    decisions: Sequence[str | None] = [None] * len(ids)
    if dataset.has_field(said.decision):
        decisions = flat(dataset).values(said.decision)
    failed, corrected = {}, set()
    for sample_id, status, decision in zip(ids, statuses, decisions, strict=True):
        verdict = failed_there(status, decision)
        if verdict is not None:
            failed[sample_id] = verdict
            if decision is not None:
                corrected.add(sample_id)
    return failed, corrected


def failed_there(status: str | None, decision: str | None) -> bool | None:
    """Whether the model failed on a sample, None where nothing tells.

    >>> failed_there("misclassified", None), failed_there("misclassified", "disagree")
    (True, False)
    >>> failed_there("correct", "relabel"), failed_there("misclassified", "relabel")
    (True, None)
    """
    if status not in ("misclassified", "correct") or decision == "unsure":
        return None
    wrong = status == "misclassified"
    if decision == "relabel":
        return None if wrong else True
    return not wrong if decision == "disagree" else wrong
