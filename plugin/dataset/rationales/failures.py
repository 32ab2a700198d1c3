"""``rank_gaps_by_failures``: which gap first, where a model is known to fail beside it."""

from __future__ import annotations

from dataclasses import dataclass

import fiftyone as fo

from ...coverage.words import counted, in_percent
from ...errors import EmptySetError
from ...progress import Progress, silent
from ...results import Result
from ...settings.rationales import FailureParams
from ..store import runs
from ..store.fields.ownership import Column, Writes, refuse_foreign
from ..store.leases import holds_lease
from ..store.names import Names, ReviewNames
from ..store.samples import flat
from ..store.sets.resolve import reloaded
from ..store.steps.step import Step
from ..store.vectors import vectors
from ..store.vectors.judged import FAILURES, Judged
from .decisions import require_verdicts


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
            ""
            if self.highest is None
            else f"; around the first of them {in_percent(self.highest, 0)} fail"
        )
        return (
            f"{counted(self.gaps, 'gap')} ranked by the failures of {self.neighbors} judged "
            f"neighbours{first}, {in_percent(self.overall, 0)} overall ({self.judged} judged, "
            f"{self.corrected} of them by a person)"
        )


def writes() -> Writes:
    """What the step writes."""
    return Writes(
        FAILURES,
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
        suffixed=False,
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
    judged = Judged.read(dataset, names, said)
    found = judged.vectors
    wanted = vectors.of(dataset, names.embedding, list(pool), unit=True)
    rates = judged.rates(wanted, params.neighbors, progress)
    gaps = [
        (-rate, -pool[i][0], i)
        for i, rate in zip(wanted.ids, rates.tolist(), strict=True)
        if pool[i][1]
    ]
    order = [i for *_, i in sorted(gaps)]
    inputs = {"judged_digest": found.digest(), "failed": int(judged.failed.sum())}
    step = Step.of(FAILURES, dataset, params, inputs, lambda _: writes())
    step.begin()
    step.write(ReviewNames.failure_rate, wanted.ids, rates.tolist())
    step.write(ReviewNames.failure_rank, order, range(1, len(order) + 1))
    ranked = FailureRanking(
        len(order),
        len(wanted.ids),
        len(found.ids),
        judged.corrected,
        float(judged.failed.mean()),
        -min(gaps)[0] if gaps else None,
        params.neighbors,
    )
    step.complete(ranked)
    return ranked


def _candidates(dataset: fo.Dataset, names: Names) -> dict[str, tuple[float, bool]]:
    """Distance to S and whether it is a gap, of every candidate."""
    runs.finished(dataset, names, "coverage")
    paths, found = [names.dist_to_S, names.is_gap], {}
    if all(dataset.has_field(path) for path in paths):
        columns = flat(dataset).exists(names.dist_to_S).values(["id", *paths])
        found = {i: (distance, bool(gap)) for i, distance, gap in zip(*columns, strict=True)}
    if not found:
        raise EmptySetError("Which samples are gaps is not known yet: run compute_coverage first.")
    return found
