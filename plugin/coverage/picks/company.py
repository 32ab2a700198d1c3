"""Whether a candidate has company: other images of U near it, of another drive or time.

The one idea: a broken image is far from everything, so K-Center likes it; a scene that is worth
labelling was seen more than once.  The nearest published relative is k-center with outliers
(Charikar, Khuller, Mount & Narasimhan 2001, "Algorithms for facility location problems with
outliers", SODA).  More company never takes company away, so a few likely neighbours are asked
first and all of U only where they do not suffice, for several outliers in one product.

Broken images of one kind are alike, and the larger U is the more of them there are to keep one
another company.  What tells them from a scene is time: a scene is there in the frame before or
after as well, a fault of a single frame is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ..nearest.owned_probe import nearest_anchor, spread
from ..nearest.rows import (
    TIE,
    Metric,
    Rows,
    metric_to_squared,
    pairs_within,
    squared_distance_of_pairs,
    squared_radius,
)
from ..verdict import Labels
from .duplicates import frame_scale, neighbouring_frames

LASTING = 0.99
"""Share of S's frames that must be near a neighbour for ``lasting`` to tell faults from scenes."""
LASTING_POOL = 0.8
"""The same share of U, of which some are faults: where fewer last, U is too sparse to tell."""
_SAMPLED = 512  # rows of U that its share is read off
_UNKNOWN, _ALONE, _FINE = -1, 0, 1
_AROUND = 8  # frames of its drive that are asked first, before and after
_CELL = 160  # rows of U for each cell of the partition
_ASKED = (48, 512)  # rows of one cell that are asked first, at most, and where they do not suffice
_ANYWHERE = 512  # rows of all of U that are asked next
_TOGETHER = 128  # rows compared with all of U in one product, at the cost of some 20 alone
_CELLS = 1 << 22  # of one product: 16 MB of float32


@dataclass(frozen=True)
class Support:
    """How much company a pick needs in U.

    At least ``least`` other images within ``radius`` which, with the pick itself, come from two
    drives or more, or from one drive over a time of ``apart`` or more (0: however short).  Where no
    drive has a name, each image is a drive.  Images within ``scale`` of the pick, such as its near
    duplicates, are no company: black frames are all alike.

    Where ``lasting`` is asked for, the frame of its own drive before the pick or the one after it
    lies within ``radius`` besides, its near duplicates included; of the drive, any image where the
    pick's time is unknown.  An image that is alone in its drive need not last, nor need any where
    fewer than :data:`LASTING_POOL` of U do.
    """

    least: int
    radius: float
    apart: float = np.inf
    scale: float | None = None
    lasting: bool = False

    @classmethod
    def as_owned(
        cls,
        least: int,
        radius: float,
        rows: Rows,
        drives: Labels,
        order: NDArray[np.int64] | None = None,
        *,
        metric: Metric = "cosine",
    ) -> Support:
        """Company as the frames of S have it: other moments, and ``lasting`` where these last.

        Parameters
        ----------
        rows, drives, order
            Of S, as for :func:`.duplicates.frame_scale`.  Where neighbouring frames of S are
            farther apart than ``radius``, it cannot be seen whether a scene lasts.
        """
        share = lasting_share(rows, drives, radius, order, metric=metric)
        lasting = share is not None and share >= LASTING
        scale = frame_scale(rows, drives, order, metric=metric)
        return cls(least, radius, apart=0.0, scale=scale, lasting=lasting)


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
        self._together = 1
        self._expected = np.empty(0, np.int64)
        self._by_time = np.lexsort((times, drive))  # within a drive; unknown times come last
        self._drives = np.searchsorted(drive[self._by_time], np.arange(drive.max() + 2))
        self._place = np.empty(len(U), np.int64)
        self._place[self._by_time] = np.arange(len(U))
        self._lasting = rule.lasting and self._most_last()

    def has(self, row: int) -> bool:
        """Whether a row has company."""
        if self._state[row] == _UNKNOWN:
            if self._lasting and not self._lasts(row):
                self._state[row] = _ALONE
            elif any(self._finds(row, few) for few in self._likely(row)):
                self._state[row] = _FINE
            else:
                self._ask_all(self._with_others(row))
        return bool(self._state[row] == _FINE)

    def expect(self, rows: NDArray[np.int64]) -> None:
        """Say which rows are likely to be asked about next, the likeliest first."""
        self._expected = rows

    def _likely(self, row: int) -> Iterator[NDArray[np.int64]]:
        """Rows to ask before all of U: frames around it, of its cell, more of it, of everywhere."""
        own = self._drives[self.drive[row] : self.drive[row] + 2]
        first, end = np.clip(self._place[row] + np.array([-_AROUND, _AROUND + 1]), *own)
        if end - first > self.rule.least:
            yield self._by_time[first:end]
        if self._together > 1:
            return
        cell = self._cell_of(row)
        for most in _ASKED:
            yield cell if len(cell) <= most else cell[spread(len(cell), most)]
            if len(cell) <= most:
                break
        yield spread(len(self.U), _ANYWHERE)

    @cached_property
    def _cells(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The cell of each row; the rows cell by cell; and where each cell starts among them."""
        anchors = spread(len(self.U), max(len(self.U) // _CELL, 1))
        _, cell = nearest_anchor(self.U, self.U[anchors])
        order = np.argsort(cell, kind="stable")
        return cell, order, np.searchsorted(cell[order], np.arange(len(anchors) + 1))

    def _cell_of(self, row: int) -> NDArray[np.int64]:
        cell, order, starts = self._cells
        return order[starts[cell[row]] : starts[cell[row] + 1]]

    def _finds(self, row: int, few: NDArray[np.int64]) -> bool:
        return self._suffices(row, few[self._near(np.array([row]), few)[0]])

    def _with_others(self, row: int) -> NDArray[np.int64]:
        """A row that has to be compared with all of U, and some that will come to it."""
        others = self._expected
        others = others[(self._state[others] == _UNKNOWN) & (others != row)]
        return np.append(row, others[: self._together - 1])

    def _most_last(self) -> bool:
        """Whether the frames of U are near enough in time for one that is alone to be a fault."""
        some = spread(len(self.U), min(_SAMPLED, len(self.U))).tolist()
        return bool(np.mean([self._lasts(row) for row in some]) >= LASTING_POOL)

    def _lasts(self, row: int) -> bool:
        """Whether the frame before or after it in its drive is near it."""
        own = self._by_time[self._drives[self.drive[row]] : self._drives[self.drive[row] + 1]]
        if len(own) == 1:
            return True
        time, times = self.times[row], self.times[own]
        if np.isfinite(time):  # several cameras may have frames of one time
            around = [times[times < time].max(initial=-np.inf), time]
            around.append(times[times > time].min(initial=np.inf))
            own = own[np.isin(times, around)]
        own = own[own != row]
        return bool(pairs_within(self.U[row : row + 1], self.U[own], self._squared).any())

    def _ask_all(self, rows: NDArray[np.int64]) -> None:
        """Compare rows with all of U; many at once as long as few would have done for few."""
        near = self._near(rows)
        count, least = np.count_nonzero(near, axis=1), self.rule.least
        easy = 0
        for row, reach, many in zip(rows.tolist(), near, count.tolist(), strict=True):
            fine = many >= least and self._suffices(row, np.flatnonzero(reach))
            fine = fine and (not self._lasting or self._lasts(row))
            self._state[row] = _FINE if fine else _ALONE
            if fine:
                drawn = many * _ANYWHERE > 2 * least * len(self.U)
                easy += bool(drawn or np.count_nonzero(reach[self._cell_of(row)]) > least)
        most = max(min(_TOGETHER, _CELLS // len(self.U)), 1)
        self._together = 1 if 2 * easy > len(rows) else min(4 * self._together, most)

    def _near(
        self, rows: NDArray[np.int64], others: NDArray[np.int64] | None = None
    ) -> NDArray[np.bool_]:
        """Which pairs of rows with others, or with U, are within the radius and no duplicates."""
        similarity = self.U[rows] @ (self.U if others is None else self.U[others]).T
        level, alike = 1 - self._squared / 2, 1 - self._alike / 2
        near = similarity >= np.float32(level - TIE)
        pair = np.flatnonzero(near)
        known = similarity.ravel()[pair]
        unsure = (known <= np.float32(level + TIE)) | (known >= np.float32(alike - TIE))
        i, j = np.divmod(pair[unsure], near.shape[1])
        right = j if others is None else others[j]
        squared = squared_distance_of_pairs(self.U, rows[i], self.U, right)
        near[i, j] = (squared <= self._squared) & (squared > self._alike)
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


def lasting_share(
    rows: Rows,
    drives: Labels,
    radius: float,
    order: NDArray[np.int64] | None = None,
    *,
    metric: Metric = "cosine",
) -> float | None:
    """Share of frames that are near the frame before or after them: what ``lasting`` would spare.

    Parameters
    ----------
    rows : float32 (m, d)
        Unit rows.
    drives, order
        As for :func:`.duplicates.frame_scale`.
    radius : float
        In the unit of ``metric``; a frame exactly that far is near.

    Returns
    -------
    float or None
        0 to 1, over drives of two frames or more; None where there is none.

    Examples
    --------
    >>> lasting_share(np.eye(3, dtype=np.float32)[[0, 0, 1, 2]], ["a", "a", "a", "b"], 0.1)
    0.6666666666666666
    """
    before, after = neighbouring_frames(drives, order)
    if not len(before):
        return None
    squared = squared_distance_of_pairs(rows, before, rows, after)
    nearest = np.full(len(rows), np.inf)
    np.minimum.at(nearest, before, squared)
    np.minimum.at(nearest, after, squared)
    known = np.isfinite(nearest)
    return float((nearest[known] <= metric_to_squared(radius, metric)).mean())
