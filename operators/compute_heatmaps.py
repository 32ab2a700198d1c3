"""``compute_heatmaps``: what the encoder looked at in the target's images."""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.gaps.heatmaps import HeatmapResult, compute_heatmaps
from ..plugin.progress import Reporter
from ..plugin.settings.steps import HeatmapParams
from .step import StepOperator


class ComputeHeatmaps(StepOperator):
    operator = "compute_heatmaps"
    label = "Compute heatmaps"
    help = (
        "Show on each image what the encoder looked at: attention rollout for transformers, "
        "Grad-CAM for convolutional networks. Maps that are up to date are not made again."
    )
    icon = "center_focus_strong"
    params = HeatmapParams

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object) -> None:
        ctx.target_view()  # offers the choice of dataset, current view or selection

    def run(
        self, ctx: foo.ExecutionContext, params: HeatmapParams, report: Reporter
    ) -> HeatmapResult:
        return compute_heatmaps(ctx.target_view(), params, progress=report("Heatmaps"))
