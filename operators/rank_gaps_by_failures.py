"""``rank_gaps_by_failures``: the gap beside many failures first."""

from __future__ import annotations

import fiftyone.operators as foo

from ..plugin.dataset.rationales.failures import FailureRanking, rank_gaps_by_failures
from ..plugin.progress import Reporter
from ..plugin.settings.rationales import FailureParams
from .step import StepOperator


class RankGapsByFailures(StepOperator):
    operator = "rank_gaps_by_failures"
    label = "Rank gaps by failures"
    help = (
        "Order the gaps by how often a model fails beside them: the error rate of the nearest "
        "samples that the rationale tables, or a person, judged."
    )
    icon = "format_list_numbered"
    params = FailureParams

    def run(
        self, ctx: foo.ExecutionContext, params: FailureParams, report: Reporter
    ) -> FailureRanking:
        return rank_gaps_by_failures(ctx.dataset, params, progress=report("Neighbours"))
