"""No two runs write the same analysis: a lease in the dataset's execution store.

It names the process that holds it.  The lease of a process that has ended on this machine is taken
over at once; that of another machine when it has shown no sign of life for a while.  A run holds
its lease over all its steps, and a step inside it takes no second one.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import uuid4

import fiftyone as fo
import psutil
from fiftyone.operators.store import ExecutionStore
from pymongo.errors import PyMongoError

from ...errors import BusyError, DatabaseError
from ...interchange.files.temporary import machine
from ...settings.fields import Params
from .fiftyone_internals import dataset_id
from .runs import known
from .samples import Samples, dataset_of

STORE = "gapsphere_leases"
ANALYSIS, LOADING = "analysis", "load"
"""What is held: the results of a suffix; the samples of the dataset."""
BEGINNING = ("compute_embeddings", "find_gaps", "import_artifacts", "import_feature_cache")
"""Steps that begin an analysis: under another suffix others would not find what they start from."""
WAIT = 5.0
"""Seconds to wait for another run before it is named."""
POLL = 0.2
BRIEF = 0.5
"""Seconds to let go in, where the database failed the run."""
BEAT = 10.0
"""Seconds between two signs of life."""
SILENT = 60.0
"""Seconds without one after which a holder on another machine counts as gone."""

CLOCKS = 5.0
"""Seconds by which the time at which a process began may seem to move, as clocks are set."""

P = ParamSpec("P")
R = TypeVar("R")
_held: ContextVar[frozenset[tuple[str, str]]] = ContextVar("held", default=frozenset())
"""The leases of the run that this thread works for."""


@dataclass(frozen=True)
class Lease:
    """Who works on an analysis: ``started`` is when the process began, ``beat`` its last sign."""

    run: str
    step: str
    host: str
    pid: int
    started: float
    since: str
    beat: float

    @classmethod
    def mine(cls, step: str) -> Lease:
        now = time.time()
        since = datetime.now(timezone.utc).strftime("%H:%M:%S UTC")
        return cls(uuid4().hex, step, machine(), os.getpid(), _born(os.getpid()), since, now)

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Lease:
        """The lease as the database has it, another version's as well."""
        return cls(**known(cls, value))

    def is_dead(self) -> bool:
        """Whether whoever took it is gone."""
        if self.host == machine():
            return abs(_born(self.pid) - self.started) > CLOCKS
        return time.time() - self.beat > SILENT

    def __str__(self) -> str:
        return f"{self.step}, process {self.pid} on {self.host.split('/')[0]} since {self.since}"


def holds_lease(
    step: str, scope: str = ANALYSIS
) -> Callable[
    [Callable[Concatenate[Samples, P], R]],
    Callable[Concatenate[Samples, P], R],
]:
    """Decorate a step: while it runs, nobody else writes the same analysis of the dataset.

    The analysis is the suffix of the step's ``params``; ``scope`` separates what shares no field.
    """

    def decorate(
        work: Callable[Concatenate[Samples, P], R],
    ) -> Callable[Concatenate[Samples, P], R]:
        @functools.wraps(work)
        def alone(samples: Samples, /, *args: P.args, **kwargs: P.kwargs) -> R:
            given: list[Any] = [*args, *kwargs.values()]
            params = (each for each in given if isinstance(each, Params))  # a Path has a suffix too
            suffix = next((each.suffix for each in params if hasattr(each, "suffix")), "")
            key = f"{scope}/{kwargs.get('suffix', suffix)}"
            with lease(dataset_of(samples), key, step):
                return work(samples, *args, **kwargs)

        return alone

    return decorate


@contextmanager
def lease(
    dataset: fo.Dataset | None,
    key: str,
    step: str,
    *,
    what: str = "",
    wait: float | None = None,
) -> Iterator[None]:
    """Hold the lease ``key`` of a dataset; None: of all of them, for what they share.

    ``what`` names it in words; by default it is the dataset.

    Raises
    ------
    BusyError
        Another run holds it, and did not let go within ``wait`` seconds, some by default.
    """
    whose = None if dataset is None else dataset_id(dataset)
    of = (str(whose), key)
    if of in _held.get():
        yield
        return
    store = ExecutionStore.create(STORE, whose)
    what = what or ("" if dataset is None else repr(dataset.name))
    other = ", or give this one a suffix" if step in BEGINNING else ""
    says = f"wait until it has ended{other}."
    mine = Lease.mine(step)
    _take(store, what, key, mine, WAIT if wait is None else wait, says)
    done, tried = threading.Event(), threading.Event()
    threading.Thread(target=_keep, args=(store, key, mine, done, tried), daemon=True).start()
    before = _held.set(_held.get() | {of})
    patience: float | None = None
    try:
        yield
    except (DatabaseError, PyMongoError):
        patience = BRIEF  # it may be away, and has been waited for
        raise
    finally:
        _held.reset(before)
        done.set()
        tried.wait(patience)


def holder(dataset: fo.Dataset, key: str) -> Lease | None:
    """Who holds a lease now; None where nobody does, or only who has ended."""
    found = _holder(ExecutionStore.create(STORE, dataset_id(dataset)), key)
    return None if found is None or found.is_dead() else found


def writers(dataset: fo.Dataset) -> list[Lease]:
    """Who writes any analysis of the dataset now, or loads images into it."""
    store = ExecutionStore.create(STORE, dataset_id(dataset))
    keys = (key for key in store.list_keys() if key.startswith((ANALYSIS, LOADING)))
    found = (_holder(store, key) for key in keys)
    return [lease for lease in found if lease is not None and not lease.is_dead()]


def _take(store: ExecutionStore, what: str, key: str, mine: Lease, wait: float, says: str) -> None:
    until = time.monotonic() + wait
    while not store.set_if_absent(key, asdict(mine)):
        value = store.get(key)
        if value is None:
            continue
        found = Lease.read(value)
        if found.is_dead() and store.compare_and_set(key, value, asdict(mine)):
            return
        if time.monotonic() > until:
            raise BusyError(f"Another run works on {what} ({found}): {says}")
        time.sleep(POLL)


def _holder(store: ExecutionStore, key: str) -> Lease | None:
    value = store.get(key)
    return None if value is None else Lease.read(value)


def _keep(
    store: ExecutionStore, key: str, mine: Lease, done: threading.Event, tried: threading.Event
) -> None:
    """Show signs of life until the run is done, then let go; the run waits for the first try.

    A process that lives has to let go, however long the database is away: nobody else can.
    """
    try:
        _beat(store, key, mine, done)
        while not _let_go(store, key, mine):
            tried.set()
            time.sleep(POLL)
    finally:
        tried.set()


def _beat(store: ExecutionStore, key: str, mine: Lease, done: threading.Event) -> None:
    now = mine
    while not done.wait(BEAT):
        later = replace(now, beat=time.time())
        try:
            if not store.compare_and_set(key, asdict(now), asdict(later)):
                found = _holder(store, key)
                if found is None or found.run != mine.run:
                    done.wait()  # taken over: the record's token will say so
                    return
                later = found  # it was written, and the answer was lost
        except PyMongoError:
            continue  # the database may come back; the work itself says that it is away
        now = later


def _let_go(store: ExecutionStore, key: str, mine: Lease) -> bool:
    """Delete the lease unless another run has taken it over; whether the database answered."""
    try:
        if (now := _holder(store, key)) and now.run == mine.run:
            store.delete(key)
    except PyMongoError:
        return False
    return True


def _born(pid: int) -> float:
    """When a process began, 0 where there is none."""
    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return 0.0
