"""The nearest row of another group, inside one set, by half of the product.

The one idea: a tile above the diagonal holds its mirror image below, where its columns ask.  What
they have in common with each segment of its rows is kept, and the few segments in which the nearest
can be are multiplied again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...progress import Progress, silent
from .contenders import settle
from .rows import TIE, Rows
from .segments import Index, Tile, hide_own, peaks_of_columns, segments
from .tiles import QUERIES_AT_ONCE, products

_SHARE = 0.25  # of the memory, for what is kept; a larger set takes the whole product


def closest_within(
    rows: Rows, group: Index, *, memory_mb: float = 512, progress: Progress = silent
) -> tuple[NDArray[np.float64], Index] | None:
    """What :func:`.distances.closest` gives of rows (n, d) and themselves; None without the memory.

    Examples
    --------
    >>> S = np.eye(2, dtype=np.float32)[[0, 0, 1]]
    >>> closest_within(S, np.array([0, 1, 1]))[1].tolist()
    [1, 0, 0]
    """
    starts, count = segments(len(rows), group), len(rows)
    if 4 * count * len(starts) > _SHARE * 1e6 * memory_mb:
        return None
    half = _Half(rows, group, starts)
    for tile in products(rows, rows, (1 - _SHARE) * memory_mb, group, above=True):
        half.rows_ask(tile)
        if tile.columns.stop > tile.rows.stop:
            half.columns_ask(tile)
        if tile.columns.stop == count:
            progress(tile.rows.stop, count)
    half.ask_again()
    return half.squared, half.index


class _Half:
    """Nearest so far, and the similarity to each segment below the diagonal, (n, segments)."""

    def __init__(self, rows: Rows, group: Index, starts: Index) -> None:
        count = len(rows)
        self.rows, self.group, self.starts = rows, group, starts
        self.numbers = np.arange(count)
        self.squared, self.index = np.full(count, np.inf), np.zeros(count, np.int64)
        self.known = np.full((count, len(starts)), -np.inf, np.float32)
        self.most = np.full(count, -np.inf, np.float32)

    def rows_ask(self, tile: Tile) -> None:
        """Settle the nearest of a band among columns at and above the diagonal."""
        band, columns = tile.rows, tile.columns
        groups = self.group[band], self.group[columns]
        hide_own(tile.similarity, tile.starts, tile.peaks, *groups)
        settle(
            self.rows[band],
            self.rows[columns],
            self.numbers[columns],
            tile.similarity,
            self.squared[band],  # a view, as the next: what is written there is kept
            self.index[band],
            (tile.starts, tile.peaks),
            self.most[band],
        )

    def columns_ask(self, tile: Tile) -> None:
        """Note what columns right of the diagonal have in common with a band."""
        band = tile.rows
        right = slice(max(tile.columns.start, band.stop), tile.columns.stop)
        similarity = tile.similarity[:, right.start - tile.columns.start :]
        first, end = np.searchsorted(self.starts, (band.start + 1, band.stop))
        starts = np.append(0, self.starts[first:end] - band.start)
        peaks = peaks_of_columns(similarity, starts)
        hide_own(similarity.T, starts, peaks, self.group[right], self.group[band])
        known = self.known[right, first - 1 : end]
        np.maximum(known, peaks, out=known)
        np.maximum(self.most[right], peaks.max(axis=1), out=self.most[right])

    def ask_again(self) -> None:
        """Settle what was noted, where it can be the nearest."""
        for segment, start in enumerate(self.starts):
            end = self.starts[segment + 1] if segment + 1 < len(self.starts) else len(self.rows)
            bar = np.maximum(self.most, 1 - self.squared / 2) - TIE
            bar[(self.squared == 0) & (self.index < start)] = np.inf  # the first at 0 wins
            asking = np.flatnonzero(self.known[:, segment] >= bar)
            for at in range(0, len(asking), QUERIES_AT_ONCE):
                self._ask(asking[at : at + QUERIES_AT_ONCE], slice(int(start), int(end)))

    def _ask(self, some: Index, which: slice) -> None:
        queries, references = self.rows[some], self.rows[which]
        similarity = queries @ references.T
        similarity[self.group[some, None] == self.group[which]] = -np.inf
        squared, index = self.squared[some], self.index[some]
        settle(queries, references, self.numbers[which], similarity, squared, index)
        self.squared[some], self.index[some] = squared, index
