"""What is known of work on a dataset, kept in its execution store.

So every panel, in every browser and of every process, shows the same progress and can stop it.  An
entry is written by the process that works and read by all others.  Work whose process
has ended without a word is *interrupted*: the records of its steps say how to go on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal
from uuid import uuid4

import fiftyone as fo
from fiftyone.operators.store import ExecutionStore

from ..store.fiftyone_internals import dataset_id
from ..store.leases import Lease
from ..store.runs import known

STORE = "gapsphere_work"
WORK, STOP, STOP_ALL = "work/", "stop/", "stop_all"
MEANT = "meant"
"""Among the ``params`` of work: its selection (ids) or view (stages), by which word."""
KEPT = 24 * 3600
"""Seconds for which the last word of work is kept."""
STOP_SECONDS = 3600
"""A stop that nothing has read by then was for work that had ended."""

State = Literal["running", "done", "stopped", "failed", "interrupted"]


@dataclass(frozen=True)
class Told:
    """One piece of work.

    ``by`` is who does it; ``stage`` the part that runs, of which ``done`` of ``total`` took
    ``seconds``; ``text`` is its result or the sentence of its error, ``then`` what to do next.
    ``params`` is the form that began it, as the App sent it, with the samples MEANT.
    """

    by: Lease
    label: str
    state: State = "running"
    stage: str = ""
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    text: str = ""
    then: str = ""
    file: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    began: float = field(default_factory=time.time)

    @property
    def id(self) -> str:
        return self.by.run

    @property
    def share(self) -> float:
        """Of the stage, 0 to 1."""
        return self.done / max(self.total, 1)

    @property
    def left(self) -> float | None:
        """Seconds that the stage still takes at the pace so far, None where that is unknown."""
        if not self.done or self.seconds < 1:
            return None
        return self.seconds / self.done * max(0, self.total - self.done)

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Told:
        """The entry as it stands now: its process may be gone, or be of another version."""
        told = cls(**{**known(cls, value), "by": Lease.read(value["by"])})
        if told.state != "running" or not told.by.is_dead():
            return told
        return replace(
            told,
            state="interrupted",
            text=f"The process that ran it (since {told.by.since}) has ended. What was done so far "
            "is kept: run it again to go on.",
            then="",
        )


def store_of(dataset: fo.Dataset) -> ExecutionStore:
    """Where a dataset's work is told."""
    return ExecutionStore.create(STORE, dataset_id(dataset))


def tell(store: ExecutionStore, told: Told) -> None:
    """Write an entry."""
    ttl = None if told.state == "running" else KEPT
    store.set(WORK + told.id, asdict(told), ttl=ttl)


def listed(dataset: fo.Dataset) -> list[Told]:
    """The work on a dataset that runs, and the last word of what has ended, oldest first."""
    store = store_of(dataset)
    values = [store.get(key) for key in store.list_keys() if key.startswith(WORK)]
    found = [Told.read(value) for value in values if value is not None]
    return sorted(found, key=lambda told: told.began)


def forget(dataset: fo.Dataset, work: str | None = None) -> None:
    """Delete what was told of some work, or of all that has ended."""
    store = store_of(dataset)
    for told in listed(dataset):
        if told.state != "running" and work in (None, told.id):
            store.delete(WORK + told.id)


def stop(dataset: fo.Dataset, work: str | None = None) -> None:
    """End some work, or all on the dataset, after the batch that it is at."""
    key = STOP_ALL if work is None else STOP + work
    store_of(dataset).set(key, uuid4().hex, ttl=STOP_SECONDS)
