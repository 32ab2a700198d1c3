"""How similar rows can be at most, known for whole blocks of rows that follow one another.

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

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .owned_probe import spread
from .rows import TIE, Rows

SLACK = np.float32(4 * TIE)
"""Rounding of the four products, and a contender's margin."""
COMPONENTS = 64
"""Leading components that are multiplied out; more cost more than they rule out."""
FITTED = 256
"""Blocks that they are fitted to."""
ROWS_AT_ONCE = 1024
_BREAK = 2  # a step that many times as long as the steps beside it ends a recording

Group = NDArray[np.int64] | None
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Blocks:
    """Blocks of consecutive rows: the first row and the number of rows of each, and the means."""

    start: Whole
    size: Whole
    mean: Rows

    @classmethod
    def of(cls, rows: Rows, start: Whole) -> Blocks:
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
        step = max(ROWS_AT_ONCE // int(self.size.max()), 1)
        for first in range(0, len(self.start), step):
            which = slice(first, first + step)
            size = self.size[which]
            part = slice(int(self.start[first]), int(self.start[first] + size.sum()))
            yield part, rows[part] - np.repeat(self.mean[which], size, axis=0)

    def extent(self, rows: Rows) -> Rows:
        """The longest rest of each block, float32 (b,), and what its rounding may be."""
        length = np.empty(len(rows), np.float32)
        for part, rest in self.rests(rows):
            length[part] = np.sqrt(np.einsum("ij,ij->i", rest, rest)) + SLACK
        return np.asarray(np.maximum.reduceat(length, self.start))

    def most(self, rows: Rows, extent: Rows, band: slice, others: slice) -> Rows:
        """The most that a row of each of some blocks and one of each other may have in common.

        Float32 (blocks of the band, others); add :data:`SLACK` for its rounding.
        """

        def by_row(some: slice, means: Rows) -> Rows:
            start = self.start[some]
            part = rows[start[0] : self.rows(some.stop - 1).stop]
            return np.asarray(np.maximum.reduceat(part @ means.T, start - start[0], axis=0))

        ours, theirs = self.mean[band], self.mean[others]
        most = by_row(band, theirs)
        most += by_row(others, ours).T
        most -= ours @ theirs.T
        most += extent[band, None] * extent[others]
        return most


@dataclass(frozen=True)
class Rests:
    """What bounds ``e_u . e_s``.

    ``length`` (n,) of each rest; ``low`` (n, k + 1): its leading components, and the length of what
    they leave.
    """

    length: Rows
    low: Rows

    @classmethod
    def of(cls, rows: Rows, blocks: Blocks, basis: Rows) -> Rests:
        k = basis.shape[1]
        length = np.empty(len(rows), np.float32)
        low = np.empty((len(rows), k + 1), np.float32)
        for part, rest in blocks.rests(rows):
            inside = rest @ basis
            whole = np.einsum("ij,ij->i", rest, rest)
            left = whole - np.einsum("ij,ij->i", inside, inside)
            length[part] = np.sqrt(whole) + SLACK
            low[part, :k] = inside
            low[part, k] = np.sqrt(np.maximum(left, 0) + SLACK * whole) + SLACK
        return cls(length, low)


@dataclass(frozen=True)
class References:
    """The references in blocks of equally many slots, (b, w); the last row of a block fills up.

    ``extent`` (b,) is the longest rest of each, ``low`` (b, w, k + 1) as in :class:`Rests`.
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
    def of(cls, rows: Rows, blocks: Blocks, basis: Rows, labels: Group) -> References:
        width = np.arange(blocks.size.max())
        slots = blocks.start[:, None] + np.minimum(width, blocks.size[:, None] - 1)
        rests = Rests.of(rows, blocks, basis)
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

    def reached(self, queries: Rows, bounds: Rows, some: Whole, group: Group) -> Rows:
        """Similarity of each query to the row of some blocks with the highest bound."""
        rows = self.slots[some].ravel()
        if group is not None and self.labels is not None:
            bounds[group[:, None] == self.labels[rows]] = -np.inf
        highest = bounds.argmax(axis=1)
        reached = np.einsum("ij,ij->i", queries, self.rows[rows[highest]])
        reached[bounds[np.arange(len(queries)), highest] == -np.inf] = -np.inf
        return reached


class Space:
    """Memory for products that every band has anew: fresh pages are slow."""

    def __init__(self) -> None:
        self._kept: dict[str, Rows] = {}

    def product(self, name: str, left: Rows, right: Rows) -> Rows:
        """``left @ right.T``, valid until the next of that name."""
        size = len(left) * len(right)
        if name not in self._kept or self._kept[name].size < size:
            self._kept[name] = np.empty(size, np.float32)
        out = self._kept[name][:size].reshape(len(left), len(right))
        return np.matmul(left, right.T, out=out)


class Band:
    """Some blocks of queries beside all references: upper bounds of their similarity."""

    def __init__(
        self, queries: Rows, start: Whole, known: References, basis: Rows, space: Space
    ) -> None:
        self.queries, self.known = queries, known
        self.blocks = Blocks.of(queries, start)
        self.rests = Rests.of(queries, self.blocks, basis)
        self._by_block = space.product("by block", queries, known.mean)
        by_row = space.product("by row", known.rows, self.blocks.mean)
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


def cut(rows: Rows, size: int, group: Group) -> Whole:
    """First rows of blocks of at most ``size`` consecutive rows that end where a recording does.

    That is where the step to the next row is far longer than the steps before and after it.
    """
    n = len(rows)
    step = np.zeros(n + 1, np.float32)  # squared, before each row
    for first in range(1, n, ROWS_AT_ONCE):
        last = min(first + ROWS_AT_ONCE, n)
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


def rows_of(rows: Rows, start: Whole, which: Whole) -> tuple[Rows, Whole, Whole]:
    """The rows of some blocks, where each block begins among them, and their numbers."""
    ends = np.append(start, len(rows))
    numbers = np.concatenate([np.arange(ends[b], ends[b + 1]) for b in which])
    size = (ends[which + 1] - ends[which]).cumsum()
    return rows[numbers], np.concatenate([[0], size[:-1]]), numbers


def leading(rows: Rows, blocks: Blocks) -> Rows:
    """The leading components of what is left of a sample of rows, orthonormal columns (d, k)."""
    some, start, _ = rows_of(rows, blocks.start, spread(len(blocks.start), FITTED))
    rests = np.concatenate([rest for _, rest in Blocks.of(some, start).rests(some)])
    _, vectors = np.linalg.eigh(rests.T @ rests)
    return np.ascontiguousarray(vectors[:, ::-1][:, : min(COMPONENTS, rows.shape[1] // 4)])
