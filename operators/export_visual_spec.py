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

CHOICES = {
    form.OTHER: "What `Candidates` says (empty: the K-Center picks)",
    form.VIEW: "The current view",
}


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
        form.target(ctx, inputs, "What to collect more of", CHOICES)

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any]:
        params = form.read(ctx, self.params)
        issued: list[SpecResult] = []

        def work(report: Reporter) -> SpecResult:
            issued.append(self.run(ctx, params, report))
            return issued[0]

        yield from live(ctx, self.label, work)
        if ctx.delegated:
            return  # no browser waits; the run's record has the path
        path = issued[0].path
        yield ctx.ops.browser_download(f"/media?filepath={quote(str(path))}", filename=path.name)
        yield ctx.ops.notify(f"Visual Spec {issued[0].id}: {path}", variant="success")

    def run(self, ctx: foo.ExecutionContext, params: SpecParams, report: Reporter) -> SpecResult:
        samples, source = _target(ctx)
        return export_visual_spec(samples, params, source=source, progress=report("Pictures"))


def _target(ctx: foo.ExecutionContext) -> tuple[fo.Dataset | fo.DatasetView, str]:
    """The samples and what the page calls them; candidates in the form beat the selection."""
    named = bool(ctx.params.get("candidates"))
    name, samples = form.targeted(ctx, form.OTHER, selected_first=not named)
    if name == form.SELECTED:
        return samples, f"{len(ctx.selected)} selected samples"
    if name == form.VIEW:
        return samples.view(), "the current view"
    return samples, ""
