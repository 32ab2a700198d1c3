"""``compute_coverage``: distance of every candidate to S, and which are gaps."""

from __future__ import annotations

import fiftyone.operators as foo

from ..plugin.dataset.gaps.coverage import CoverageResult, compute_coverage
from ..plugin.progress import Reporter
from ..plugin.settings.steps import CoverageParams
from .step import StepOperator


class ComputeCoverage(StepOperator):
    operator = "compute_coverage"
    label = "Compute coverage"
    help = (
        "Exact distance of every candidate to its nearest owned image, the covering radius and "
        "its quantiles, and which candidates are farther than δ: the gaps."
    )
    params = CoverageParams

    def run(
        self, ctx: foo.ExecutionContext, params: CoverageParams, report: Reporter
    ) -> CoverageResult:
        return compute_coverage(ctx.dataset, params, progress=report("Coverage"))
