"""What the operators share: a parameter class, a form, live execution."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, ClassVar

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.executor import ExecutionOptions
from fiftyone.operators.types import RiskLevel

from ..plugin.dataset.store.sets.resolve import Samples
from ..plugin.progress import Reporter
from ..plugin.settings.fields import Params
from ..plugin.settings.steps import SetParams
from . import form, reading, sets, widgets
from .background import live, scheduled, shown
from .destination import Destination
from .estimate import estimate
from .last_run import LastRun


class FormOperator(foo.Operator):
    """An operator whose form is its parameter class, and whose output is its result in words."""

    operator: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    icon: ClassVar[str] = "travel_explore"
    params: ClassVar[type[Params]]

    def configured(self, **more: Any) -> foo.OperatorConfig:
        """Its config; ``more`` is how it runs."""
        return foo.OperatorConfig(
            name=self.operator,
            label=f"Gapsphere: {self.label}",
            description=self.help,
            icon=self.icon,
            dynamic=True,
            **more,
        )

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        return shown(self.label)


class StepOperator(FormOperator):
    """An operator that runs the step of its name.

    ``on_target``: on what its form chooses; ``on_sets``: on S and U, of the dataset or inside the
    current view; ``tells_time``: its form says about how long it takes; ``long``: minutes, so that
    where a service takes scheduled work, that is the form's first choice; ``writes``: where files
    go, if it writes any; ``remembers``: steps whose last settings the form starts from, the first
    that has one wins; ``needs_images``: there is nothing to ask of a dataset without; ``unasked``:
    settings that Python and the command line have and the form has not; ``then``: what its user may
    do next.
    """

    on_target: ClassVar[bool] = False
    on_sets: ClassVar[bool] = False
    tells_time: ClassVar[bool] = False
    long: ClassVar[bool] = False
    then: ClassVar[str] = ""
    writes: ClassVar[Destination | None] = None
    remembers: ClassVar[Sequence[str]] = ()
    needs_images: ClassVar[bool] = True
    unasked: ClassVar[Sequence[str]] = ()
    risk: ClassVar[RiskLevel] = RiskLevel.MEDIUM
    """As FiftyOne's own operators: editing is medium, deleting high."""

    @property
    def config(self) -> foo.OperatorConfig:
        return self.configured(
            execute_as_generator=True,
            allow_immediate_execution=True,
            allow_delegated_execution=True,
            default_choice_to_delegated=self.long and fo.config.allow_legacy_orchestrators,
            risk_level=self.risk,
        )

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> ExecutionOptions:
        """Scheduling only where something takes scheduled runs; the App says so elsewhere."""
        service = fo.config.allow_legacy_orchestrators
        return ExecutionOptions(
            allow_delegated_execution=service or ctx.requesting_delegated_execution,
            default_choice_to_delegated=service and self.long,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        writes, last = self.writes, LastRun()
        if self.remembers and ctx.dataset is not None:
            suffix = str(ctx.params.get("suffix") or "")
            last = LastRun.of(ctx.dataset, self.params, self.remembers, suffix)
        without = (*self.unasked, *(() if writes is None else (writes.path, writes.replace)))
        inputs = form.form(
            ctx, self.params, label=self.label, help=self.help, without=without, last=last
        )
        had = set(inputs.properties)
        if not (self.needs_images and form.only_sets(ctx, inputs, self.params, last, without)):
            if writes is not None:
                writes.ask(ctx, inputs)
            if self.on_sets:
                assert issubclass(self.params, SetParams)
                form.scope(ctx, inputs, self.params, last, rewrites=writes is None)
            self.extend_form(ctx, inputs, last)
            wrong = self.mistakes(ctx, form.values(ctx, self.params, last))
            form.mark_mistakes(ctx, inputs, self.params, last, wrong, without)
            widgets.tell(inputs, self.foreseen(ctx, last))
            widgets.before(inputs, form.MORE, had)
        said = widgets.escaped(widgets.by_label(inputs, self.params))
        return types.Property(said, view=types.View(label=self.label))

    def foreseen(self, ctx: foo.ExecutionContext, last: LastRun) -> str:
        """What a run will do and about how long that takes; "" where nothing is foreseen."""
        if not self.tells_time:
            return ""
        values = form.values(ctx, self.params, last)
        return estimate(ctx, self.operator, self.params, values, self.samples(ctx))

    def samples(self, ctx: foo.ExecutionContext) -> Samples:
        """What the form has it work on."""
        if self.on_sets:
            return form.targeted(ctx, form.DATASET, selected_first=False)[1]
        return ctx.target_view() if self.on_target else ctx.dataset

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object, last: LastRun) -> None:
        """Add what only this operator asks."""
        if self.on_target:
            ctx.target_view()  # offers the choice of dataset, current view or selection

    def mistakes(self, ctx: foo.ExecutionContext, values: Mapping[str, Any]) -> dict[str, str]:
        """What only this operator finds wrong with a filled form, by setting."""
        return {}

    def execute(self, ctx: foo.ExecutionContext) -> Generator[Any, None, Any] | dict[str, str]:
        """A generator where an App looks on; scheduled, the result: FiftyOne keeps no other."""
        params = form.read(ctx, self.params)
        reading.check(params, folder=self.writes is None)
        if self.writes is not None:
            params = self.writes.fill(ctx, params)
        for name in sets.OTHER.keys() & ctx.params.keys():
            ctx.params[name] = getattr(params, name)  # whoever goes on means the same samples

        def work(report: Reporter) -> Any:
            return self.run(ctx, params, report)

        if ctx.delegated:
            return scheduled(ctx, self, work)
        return self.live(ctx, work)

    def live(
        self, ctx: foo.ExecutionContext, work: Callable[[Reporter], Any]
    ) -> Generator[Any, None, Any]:
        """Run the work before the user's eyes."""
        return (yield from live(ctx, self, work))

    def run(self, ctx: foo.ExecutionContext, params: Any, report: Reporter) -> Any:
        """Do the step; the result's ``str`` is what the user reads."""
        # It may bring torch, and the App loads every operator at its start.
        from ..plugin.dataset import api

        return api.run(self.operator, self.samples(ctx), params, report)
