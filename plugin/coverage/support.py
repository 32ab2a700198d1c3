"""How much of S is near a candidate: images within a radius, and the drives they come from.

The one idea: covered by one image of one drive is not covered by two hundred of nine.  The counts
are one more reduction of the matrix product that finds the nearest distances, not a second product.
The nearest published relative is local point density of the area of applicability (Meyer & Pebesma
2021, doi 10.1111/2041-210X.13650; Schumacher et al. 2025, doi 10.5194/gmd-18-10185-2025).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..engine.engine import LOCAL, Engine, gathered
from ..progress import Progress, silent
from .nearest.distances import Nearest, closest
from .nearest.gpu.within import within_on_gpu
from .nearest.rows import (
    TIE,
    Metric,
    Rows,
    checked_rows,
    metric_to_squared,
    same_dimension,
    squared_distance_of_pairs,
    squared_to_metric,
)
from .nearest.segments import Tile
from .nearest.tiles import Reduction, products
from .verdict import Labels, drive_numbers

Counts = NDArray[np.int64]


def support(
    pool: Rows,
    owned: Rows,
    drives: Labels,
    radius: float,
    *,
    metric: Metric = "cosine",
    memory_mb: float = 512,
    progress: Progress = silent,
) -> tuple[Counts, Counts]:
    """Images of S within a radius of each candidate, and how many drives they come from.

    Parameters
    ----------
    pool, owned : float32 (n, d), (m, d)
        Unit rows.
    drives : m labels
        The drive of each image of S; a missing label is a drive of its own.
    radius : float
        In the metric's unit; an image exactly that far counts.  Infinity counts all.

    Returns
    -------
    counts, drives : int64 (n,), (n,)
        Exact: pairs that float32 cannot tell from the radius are settled in float64.

    Examples
    --------
    >>> S = np.eye(3, dtype=np.float32)
    >>> counts, drives = support(S[:1], S, ["a", "b", "b"], radius=1.0)
    >>> counts.tolist(), drives.tolist()
    ([3], [2])
    """
    pool, owned = checked_rows("U", pool), checked_rows("S", owned)
    same_dimension("U", pool, "S", owned)
    order = by_drive(drives, len(owned))
    tally = SupportTally(pool, owned[order], drive_numbers(drives)[order], radius, metric)
    for tile in products(pool, tally.owned, memory_mb, tally.labels):
        tally.add(tile)
        if tile.columns.stop == len(owned):
            progress(tile.rows.stop, len(pool))
    return tally.counts, tally.drives


def nearest_and_support(
    pool: Rows,
    owned: Rows,
    drive: NDArray[np.int64],
    radius: float,
    *,
    metric: Metric = "cosine",
    memory_mb: float = 512,
    also: Reduction | None = None,
    engine: Engine = LOCAL,
    progress: Progress = silent,
) -> tuple[Nearest, Counts, Counts]:
    """Nearest row of S, and images and drives of S within a radius, of each candidate.

    Parameters
    ----------
    pool, owned : float32 (n, d), (m, d)
        Unit rows, S ordered by drive.
    drive : int64 (m,)
        The drive of each row of S, counted up from 0.
    radius : float
        As :func:`support` has it.
    also : Reduction, optional
        Another reduction of the product; ``drive`` are its labels.  All is then computed here.
    engine : Engine
        Where shards of U are compared with S; the result is the same to the last bit.

    Examples
    --------
    >>> S = np.eye(3, dtype=np.float32)
    >>> found, counts, drives = nearest_and_support(S[:1], S, np.arange(3), radius=1.0)
    >>> found.index.tolist(), counts.tolist()
    ([0], [3])
    """
    pool, owned = checked_rows("U", pool), checked_rows("S", owned)
    same_dimension("U", pool, "S", owned)
    what = pool, owned, drive, radius, metric, memory_mb
    if also is None:
        squared, index, counts, drives = supported(*what, engine, progress)
    else:
        squared, index, counts, drives = _of_shard(*what, progress, (also,))
    distance = squared_to_metric(squared, metric).astype(np.float32)
    return Nearest(distance, index), counts, drives


def supported(
    pool: Rows,
    owned: Rows,
    drive: NDArray[np.int64],
    radius: float,
    metric: Metric,
    memory_mb: float,
    engine: Engine,
    progress: Progress = silent,
) -> tuple[NDArray[np.float64], NDArray[np.int64], Counts, Counts]:
    """Squared distance and index of the nearest, and support; inputs are trusted."""
    squared, index, counts, drives = gathered(
        engine,
        _of_shard,
        [pool],
        [owned, drive, radius, metric, memory_mb],
        bytes_a_row=pool.itemsize * pool.shape[1],
        progress=progress,
    )
    return squared, index, counts, drives


def _of_shard(
    pool: Rows,
    owned: Rows,
    drive: NDArray[np.int64],
    radius: float,
    metric: Metric,
    memory_mb: float,
    progress: Progress = silent,
    also: Sequence[Reduction] = (),
) -> tuple[NDArray[np.float64], NDArray[np.int64], Counts, Counts]:
    """Squared distance, index, and support of some candidates: one product gives them all."""
    tally = SupportTally(pool, owned, drive, radius, metric)
    each = (tally, *also)
    squared, index = closest(pool, owned, memory_mb=memory_mb, also=each, progress=progress)
    return squared, index, tally.counts, tally.drives


def by_drive(drives: Labels, count: int) -> NDArray[np.int64]:
    """The order of images of S in which each drive's are neighbours; () labels mean no drives."""
    if not len(drives):
        return np.arange(count)
    return np.argsort(drive_numbers(drives), kind="stable")


class SupportTally:
    """Counts that grow tile by tile of ``pool @ owned.T``; ``owned`` is ordered by drive.

    ``counts`` and ``drives`` are int64 (n,), complete once every tile of a band of rows was added,
    from left to right.  A drive number, of which ``labels`` (m,) are, is counted up from 0.
    """

    def __init__(
        self, pool: Rows, owned: Rows, drive: NDArray[np.int64], radius: float, metric: Metric
    ) -> None:
        self.pool, self.owned, self.labels = pool, owned, drive
        self._squared = metric_to_squared(radius, metric)
        bar = 1 - self._squared / 2
        self._near = np.float32(max(bar - TIE, -2))
        self._sure = np.float32(bar + TIE) if bar > -1 else self._near
        self.counts = np.zeros(len(pool), np.int64)
        self._drives = np.zeros(len(pool), np.int64)
        self._alone = len(drive) > 0 and int(drive[-1]) == len(drive) - 1
        self._last = np.zeros(len(pool), bool)

    @property
    def drives(self) -> NDArray[np.int64]:
        """Drives with an image within the radius, int64 (n,)."""
        return self.counts if self._alone else self._drives

    def add(self, tile: Tile) -> None:
        """Count one tile, whose segments are parts of drives or whole drives."""
        touched = tile.peaks >= self._near
        reached = np.zeros(touched.shape, np.int64)
        ends = np.append(tile.starts[1:], tile.similarity.shape[1])
        counts, drive = self.counts[tile.rows], self.labels[tile.columns]
        for segment in np.flatnonzero(touched.any(axis=0)):
            row = np.flatnonzero(touched[:, segment])
            column = slice(int(tile.starts[segment]), int(ends[segment]))
            within, count = self._within(tile, row, column)
            counts[row] += count
            if self._alone or drive[column.start] == drive[column.stop - 1]:
                reached[row, segment] = count > 0
            else:
                starts = np.flatnonzero(np.diff(drive[column], prepend=-1))
                inside = np.logical_or.reduceat(within, starts, axis=1)
                reached[row, segment] = np.count_nonzero(inside, axis=1)
        if not self._alone:
            self._add_drives(tile, reached)

    def on_gpu(self) -> None:
        """Count all of the product on a GPU."""
        self.counts, self._drives = within_on_gpu(self.pool, self.owned, self.labels, self._squared)

    def _within(
        self, tile: Tile, row: NDArray[np.int64], column: slice
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Which pairs of some rows and columns of a tile are within the radius, and how many."""
        cells = tile.similarity[:, column]
        if len(row) < len(cells):
            cells = cells[row]
        within = cells >= self._sure
        count, unsure = _counted(within), within != (cells >= self._near)
        if unsure.any():
            at, place = np.nonzero(unsure)
            images = tile.rows.start + row[at], tile.columns.start + column.start + place
            squared = squared_distance_of_pairs(self.pool, images[0], self.owned, images[1])
            inside = squared <= self._squared
            within[at[inside], place[inside]] = True
            count += np.bincount(at[inside], minlength=len(row))
        return within, count

    def _add_drives(self, tile: Tile, reached: NDArray[np.int64]) -> None:
        """Add up drives reached in each segment, those that span several once."""
        rows, first = tile.rows, tile.columns.start
        begins = tile.starts + first
        new = self.labels[begins] != self.labels[begins - 1]
        spans = not new[0] and first > 0
        new[0] = True
        drives = np.maximum.reduceat(reached, np.flatnonzero(new), axis=1)
        self._drives[rows] += drives.sum(axis=1)
        last = drives[:, -1] > 0
        if spans:  # who was counted in the tile before is not counted again
            self._drives[rows] -= self._last[rows] & (drives[:, 0] > 0)
            if drives.shape[1] == 1:
                last |= self._last[rows]
        self._last[rows] = last


def _counted(cells: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many cells of each row, of a segment's length, are true."""
    return cells.view(np.uint8).sum(axis=1, dtype=np.uint16).astype(np.int64)
