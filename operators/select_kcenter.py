"""``select_kcenter``: which candidates to add first."""

from __future__ import annotations

import fiftyone.operators as foo

from ..plugin.dataset.gaps.kcenter import KCenterResult, select_kcenter
from ..plugin.progress import Reporter
from ..plugin.settings.steps import KCenterParams
from .step import StepOperator


class SelectKCenter(StepOperator):
    operator = "select_kcenter"
    label = "Select by K-Center"
    help = (
        "Pick candidates one by one, each the farthest from S and the picks so far. They get the "
        "tag `kcenter`, a rank and the covering radius after them; old picks are cleared."
    )
    params = KCenterParams

    def run(
        self, ctx: foo.ExecutionContext, params: KCenterParams, report: Reporter
    ) -> KCenterResult:
        return select_kcenter(ctx.dataset, params, progress=report("K-Center"))
