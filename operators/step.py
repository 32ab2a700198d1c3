"""What the operators of the main job share: a parameter class, a form, live execution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.types import RiskLevel

from ..plugin.progress import Reporter
from ..plugin.settings.fields import Params
from . import form
from .background import live


class StepOperator(foo.Operator):
    """An operator that runs one step; a subclass says which and with what parameters."""

    operator: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    icon: ClassVar[str] = "travel_explore"
    params: ClassVar[type[Params]]
    risk: ClassVar[RiskLevel] = RiskLevel.MEDIUM

    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name=self.operator,
            label=f"Gapsphere: {self.label}",
            description=self.help,
            icon=self.icon,
            dynamic=True,
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
            risk_level=self.risk,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        inputs = form.form(ctx, self.parameters(), label=self.label, help=self.help)
        self.extend_form(ctx, inputs)
        return types.Property(inputs, view=types.View(label=self.label))

    def parameters(self) -> type[Params]:
        """The parameter class; a step whose class brings torch imports it here, when asked."""
        return self.params

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object) -> None:
        """Add what only this operator asks; the default adds nothing."""

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any]:
        params = form.read(ctx, self.parameters())
        yield from live(ctx, self.label, lambda report: self.run(ctx, params, report))

    def run(self, ctx: foo.ExecutionContext, params: Any, report: Reporter) -> Any:
        """Do the step; the result's ``str`` is what the user reads."""
        raise NotImplementedError
