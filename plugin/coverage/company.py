"""Whether a candidate has company: other images of U near it, of another drive or time.

The one idea: a broken image is far from everything, so K-Center likes it; a scene that is worth
labelling was seen more than once.  The nearest published relative is k-center with outliers
(Charikar, Khuller, Mount & Narasimhan 2001, "Algorithms for facility location problems with
outliers", SODA).  More company never takes company away, so a few likely neighbours are asked
first and all of U only where they do not suffice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .owned_probe import nearest_anchor, spread
from .rows import TIE, Rows, squared_distance_of_pairs

_UNKNOWN, _ALONE, _FINE = -1, 0, 1
_CELL = 160  # rows of U for each cell of the partition
_ASKED = 512  # rows of one cell that are asked first, at most


@dataclass(frozen=True)
class Support:
    """How much company a pick needs in U.

    At least ``least`` other images within ``radius`` which, with the pick itself, come from two
    drives or more, or from one drive over a time of ``apart`` or more.  Where no drive has a name,
    each image is a drive.
    """

    least: int
    radius: float
    apart: float = np.inf


class Company:
    """Answers for each row of U, each computed once and when asked for."""

    def __init__(
        self,
        U: Rows,
        drive: NDArray[np.int64],
        times: NDArray[np.float64],
        rule: Support,
        squared: float,
    ) -> None:
        if rule.least < 1 or not rule.apart >= 0:
            raise InputError(
                f"Support needs at least {rule.least} images over {rule.apart}; give 1 image or "
                "more and a time that is not negative."
            )
        self.U, self.drive, self.times, self.rule = U, drive, times, rule
        self._squared = squared
        self._state = np.full(len(U), _UNKNOWN, np.int8)
        anchors = spread(len(U), max(len(U) // _CELL, 1))
        _, self._cell = nearest_anchor(U, U[anchors])
        self._order = np.argsort(self._cell, kind="stable")
        self._starts = np.searchsorted(self._cell[self._order], np.arange(len(anchors) + 1))

    def has(self, row: int) -> bool:
        """Whether a row has company."""
        if self._state[row] == _UNKNOWN:
            start, end = self._starts[self._cell[row]], self._starts[self._cell[row] + 1]
            likely = self._order[start:end]
            if len(likely) > _ASKED:
                likely = likely[spread(len(likely), _ASKED)]
            fine = self._suffices(row, self._near(row, likely))
            fine = fine or self._suffices(row, self._near(row, None))
            self._state[row] = _FINE if fine else _ALONE
        return bool(self._state[row] == _FINE)

    def lonely_among(self, rows: NDArray[np.int64], enough: int) -> NDArray[np.int64]:
        """Rows without company, looked for until ``enough`` with company are known."""
        known = int((self._state[rows] == _FINE).sum())
        for row in rows[self._state[rows] == _UNKNOWN]:
            if known >= enough:
                break
            known += self.has(int(row))
        return rows[self._state[rows] == _ALONE]

    def _near(self, row: int, among: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Other rows within the radius, exact, out of some or of all."""
        vectors = self.U if among is None else self.U[among]
        bar = 1 - self._squared / 2
        at = np.flatnonzero(vectors @ self.U[row] >= np.float32(bar - TIE))
        squared = squared_distance_of_pairs(vectors, at, self.U, np.full(len(at), row))
        at = at[squared <= self._squared]
        near = at if among is None else among[at]
        return near[near != row]

    def _suffices(self, row: int, near: NDArray[np.int64]) -> bool:
        if len(near) < self.rule.least:
            return False
        own = near[self.drive[near] == self.drive[row]]
        if len(own) < len(near):
            return True
        times = self.times[np.append(own, row)]
        times = times[np.isfinite(times)]
        return len(times) > 1 and bool(np.ptp(times) >= self.rule.apart)
