"""Which rows a chain of near ones joins, in several runs at once, each with rows of its own.

The one idea: a chain needs one link, not all of them.  Of two blocks of neighbouring rows the
product is made only where a bound leaves room for a link in a run that has not joined them yet.
That is known by blocks as soon as frames of one drive, which follow one another, are joined.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...progress import Progress, silent
from .block_bounds import SLACK, Blocks, Whole, cut, rows_of
from .rows import TIE, Rows, squared_distance_of_pairs
from .tiles import MOST_CELLS, QUERIES_AT_ONCE

BLOCK = 48
"""Rows a block: fewer make more bounds, more make them weaker."""
_BYTES_PER_CELL = 7  # a float32 product, and what is near and asked for in it

Flags = NDArray[np.bool_]


def chained(
    rows: Rows,
    mine: Flags,
    squared: Sequence[float],
    *,
    joined: NDArray[np.int64] | None = None,
    fresh: int | None = None,
    memory_mb: float = 512,
    progress: Progress = silent,
) -> NDArray[np.int64]:
    """Labels of the rows of each run, int64 (runs, n): equal where a chain joins two of them.

    Parameters
    ----------
    rows : float32 (n, d)
        Unit rows, checked before; it is fastest where neighbours are alike.
    mine : bool (runs, n)
        The rows of each run.  Labels of others are their own.
    squared : (runs,)
        Squared distance of a link; rows exactly so far apart are joined.
    joined : int64 (runs, n), optional
        Labels that tell what is joined already, each a row of that label in the run, or its own.
    fresh : int, optional
        So many rows, the first ones, are asked for links, with each other and with the rest; of
        the rest, ``joined`` tells all.

    Examples
    --------
    >>> rows = np.eye(2, dtype=np.float32)[[0, 0, 1]]
    >>> chained(rows, np.array([[1, 1, 1], [1, 0, 1]], bool), [0.5, 2.0]).tolist()
    [[0, 0, 2], [0, 1, 0]]
    """
    fresh = len(rows) if fresh is None else fresh
    found = _Runs(rows, mine, squared, joined)
    if not fresh:
        return found.labels
    blocks = Blocks.of(rows, cut(rows, BLOCK, None))
    extent = blocks.extent(rows)
    cells = min(max(int(memory_mb * 1e6 / _BYTES_PER_CELL), 1), MOST_CELLS)
    count = len(blocks.start)
    step = max(min(QUERIES_AT_ONCE, int(cells**0.5)) // BLOCK, 1)
    bands = [slice(top, min(top + step, count)) for top in range(0, count, step)]
    bands = [band for band in bands if blocks.start[band.start] < fresh]
    found.join_neighbours(fresh)
    for band in bands:
        _join(found, blocks, extent, band, band, cells)
    for band in bands:
        _join(found, blocks, extent, band, slice(band.stop, count), cells)
        progress(blocks.rows(band.stop - 1).stop, len(rows))
    return found.labels


def _join(
    found: _Runs, blocks: Blocks, extent: Rows, band: slice, others: slice, cells: int
) -> None:
    """Join what is near in a band of blocks and in others that lie right of it, or in itself."""
    if others.start == others.stop:
        return
    asked = found.open(blocks.start, band, others, blocks.most(found.rows, extent, band, others))
    if band == others:
        asked = np.triu(asked)
    ours = np.flatnonzero(asked.any(axis=1))
    asked = asked[ours]
    theirs = np.flatnonzero(asked.any(axis=0))
    if not len(ours):
        return
    queries, _, rows = rows_of(found.rows, blocks.start, ours + band.start)
    wide = max(cells // len(rows) // BLOCK, 1)
    for first in range(0, len(theirs), wide):
        some = theirs[first : first + wide]
        references, _, columns = rows_of(found.rows, blocks.start, some + others.start)
        similarity = queries @ references.T
        near = similarity >= np.float32(min(found.bars) - TIE)
        wanted = np.repeat(asked[:, some], blocks.size[some + others.start], axis=1)
        near &= np.repeat(wanted, blocks.size[ours + band.start], axis=0)
        i, j = np.nonzero(near)
        found.join(rows[i], columns[j], similarity[i, j])


class _Runs:
    """What is joined so far: ``labels`` (runs, n), and ``bars``, how alike two are that link."""

    def __init__(
        self, rows: Rows, mine: Flags, squared: Sequence[float], joined: Whole | None
    ) -> None:
        self.rows, self.mine, self.squared = rows, mine, squared
        self.bars = [1 - one / 2 for one in squared]
        self.labels = np.tile(np.arange(len(rows)), (len(mine), 1)) if joined is None else joined

    def open(self, start: Whole, band: slice, others: slice, most: Rows) -> Flags:
        """Pairs of blocks that may hold a link that joins something in a run."""
        found, beyond = np.zeros(most.shape, bool), self.labels.shape[1]
        for bar, mine, label in zip(self.bars, self.mine, self.labels, strict=True):
            least = np.minimum.reduceat(np.where(mine, label, beyond), start)
            greatest = np.maximum.reduceat(np.where(mine, label, -1), start)
            there = greatest >= 0
            one = np.where(least == greatest, least, -1)  # the label of all rows of a block
            alike = (one[band, None] == one[others]) & (one[others] >= 0)
            both = there[band, None] & there[others]
            found |= both & ~alike & (most >= np.float32(bar - SLACK))
        return found

    def join_neighbours(self, fresh: int) -> None:
        """Join rows of a run that follow one another in it, where the first is fresh."""
        own = [np.flatnonzero(mine) for mine in self.mine]
        pairs = np.unique(np.concatenate([i[:-1] * len(self.rows) + i[1:] for i in own]))
        i, j = np.divmod(pairs[pairs < fresh * len(self.rows)], len(self.rows))
        self.join(i, j, 1 - squared_distance_of_pairs(self.rows, i, self.rows, j) / 2)

    def join(self, i: Whole, j: Whole, alike: NDArray[np.floating]) -> None:
        """Join pairs of rows that are so alike, in each run where they link."""
        links = []
        for run, bar in enumerate(self.bars):
            label, mine = self.labels[run], self.mine[run]
            one, other = label[i], label[j]
            asked = mine[i] & mine[j] & (one != other) & (alike >= np.float32(bar - TIE))
            at = np.flatnonzero(asked & (alike <= bar + TIE))
            pairs = squared_distance_of_pairs(self.rows, i[at], self.rows, j[at])
            asked[at] = pairs <= self.squared[run]
            links.append(np.stack([one[asked], other[asked]]) + run * len(label))
        first = np.arange(len(self.labels))[:, None] * len(self.rows)
        self.labels = _joined(np.concatenate(links, axis=1), self.labels.size)[self.labels + first]
        self.labels -= first


def _joined(links: Whole, count: int) -> Whole:
    """The new label of each of so many, after those of each pair, (2, links), became one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    found, linked = np.arange(count), np.zeros(count, bool)
    if not links.size:
        return found
    linked[links] = True
    nodes = np.flatnonzero(linked)
    place = np.empty(count, np.int64)
    place[nodes] = np.arange(len(nodes))
    ones = np.ones(links.shape[1], bool)
    graph = coo_array((ones, tuple(place[links])), shape=(len(nodes), len(nodes)))
    _, part = connected_components(graph, directed=False)
    _, first = np.unique(part, return_index=True)
    found[nodes] = nodes[first[part]]
    return found
