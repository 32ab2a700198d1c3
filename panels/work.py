"""Long work on the dataset as panels show it: how far it is, a stop, its last word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo

from ..plugin import PLUGIN
from ..plugin.dataset.store.fiftyone_internals import detached, view_of
from ..plugin.dataset.work import jobs, told
from ..plugin.dataset.work.jobs import PATIENCE
from ..plugin.dataset.work.told import MEANT, Told
from ..plugin.progress import Reporter
from .component import can_prompt
from .own_view import text_of


def work(dataset: fo.Dataset | None) -> list[dict[str, Any]]:
    """What runs on a dataset and what has ended since, oldest first."""
    return [] if dataset is None else [shown(one) for one in told.listed(dataset)]


def end(ctx: foo.ExecutionContext, params: Mapping[str, Any]) -> dict[str, Any]:
    """Stop some work, take its last word off, or open the form that goes on with it.

    A form offers the view that the App shows as it is made.  Where the work was begun on another
    one, that is set and ``changing`` told; the browser asks for the ``form`` once it is shown.
    """
    which, do = str(params["id"]), params.get("do")
    if do == "stop":
        told.stop(ctx.dataset, which)
    elif do == "dismiss":
        told.forget(ctx.dataset, which)
    else:  # its last word stays until work begins
        for one in told.listed(ctx.dataset):
            if one.id == which:
                return {"changing": _go_on(ctx, one, at_once=do == "form")}
    return {"changing": False}


def _go_on(ctx: foo.ExecutionContext, one: Told, *, at_once: bool) -> bool:
    """Open the form that began some work, on its samples; or set their view, and tell that."""
    params = dict(one.params)
    meant = params.pop(MEANT, {})
    if "view" in meant and not at_once:
        ctx.ops.clear_selected_samples()  # else the form would mean what has been selected since
        if meant["view"]:
            ctx.ops.set_view(view_of(ctx.dataset, meant["view"]))
        else:
            ctx.ops.clear_view()
        if text_of(meant["view"]) != text_of(ctx.request_params.get("view") or []):
            return True
    if "selected" in meant:
        ctx.ops.set_selected_samples(meant["selected"])
    ctx.prompt(f"{PLUGIN}/{one.by.step}", params=params)
    return False


def begin(
    dataset: fo.Dataset,
    step: str,
    label: str,
    work: Callable[[fo.Dataset, Reporter], Any],
    form: Mapping[str, Any],
) -> jobs.Job:
    """Begin long work of a panel: the strip of every panel shows it, and stops it.

    ``work`` gets the dataset as an object of its own; ``form`` is what the form of ``step`` starts
    from for whoever goes on with it.
    """
    own = detached(dataset)
    return jobs.begin(own, step, label, lambda report: work(own, report), params=form)


def waited(
    ctx: foo.ExecutionContext,
    step: str,
    label: str,
    work: Callable[[fo.Dataset, Reporter], Any],
    form: Mapping[str, Any],
) -> Any:
    """The same, waited for as an operator's window waits; the result, None where it still goes on.

    An error of the work is raised.
    """
    job = begin(ctx.dataset, step, label, work, form)
    if not job.wait(PATIENCE):
        return None
    told.forget(ctx.dataset, job.id)  # the answer says it
    if job.error is not None:
        raise job.error
    ctx.dataset.reload()
    return job.result


def shown(one: Told) -> dict[str, Any]:
    """One piece of work as the contract has it."""
    goes_on = one.state in ("stopped", "interrupted") and can_prompt(f"{PLUGIN}/{one.by.step}")
    return {
        "id": one.id,
        "label": one.label,
        "state": one.state,
        "stage": one.stage,
        "done": one.done,
        "total": one.total,
        "left": one.left,
        "text": one.text,
        "then": one.then,
        "file": one.file,
        "again": goes_on,
    }
