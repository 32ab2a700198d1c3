"""The loop that plays shards on a cluster: who is lost is replaced, and results come in order.

A task that is lost is sent again, here and not by Ray, which would keep all rows for it.  Where
memory ran out, the halves of the shard take its place.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from ..errors import EngineError, first_line
from . import cluster
from .cluster import PACKAGE
from .engine import Function, Shard

AHEAD = 2
"""Shards of each core, or actor, that are under way or wait, at most."""
TRIES = 20
"""How often the work on a shard is lost before that is an error."""
ENDING = 1.0
"""Seconds that work which is given up is waited for; later it ends unseen."""
GIVEN_UP = 20.0
"""Seconds without an answer from a cluster's head: after 60, Ray would end this process."""


@dataclass(eq=False)
class Task:
    """A shard, and what has become of it: ``sent`` is Ray's reference to what is under way."""

    shard: Shard
    sent: Any = None
    done: bool = False
    result: Any = None
    lost: int = 0


class Hands(Protocol):
    """Those who work on tasks."""

    def ready(self, tasks: int) -> None:
        """Be ready for so many."""

    def send(self, task: Task) -> bool:
        """Have it worked on, unless nobody is free."""
        ...

    def ended(self, task: Task, *, lost: bool) -> None:
        """Know that nobody works on it any more; whether that is because who did was lost."""

    @property
    def expected(self) -> Sequence[Any]:
        """References, beside those of tasks, whose arrival may free somebody."""
        ...

    def came(self, reference: Any) -> None:
        """See what has come of one of these."""


@dataclass(frozen=True)
class NoMemory:
    """Memory ran out."""

    said: str


@dataclass(frozen=True)
class Lost:
    """Who worked on it was lost."""

    error: Exception

    def again(self, times: int) -> None:
        """Raise where it was lost too often."""
        if times >= TRIES:
            raise EngineError(
                f"The same work was lost {times} times on the Ray cluster "
                f"({first_line(self.error)}): look at its logs, or set engine to local."
            ) from self.error


def played(
    ray: Any, hands: Hands, shards: Iterable[Shard], window: int
) -> Generator[tuple[slice, Any], None, None]:
    """What is found of each shard, in order; at most ``window`` are there at a time."""
    rest, tasks = iter(shards), list[Task]()
    try:
        while True:
            tasks += map(Task, islice(rest, max(window - len(tasks), 0)))
            if not tasks:
                return
            if tasks[0].done:
                task = tasks.pop(0)
                yield task.shard.rows, task.result
                continue
            waiting = [task for task in tasks if not task.done]
            hands.ready(len(waiting))
            for task in waiting:
                if task.sent is None and not hands.send(task):
                    break
            sent = {task.sent: task for task in waiting if task.sent is not None}
            for reference in wait(ray, [*sent, *hands.expected]):
                if reference in sent:
                    _settle(ray, hands, tasks, sent[reference])
                else:
                    hands.came(reference)
    finally:
        left = [task for task in tasks if task.sent is not None and not task.done]
        for task in left:
            hands.ended(task, lost=True)
        _given_up(ray, [task.sent for task in left])


def _settle(ray: Any, hands: Hands, tasks: list[Task], task: Task) -> None:
    """Take what has come of a task; what could not be done is sent again, or as halves."""
    found = fetched(ray, task.sent)
    hands.ended(task, lost=isinstance(found, Lost))
    task.sent = None
    if isinstance(found, Lost):
        task.lost += 1
        found.again(task.lost)
    elif isinstance(found, NoMemory):
        if len(task.shard) < 2:
            raise EngineError(f"A worker has too little memory even for one row ({found.said}).")
        at = tasks.index(task)
        tasks[at : at + 1] = map(Task, task.shard.halves())
    else:
        task.result, task.done = found, True


def wait(ray: Any, references: list[Any]) -> list[Any]:
    """Those that have come, one at least; as long as the head of the cluster is there."""
    last = time.monotonic()
    while True:
        came, _ = ray.wait(references, timeout=cluster.PATIENCE)
        if came:
            return list(came)
        if cluster.answers(ray):
            last = time.monotonic()
        elif time.monotonic() - last > GIVEN_UP:
            raise ConnectionError("its head does not answer")


def fetched(ray: Any, reference: Any) -> Any:
    """What has come, :class:`NoMemory` or :class:`Lost`; an error of the work is raised."""
    failed = ray.exceptions
    try:
        return ray.get(reference)
    except failed.RayTaskError as error:
        if isinstance(error.cause, MemoryError):
            return NoMemory(first_line(error.cause))
        raise error.cause from error
    except failed.OutOfMemoryError as error:
        return NoMemory(first_line(error))
    except (
        failed.WorkerCrashedError,
        failed.RayActorError,
        failed.NodeDiedError,
        failed.ObjectLostError,
    ) as error:
        return Lost(error)


def _given_up(ray: Any, references: list[Any]) -> None:
    """Look at what nobody waits for any longer: else Ray prints an error there as unhandled."""
    if not references or not ray.is_initialized():
        return
    with suppress(ray.exceptions.RayError, ConnectionError):
        came, _ = ray.wait(references, num_returns=len(references), timeout=ENDING)
        for reference in came:
            with suppress(ray.exceptions.RayError):
                ray.get(reference)


def named(function: Function) -> Function | str:
    """A function of this package by its name: a plugin's folder has another one."""
    module, inside = function.__module__, f"{PACKAGE}."
    if module.startswith(inside) and "<" not in function.__qualname__:
        return f"gapsphere.{module.removeprefix(inside)}:{function.__qualname__}"
    return function


class AnyCore:
    """The cores of a cluster, whichever is free."""

    expected: Sequence[Any] = ()

    def __init__(self, ray: Any, function: Function, shared: Sequence[Any]) -> None:
        def call(function: Any, columns: Any, *shared: Any) -> Any:
            from gapsphere.plugin.engine.there import called

            return called(function, *columns, *shared)

        self._ray, self._function, self._shared = ray, named(function), shared
        self._call = ray.remote(num_cpus=1, max_retries=0)(call)

    def ready(self, tasks: int) -> None:
        """Ray starts workers itself."""

    def send(self, task: Task) -> bool:
        task.sent = self._call.remote(self._function, task.shard.columns, *self._shared)
        return True

    def ended(self, task: Task, *, lost: bool) -> None:
        """What is given up ends by itself, two shards a core at most, or with the connection.

        Ray 2.58 aborts the process that cancels a task in the moment in which it ends.
        """

    def came(self, reference: Any) -> None:
        raise AssertionError(f"{reference} was not expected")
