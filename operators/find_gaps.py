"""``find_gaps``: the main job in one click."""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.gaps.find_gaps import GapResult, find_gaps
from ..plugin.progress import Reporter
from ..plugin.settings.steps import GapParams
from .step import StepOperator


class FindGaps(StepOperator):
    operator = "find_gaps"
    label = "Find gaps"
    help = (
        "Embed S and U, measure how far every candidate is from S, pick the candidates that "
        "cover most, and lay everything out on the sphere. What is done already is skipped."
    )
    params = GapParams

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        return types.Placement(
            types.Places.SAMPLES_GRID_SECONDARY_ACTIONS,
            types.Button(label="Find gaps (Gapsphere)", icon=self.icon, prompt=True),
        )

    def run(self, ctx: foo.ExecutionContext, params: GapParams, report: Reporter) -> GapResult:
        return find_gaps(ctx.dataset, params, report=report)
