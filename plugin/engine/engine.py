"""Work on rows, cut in shards: the loop that every engine plays, and the engine of this process.

The one idea: an engine never knows what it computes.  A function takes some rows of each column and
gives arrays of as many rows; who calls it, where, how often again after a worker has died, and with
how many rows at once must not show in what it gives.  Such a function gives the same bits for a row
whatever rows stand beside it, as :func:`..coverage.nearest.distances.closest` does: what a float32
product names is settled in float64, pair by pair.

Shards are cut by the size of a row, never by the number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from ..progress import Progress, silent

EngineName = Literal["local", "ray"]
SHARD_BYTES = 1 << 24
"""Of the rows of a shard: seconds of work beside 100,000 references, and little to lose."""
CREW_BYTES = 1 << 30
"""Of the rows of a member of a crew, which stays."""
Function = Callable[..., Any]


class Column(Protocol):
    """What is cut: an array, a list, or anything that gives the rows of a slice.

    A slice that is such a thing itself travels as it is and is read where the work is.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> Any: ...


@dataclass(frozen=True, eq=False)
class Shard:
    """Some rows of each column; a multiple of ``of``, but for the last."""

    rows: slice
    columns: tuple[Any, ...]
    of: int = 1

    def __len__(self) -> int:
        return int(self.rows.stop - self.rows.start)

    def halves(self) -> tuple[Shard, Shard]:
        """The first and the second half, of two rows at least.

        The first is a multiple of ``of`` rows, where the shard has more than that.
        """
        half = len(self) // 2
        if len(self) > self.of:
            half = max(half // self.of, 1) * self.of
        return self._part(0, half), self._part(half, len(self))

    def _part(self, start: int, stop: int) -> Shard:
        rows = slice(self.rows.start + start, self.rows.start + stop)
        return Shard(rows, tuple(column[start:stop] for column in self.columns), self.of)


class Engine(Protocol):
    """Who calls a function on shards."""

    @property
    def cuts(self) -> bool:
        """Whether work is worth cutting; where it is not, call the function on all."""
        ...

    def map(
        self, function: Function, shards: Iterable[Shard], shared: Sequence[Any] = ()
    ) -> Generator[tuple[slice, Any], None, None]:
        """``function(*columns, *shared)`` of each shard, in order; of a half where memory ran out.

        Shards are taken from the iterable as they are worked on, a bounded number ahead; closing
        the generator gives up what is under way.
        """
        ...

    def crew(self, make: Function, shards: Iterable[Shard], shared: Sequence[Any] = ()) -> Crew:
        """``make(*columns, *shared)`` of each shard, kept where it was made."""
        ...

    def keeping(
        self, make: Function, given: Sequence[Any], *, gpu: bool = False
    ) -> AbstractContextManager[Kept]:
        """``make(*given)``, made once by each who works, who has a ``gpu`` where there are any."""
        ...


class Kept(Protocol):
    """Something large, an encoder say, that was made once by each who works, and stays there."""

    @property
    def cuts(self) -> bool:
        """As :attr:`Engine.cuts`."""
        ...

    def ask(self, question: Function) -> Any:
        """``question(made)`` of one of them."""
        ...

    def map(
        self, function: Function, shards: Iterable[Shard], shared: Sequence[Any] = ()
    ) -> Generator[tuple[slice, Any], None, None]:
        """``function(*columns, made, *shared)`` of each shard, as :meth:`Engine.map`.

        What a function yields, a cluster gives as a list, once it has ended.
        """
        ...


class Crew(Protocol):
    """Objects that were made of shards, and stay beside them.

    One that was lost is made again from its shard: it has then heard nothing of earlier calls.
    """

    def __len__(self) -> int: ...

    def call(self, method: str, arguments: Sequence[tuple[Any, ...] | None]) -> list[Any]:
        """``member.method(*arguments[i])`` of each member; None of those that have no arguments."""
        ...

    def close(self) -> None:
        """Let them go."""
        ...


@dataclass(frozen=True)
class Local:
    """The process that asks, one shard after the other; ``cuts`` is for tests of what is cut."""

    cuts: bool = False

    def map(
        self, function: Function, shards: Iterable[Shard], shared: Sequence[Any] = ()
    ) -> Generator[tuple[slice, Any], None, None]:
        for shard in shards:
            yield shard.rows, function(*shard.columns, *shared)

    def crew(self, make: Function, shards: Iterable[Shard], shared: Sequence[Any] = ()) -> Crew:
        return _LocalCrew([make(*shard.columns, *shared) for shard in shards])

    @contextmanager
    def keeping(self, make: Function, given: Sequence[Any], *, gpu: bool = False) -> Iterator[Kept]:
        del gpu  # what is made finds its own
        yield LocalKept(make(*given), self.cuts)


@dataclass(frozen=True)
class LocalKept:
    """What this process has made."""

    made: Any
    cuts: bool = False

    def ask(self, question: Function) -> Any:
        return question(self.made)

    def map(
        self, function: Function, shards: Iterable[Shard], shared: Sequence[Any] = ()
    ) -> Generator[tuple[slice, Any], None, None]:
        for shard in shards:
            yield shard.rows, function(*shard.columns, self.made, *shared)


@dataclass(frozen=True)
class _LocalCrew:
    members: list[Any]

    def __len__(self) -> int:
        return len(self.members)

    def call(self, method: str, arguments: Sequence[tuple[Any, ...] | None]) -> list[Any]:
        return [
            None if given is None else getattr(member, method)(*given)
            for member, given in zip(self.members, arguments, strict=True)
        ]

    def close(self) -> None:
        self.members.clear()


LOCAL: Engine = Local()


def shards(
    columns: Sequence[Column], bytes_a_row: float, *, of: int = 1, at_most: int | None = None
) -> Iterator[Shard]:
    """Cut columns of equally many rows in shards of :data:`SHARD_BYTES`, or of ``at_most``.

    ``of``: the rows of a shard are a multiple of that, but for the last.

    >>> [each.rows.stop for each in shards([range(10)], SHARD_BYTES / 4)]
    [4, 8, 10]
    """
    count = len(columns[0])
    rows = max(int((at_most or SHARD_BYTES) / bytes_a_row) // of, 1) * of
    for start in range(0, count, rows):
        part = slice(start, min(start + rows, count))
        yield Shard(part, tuple(column[part] for column in columns), of)


def gathered(
    engine: Engine,
    function: Function,
    columns: Sequence[Column],
    shared: Sequence[Any] = (),
    *,
    bytes_a_row: float,
    of: int = 1,
    progress: Progress = silent,
) -> tuple[Any, ...]:
    """The arrays that a function gives of all rows; by shards, where the engine cuts.

    ``function(*columns, *shared, progress=...)`` gives a tuple of arrays of as many rows as its
    columns have.  ``of`` as in :func:`shards`.

    >>> squares = lambda rows, more, progress=None: (rows**2 + more,)
    >>> gathered(Local(cuts=True), squares, [np.arange(3)], [1], bytes_a_row=8)[0].tolist()
    [1, 2, 5]
    """
    if not engine.cuts or not len(columns[0]):
        return tuple(function(*columns, *shared, progress=progress))
    count = len(columns[0])
    whole: list[Any] = []
    for rows, found in engine.map(function, shards(columns, bytes_a_row, of=of), shared):
        whole = whole or [np.empty((count, *part.shape[1:]), part.dtype) for part in found]
        for out, part in zip(whole, found, strict=True):
            out[rows] = part
        progress(rows.stop, count)
    return tuple(whole)


@contextmanager
def opened(name: EngineName = "local", address: str | None = None) -> Iterator[Engine]:
    """The engine of that name, as long as it is needed.

    Parameters
    ----------
    address : str, optional
        Of a Ray cluster, ``host:port``, or ``auto`` for the one of this machine; by default that of
        ``RAY_ADDRESS`` in the environment, else Ray is started here for the time being.

    Raises
    ------
    MissingDependencyError
        Ray is not installed.
    EngineError
        The cluster cannot be reached, or has other versions.

    Examples
    --------
    >>> with opened() as engine:
    ...     engine.cuts
    False
    """
    if name == "local":
        yield LOCAL
        return
    from .on_ray import connected

    with connected(address) as engine:
        yield engine


@contextmanager
def together(name: EngineName = "local") -> Iterator[None]:
    """Steps that follow one another: Ray that one of them starts is stopped after the last."""
    if name == "local":
        yield
        return
    from .cluster import held

    with held():
        yield
