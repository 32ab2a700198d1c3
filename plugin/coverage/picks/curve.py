"""What each number of picks buys: radius, covered share and support, and where to stop.

The one idea: what is covered stays covered, and distances only fall.  So a block of picks is one
matrix product with the images that are not covered yet; others are compared only where they can be
among the farthest, whose distances are then followed pick by pick, in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DimensionError, InputError
from ..nearest.distances import sequence_numbers
from ..nearest.rows import (
    TIE,
    Metric,
    Rows,
    checked_metric,
    checked_rows,
    metric_to_squared,
    squared_distance_of_pairs,
    squared_to_metric,
)
from ..verdict import Labels
from .kcenter import checked_distances

_FIRST, _PICKS = 32, 256  # at once: few while distances fall fast, then more
_ALIKE = 256  # rows that have seen about as many picks share one product
_SLACK = 0.02  # of squared distance
_CELLS = 1 << 22  # of one product: 16 MB of float32
SUPPORTED = 5
"""Images within δ from which on an image of U counts as well supported."""


@dataclass(frozen=True, eq=False)
class Curve:
    """What U looks like after 0, 1, ... k picks, float64 (k + 1,) each.

    ``radius`` is the covering radius, the largest distance of an image of U to S and the picks,
    ``p99`` the 0.99 quantile of these distances, ``covered`` the share within δ and ``supported``
    the share with at least :data:`SUPPORTED` images of S and picks within δ.  Without δ the last
    two are None, and so is ``supported`` where S is known by distances alone; without S the first
    entries are infinite.
    """

    radius: NDArray[np.float64]
    p99: NDArray[np.float64]
    covered: NDArray[np.float64] | None = None
    supported: NDArray[np.float64] | None = None

    def first(self, *, radius: float | None = None, covered: float | None = None) -> int | None:
        """The fewest picks that meet a target: a radius at most, or a covered share at least."""
        met = np.ones(len(self.radius), bool)
        if radius is not None:
            met &= self.radius <= radius
        if covered is not None:
            if self.covered is None:
                raise InputError("A covered share needs δ; give delta to the curve.")
            met &= self.covered >= covered
        return int(met.argmax()) if met.any() else None


def curve(
    U: Rows,
    order: ArrayLike,
    d0: ArrayLike | None = None,
    *,
    delta: float | None = None,
    support: ArrayLike | None = None,
    metric: Metric = "cosine",
) -> Curve:
    """The curve of an order of picks.

    Parameters
    ----------
    U : float32 (n, d)
        Unit rows.
    order : int (k,)
        Rows of U in the order of picking.
    d0 : (n,) of any float dtype, optional
        Euclidean distance of each row to S; without it nothing is owned.
    delta : float, optional
        In the unit of ``metric``; an image exactly that far is covered.
    support : int (n,), optional
        Images of S within δ of each row (:func:`..support.support`).
    metric : {"cosine", "euclidean"}

    Returns
    -------
    Curve
        Exact: distances are in float64, pairs that float32 cannot tell from δ are settled.

    Examples
    --------
    >>> U = np.eye(3, dtype=np.float32)
    >>> found = curve(U, [0, 1, 2], delta=0.5)
    >>> found.radius.tolist(), found.covered.round(2).tolist()
    ([inf, 1.0, 1.0, 0.0], [0.0, 0.33, 0.67, 1.0])
    """
    U = checked_rows("U", U)
    order = np.asarray(order, np.int64)
    if order.ndim != 1 or (len(order) and not 0 <= order.min() <= order.max() < len(U)):
        raise DimensionError(f"The picks are not rows of U, 0..{len(U) - 1}.")
    if delta is not None and not delta >= 0:
        raise InputError(f"delta is {delta}; give a distance that is not negative.")
    squared = np.full(len(U), np.inf) if d0 is None else checked_distances(d0, len(U)) ** 2
    metric = checked_metric(metric)
    bar = None if delta is None else metric_to_squared(delta, metric)
    if support is None and d0 is None:
        support = np.zeros(len(U))
    walk = _Walk(U, squared, bar, None if support is None else np.asarray(support))
    start, block = 0, _FIRST
    while start < len(order):
        walk.pick(order[start : start + block])
        start, block = start + block, min(2 * block, _PICKS)
    radius, p99 = (squared_to_metric(np.array(part), metric) for part in (walk.radius, walk.p99))
    if bar is None:
        return Curve(radius, p99)
    supported = None if support is None else walk.share(walk.supported)
    return Curve(radius, p99, walk.share(walk.covered), supported)


class _Walk:
    """Squared distances to what is covered so far, and what was noted on the way.

    ``squared`` of a row is exact for S and the first ``seen`` picks, so never too low.
    """

    def __init__(
        self, U: Rows, squared: NDArray[np.float64], bar: float | None, support: NDArray | None
    ) -> None:
        n = len(U)
        self.U, self.bar = U, bar
        self.squared = squared.copy()
        self.seen = np.zeros(n, np.int64)
        self.picks = np.empty(0, np.int64)
        self.counts = None if support is None else support.astype(np.int64)
        if self.counts is not None and self.counts.shape != (n,):
            raise DimensionError(f"support has shape {self.counts.shape}; give one a row of U.")
        place = 0.99 * (n - 1)  # as numpy.quantile has it
        self._from_top = n - int(place)  # the lower of the two that p99 lies between
        self._part = place - int(place)
        self.radius, self.p99 = [float(squared.max())], [self._quantile(squared[:, None])[0]]
        self.covered = self.supported = self.wanted = np.zeros(0, np.int64)
        if bar is not None:
            self.covered = np.array([np.count_nonzero(squared <= bar)])
            if self.counts is not None:
                self.supported = np.array([np.count_nonzero(self.counts >= SUPPORTED)])
            self.wanted = self._unsettled(np.arange(n))

    def share(self, steps: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.cumsum(steps) / len(self.U)

    def pick(self, rows: NDArray[np.int64]) -> None:
        """Cover a block of rows, one after the other."""
        before = self.squared.copy()
        start, self.picks = len(self.picks), np.append(self.picks, rows)
        covered, supported = np.zeros((2, len(rows)), np.int64)
        self._meet(self.wanted, slice(start, None), (covered, supported))
        self.covered = np.append(self.covered, covered)
        self.supported = np.append(self.supported, supported)
        self.wanted = self._unsettled(self.wanted)
        least = self._least(start, before)
        # Distances only fall: who is beyond the quantile within the block was so at its start, and
        # the quantile is lowest at its end.
        self._follow(rows, before, np.flatnonzero(before >= least))

    def _unsettled(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those that further picks can cover, or give support."""
        open_rows = self.squared[rows] > (np.inf if self.bar is None else self.bar)
        if self.counts is not None:
            open_rows |= self.counts[rows] < SUPPORTED
        return rows[open_rows]

    def _least(self, start: int, before: NDArray[np.float64]) -> float:
        """What all of the largest 1 % surpass; rows that do are brought up to date."""
        end = len(self.picks)
        while True:
            least = np.partition(self.squared, -self._from_top)[-self._from_top] - 4 * TIE
            late = np.flatnonzero((self.squared >= least) & (self.seen < end))
            if not len(late):
                return float(least)
            # The bound falls with each look, so that more rows come: a few more are asked at once.
            late = np.flatnonzero((self.squared >= least - _SLACK) & (self.seen < end))
            behind = late[self.seen[late] < start]
            behind = behind[np.argsort(self.seen[behind], kind="stable")]
            for at in range(0, len(behind), _ALIKE):
                some = behind[at : at + _ALIKE]
                self._meet(some, slice(int(self.seen[some[0]]), start))
            before[late] = self.squared[late]
            self._meet(late, slice(start, end))

    def _meet(
        self,
        rows: NDArray[np.int64],
        which: slice,
        tally: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
    ) -> None:
        """Bring rows up to date with some of the picks."""
        picks = self.picks[which]
        centres = self.U[picks]
        step = max(_CELLS // max(len(picks), 1), 1)
        for start in range(0, len(rows) if len(picks) else 0, step):
            part = rows[start : start + step]
            similarity = (self.U if len(part) == len(self.U) else self.U[part]) @ centres.T
            if tally is not None:
                self._count(part, picks, similarity, *tally)
            best = similarity.argmax(axis=1)
            nearest = similarity[np.arange(len(best)), best]
            nearer = np.flatnonzero(nearest > 1 - self.squared[part] / 2 - TIE)
            at = part[nearer]
            squared = squared_distance_of_pairs(self.U, at, self.U, picks[best[nearer]])
            self.squared[at] = np.minimum(self.squared[at], squared)
        self.seen[rows] = len(self.picks) if which.stop is None else which.stop

    def _follow(
        self, rows: NDArray[np.int64], before: NDArray[np.float64], far: NDArray[np.int64]
    ) -> None:
        """Radius and p99 after each pick of a block, from the rows that can be among the last."""
        picks = self.U[rows].astype(np.float64)
        squared = np.empty((len(far), len(rows)))
        step = max(_CELLS // self.U.shape[1], 1)
        for start in range(0, len(far), step):
            vectors = self.U[far[start : start + step]].astype(np.float64)
            part = -2 * (vectors @ picks.T)
            part += np.einsum("ij,ij->i", vectors, vectors)[:, None]
            part += np.einsum("ij,ij->i", picks, picks)
            squared[start : start + step] = np.maximum(part, 0)
        squared[np.equal.outer(far, rows)] = 0  # a pick is at 0 from itself
        squared = np.minimum(np.minimum.accumulate(squared, axis=1), before[far, None])
        self.radius += squared.max(axis=0).tolist()
        self.p99 += self._quantile(squared)

    def _quantile(self, squared: NDArray[np.float64]) -> list[float]:
        """The 0.99 quantile of U in each column, which holds at least the largest 1 %."""
        low = len(squared) - self._from_top
        high = min(low + 1, len(squared) - 1)
        ordered = np.partition(squared, sorted({low, high}), axis=0)
        # The quantile is that of distances, which are roots, not of their squares.
        roots = np.sqrt(ordered[[low, high]])
        with np.errstate(invalid="ignore"):
            between = roots[0] + self._part * (roots[1] - roots[0])
        return np.square(np.where(np.isfinite(roots[1]), between, roots[1])).tolist()

    def _count(
        self,
        image: NDArray[np.int64],
        rows: NDArray[np.int64],
        similarity: NDArray[np.float32],
        covered: NDArray[np.int64],
        supported: NDArray[np.int64],
    ) -> None:
        """Note at which pick of the block images came to be covered, and well supported."""
        assert self.bar is not None
        level = 1 - self.bar / 2
        within = similarity >= np.float32(level - TIE)
        hits = np.flatnonzero(within.any(axis=1))
        at, column = np.nonzero(within[hits])
        unsure = similarity[hits[at], column] <= np.float32(level + TIE)
        image = image[hits]
        if unsure.any():
            squared = squared_distance_of_pairs(
                self.U, image[at[unsure]], self.U, rows[column[unsure]]
            )
            unsure[unsure] = squared > self.bar
            at, column = at[~unsure], column[~unsure]
        # Pairs come row by row, in the order of picking.
        first = np.flatnonzero(np.diff(at, prepend=-1))
        new = self.squared[image[at[first]]] > self.bar
        covered += np.bincount(column[first[new]], minlength=len(rows))
        if self.counts is None:
            return
        found = np.bincount(at, minlength=len(image))
        needed = SUPPORTED - self.counts[image]
        enough = np.flatnonzero((needed > 0) & (found >= needed))
        starts = np.concatenate([[0], np.cumsum(found)])[enough]
        supported += np.bincount(column[starts + needed[enough] - 1], minlength=len(rows))
        self.counts[image] += found


def random_orders(count: int, k: int, seeds: int = 20) -> NDArray[np.int64]:
    """Random picks without repetition, int64 (seeds, k): the band to compare a curve with.

    Examples
    --------
    >>> random_orders(10, 3, seeds=2).shape
    (2, 3)
    """
    return np.stack([np.random.default_rng(s).permutation(count)[:k] for s in range(seeds)])


def equal_share(drives: Labels, k: int, seed: int = 51) -> NDArray[np.int64]:
    """Picks that go round the drives, at random within each; int64 (k,), or fewer where U ends.

    Examples
    --------
    >>> sorted(equal_share(["a", "a", "a", "b"], 2).tolist())[-1]
    3
    """
    count = len(drives)
    numbers = sequence_numbers(drives, count)
    group = np.zeros(count, np.int64) if numbers is None else numbers
    shuffled = np.random.default_rng(seed).permutation(count)
    by_drive = shuffled[np.argsort(group[shuffled], kind="stable")]
    starts = np.flatnonzero(np.diff(group[by_drive], prepend=group[by_drive[0]] - 1))
    turn = np.arange(count) - np.repeat(starts, np.diff(starts, append=count))
    return by_drive[np.argsort(turn, kind="stable")][:k]
