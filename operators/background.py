"""Long work inside an operator: seen while it runs, stoppable, and the same when delegated.

The work runs in a thread; the operator's generator passes its progress on to the App and looks
once a batch whether somebody pressed stop.  The flag lies in the dataset's execution store, so a
button in the App also stops work that another process does.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, TypeVar

import fiftyone.operators as foo
from bson import ObjectId
from fiftyone.operators import types
from pymongo.errors import PyMongoError

from ..plugin.dataset.store.fiftyone_internals import dataset_id, detached, exists, work_on
from ..plugin.dataset.store.guard import guarded
from ..plugin.encoders.hub import offline
from ..plugin.errors import Cancelled, GapsphereError, InputError
from ..plugin.progress import Progress, Reporter

T = TypeVar("T")

STORE = "gapsphere"
STOP = "stop"
STOP_SECONDS = 3600
"""A stop that nothing has read by then was for work that had ended."""
TEXT = "words"
STOP_OPERATOR = "@gapsphere/gap-explorer/stop"
POLL_SECONDS = 0.25


class _Work:
    """One piece of work in a thread: its latest progress, and its result or error."""

    def __init__(self, ctx: foo.ExecutionContext, work: Callable[[Reporter], Any]) -> None:
        self.store = ctx.store(STORE)
        self.store.delete(STOP)
        self.seen: tuple[str, int, int] | None = None
        self.abandoned = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None
        self.thread = threading.Thread(
            target=self._run, args=(work,), name="gapsphere", daemon=True
        )
        self.thread.start()

    def _run(self, work: Callable[[Reporter], Any]) -> None:
        try:
            self.result = work(self._report)
        except BaseException as error:  # noqa: BLE001  handed over to the operator's own thread
            self.error = error

    def _report(self, stage: str) -> Progress:
        started = time.monotonic()

        def progress(done: int, total: int) -> None:
            pace_ = pace(done, total, time.monotonic() - started)
            self.seen = (f"{stage}: {pace_}", done, total)
            if self.abandoned.is_set() or self.store.get(STOP):
                raise Cancelled("Stopped. What was done so far is kept; run it again to go on.")

        return progress


def live(
    ctx: foo.ExecutionContext, label: str, work: Callable[[Reporter], T]
) -> Generator[Any, None, T]:
    """Run ``work``, yield what the App needs (progress, the result in words), return the result.

    An error of the work is raised after the App has shown it.
    """
    shared, name, key = ctx.dataset, ctx.dataset.name, dataset_id(ctx.dataset)
    work_on(ctx, detached(shared))

    def guarded_work(report: Reporter) -> T:
        with offline(), guarded(ctx.dataset, label) as watch:
            return work(watch.reporter(report))

    running, last = _Work(ctx, guarded_work), None
    try:
        yield _bar(ctx, f"{label}: starting", 0.0)
        while running.thread.is_alive():
            running.thread.join(POLL_SECONDS)
            if not _there(key):
                running.abandoned.set()  # writing to a deleted dataset raises nothing
            if running.seen is not None and running.seen != last:
                last = text, done, total = running.seen
                if ctx.delegated:
                    ctx.set_progress(progress=done / max(total, 1), label=text)
                yield _bar(ctx, text, done / max(total, 1))
    finally:
        running.abandoned.set()  # the browser went away, or the work is done anyway
        there = _there(key)
        if there:
            with suppress(PyMongoError):  # the work's own error says it
                shared.reload()
    error = running.error
    if not there:
        error = InputError(f"The dataset {name!r} was deleted while {label!r} ran on it.")
    if error is not None:
        if isinstance(error, GapsphereError):
            if isinstance(error, Cancelled):
                yield ctx.ops.reload_dataset()  # what was done so far is there to see
            yield _words(ctx, label, markdown(str(error)))
            yield ctx.ops.notify(str(error), variant="error")
        raise error
    yield ctx.ops.reload_dataset()
    yield _words(ctx, label, markdown(str(running.result)))
    result: T = running.result
    return result


def _there(key: ObjectId) -> bool:
    """Whether the dataset exists; that the database is away is for the work to say."""
    try:
        return exists(key)
    except PyMongoError:
        return True


def in_background(
    ctx: foo.ExecutionContext, label: str, work: Callable[[Reporter], Any]
) -> dict[str, str]:
    """Run ``work`` to its end as :func:`live` does; its result in words, as the output."""
    running = live(ctx, label, work)
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


def _bar(ctx: foo.ExecutionContext, text: str, share: float) -> Any:
    """A progress bar with the button that stops the work under it."""
    outputs = types.Object()
    outputs.float("share", view=types.ProgressView(label=text))
    outputs.view("stop", types.Button(label="Stop", operator=STOP_OPERATOR))
    return ctx.ops.show_output(types.Property(outputs).to_json(), {"share": share})


def _words(ctx: foo.ExecutionContext, label: str, text: str) -> Any:
    return ctx.ops.show_output(shown(label).to_json(), {TEXT: text})
