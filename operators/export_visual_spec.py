"""``export_visual_spec``: from the App, samples become a request that is downloaded at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.spec.export import SpecResult, export_visual_spec
from ..plugin.progress import Reporter
from ..plugin.settings.spec import SpecParams
from . import form
from .background import live
from .step import StepOperator

TARGET = "target"
SELECTED, VIEW, OTHER = "SELECTED_SAMPLES", "CURRENT_VIEW", "OTHER"


class ExportVisualSpec(StepOperator):
    operator = "export_visual_spec"
    label = "Export Visual Spec"
    help = (
        "Write a collection guide: what is missing, images to collect, images not to collect, how "
        "many, and the rule by which `check_spec` accepts what comes back."
    )
    icon = "assignment"
    params = SpecParams

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object) -> None:
        chosen = types.RadioGroup()
        if ctx.selected:
            chosen.add_choice(SELECTED, label=f"{len(ctx.selected)} selected samples")
        chosen.add_choice(OTHER, label="What `Candidates` says (empty: the K-Center picks)")
        chosen.add_choice(VIEW, label="The current view")
        inputs.enum(
            TARGET,
            chosen.values(),
            view=chosen,
            label="What to collect more of",
            default=SELECTED if ctx.selected else OTHER,
        )
        form.to_top(inputs, TARGET)

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any]:
        params = form.read(ctx, self.params)
        issued: list[SpecResult] = []

        def work(report: Reporter) -> SpecResult:
            issued.append(self.run(ctx, params, report))
            return issued[0]

        yield from live(ctx, self.label, work)
        if ctx.delegated:
            return  # nobody waits at a browser; the run's record has the path
        path = issued[0].path
        yield ctx.ops.browser_download(f"/media?filepath={quote(str(path))}", filename=path.name)
        yield ctx.ops.notify(f"Visual Spec {issued[0].id}: {path}", variant="success")

    def run(self, ctx: foo.ExecutionContext, params: SpecParams, report: Reporter) -> SpecResult:
        samples, source = _target(ctx)
        return export_visual_spec(samples, params, source=source, progress=report("Pictures"))


def _target(ctx: foo.ExecutionContext) -> tuple[fo.Dataset | fo.DatasetView, str]:
    """The samples meant and how the page calls them; a word in the form beats the default."""
    target = ctx.params.get(TARGET)
    if target is None:
        target = OTHER if ctx.params.get("candidates") or not ctx.selected else SELECTED
    if target == SELECTED and ctx.selected:
        return ctx.dataset.select(ctx.selected), f"{len(ctx.selected)} selected samples"
    if target == VIEW:
        return (ctx.dataset if ctx.view is None else ctx.view).view(), "the current view"
    return ctx.dataset, ""
