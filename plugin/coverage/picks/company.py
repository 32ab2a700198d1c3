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

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ..nearest.owned_probe import spread
from ..nearest.rows import (
    TIE,
    Metric,
    Rows,
    metric_to_squared,
    squared_distance_of_pairs,
    squared_radius,
)
from ..verdict import Labels
from .duplicates import frame_scale, neighbouring_frames
from .moments import Moments

LASTING = 0.99
"""Share of S's frames that must be near a neighbour for ``lasting`` to tell faults from scenes."""
LASTING_POOL = 0.8
"""The same share of U, of which some are faults: where fewer last, U is too sparse to tell."""
_SAMPLED = 512  # rows of U that its shares are read off
_UNKNOWN, _ALONE, _FINE = -1, 0, 1
_AROUND = 8  # frames of its drive that are asked first, before and after
_WIDE = 64  # frames beside one that are asked apart from those of others
_AT_ONCE = 16  # rows whose frames around are asked together: what is gathered stays in the cache
_TOGETHER = 128  # rows compared with U in one product, at the cost of some 20 alone
_PART = 4096  # rows of U that are asked before it is seen who has company now
_STEPS = 16  # sizes of a head that are tried
_PAIR = 400  # cells of a product that cost as much as one exact distance, a few at a time


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
        self._met = np.zeros(len(U), bool)  # enough others are near it; does it last?
        self._looked = np.zeros(len(U), bool)  # the frames around it were asked
        self._expected = np.empty(0, np.int64)
        self._together, self._head = 0, U.shape[1]
        self._rest: NDArray[np.float32] | None = None
        self._moments = Moments(drive, times)
        self._lasting = rule.lasting and self._most_last()

    def has(self, row: int) -> bool:
        """Whether a row has company."""
        if self._state[row] == _UNKNOWN:
            self._ask_around(self._coming(row, max(_AT_ONCE, self._together), ~self._looked))
        if self._state[row] == _UNKNOWN:
            more = min(max(4 * self._together, 1), _TOGETHER)
            rows = self._coming(row, more, self._looked)
            if more > self._together:
                self._together, self._head = more, self._cheapest_head(rows)
                self._rest = self._lengths(self._head)
            self._ask_all(rows)
        return bool(self._state[row] == _FINE)

    def expect(self, rows: NDArray[np.int64]) -> None:
        """Say which rows are likely to be asked about next, the likeliest first."""
        self._expected = rows

    def compared(self, rows: NDArray[np.int64], similarity: Rows) -> None:
        """Hear what rows are to one another, float32 (m, m): some keep one another company."""
        sure = similarity >= np.float32(1 - self._squared / 2 + TIE)
        sure &= similarity <= np.float32(1 - self._alike / 2 - TIE)
        np.fill_diagonal(sure, False)
        enough = np.flatnonzero(np.count_nonzero(sure, axis=1) >= self.rule.least)
        self._meet(rows[enough], [rows[sure[at]] for at in enough] if self.rule.apart else None)

    def _coming(self, row: int, most: int, which: NDArray[np.bool_]) -> NDArray[np.int64]:
        """A row that is asked about, and some that will be, unknown and of ``which``."""
        others = self._expected
        others = others[(self._state[others] == _UNKNOWN) & which[others] & (others != row)]
        return np.append(row, others[: most - 1])

    def _meet(self, rows: NDArray[np.int64], near: list[NDArray[np.int64]] | None) -> None:
        """Note rows that have ``least`` others near them, if these are company as they are."""
        if near is None:
            self._met[rows] = True
            return
        for row, others in zip(rows.tolist(), near, strict=True):
            self._met[row] = self._met[row] or self._suffices(row, others)

    def _ask_around(self, rows: NDArray[np.int64]) -> None:
        """Ask the frames around rows in their drives: do they last, are they company."""
        self._looked[rows] = True
        if self._lasting:
            lasts = self._last(rows)
            self._state[rows[~lasts]] = _ALONE
            rows = rows[lasts]
        lonely = rows[~self._met[rows]]
        others, there = self._moments.stretches(lonely, *self._moments.around(lonely, _AROUND))
        near = self._near(lonely, others) & there
        enough = np.flatnonzero(np.count_nonzero(near, axis=1) >= self.rule.least)
        self._meet(lonely[enough], [others[at, near[at]] for at in enough])
        self._state[rows[self._met[rows]]] = _FINE

    def _ask_all(self, rows: NDArray[np.int64]) -> None:
        """Compare rows that last with U, part by part, each until it has company."""
        near: dict[int, list[NDArray[np.int64]]] = {row: [] for row in rows.tolist()}
        for start in range(0, len(self.U), _PART):
            i, j = self._pairs(rows, start)
            ends = np.searchsorted(i, np.arange(len(rows) + 1))
            for at in np.flatnonzero(np.diff(ends)).tolist():
                row = int(rows[at])
                near[row].append(j[ends[at] : ends[at + 1]])
                self._met[row] = self._suffices(row, np.concatenate(near[row]))
            self._state[rows[self._met[rows]]] = _FINE
            rows = rows[~self._met[rows]]
            if not len(rows):
                return
        self._state[rows] = _ALONE

    def _pairs(
        self, rows: NDArray[np.int64], start: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which of ``rows`` are near which rows of the part of U that starts there; ordered."""
        part, head = slice(start, start + _PART), self._head
        similarity = self.U[rows, :head] @ self.U[part, :head].T
        if self._rest is None:
            those = np.arange(start, start + similarity.shape[1])
            i, j = np.nonzero(self._told(similarity, rows, those, self._alike))
        else:
            # What the rest of two rows adds is at most the product of its lengths.
            similarity += self._rest[rows, None] * self._rest[part]
            i, j = np.nonzero(similarity >= np.float32(1 - self._squared / 2 - 4 * TIE))
            squared = squared_distance_of_pairs(self.U, rows[i], self.U, j + start)
            kept = (squared <= self._squared) & (squared > self._alike)
            i, j = i[kept], j[kept]
        j += start
        others = rows[i] != j
        return i[others], j[others]

    def _cheapest_head(self, rows: NDArray[np.int64]) -> int:
        """How many of the d numbers of each row to multiply first, for the least work in all.

        Pairs that are too far apart even if the rest of both points the same way (Cauchy and
        Schwarz) are done with; the others are computed in full.
        """
        size = self.U.shape[1]
        some = spread(len(self.U), _SAMPLED)
        left, right = self.U[rows], self.U[some]
        similarity = np.zeros((len(rows), len(some)), np.float32)
        rest = [np.ones(len(rows), np.float32), np.ones(len(some), np.float32)]
        best, cheapest, step = size, float(size), -(-size // _STEPS)
        for end in range(step, size, step):
            blocks = [side[:, end - step : end] for side in (left, right)]
            similarity += blocks[0] @ blocks[1].T
            for length, block in zip(rest, blocks, strict=True):
                length -= np.einsum("ij,ij->i", block, block)
            bound = similarity + np.sqrt(np.maximum(np.multiply.outer(*rest), 0))
            share = float((bound >= 1 - self._squared / 2).mean())
            if (work := end + share * _PAIR * size) < cheapest:
                best, cheapest = end, work
        return best

    def _lengths(self, head: int) -> NDArray[np.float32] | None:
        """Length of each row without its first numbers, rounded up; None where these are all."""
        if head == self.U.shape[1]:
            return None
        first = self.U[:, :head]
        squared = 1 + 4 * TIE - np.einsum("ij,ij->i", first, first)
        return np.sqrt(np.maximum(squared, 0))

    def _most_last(self) -> bool:
        """Whether the frames of U are near enough in time for one that is alone to be a fault."""
        some = spread(len(self.U), _SAMPLED)
        return bool(self._last(some).mean() >= LASTING_POOL)

    def _last(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the frames before or after rows in their drives are near them."""
        lasts = self._moments.alone(rows)
        first, end = self._moments.beside(rows)
        wide = end - first > _WIDE
        for at in np.flatnonzero(wide).tolist():
            others = self._moments.between(int(first[at]), int(end[at]))
            others = others[others != rows[at]]
            lasts[at] |= self._near(rows[at : at + 1], others, alike=-1).any()
        few = np.flatnonzero(~wide)
        for start in range(0, len(few), _AT_ONCE):
            part = few[start : start + _AT_ONCE]
            others, there = self._moments.stretches(rows[part], first[part], end[part])
            lasts[part] |= (self._near(rows[part], others, alike=-1) & there).any(axis=1)
        return lasts

    def _near(
        self, rows: NDArray[np.int64], others: NDArray[np.int64], *, alike: float | None = None
    ) -> NDArray[np.bool_]:
        """Which pairs are within the radius, and farther apart than ``alike``, here the scale.

        ``others`` are rows (m,) for all, or (n, m), m for each.
        """
        if others.ndim == 1:
            similarity = self.U[rows] @ self.U[others].T
        else:
            similarity = (self.U[others] @ self.U[rows][:, :, None])[:, :, 0]
        return self._told(similarity, rows, others, self._alike if alike is None else alike)

    def _told(
        self, similarity: Rows, rows: NDArray[np.int64], others: NDArray[np.int64], alike: float
    ) -> NDArray[np.bool_]:
        """The same, from the similarity of the pairs."""
        level, copy = 1 - self._squared / 2, 1 - alike / 2
        near = similarity >= np.float32(level - TIE)
        pair = np.flatnonzero(near)
        known = similarity.ravel()[pair]
        unsure = (known <= np.float32(level + TIE)) | (known >= np.float32(copy - TIE))
        i, j = np.divmod(pair[unsure], near.shape[1])
        right = others[j] if others.ndim == 1 else others[i, j]
        squared = squared_distance_of_pairs(self.U, rows[i], self.U, right)
        near[i, j] = (squared <= self._squared) & (squared > alike)
        return near

    def _suffices(self, row: int, near: NDArray[np.int64]) -> bool:
        """Whether images within the radius are company enough."""
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
