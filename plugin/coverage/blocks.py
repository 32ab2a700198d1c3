"""Nearest references without the whole product, where rows follow one another as frames do.

The one idea: a row is the mean of its block of neighbours and a rest, ``u = c + e``.  Between a
block of queries and one of references

    ``u . s  =  c_u . s  +  u . c_s  -  c_u . c_s  +  e_u . e_s``

holds exactly.  The first three products are small, and the last term is at most ``|e_u| |e_s|``,
of second order in the extent of the blocks.  (Balls and the triangle inequality, as in Elkan 2003,
leave a term of first order; between vectors of 768 numbers, whose angles are much alike, that rules
out next to nothing.)  What survives is bounded row by row, with the leading components of
``e_u . e_s`` multiplied out, and only what survives that is computed in full, as in the product.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress, silent
from .contenders import settle
from .owned_probe import spread
from .rows import TIE, Rows

LEAST_WORK = 1e12
"""Multiply-adds below which the whole product is over before a plan would pay."""

_SLACK = np.float32(4 * TIE)  # rounding of the four products, and a contender's margin
_COMPONENTS = 64  # more cost more than they rule out
_SIZES = {0.035: (48, 24), 0.06: (32, 16), 0.2: (16, 16)}
# Rows a block of queries and of references, where |e_u| |e_s| is typically below that; it is 0.94
# for isotropic rows, and rules nothing out from 0.2 on.
_SHORT = 16  # rows a block where that is measured
_WORTH = 0.7  # expected share of the product's time from which blocks are not worth it
_BREAK = 2  # a step that many times as long as the steps beside it ends a recording
_SAMPLE = 8, 128  # blocks of queries and of references that a plan is made from
_BAND = 128  # blocks of queries multiplied at once: full BLAS speed
_AT_ONCE = 2048  # blocks of references bounded row by row at once
_ROWS_AT_ONCE = 1024
_COLUMNS = 2048  # references that some queries are compared with at once
_MANY = 0.75  # share of blocks from which the whole product costs less than bounds on their rows
_CELL = 4  # bytes

Group = NDArray[np.int64] | None
Whole = NDArray[np.int64]
Nearest = tuple[NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True)
class Plan:
    """Rows a block of queries and of references, and the expected share of the product's time."""

    queries: int
    references: int
    cost: float = 0.0


def plan(
    queries: Rows, references: Rows, *, group: Group = None, memory_mb: float = 512
) -> Plan | None:
    """How to find the nearest by blocks; None where the whole product is expected to be as fast.

    A sample of blocks meets a sample of blocks, with the true nearest of the sampled queries.

    Parameters
    ----------
    queries, references : float32 (n, d), (m, d)
        Unit rows; frames of a drive follow one another.
    group : int64 (m,), optional
        As :func:`.distances.closest` has it.
    memory_mb : float
        Upper limit of the working memory.

    Examples
    --------
    >>> few = np.eye(3, dtype=np.float32)
    >>> plan(few, few) is None
    True
    """
    n, m, d = len(queries), len(references), queries.shape[1]
    if float(n) * m * d < LEAST_WORK:
        return None
    rest = _extent(queries) * _extent(references)
    high, wide = next((size for most, size in _SIZES.items() if rest < most), (0, 0))
    if not high or not _blocks_at_once(m, d, high, wide, memory_mb):
        return None
    cost = _expected(queries, references, group, high, wide)
    return Plan(high, wide, cost) if cost < _WORTH else None


def closest_by_blocks(
    queries: Rows,
    references: Rows,
    plan: Plan,
    *,
    group: Group = None,
    memory_mb: float = 512,
    progress: Progress = silent,
) -> Nearest:
    """What :func:`.distances.closest` gives, the same to the last bit, whatever the plan.

    Parameters
    ----------
    queries, references : float32 (n, d), (m, d)
        Unit rows, checked before.

    Returns
    -------
    squared, index : float64 (n,), int64 (n,)

    Examples
    --------
    >>> S = np.eye(3, dtype=np.float32)
    >>> closest_by_blocks(S[[2, 0]], S, Plan(2, 2))[1].tolist()
    [2, 0]
    """
    n, d = queries.shape
    squared, index = np.full(n, np.inf), np.zeros(n, np.int64)
    blocks = _Blocks.of(references, _cut(references, plan.references, group))
    basis = _basis(references, blocks)
    known = _References.of(references, blocks, basis, group)
    start = _cut(queries, plan.queries, group)
    step = max(_blocks_at_once(len(references), d, plan.queries, plan.references, memory_mb), 1)
    for first in range(0, len(start), step):
        top = int(start[first])
        end = int(start[first + step]) if first + step < len(start) else n
        part = slice(top, end)
        band = _Band(queries[part], start[first : first + step] - top, known, basis)
        own = None if group is None else group[part]
        late = [
            np.arange(end - top)[band.blocks.rows(number)]
            for number in range(len(band.blocks.start))
            if not _find(band, number, own, squared[part], index[part])
        ]
        if late:
            _compare(band, np.concatenate(late), own, squared[part], index[part])
        progress(end, n)
    return squared, index


def _find(
    band: _Band,
    number: int,
    own: Group,
    squared: NDArray[np.float64],
    index: NDArray[np.int64],
) -> bool:
    """The nearest references of one block of queries; False where bounds leave too many."""
    known, rows = band.known, band.blocks.rows(number)
    block, group = band.queries[rows], None if own is None else own[rows]
    bounds = band.bounds(number)
    if group is not None and known.group is not None and (group == group[0]).all():
        bounds[:, known.group == group[0]] = -np.inf
    likely = np.unique(known.slots[np.unique(bounds.argmax(axis=1))])
    bar = known.similarity(block, likely, group)[1].max(axis=1) - _SLACK
    near = np.flatnonzero((bounds >= bar[:, None]).any(axis=0))
    if len(near) > _MANY * len(known.slots):
        return False
    for start in range(0, len(near), _AT_ONCE):
        some = near[start : start + _AT_ONCE]
        slots = (band.row_bounds(number, some) >= bar[:, None]).any(axis=0)
        survivors = np.unique(known.slots[some].ravel()[slots])
        if len(survivors):
            references, similarity = known.similarity(block, survivors, group)
            settle(block, references, survivors, similarity, squared[rows], index[rows])
    return True


def _compare(
    band: _Band,
    late: Whole,
    own: Group,
    squared: NDArray[np.float64],
    index: NDArray[np.int64],
) -> None:
    """The nearest references of some queries of a band, by the whole product."""
    numbers = np.arange(len(band.known.rows))
    for start in range(0, len(late), _ROWS_AT_ONCE):
        some = late[start : start + _ROWS_AT_ONCE]
        queries, group = band.queries[some], None if own is None else own[some]
        best, winner = squared[some], index[some]
        for first in range(0, len(numbers), _COLUMNS):
            which = slice(first, first + _COLUMNS)
            references, similarity = band.known.similarity(queries, which, group)
            settle(queries, references, numbers[which], similarity, best, winner)
        squared[some], index[some] = best, winner


@dataclass(frozen=True)
class _Blocks:
    """Blocks of consecutive rows: the first row and the number of rows of each, and the means."""

    start: Whole
    size: Whole
    mean: Rows

    @classmethod
    def of(cls, rows: Rows, start: Whole) -> _Blocks:
        size = np.diff(np.append(start, len(rows)))
        mean = np.empty((len(start), rows.shape[1]), np.float32)
        for number, (first, count) in enumerate(zip(start, size, strict=True)):
            np.add.reduce(rows[first : first + count], axis=0, out=mean[number])
        mean /= size[:, None].astype(np.float32)
        return cls(start, size, mean)

    def rows(self, number: int) -> slice:
        return slice(int(self.start[number]), int(self.start[number] + self.size[number]))

    def rests(self, rows: Rows) -> Iterator[tuple[slice, Rows]]:
        """What is left of all rows, a few blocks at a time."""
        step = max(_ROWS_AT_ONCE // int(self.size.max()), 1)
        for first in range(0, len(self.start), step):
            which = slice(first, first + step)
            size = self.size[which]
            part = slice(int(self.start[first]), int(self.start[first] + size.sum()))
            yield part, rows[part] - np.repeat(self.mean[which], size, axis=0)


@dataclass(frozen=True)
class _Rests:
    """What bounds ``e_u . e_s``.

    ``length`` (n,) of each rest; ``low`` (n, k + 1): its leading components, and the length of what
    they leave.
    """

    length: Rows
    low: Rows

    @classmethod
    def of(cls, rows: Rows, blocks: _Blocks, basis: Rows) -> _Rests:
        k = basis.shape[1]
        length = np.empty(len(rows), np.float32)
        low = np.empty((len(rows), k + 1), np.float32)
        for part, rest in blocks.rests(rows):
            inside = rest @ basis
            whole = np.einsum("ij,ij->i", rest, rest)
            left = whole - np.einsum("ij,ij->i", inside, inside)
            length[part] = np.sqrt(whole) + _SLACK
            low[part, :k] = inside
            low[part, k] = np.sqrt(np.maximum(left, 0) + _SLACK * whole) + _SLACK
        return cls(length, low)


@dataclass(frozen=True)
class _References:
    """The references in blocks of equally many slots, (b, w); the last row of a block fills up.

    ``extent`` (b,) is the longest rest of each, ``low`` (b, w, k + 1) as in :class:`_Rests`.
    ``labels`` are the groups of rows and ``group`` (b,) those of blocks, -2^63 where it is mixed.
    """

    rows: Rows
    mean: Rows
    slots: Whole
    extent: Rows
    low: Rows
    labels: Group
    group: Group

    @classmethod
    def of(cls, rows: Rows, blocks: _Blocks, basis: Rows, labels: Group) -> _References:
        width = np.arange(blocks.size.max())
        slots = blocks.start[:, None] + np.minimum(width, blocks.size[:, None] - 1)
        rests = _Rests.of(rows, blocks, basis)
        extent = np.maximum.reduceat(rests.length, blocks.start)
        group = None
        if labels is not None:
            low, high = (f.reduceat(labels, blocks.start) for f in (np.minimum, np.maximum))
            group = np.where(low == high, low, np.iinfo(np.int64).min)
        return cls(rows, blocks.mean, slots, extent, rests.low[slots], labels, group)

    def similarity(self, queries: Rows, which: Whole | slice, group: Group) -> tuple[Rows, Rows]:
        """Some references, and their similarity to queries, -inf inside a group."""
        rows = self.rows[which]
        similarity = queries @ rows.T
        if group is not None and self.labels is not None:
            similarity[group[:, None] == self.labels[which]] = -np.inf
        return rows, similarity


class _Band:
    """Some blocks of queries beside all references: upper bounds of their similarity."""

    def __init__(self, queries: Rows, start: Whole, known: _References, basis: Rows) -> None:
        self.queries, self.known = queries, known
        self.blocks = _Blocks.of(queries, start)
        self.rests = _Rests.of(queries, self.blocks, basis)
        self._by_block = queries @ known.mean.T
        by_row = known.rows @ self.blocks.mean.T
        self._by_row = by_row[known.slots]  # (b, w, blocks of queries)
        between = known.mean @ self.blocks.mean.T
        self._most = np.ascontiguousarray((self._by_row.max(axis=1) - between).T)
        self._between = between

    def bounds(self, number: int) -> NDArray[np.float32]:
        """The most that each query of a block may have in common with each block, (rows, b)."""
        rows = self.blocks.rows(number)
        bounds = self.rests.length[rows, None] * self.known.extent
        bounds += self._by_block[rows]
        bounds += self._most[number]
        return bounds

    def row_bounds(self, number: int, some: Whole) -> NDArray[np.float32]:
        """The same with each row of some blocks, (rows, slots)."""
        rows, low = self.blocks.rows(number), self.known.low[some]
        bounds = self.rests.low[rows] @ low.reshape(-1, low.shape[2]).T
        bounds += (self._by_row[some, :, number] - self._between[some, number, None]).ravel()
        by_slot = bounds.reshape(len(bounds), *low.shape[:2])
        by_slot += self._by_block[rows, some][:, :, None]
        return bounds


def _cut(rows: Rows, size: int, group: Group) -> Whole:
    """First rows of blocks of at most ``size`` consecutive rows that end where a recording does.

    That is where the step to the next row is far longer than the steps before and after it.
    """
    n = len(rows)
    step = np.zeros(n + 1, np.float32)  # squared, before each row
    for first in range(1, n, _ROWS_AT_ONCE):
        last = min(first + _ROWS_AT_ONCE, n)
        change = rows[first:last] - rows[first - 1 : last - 1]
        step[first:last] = np.einsum("ij,ij->i", change, change)
    breaks = np.zeros(n, bool)
    beside = np.maximum(step[:-2], step[2:]) if n > 1 else step[:0]
    breaks[1:] = step[1:-1] > _BREAK**2 * beside
    if group is not None and np.count_nonzero(np.diff(group)) < n // size:
        breaks[1:] |= np.diff(group) != 0
    edges = np.concatenate([[0], np.flatnonzero(breaks), [n]])
    return np.concatenate(
        [
            np.linspace(a, b, -(-(b - a) // size), endpoint=False).astype(np.int64)
            for a, b in pairwise(edges.tolist())
        ]
    )


def _some(rows: Rows, start: Whole, which: Whole) -> tuple[Rows, Whole, Whole]:
    """The rows of some blocks, where each block begins among them, and their numbers."""
    ends = np.append(start, len(rows))
    numbers = np.concatenate([np.arange(ends[b], ends[b + 1]) for b in which])
    size = (ends[which + 1] - ends[which]).cumsum()
    return rows[numbers], np.concatenate([[0], size[:-1]]), numbers


def _basis(rows: Rows, blocks: _Blocks) -> Rows:
    """The leading components of what is left of a sample of rows, orthonormal columns (d, k)."""
    some, start, _ = _some(rows, blocks.start, spread(len(blocks.start), 2 * _SAMPLE[1]))
    rests = np.concatenate([rest for _, rest in _Blocks.of(some, start).rests(some)])
    _, vectors = np.linalg.eigh(rests.T @ rests)
    return np.ascontiguousarray(vectors[:, ::-1][:, : min(_COMPONENTS, rows.shape[1] // 4)])


def _extent(rows: Rows) -> float:
    """Typical length of what is left of a row, of a few blocks."""
    lengths = []
    for first in spread(max(len(rows) - _SHORT, 1), _SAMPLE[1]):
        block = rows[first : first + _SHORT]
        lengths.append(np.linalg.norm(block - block.mean(axis=0), axis=1).mean())
    return float(np.median(lengths))


def _blocks_at_once(m: int, d: int, high: int, wide: int, memory_mb: float) -> int:
    """Blocks of queries in a band; 0 where not even eight fit into the memory."""
    count = m / wide
    kept = m * (_COMPONENTS + 5) * 2 + count * d
    sample = 3 * d * max(min(2 * _SAMPLE[1] * wide, m), _ROWS_AT_ONCE)
    sample += 2 * _ROWS_AT_ONCE * min(_COLUMNS, m)
    one = 3 * m + 2 * high * count + high * (d + _COMPONENTS)
    least = min(_AT_ONCE, count) * wide * (_COMPONENTS + 2 * high) + sample
    fit = int((memory_mb * 1e6 / _CELL - kept - least) / one)
    return min(fit, _BAND) if fit >= _SAMPLE[0] else 0


def _expected(queries: Rows, references: Rows, group: Group, high: int, wide: int) -> float:
    """The share of the product's cost that blocks of these sizes are expected to have."""
    (n, d), m = queries.shape, len(references)
    start = _cut(references, wide, group)
    which = spread(len(start), _SAMPLE[1])
    rows, at, numbers = _some(references, start, which)
    blocks = _Blocks.of(rows, at)
    basis = _basis(rows, blocks)
    known = _References.of(rows, blocks, basis, None if group is None else group[numbers])
    start = _cut(queries, high, group)
    asked, at, numbers = _some(queries, start, spread(len(start), _SAMPLE[0]))
    band = _Band(asked, at, known, basis)
    bar = np.full((len(asked), 1), -np.inf, np.float32)
    for first in range(0, m, _COLUMNS):
        columns = slice(first, first + _COLUMNS)
        similarity = asked @ references[columns].T
        if group is not None:
            similarity[group[numbers][:, None] == group[columns]] = -np.inf
        np.maximum(bar, similarity.max(axis=1, keepdims=True), out=bar)
    bar -= _SLACK
    near, survive = [], []
    for number in range(len(at)):
        mine = band.blocks.rows(number)
        bounds = band.bounds(number) >= bar[mine]
        some = np.flatnonzero(bounds.any(axis=0))
        slots = (band.row_bounds(number, some) >= bar[mine]).any(axis=0)
        near.append(len(some) / len(which))
        survive.append(np.count_nonzero(slots) / known.slots.size)
    shares = float(np.mean(near)), float(np.mean(survive))
    return _cost(n, m, d, high, wide, *shares, _threads())


def _cost(
    n: int, m: int, d: int, high: int, wide: int, near: float, survive: float, threads: int
) -> float:
    """Time beside the whole product's; constants are multiply-adds at one thread's full speed.

    The products of a band use all threads of the BLAS, what follows block by block does not.
    """
    banded = d * (1.4 / high + 1 / wide) + 120 / wide
    alone = near * (5 * _COMPONENTS + 350) + survive * d * (2.5 + 35 / high) + 50 / high
    alone += 12e6 / (high * m)  # the calls of one block, some 150 microseconds
    alone += 400 * d * (1 / n + 1 / m)
    return float((banded + threads * alone) / d)


def _threads() -> int:
    """Threads that a BLAS uses by default."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        if os.environ.get(name, "").isdigit():
            return max(int(os.environ[name]), 1)
    return os.cpu_count() or 1
