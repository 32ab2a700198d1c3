"""Long work inside an operator: begun in a thread, waited for where somebody waits.

The App is free again after a few seconds, whatever the work still has to do: Gap Explorer shows how
far it is and stops it.  Python and a scheduled run wait to the end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import fiftyone.operators as foo
from fiftyone.operators import types
from pymongo.errors import PyMongoError

from ..plugin import PLUGIN
from ..plugin.dataset.store.database import is_empty
from ..plugin.dataset.store.fiftyone_internals import dataset_id, detached, stages, work_on
from ..plugin.dataset.work import jobs, told
from ..plugin.dataset.work.jobs import PATIENCE
from ..plugin.dataset.work.told import MEANT, Told
from ..plugin.errors import BusyError, Cancelled, GapsphereError
from ..plugin.progress import Reporter

if TYPE_CHECKING:
    from .step import StepOperator

PANEL, SHOWN_IN = "gap_explorer", "Gap Explorer"
"""Shows how far work is: its name, and what a person calls it."""
TEXT = "words"
STOP_OPERATOR = f"{PLUGIN}/stop"
POLL_SECONDS = 0.25


def live(
    ctx: foo.ExecutionContext, operator: StepOperator, work: Callable[[Reporter], Any]
) -> Generator[Any, None, Any]:
    """Run ``work``, yield what the App needs, return the result; None where it still goes on.

    An error of the work is raised after the App has shown it.
    """
    label, shared = operator.label, ctx.dataset
    key, was_empty = dataset_id(shared), is_empty(shared)
    work_on(ctx, detached(shared))
    asked = _asked(ctx, operator)
    job = jobs.begin(ctx.dataset, operator.operator, label, work, operator.then, asked)
    if in_app(ctx) and was_empty:
        yield from _shown_at_work(ctx, job)
    elif in_app(ctx):
        if not job.wait(PATIENCE):
            text = f"{label} goes on in the background: {SHOWN_IN} shows how far it is."
            yield ctx.ops.notify(text, variant="info")
            yield panel_of(ctx)
            return None
    else:
        _follow(ctx, job)
    if jobs.there(key):
        with suppress(PyMongoError):  # the work's own error says it
            shared.reload()
            if in_app(ctx) or isinstance(job.error, BusyError):  # it is said here
                told.forget(shared, job.id)
    error = job.error
    if error is not None:
        if isinstance(error, GapsphereError):
            if isinstance(error, Cancelled):
                yield ctx.ops.reload_dataset()  # what was done so far is there to see
            yield _words(ctx, label, markdown(str(error)))
            yield ctx.ops.notify(str(error), variant="error")
        raise error
    yield ctx.ops.reload_dataset()
    yield _words(ctx, label, markdown(str(job.result)))
    return job.result


def panel_of(ctx: foo.ExecutionContext) -> Any:
    """Open the panel that shows work; the one that is open already, where there is one."""
    # Not forced, FiftyOne opens another one.
    return ctx.ops.open_panel(PANEL, layout="horizontal", force=True)


def in_app(ctx: foo.ExecutionContext) -> bool:
    """Whether the App's server runs it for a browser: each such request names its operator."""
    return not ctx.delegated and "operator_uri" in ctx.request_params


def _asked(ctx: foo.ExecutionContext, operator: StepOperator) -> dict[str, Any]:
    """The form as it was sent, as JSON holds it; FiftyOne keeps the choice of samples apart.

    A selection and a view are what they are now, not what they will be.
    """
    chosen = ctx.request_params.get("view_target")
    asked = dict(ctx.params) | ({"view_target": chosen} if chosen else {})
    targets = (chosen, ctx.params.get("view_target"), ctx.params.get("target"))
    unsaid = operator.on_target and not any(targets)
    if unsaid:
        # Said, since a form that opens before the App has taken up the view would offer another.
        asked["view_target"] = "CURRENT_VIEW" if ctx.has_custom_view else "DATASET"
    if "SELECTED_SAMPLES" in targets:
        asked[MEANT] = {"selected": list(ctx.selected)}
    elif unsaid or "CURRENT_VIEW" in targets:
        asked[MEANT] = {"view": stages(ctx.view) if ctx.has_custom_view else []}
    return dict(json.loads(json.dumps(asked, default=str)))


def _shown_at_work(ctx: foo.ExecutionContext, job: jobs.Job) -> Generator[Any, None, None]:
    """Say in the window how far it is, over a button that stops it: an empty dataset has no panel.

    A window that is closed ends nothing.
    """
    while not job.wait(POLL_SECONDS):
        at, outputs = job.now, types.Object()
        outputs.float("share", view=types.ProgressView(label=_how_far(at)))
        outputs.view("stop", types.Button(label="Stop", operator=STOP_OPERATOR))
        yield ctx.ops.show_output(types.Property(outputs).to_json(), {"share": at.share})


def _follow(ctx: foo.ExecutionContext, job: jobs.Job) -> None:
    """Wait until it has ended; whoever ends the waiting ends the work."""
    last = None
    try:
        while not job.wait(POLL_SECONDS):
            at = job.now
            if ctx.delegated and at.stage and (at.stage, at.done) != last:
                last = at.stage, at.done
                ctx.set_progress(progress=at.share, label=_how_far(at))
    except BaseException:
        job.stop()
        raise
    if ctx.delegated and job.error is None:
        ctx.set_progress(progress=1.0, label=f"{job.now.label}: done")


def _how_far(at: Told) -> str:
    """The stage and its pace, in words; before the first stage, the work's name."""
    return f"{at.stage}: {pace(at.done, at.total, at.seconds)}" if at.stage else at.label


def scheduled(
    ctx: foo.ExecutionContext, operator: StepOperator, work: Callable[[Reporter], Any]
) -> dict[str, str]:
    """Run ``work`` to its end as :func:`live` does; its result in words, as the output."""
    running = live(ctx, operator, work)
    while True:
        try:
            next(running)
        except StopIteration as end:
            return {"summary": str(end.value), TEXT: markdown(str(end.value))}


def shown(label: str) -> types.Property:
    """The output of an operator: its result in words."""
    outputs = types.Object()
    outputs.str(TEXT, label=label, view=types.MarkdownView())
    return types.Property(outputs, view=types.View(label=label))


def pace(done: int, total: int, seconds: float) -> str:
    """How far, how fast and how long still, in words.

    >>> pace(50, 200, 10.0)
    '50 of 200, 5.0 a second, 30 s left'
    """
    text = f"{done:,} of {total:,}"
    if not done or seconds < 1:
        return text
    left = round(seconds / done * (total - done))
    clock = f"{left} s" if left < 120 else f"{left // 60} min"
    return f"{text}, {done / seconds:.1f} a second, {clock} left"


def markdown(text: str) -> str:
    r"""Lines as paragraphs, text before two spaces as a bold label, names as they are.

    >>> markdown("time  3 s\n      a_b.png")
    '**time** 3 s\n\na\\_b\\.png'
    """
    plain = [line.strip() for line in text.splitlines()]  # an indented line would be code
    lines = [re.sub(r"([\\`*_{}\[\]()#+.!|<>~-])", r"\\\1", line) for line in plain]
    return "\n\n".join(re.sub(r"^(\S[^ ]*)  +", r"**\1** ", line) for line in lines)


def _words(ctx: foo.ExecutionContext, label: str, text: str) -> Any:
    return ctx.ops.show_output(shown(label).to_json(), {TEXT: text})
