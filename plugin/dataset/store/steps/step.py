"""One run of a step: is the earlier result still true; who writes now; what was written.

The protocol of every step that writes, in this order:

1. :meth:`Step.begin` refuses what belongs to the user and marks the record *running* with a fresh
   token, before any field changes;
2. :meth:`Step.write` and :meth:`Step.tag` change the samples;
3. :meth:`Step.complete` counts what arrived, takes a digest of it and writes the record completed,
   if it still carries the token.

A result counts only where its record is completed and, on a re-run, the digest is still that of the
samples.  Whoever is killed in between leaves a record that says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import InitVar, asdict, dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import fiftyone as fo

from ....errors import Cancelled, DatabaseError, MismatchError
from ....estimate import Pace
from .. import paces, runs
from ..fields import fields, ownership, tags
from ..fields.ownership import Writes
from ..fiftyone_internals import columns_digest, counts_with
from ..names import Names
from ..paces import Clock
from ..runs import Record
from ..samples import Samples, dataset_of, flat

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from ....settings.steps import AnalysisParams


def _on(point: str) -> None:
    """Do nothing; tests put in its place what ends the process."""


reached: Callable[[str], None] = _on
"""Called at each point of the protocol, with ``STEP:begun``, ``STEP:wrote a block``,
``STEP:wrote FIELD``, ``STEP:tagged``, ``STEP:written``, ``STEP:completed``."""


@dataclass
class Step:
    """A step on a dataset, with its settings and what goes in, both JSON-able.

    ``planned`` is what it writes beside its record; without it, nothing.
    """

    name: str
    dataset: fo.Dataset
    names: Names
    settings: Mapping[str, Any]
    inputs: Mapping[str, Any]
    planned: InitVar[Writes | None] = None
    work: float = field(init=False, default=0.0)
    """How much it does, in a unit of its own, for the pace of the next run; 0 is not measured."""
    of_new: float = field(init=False, default=0.0)
    """Images of a run that does what is new alone: it has a pace of its own, and no ``work``."""
    writes: Writes = field(init=False)
    earlier: Record | None = field(init=False)
    token: str = field(init=False, default="")
    """The run's own; empty before it begins."""

    def __post_init__(self, planned: Writes | None) -> None:
        self.writes = planned or Writes(self.name)
        self.earlier = runs.read(self.dataset, self.names, self.name)
        self._started = time.monotonic()
        self._so_far: Mapping[str, Any] = {}
        self._counts: dict[str, int] = {}
        self._pace = paces.of_record(self.earlier)
        self._again: Mapping[str, Any] = {} if self.earlier is None else self.earlier.again

    @classmethod
    def of(
        cls,
        name: str,
        samples: Samples,
        params: AnalysisParams,
        inputs: Mapping[str, Any] | None = None,
        writes: Callable[[Names], Writes] | None = None,
    ) -> Step:
        """The step on the dataset of ``samples``; what goes in may become known later."""
        settings, names = params.model_dump(mode="json"), Names(params.suffix)
        planned = writes(names) if writes else None
        return cls(name, dataset_of(samples), names, settings, inputs or {}, planned)

    def current(self) -> Mapping[str, Any] | None:
        """Results of the earlier run, where a run now would write the same again.

        That is: the same settings and inputs, and the samples hold what was written.
        """
        earlier = self.earlier
        if earlier is None or not earlier.holds(self.settings, self.inputs):
            return None
        return earlier.results if earlier.digest and earlier.digest == self._digest() else None

    def filled(self, path: str) -> int:
        """How many samples have a value in a field."""
        return len(flat(self.dataset).exists(path)) if self.dataset.has_field(path) else 0

    @contextmanager
    def timed(self, of: str, before: float = 0.0) -> Iterator[Clock]:
        """Measure how fast units are done one after the other, also of work that is then stopped.

        ``of`` names what does them, ready after ``before`` seconds.
        """
        clock = Clock()
        try:
            yield clock
        except Cancelled:
            self._went(paces.measured(clock.count, clock.seconds, before, of=of, linear=True))
            self._put(self._running())
            raise
        self._went(paces.measured(clock.count, clock.seconds, before, of=of, linear=True))

    @property
    def seconds(self) -> float:
        """Since the step was made."""
        return time.monotonic() - self._started

    def begin(self, so_far: Mapping[str, Any] | None = None) -> None:
        """Mark the record running and declare the fields: samples change from here on.

        ``so_far`` as in :meth:`go_on`.

        Raises
        ------
        InputError
            Something of the user's has one of the names.
        """
        ownership.refuse_foreign(self.dataset, self.names, self.writes)
        if locked := ownership.read_only_among(self.dataset, self.writes):
            raise locked
        self.token, self._counts, self._so_far = uuid4().hex, {}, so_far or {}
        runs.write(self.dataset, self.names, self._running())
        self.at("begun")
        ownership.declare(self.dataset, *self.writes.columns)

    def now(self, inputs: Mapping[str, Any]) -> None:
        """Say in the running record that the fields are filled from other inputs from here on."""
        self.inputs = inputs
        self._put(self._running())

    def go_on(self, so_far: Mapping[str, Any]) -> None:
        """Keep in the running record results of parts that are whole, for a step of many parts.

        A part is in there only while its fields are: it is taken out before they change.
        """
        self._so_far = so_far
        self._put(self._running())

    def at(self, point: str) -> None:
        """Pass a point of the step's own, at which tests may end the process."""
        reached(f"{self.name}:{point}")

    def write(
        self, name: str, ids: Sequence[str], values: Iterable[Any], kept: Sequence[str] = ()
    ) -> None:
        """One value a sample; every other sample loses its value, except those ``kept``."""
        self.write_columns(ids, {name: list(values)}, kept)

    def write_columns(
        self, ids: Sequence[str], columns: Mapping[str, fields.Column], kept: Sequence[str] = ()
    ) -> None:
        """Several fields of the same samples, as :meth:`write` writes one."""
        wrote = partial(self.at, "wrote a block")
        fields.write_columns(self.dataset, ids, columns, kept, wrote)
        for name, values in columns.items():
            self._counts[name] = sum(value is not None for value in values) + len(kept)
            self.at(f"wrote {name}")

    def tag(self, tag: str, ids: Sequence[str]) -> None:
        """Tag these samples; others that a run of ours tagged lose the tag."""
        before = tags.ours(self.dataset, self.names, tag)
        tags.change(self.dataset, self.names, tag, add=ids, remove=before)
        self.at("tagged")

    def complete(self, results: Mapping[str, Any] | DataclassInstance) -> None:
        """Write the record completed; all fields are written by now.

        Raises
        ------
        DatabaseError
            The database lost some of what was written.
        MismatchError
            Another run has taken over.
        """
        if not self.token:
            self.begin()
        self.at("written")
        arrived = counts_with(self.dataset, list(self._counts))
        for found, (name, count) in zip(arrived, self._counts.items(), strict=True):
            if found != count:
                raise DatabaseError(
                    f"The database holds {found} of the {count} values written to {name!r}: it "
                    "lost some, samples were deleted meanwhile, or something else writes there. "
                    "Run it again."
                )
        if self.of_new:
            self._again = asdict(paces.measured(self.of_new, self.seconds))
        elif self.work:
            self._went(paces.measured(self.work, self.seconds))
        plain: Mapping[str, Any] = results if isinstance(results, Mapping) else asdict(results)
        record = replace(self._running(), running=False, results=plain, digest=self._digest())
        self._put(record)
        self.earlier = record
        self.at("completed")

    def _running(self) -> Record:
        written = tuple(column.name for column in self.writes.columns)
        more: dict[str, Any] = {"token": self.token, "fields": written, "running": True}
        more |= {"pace": asdict(self._pace) if self._pace else {}, "again": self._again}
        return Record(self.name, self.settings, self.inputs, self._so_far, **more)

    def _went(self, pace: Pace) -> None:
        if pace.replaces(self._pace):
            self._pace = pace

    def _put(self, record: Record) -> None:
        if not runs.write(self.dataset, self.names, record, token=self.token):
            raise MismatchError(
                f"Another run of {self.name} on {self.dataset.name!r} has taken over: its results "
                "are kept. Run this one again if you want its settings."
            )

    def _digest(self) -> str:
        """Of the samples that hold something of the step's: ids, values and tags."""
        names = [column.name for column in self.writes.columns]
        if not names or not self.writes.compared:
            return ""
        there = [name for name in names if self.dataset.has_field(name)]
        keys = [key for key in self.writes.brain if self.dataset.has_brain_run(key)]
        if len(there) < len(names) or len(keys) < len(self.writes.brain):
            return ""
        return columns_digest(self.dataset, there, self.writes.tags)
