"""Whether a candidate has company: other images of U near it, of another drive or time.

The one idea: a broken image is far from everything, so K-Center likes it; a scene that is worth
labelling was seen more than once.  The nearest published relative is k-center with outliers
(Charikar, Khuller, Mount & Narasimhan 2001, "Algorithms for facility location problems with
outliers", SODA).  More company never takes company away, so a few likely neighbours are asked
first and all of U only where they do not suffice, for several outliers in one product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .owned_probe import nearest_anchor, spread
from .rows import Metric, Rows, pairs_within, squared_radius

_UNKNOWN, _ALONE, _FINE = -1, 0, 1
_CELL = 160  # rows of U for each cell of the partition
_ASKED = 512  # rows of one cell that are asked first, at most
_REFUSALS = 8  # after so many, one product answers for _AHEAD rows at the cost of some 20 alone
_AHEAD = 128
_CELLS = 1 << 22  # of one product: 16 MB of float32


@dataclass(frozen=True)
class Support:
    """How much company a pick needs in U.

    At least ``least`` other images within ``radius`` which, with the pick itself, come from two
    drives or more, or from one drive over a time of ``apart`` or more (0: however short).  Where no
    drive has a name, each image is a drive.  Images within ``scale`` of the pick, such as its near
    duplicates, are no company: black frames are all alike.
    """

    least: int
    radius: float
    apart: float = np.inf
    scale: float | None = None


class Company:
    """Answers for each row of U, each computed once."""

    def __init__(
        self,
        U: Rows,
        drive: NDArray[np.int64],
        times: NDArray[np.float64],
        rule: Support,
        metric: Metric = "cosine",
    ) -> None:
        if not (rule.least >= 1 and rule.apart >= 0):
            raise InputError(
                f"Support needs at least {rule.least} images over {rule.apart}; give 1 image or "
                "more and a time that is not negative."
            )
        self.U, self.drive, self.times, self.rule = U, drive, times, rule
        self._squared = squared_radius(rule.radius, metric, "The support's radius")
        self._alike = squared_radius(rule.scale, metric, "The support's scale")
        self._state = np.full(len(U), _UNKNOWN, np.int8)
        anchors = spread(len(U), max(len(U) // _CELL, 1))
        near, self._cell = nearest_anchor(U, U[anchors])
        self._outliers = np.argsort(near, kind="stable")  # those with no answer yet, farthest first
        self._refused = 0
        self._order = np.argsort(self._cell, kind="stable")
        self._starts = np.searchsorted(self._cell[self._order], np.arange(len(anchors) + 1))

    def has(self, row: int) -> bool:
        """Whether a row has company."""
        if self._state[row] == _UNKNOWN:
            start, end = self._starts[self._cell[row]], self._starts[self._cell[row] + 1]
            likely = self._order[start:end]
            if len(likely) > _ASKED:
                likely = likely[spread(len(likely), _ASKED)]
            near = self._near(np.array([row]), likely)[0]
            if self._suffices(row, likely[near]):
                self._state[row] = _FINE
            else:
                self._ask_all(np.array([row]))
            if self._state[row] == _ALONE:
                self._refused += 1
                if self._refused % _REFUSALS == 0:
                    self._ask_ahead()
        return bool(self._state[row] == _FINE)

    def _ask_ahead(self) -> None:
        """Answer for more outliers, which a greedy that was refused so often will come to."""
        self._outliers = self._outliers[self._state[self._outliers] == _UNKNOWN]
        self._ask_all(self._outliers[: min(_AHEAD, _CELLS // len(self.U))])

    def _ask_all(self, rows: NDArray[np.int64]) -> None:
        """Compare rows with all of U."""
        for row, near in zip(rows, self._near(rows, None), strict=True):
            fine = self._suffices(row, np.flatnonzero(near))
            self._state[row] = _FINE if fine else _ALONE

    def _near(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64] | None
    ) -> NDArray[np.bool_]:
        """Which of some rows of U, or of all, are within the radius and no near duplicates."""
        left, right = self.U[rows], self.U if columns is None else self.U[columns]
        similarity = left @ right.T
        near = pairs_within(left, right, self._squared, similarity)
        if self._alike >= 0:
            near &= ~pairs_within(left, right, self._alike, similarity)
        return near

    def _suffices(self, row: int, near: NDArray[np.int64]) -> bool:
        """Whether images within the radius, the row itself left out, are company enough."""
        near = near[near != row]
        if len(near) < self.rule.least:
            return False
        if self.rule.apart == 0:
            return True
        own = near[self.drive[near] == self.drive[row]]
        if len(own) < len(near):
            return True
        times = self.times[np.append(own, row)]
        times = times[np.isfinite(times)]
        return len(times) > 1 and bool(np.ptp(times) >= self.rule.apart)
