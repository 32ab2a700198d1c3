"""The operator that deletes an analysis."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.types import RiskLevel

from ..plugin.dataset.deletion import analysis_of, suffixes
from ..plugin.settings import fields
from ..plugin.settings.steps import DeletionParams
from . import form
from .last_run import LastRun
from .step import StepOperator


class DeleteAnalysis(StepOperator):
    operator = "delete_analysis"
    label = "Delete an analysis"
    help = (
        "Delete the fields, tags and runs of one analysis. Samples, the tags of owned images and "
        "candidates, reviews, imported columns and exported files stay. It cannot be undone."
    )
    icon = "delete"
    params = DeletionParams
    needs_images = False
    risk = RiskLevel.HIGH

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        asked = super().resolve_input(ctx)
        asked.view = types.PromptView(label=self.label, submit_button_label="Delete")
        return asked

    def foreseen(self, ctx: foo.ExecutionContext, last: LastRun) -> str:
        values = form.values(ctx, self.params, last)
        if fields.mistakes(self.params, values):
            return ""
        found = analysis_of(ctx.dataset, values["suffix"])
        return "\n\n".join(re.sub(" {2,}", ": ", line, count=1) for line in str(found).splitlines())

    def mistakes(self, ctx: foo.ExecutionContext, values: Mapping[str, Any]) -> dict[str, str]:
        if fields.mistakes(self.params, values) or analysis_of(ctx.dataset, values["suffix"]):
            return {}
        known = ", ".join(repr(each) for each in suffixes(ctx.dataset) if each)
        there = f"; suffixes with one: {known}" if known else ""
        return {"suffix": f"There is no such analysis{there}."}
