"""Operators that only read: the last results of an analysis, and a question to it.

They return what they show, as JSON, for a program that runs them.
"""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.types import RiskLevel

from ..plugin.progress import quiet
from ..plugin.settings.questions import AskParams
from ..plugin.settings.steps import AnalysisParams
from . import form, widgets
from .background import TEXT, markdown
from .step import FormOperator


class ReadOperator(FormOperator):
    """An operator that answers at once and changes nothing."""

    @property
    def config(self) -> foo.OperatorConfig:
        return self.configured(risk_level=RiskLevel.LOW, view_target=False)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = form.form(ctx, self.params, label=self.label, help=self.help)
        form.mark_mistakes(ctx, inputs, self.params)
        return types.Property(widgets.escaped(inputs), view=types.View(label=self.label))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        # It may bring torch, and the App loads every operator at its start.
        from ..plugin.dataset import api

        found = api.run(self.operator, ctx.dataset, form.read(ctx, self.params), quiet)
        return {**found.record(), TEXT: markdown(str(found))}


class ShowResults(ReadOperator):
    operator = "show_results"
    label = "Show results"
    help = (
        "Show what the last runs of an analysis found: counts of verdicts, δ and its level, the "
        "most unusual drives, the candidates farthest from owned images, the first picks. Computes "
        "nothing."
    )
    icon = "summarize"
    params = AnalysisParams


class Ask(ReadOperator):
    operator = "ask"
    label = "Ask"
    help = (
        "Say what is at one image, at an empty place of the sphere, in a cap of it or in a drive: "
        "the verdict, how sure it is, and the nearest images. Needs find_gaps first."
    )
    icon = "help_center"
    params = AskParams
