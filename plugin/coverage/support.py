"""How much of S is near a candidate: images within a radius, and the drives they come from.

The one idea: covered by one image of one drive is not covered by two hundred of nine.  The counts
are one more reduction of the matrix product that finds the nearest distances, not a second product.
The nearest published relative is local point density of the area of applicability (Meyer & Pebesma
2021, doi 10.1111/2041-210X.13650; Schumacher et al. 2025, doi 10.5194/gmd-18-10185-2025).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress, silent
from .nearest.distances import products
from .nearest.rows import (
    TIE,
    Metric,
    Rows,
    checked_rows,
    metric_to_squared,
    same_dimension,
    squared_distance_of_pairs,
)
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
    for rows, columns, similarity in products(pool, tally.owned, memory_mb):
        tally.add(rows, columns, similarity)
        if columns.stop == len(owned):
            progress(rows.stop, len(pool))
    return tally.counts, tally.drives


def by_drive(drives: Labels, count: int) -> NDArray[np.int64]:
    """The order of images of S in which each drive's are neighbours; () labels mean no drives."""
    if not len(drives):
        return np.arange(count)
    return np.argsort(drive_numbers(drives), kind="stable")


class SupportTally:
    """Counts that grow tile by tile of ``pool @ owned.T``; ``owned`` is ordered by drive.

    ``counts`` and ``drives`` are int64 (n,), complete once every tile of a band of rows was added,
    from left to right.  A drive number is counted up from 0.
    """

    def __init__(
        self, pool: Rows, owned: Rows, drive: NDArray[np.int64], radius: float, metric: Metric
    ) -> None:
        self.pool, self.owned, self.drive = pool, owned, drive
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

    def add(self, rows: slice, columns: slice, similarity: NDArray[np.float32]) -> None:
        """Count one tile; ``similarity`` is left as it was."""
        near, sure = np.empty(similarity.shape, bool), np.empty(similarity.shape, bool)
        counted = np.empty((2, len(similarity)), np.int64)
        for row, values in enumerate(similarity):
            counted[0, row] = np.count_nonzero(np.greater_equal(values, self._near, out=near[row]))
            counted[1, row] = np.count_nonzero(np.greater_equal(values, self._sure, out=sure[row]))
        self.counts[rows] += counted[1]
        unsure = np.flatnonzero(counted[0] != counted[1])
        if len(unsure):
            self._settle(rows, columns, near, sure, unsure)
        if self._alone:
            return
        drive = self.drive[columns]
        starts = np.flatnonzero(np.diff(drive, prepend=drive[0] - 1))
        touched = np.logical_or.reduceat(sure, starts, axis=1)
        self._drives[rows] += np.count_nonzero(touched, axis=1)
        if columns.start and self.drive[columns.start - 1] == drive[0]:
            # The tile before ended within this drive: who was counted there is not counted again.
            again = self._last[rows] & touched[:, 0]
            self._drives[rows] -= again
            if len(starts) == 1:
                touched[:, -1] |= self._last[rows]
        self._last[rows] = touched[:, -1]

    def _settle(
        self,
        rows: slice,
        columns: slice,
        near: NDArray[np.bool_],
        within: NDArray[np.bool_],
        unsure: NDArray[np.int64],
    ) -> None:
        """Decide in float64 the pairs of some rows that float32 cannot tell from the radius."""
        at, column = np.nonzero(near[unsure] & ~within[unsure])
        row = unsure[at]
        squared = squared_distance_of_pairs(self.pool[rows], row, self.owned[columns], column)
        inside = squared <= self._squared
        row, column = row[inside], column[inside]
        within[row, column] = True
        self.counts[rows] += np.bincount(row, minlength=len(within))
