"""MaxHerding: pick, again and again, the candidate that brings U as a whole nearest to S.

The one idea: a candidate's gain, how much more of U it would cover, only falls as picks are added
(Minoux 1978, "Accelerated greedy algorithms for maximizing submodular set functions").  So a gain
of some picks ago is an upper bound, and the few candidates with the highest can be played against
one another until the best of them comes down to the bounds of the rest.  What gains lost since then
depends only on the images whose cover rose, so a later look is a product with those alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import InputError
from ...progress import Progress, silent
from ..nearest.distances import closest
from ..nearest.rows import TIE, Rows, checked_rows, same_dimension, squared_distance_of_pairs
from .gate import Gate
from .kcenter import checked_count, checked_distances

_LEADERS = 256  # candidates that are kept up to date after each pick
_EQUAL = 1e-15  # gains in float64 that differ by less are ties
_CELLS = 1 << 22  # of one product: 16 MB of float32


@dataclass(frozen=True, eq=False)
class Herding:
    """``indices`` int64 (k,) in the order of picking, ``covered`` float64 (k,) after each pick."""

    indices: NDArray[np.int64]
    covered: NDArray[np.float64]


def max_herding(
    S: Rows | None,
    U: Rows,
    k: int,
    d0: ArrayLike | None = None,
    *,
    gamma: float = 1.0,
    gate: Gate | None = None,
    progress: Progress = silent,
) -> Herding:
    """Pick ``k`` candidates of U, each the one that raises the covered similarity most; exact.

    The covered similarity is the mean over x in U of ``max k(x, x')`` over all x' in S and the
    picks, with ``k(x, y) = exp(-gamma |x - y|^2)`` (Bae, Noh & Sutherland 2024, "Generalized
    coverage for more robust low-budget active learning", ECCV, arXiv 2407.12212, their kernel with
    length scale 1).  It favours what there is much of, where K-Center goes to the extremes.

    Parameters
    ----------
    S : float32 (m, d) or None
        Owned unit rows, the initial cover; None covers nothing.
    U : float32 (n, d)
        Candidate unit rows.
    k : int
        How many to pick, 1..n.
    d0 : (n,) of any float dtype, optional
        Euclidean distance of each candidate to S, where it is known; S is then not read.
    gamma : float
        Above 0.  scikit-activeml 1.0.1 has scikit-learn's default, 1 / d, where the kernel is
        nearly linear in the cosine.
    gate : Gate, optional
        Which rows may be picked; where it closes all, fewer than ``k`` are.
    progress : callable
        Called with (picks done, k).

    Returns
    -------
    Herding
        Ties go to the lowest index.

    Raises
    ------
    InputError, EmptySetError, DimensionError, NotFiniteError
        As :func:`.kcenter.k_center_greedy`, or ``gamma`` is not above 0.

    Notes
    -----
    Gains that float32 cannot tell apart are compared in float64.  The working memory is a small
    multiple of that of U, whatever k.

    Examples
    --------
    >>> U = np.eye(3, dtype=np.float32)[[0, 1, 1, 2]]
    >>> found = max_herding(U[:1], U, 2)
    >>> found.indices.tolist(), found.covered.round(3).tolist()
    ([1, 3], [0.784, 1.0])
    """
    U = checked_rows("U", U)
    k = checked_count(k, len(U))
    if not 0 < gamma < np.inf:
        raise InputError(f"gamma is {gamma}; the kernel needs a number above 0.")
    squared = np.full(len(U), np.inf)
    if d0 is not None:
        squared = checked_distances(d0, len(U)) ** 2
    elif S is not None:
        S = checked_rows("S", S)
        same_dimension("S", S, "U", U)
        squared, _ = closest(U, S)
    gains = _Gains(U, squared, float(gamma), gate)
    indices, covered = np.empty(k, np.int64), np.empty(k)
    done = 0
    while done < k and (gains.is_open() or (gate is not None and gate.reopen())):
        for row in gains.play(k - done):
            indices[done], covered[done] = row, gains.covered()
            done += 1
        progress(done, k)
    return Herding(indices[:done], covered[:done])


class _Gains:
    """The cover of each image, and what each candidate would add to it.

    Similarities are kept as ``(k - 1) / 2 gamma``, which float32 resolves for any gamma: near 1 it
    is the cosine less 1.  ``gain`` is a sum over U, exact for all at the start of a round.
    """

    def __init__(
        self, U: Rows, squared: NDArray[np.float64], gamma: float, gate: Gate | None
    ) -> None:
        self.U, self.gamma, self.gate = U, gamma, gate
        self.squared = squared
        self.near = (1 - squared / 2).astype(np.float32)
        self.exact_level = self._level(squared)
        self.level = self.exact_level.astype(np.float32)
        self.gain = np.zeros(len(U))
        self.upper = np.full(len(U), np.inf)  # gains that were once settled in float64
        self._rounding = TIE * np.sqrt(len(U))
        self._start()

    def _start(self) -> None:
        """The gains of all candidates, from nothing."""
        # Where nothing is covered every gain is a sum of similarities and a constant: float32 would
        # lose the former in the latter.
        nothing = not np.isfinite(self.near).any()
        for part in self._parts(len(self.U), len(self.U)):
            rise = self._similarity(self.U[part], self.U)
            if not nothing:
                rise -= self.level
                np.maximum(rise, 0, out=rise)
            rise_of = rise.sum(axis=1, dtype=np.float64)
            self.gain[part] = np.where(self.gain[part] > -np.inf, rise_of, -np.inf)
        if nothing:
            self.gain -= self.exact_level.sum()

    def covered(self) -> float:
        """Mean similarity of U to its nearest cover, 0..1."""
        return float(1 + 2 * self.gamma * self.exact_level.mean())

    def is_open(self) -> bool:
        """Whether a row is left that may be picked."""
        return bool((self._open(np.arange(len(self.U))) > -np.inf).any())

    def play(self, most: int) -> Iterator[int]:
        """Up to ``most`` picks, each as it is made; then all gains are exact again."""
        everyone = np.arange(len(self.U))
        gains = self._open(everyone)
        count = min(_LEADERS, len(self.U))
        order = np.argpartition(-gains, count - 1)
        leaders = np.sort(order[:count])
        ceiling = gains[order[count:]].max(initial=-np.inf)
        if not self.squared.any():  # each image of U is a copy of one covered: no gain is left
            self.gain[self.gain > -np.inf] = 0
            leaders, ceiling = everyone, -np.inf
        vectors = self.U if leaders is everyone else self.U[leaders]
        if self.gate is not None:
            self.gate.expect(leaders[np.argsort(-gains[leaders])])
        before = self.level.copy()
        nothing = not np.isfinite(self.near).any()
        picked = asked = 0
        while picked < most:
            best = self._open(leaders).max()
            if best == -np.inf:
                break
            if best < ceiling + self._tolerance(best):
                if picked or asked:
                    break
                leaders = self._ties(everyone)  # more of them than leaders
                vectors = self.U[leaders]
            row = self._settle(self._ties(leaders))
            asked += 1
            if self.gate is not None and not self.gate.admits(row, float(self.squared[row])):
                continue
            old = self.level.copy()
            self._cover(row)
            self.gain[row] = -np.inf
            picked += 1
            if self.gate is not None:
                self.gate.took(row)
            yield row
            if nothing:
                self._start()
                return
            self._lower(leaders, vectors, old)
        rest = np.ones(len(self.U), bool)
        rest[leaders] = False
        self._lower(np.flatnonzero(rest), None, before)

    def _lower(self, rows: NDArray[np.int64], vectors: Rows | None, old: NDArray) -> None:
        """Take from the gains of some rows what they lost since the levels were ``old``."""
        changed = np.flatnonzero(self.level > old)
        if not len(changed):
            return
        base, rise = old[changed], self.level[changed] - old[changed]
        columns = self.U if len(changed) == len(self.U) else self.U[changed]
        for part in self._parts(len(rows), len(changed)):
            lost = self._similarity(
                self.U[rows[part]] if vectors is None else vectors[part], columns
            )
            lost -= base
            np.clip(lost, 0, rise, out=lost)
            self.gain[rows[part]] -= lost.sum(axis=1, dtype=np.float64)

    def _cover(self, row: int) -> None:
        """Raise the cover of each image that is nearer to ``row`` than to all before it."""
        near, squared = self._reached(row)
        nearer = squared < self.squared[near]
        near, squared = near[nearer], squared[nearer]
        self.squared[near] = squared
        self.near[near] = 1 - squared / 2
        self.exact_level[near] = self._level(squared)
        self.level[near] = self.exact_level[near]

    def _ties(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those whose gains float32 cannot tell from the highest among them."""
        gains = self._open(rows)
        best = gains.max()
        return rows[gains >= best - self._tolerance(best)]

    def _open(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Gains of rows that may be picked, of the others minus infinity."""
        gains = self.gain[rows]
        return gains if self.gate is None else np.where(self.gate.closed[rows], -np.inf, gains)

    def _settle(self, ties: NDArray[np.int64]) -> int:
        """Of rows whose gains float32 cannot tell apart the best, the lowest index among equals."""
        if len(ties) == 1 or not self.squared.any():
            return int(ties[0])
        best = -np.inf
        for row in ties[np.argsort(-self.upper[ties], kind="stable")]:
            if self.upper[row] < best - _EQUAL:
                break  # as lazy here as above: what was settled before can only have fallen
            near, squared = self._reached(int(row))
            gain = np.maximum(self._level(squared) - self.exact_level[near], 0).sum()
            self.upper[row], best = gain, max(best, float(gain))
        return int(ties[self.upper[ties] >= best - _EQUAL].min())

    def _reached(self, row: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Images that ``row`` may be nearest to, and their squared distance in float64."""
        near = np.flatnonzero(self.U @ self.U[row] > self.near - np.float32(TIE))
        squared = squared_distance_of_pairs(self.U, near, self.U, np.full(len(near), row))
        return near, squared

    def _level(self, squared: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.expm1(-self.gamma * squared) / (2 * self.gamma))

    def _similarity(self, rows: Rows, columns: Rows) -> NDArray[np.float32]:
        level = rows @ columns.T
        level -= 1
        level *= np.float32(2 * self.gamma)
        np.expm1(level, out=level)
        level /= np.float32(2 * self.gamma)
        return level

    def _parts(self, rows: int, columns: int) -> list[slice]:
        step = max(_CELLS // max(columns, 1), 1)
        return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]

    def _tolerance(self, gain: float) -> float:
        """How far a gain of float32 products may be off, many times over."""
        return TIE * abs(gain) + self._rounding
