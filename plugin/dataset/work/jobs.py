"""Work in a thread of this process: nobody has to wait for it, and everybody can see it.

Of two threads one works.  The other tells the dataset's store how far it is (:mod:`.told`), and
looks there whether somebody pressed stop, so that the work itself never waits for the database.
What is written stays whole however the work ends: that is the protocol of each step.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import fiftyone as fo
from pymongo.errors import PyMongoError

from ...encoders.checkpoint.offline import offline
from ...errors import Cancelled, GapsphereError, InputError
from ...progress import Progress, Reporter
from ..store.fiftyone_internals import dataset_id, exists
from ..store.leases import BEAT, WAIT, Lease
from ..store.steps.guard import guarded
from . import told
from .told import STOP, STOP_ALL, Told

logger = logging.getLogger(__name__)

LOOK = 0.25
"""Seconds between two looks at the store."""
PATIENCE = WAIT + 1
"""Seconds that the App waits for work: long enough to hear that another run is at it."""
STOPPED = "Stopped. What was done so far is kept; run it again to go on."


@dataclass(frozen=True)
class _Seen:
    """How far a stage is."""

    stage: str
    done: int
    total: int
    began: float


class Job:
    """One piece of work: how far it is, and its ``result`` or ``error`` once it has ended."""

    def __init__(
        self,
        dataset: fo.Dataset,
        step: str,
        label: str,
        work: Callable[[Reporter], Any],
        then: str,
        params: Mapping[str, Any],
    ) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self._dataset, self._key, self._name = dataset, dataset_id(dataset), dataset.name
        self._told, self._then = Told(Lease.mine(step), label, params=params), then
        self._seen: _Seen | None = None
        self._stopping, self._ended = threading.Event(), threading.Event()
        self._writing, self._said = threading.Lock(), False
        self._store = told.store_of(dataset)
        self._stop_before = self._store.get(STOP_ALL)
        told.tell(self._store, self._told)
        for target in (lambda: self._run(work), self._tell):
            threading.Thread(target=target, name=f"gapsphere-{step}", daemon=True).start()

    @property
    def id(self) -> str:
        return self._told.id

    @property
    def now(self) -> Told:
        """How far it is, or how it ended."""
        seen = self._seen
        if seen is None or self._told.state != "running":
            return self._told
        seconds = time.monotonic() - seen.began
        return replace(
            self._told, stage=seen.stage, done=seen.done, total=seen.total, seconds=seconds
        )

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it has ended, for so long at most; whether it has.

        Its last word is told by then, or as soon as the database is there again.
        """
        return self._ended.wait(seconds)

    def stop(self) -> None:
        """End it after the batch that it is at."""
        self._stopping.set()

    def _run(self, work: Callable[[Reporter], Any]) -> None:
        try:
            with offline(), guarded(self._dataset, self._told.label) as watch:
                self.result = work(watch.reporter(self._report))
        except BaseException as error:  # noqa: BLE001  handed over to whoever waits, or told
            self.error = error
        if not there(self._key):  # writing to a deleted dataset raises nothing
            self.error = InputError(
                f"The dataset {self._name!r} was deleted while {self._told.label!r} ran on it."
            )
        ended = self._as_ended()
        with self._writing:
            self._told = ended
        self._last_word()
        self._ended.set()

    def _report(self, stage: str) -> Progress:
        began = time.monotonic()
        self._seen = _Seen(stage, 0, 0, began)

        def progress(done: int, total: int) -> None:
            self._seen = _Seen(stage, done, total, began)
            if self._stopping.is_set():
                raise Cancelled(STOPPED)

        return progress

    def _tell(self) -> None:
        before, beaten = self._told, time.monotonic()
        while not self._ended.wait(LOOK):
            try:
                if self._is_stopped() or not there(self._key):
                    self._stopping.set()
                at = self.now
                due = time.monotonic() - beaten > BEAT
                if (at.stage, at.done) == (before.stage, before.done) and not due:
                    continue
                if due:
                    beaten = time.monotonic()
                by = replace(at.by, beat=time.time())
                before = replace(at, by=by)
                with self._writing:
                    if self._told.state == "running":
                        told.tell(self._store, before)
            except PyMongoError:
                continue  # it may come back; the work itself says that it is away
        while not self._said:  # this process lives, so nobody else would call the work ended
            time.sleep(LOOK)
            self._last_word()

    def _is_stopped(self) -> bool:
        return bool(self._store.get(STOP + self.id)) or self._store.get(STOP_ALL) not in (
            None,
            self._stop_before,
        )

    def _last_word(self) -> None:
        with suppress(PyMongoError):  # the work's own error says that the database is away
            if there(self._key):
                told.tell(self._store, self._told)
            else:
                self._store.delete(told.WORK + self.id)
            self._said = True

    def _as_ended(self) -> Told:
        now, error = self.now, self.error
        now = replace(now, by=replace(now.by, beat=time.time()))
        if error is None:
            file = str(getattr(self.result, "path", ""))
            return replace(now, state="done", text=str(self.result), then=self._then, file=file)
        if isinstance(error, Cancelled):
            return replace(now, state="stopped", text=str(error))
        if isinstance(error, GapsphereError):
            return replace(now, state="failed", text=str(error))
        logger.error("%s failed", now.label, exc_info=error)
        text = f"{now.label} failed: {error}. The server's log has the traceback."
        return replace(now, state="failed", text=text)


def there(key: Any) -> bool:
    """Whether the dataset exists; that the database is away is for the work to say."""
    try:
        return exists(key)
    except PyMongoError:
        return True


def begin(
    dataset: fo.Dataset,
    step: str,
    label: str,
    work: Callable[[Reporter], Any],
    then: str = "",
    params: Mapping[str, Any] | None = None,
) -> Job:
    """Begin work on a dataset.

    Parameters
    ----------
    dataset
        An object that no other thread holds (:func:`~..store.fiftyone_internals.detached`).
    step, label
        The step's name, and what its user calls it.
    work
        Gets the reporter that it tells its progress; what it returns is told as text.
    then
        What its user may do next.
    params
        The form that began it, as JSON holds it: whoever goes on starts from the same.
    """
    told.forget(dataset)
    return Job(dataset, step, label, work, then, params or {})
