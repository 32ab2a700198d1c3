"""``check_spec``: which samples are what a Visual Spec asked for."""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.spec.check import SpecCheckResult, check_view
from ..plugin.errors import InputError
from ..plugin.progress import Reporter
from ..plugin.settings.spec import CheckParams
from . import form
from .step import StepOperator

CHOICES = {form.VIEW: "The current view", form.DATASET: "The whole dataset"}


class CheckSpec(StepOperator):
    operator = "check_spec"
    label = "Check against a Visual Spec"
    help = (
        "Judge each sample against a Visual Spec: accepted, near miss, off target or covered "
        "already, in the field `spec_verdict`."
    )
    icon = "fact_check"
    params = CheckParams

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object) -> None:
        form.target(ctx, inputs, "Samples to check", CHOICES)

    def run(
        self, ctx: foo.ExecutionContext, params: CheckParams, report: Reporter
    ) -> SpecCheckResult:
        if not params.spec.strip():
            raise InputError("Name the Visual Spec: the path of its ZIP or its spec.json.")
        _, samples = form.targeted(ctx, form.VIEW)
        return check_view(params.spec.strip(), samples, params, progress=report("Embedding"))
