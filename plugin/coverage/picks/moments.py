"""Frames of drives in the order of time: which lie around a frame, and which just before and after.

The one idea: sorted by drive and time, what lies around a frame is a stretch of places, so that
many frames are answered at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]


class Moments:
    """``drive`` int64 (n,) and ``times`` float64 (n,) of frames; unknown times are NaN.

    A stretch is given by its ends, places in the order of drives and times.

    Examples
    --------
    >>> moments = Moments(np.array([0, 0, 0, 1]), np.array([2.0, 1.0, 3.0, 1.0]))
    >>> rows, there = moments.stretches(np.array([0]), *moments.around(np.array([0]), 8))
    >>> rows[there].tolist()
    [1, 2]
    """

    def __init__(self, drive: Places, times: NDArray[np.float64]) -> None:
        self._order = np.lexsort((times, drive))  # unknown times come last in their drive
        self._place = np.empty(len(drive), np.int64)
        self._place[self._order] = np.arange(len(drive))
        drive, times = drive[self._order], times[self._order]
        self._first = np.searchsorted(drive, drive, side="left")
        self._end = np.searchsorted(drive, drive, side="right")
        self._known, self._dated = np.isfinite(times), ~np.isnan(times)
        new = np.append(True, (drive[1:] != drive[:-1]) | (times[1:] != times[:-1]))
        self._moment = np.cumsum(new) - 1  # several cameras may share one
        self._starts = np.append(np.flatnonzero(new), [len(drive)] * 2)  # of moments

    def alone(self, rows: Places) -> NDArray[np.bool_]:
        """Whether rows are the only frames of their drives."""
        place = self._place[rows]
        return np.asarray(self._end[place] - self._first[place] == 1)

    def around(self, rows: Places, reach: int) -> tuple[Places, Places]:
        """Where the stretch of ``reach`` frames before and after each row starts and ends."""
        place = self._place[rows]
        first = np.maximum(place - reach, self._first[place])
        return first, np.minimum(place + reach + 1, self._end[place])

    def beside(self, rows: Places) -> tuple[Places, Places]:
        """The same of the moment before each row, its own and the one after.

        Of a row whose time is unknown, its drive.
        """
        place = self._place[rows]
        first, end = self._first[place], self._end[place]
        moment, known = self._moment[place], self._known[place]
        before, after = self._starts[np.maximum(moment - 1, 0)], self._starts[moment + 1]
        dated = self._dated[np.minimum(after, len(self._dated) - 1)]
        after = np.where(dated, self._starts[moment + 2], after)
        before, after = np.maximum(before, first), np.minimum(after, end)
        return np.where(known, before, first), np.where(known, after, end)

    def between(self, first: int, end: int) -> Places:
        """The rows of a stretch."""
        return self._order[first:end]

    def stretches(
        self, rows: Places, first: Places, end: Places
    ) -> tuple[Places, NDArray[np.bool_]]:
        """The stretch of each row, (m, w), and which of these rows count: in it, not the row."""
        places = first[:, None] + np.arange(np.max(end - first, initial=0))
        there = (places < end[:, None]) & (places != self._place[rows][:, None])
        return self._order[np.minimum(places, len(self._order) - 1)], there
