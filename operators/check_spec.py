"""``check_spec``: did what a Visual Spec asked for come?"""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.spec.check import SpecCheckResult, check_view
from ..plugin.errors import InputError
from ..plugin.progress import Reporter
from ..plugin.settings.fields import setting
from ..plugin.settings.spec import CheckSpecParams
from . import form
from .step import StepOperator

TARGET = "target"
SELECTED, VIEW, DATASET = "SELECTED_SAMPLES", "CURRENT_VIEW", "DATASET"


class CheckParams(CheckSpecParams):
    """Which spec, and how its encoder is opened."""

    spec: str = setting(
        "", "The Visual Spec's ZIP, or its spec.json", advanced=False, title="Visual Spec"
    )


class CheckSpec(StepOperator):
    operator = "check_spec"
    label = "Check against a Visual Spec"
    help = (
        "Say of each sample whether it is what a Visual Spec asked for: accepted, near miss, off "
        "target or covered already, in the field `spec_verdict`."
    )
    icon = "fact_check"
    params = CheckParams

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object) -> None:
        chosen = types.RadioGroup()
        if ctx.selected:
            chosen.add_choice(SELECTED, label=f"{len(ctx.selected)} selected samples")
        chosen.add_choice(VIEW, label="The current view")
        chosen.add_choice(DATASET, label="The whole dataset")
        default = SELECTED if ctx.selected else VIEW
        inputs.enum(TARGET, chosen.values(), view=chosen, label="Samples to check", default=default)
        form.to_top(inputs, TARGET)

    def run(
        self, ctx: foo.ExecutionContext, params: CheckParams, report: Reporter
    ) -> SpecCheckResult:
        if not params.spec.strip():
            raise InputError("Name the Visual Spec: the path of its ZIP or its spec.json.")
        target = ctx.params.get(TARGET) or (SELECTED if ctx.selected else VIEW)
        samples = ctx.dataset if target == DATASET or ctx.view is None else ctx.view
        if target == SELECTED and ctx.selected:
            samples = ctx.dataset.select(ctx.selected)
        return check_view(params.spec.strip(), samples, params, progress=report("Embedding"))
