"""Visual Specs: samples become one, which is downloaded, and samples are checked against one."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.coverage.words import counted
from ..plugin.dataset.spec.check import SpecCheckResult, check_view
from ..plugin.dataset.spec.export import SpecResult, export_visual_spec
from ..plugin.dataset.spec.turned_down import distances_ahead, turned_down
from ..plugin.errors import InputError
from ..plugin.progress import Reporter
from ..plugin.settings.spec import CheckParams, SpecParams
from . import form, widgets
from .destination import Destination
from .last_run import LastRun
from .step import StepOperator

COLLECTED = {
    form.OTHER: "What is chosen below (empty: the K-Center picks)",
    form.VIEW: "The current view",
}
HANDED_OVER = "handed_over"
"""Told by the panel, which selects samples for this form alone."""
CHECKED = {form.VIEW: "The current view", form.DATASET: "The whole dataset"}


class ExportVisualSpec(StepOperator):
    operator = "export_visual_spec"
    label = "Export Visual Spec"
    help = (
        "Write a collection guide: what is missing, images to collect, images not to collect, how "
        "many, and the rule by which `check_spec` accepts what comes back."
    )
    icon = "assignment"
    params = SpecParams
    remembers = ("coverage", "kcenter", "sphere")
    writes = Destination("specs", "output", "replace_file", (".zip", ".html"))

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object, last: LastRun) -> None:
        widgets.to_top(inputs, "candidates")  # what the first choice means
        form.target(ctx, inputs, "What to collect more of", COLLECTED)
        with suppress(InputError):  # a wrong value is marked already
            _foretell(ctx, inputs, form.shown(ctx, SpecParams, last))

    def live(
        self, ctx: foo.ExecutionContext, work: Callable[[Reporter], Any]
    ) -> Generator[Any, None, Any]:
        spec = yield from super().live(ctx, work)
        if ctx.params.get(HANDED_OVER):
            yield ctx.ops.clear_selected_samples()
        if spec is None:  # it goes on; the panel offers the file
            return
        yield ctx.ops.browser_download(
            f"/media?filepath={quote(str(spec.path))}", filename=spec.path.name
        )
        yield ctx.ops.notify(f"Visual Spec {spec.id}: {spec.path}", variant="success")

    def run(self, ctx: foo.ExecutionContext, params: SpecParams, report: Reporter) -> SpecResult:
        samples, source = _target(ctx)
        return export_visual_spec(samples, params, source=source, progress=report("Pictures"))


def _foretell(ctx: foo.ExecutionContext, inputs: types.Object, params: SpecParams) -> None:
    """Say that the spec would turn its own candidates down, and propose a δ where none passes."""
    known = distances_ahead(_target(ctx)[0], params)
    if known is None:
        return
    (distances, usual), given = known, params.spec_delta
    proposed = usual.passing if usual is not None and usual.count == usual.total else None
    if proposed is not None or given is not None:  # a δ that counts stays in sight
        widgets.ask(ctx, inputs, SpecParams, "spec_delta", proposed)
        widgets.to_top(inputs, "spec_delta")
    own = usual if given is None else turned_down(distances, given)
    if proposed is not None and (own is None or given is None):
        # The App fills in what is proposed and asks again: the reason stays beside it.
        inputs.view(
            "own", types.Warning(), label="The usual δ accepts none", description=str(usual)
        )
    elif own is not None and own.count < own.total:
        inputs.view("own", types.Warning(), label="Not all would pass", description=str(own))
    elif own is not None:
        widgets.mark(inputs, InputError(str(own)))
    if "own" in inputs.properties:
        widgets.to_top(inputs, "own")  # it is seen before anything is pressed


def _target(ctx: foo.ExecutionContext) -> tuple[fo.Dataset | fo.DatasetView, str]:
    """The samples and what the page calls them; candidates in the form beat the selection."""
    named = bool(ctx.params.get("candidates"))
    name, samples = form.targeted(ctx, form.OTHER, selected_first=not named)
    if name == form.SELECTED:
        return samples, counted(len(ctx.selected), "selected sample")
    if name == form.VIEW:
        return samples.view(), "the current view"
    return samples, ""


class CheckSpec(StepOperator):
    operator = "check_spec"
    label = "Check against a Visual Spec"
    help = (
        "Judge each sample against a Visual Spec: accepted, near miss, off target or covered "
        "already, in the field `spec_verdict`."
    )
    icon = "fact_check"
    params = CheckParams

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object, last: LastRun) -> None:
        form.target(ctx, inputs, "Samples to check", CHECKED)

    def run(
        self, ctx: foo.ExecutionContext, params: CheckParams, report: Reporter
    ) -> SpecCheckResult:
        if not params.spec.strip():
            raise InputError("Name the Visual Spec: the path of its ZIP or its spec.json.")
        _, samples = form.targeted(ctx, form.VIEW)
        return check_view(samples, params.spec.strip(), params, progress=report("Embedding"))
