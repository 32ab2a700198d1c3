"""The state of a block-lazy greedy: what each candidate is known to be near to.

The one idea: ``near[u]`` is an inner product that was really computed, of candidate ``u`` with
some centre or row of S, so the true nearest is at least that near.  Any shortcut may decide
*which* products to compute next; none can make a bound wrong.  Only a winner needs the whole
truth, and it has it: candidates that stay at the bottom of a block have met every centre.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..nearest.contenders import settle
from ..nearest.distances import closest
from ..nearest.owned_probe import owned_bounds
from ..nearest.rows import TIE, Rows, squared_distance_of_pairs
from .gate import Gate

TAKEN = np.float32(9)  # above every similarity: a picked row never comes up again
_OWNED = -1  # in `best`: the nearest known is S, or nothing yet
_KEEP = 256  # rows a round plays with: their products with one another stay in the cache
_BLOCK = 1024  # rows a round at most: a larger product is no faster, and more of it goes to waste
_ALIKE = 256  # rows sorted by what they have seen share one product: full BLAS speed, little waste
_CLOSE = np.float32(0.995)  # a similarity above this leaves too few digits for a distance


@dataclass
class Block:
    """The candidates of one round, gathered: row numbers in U, rows, and what is known of each."""

    rows: NDArray[np.int64]
    vectors: Rows
    near: NDArray[np.float32]
    best: NDArray[np.int64]
    seen: NDArray[np.int64]

    def take(self, which: NDArray) -> Block:
        """The block of some of its rows."""
        return Block(
            self.rows[which],
            self.vectors[which],
            self.near[which],
            self.best[which],
            self.seen[which],
        )

    def meet(self, which: slice, centres: Rows, numbers: NDArray[np.int64]) -> None:
        """Raise the bounds of ``which`` rows by their similarity to ``centres``."""
        similarity = self.vectors[which] @ centres.T
        winner = similarity.argmax(axis=1)
        nearest = similarity[np.arange(len(winner)), winner]
        nearer = nearest > self.near[which]
        self.near[which] = np.where(nearer, nearest, self.near[which])
        self.best[which] = np.where(nearer, numbers[winner], self.best[which])


class LazyCover:
    """Candidates, centres picked so far, and bounds between them.

    Parameters
    ----------
    U : float32 (n, d)
        Unit rows, checked before.
    k : int
        Capacity: how many centres there may be.
    S : float32 (m, d), optional
        Owned rows, compared in full only with candidates that come near the top.
    distances : float64 (n,), optional
        Euclidean distances to S, in place of S.
    weights : float32 (n,), optional
        Above 0, at most 1; the winner is then the row with the highest weight x squared distance.
    gate : Gate, optional
        Which rows may be picked.
    """

    def __init__(
        self,
        U: Rows,
        k: int,
        *,
        S: Rows | None = None,
        distances: NDArray[np.float64] | None = None,
        weights: NDArray[np.float32] | None = None,
        gate: Gate | None = None,
    ) -> None:
        n = len(U)
        self.U, self.S = U, S
        self.weights, self.gate = weights, gate
        self._asked = 0  # how often the gate was
        self.centres = np.empty((k, U.shape[1]), np.float32)
        self.indices = np.empty(k, np.int64)
        self.numbers = np.arange(k)
        self.picked = 0
        self.best = np.full(n, _OWNED)
        self.seen = np.zeros(n, np.int64)
        self._block = min(_KEEP, n)
        self._smallest_block = self._block
        self.nearest = np.full(k, _OWNED)  # of each pick: the centre nearest to it when picked,
        self.squared = np.full(k, np.nan)  # and d^2 to it; NaN where a later look is enough
        # d^2 to S, NaN where it is not known yet.
        self.owned = np.full(n, np.nan if S is not None else np.inf)
        if distances is not None:
            self.owned = distances**2
            self.near = (1 - self.owned / 2).astype(np.float32)
        elif S is not None:
            self.near = owned_bounds(S, U)
        else:
            first = self._first()
            if first is None:
                self.near = np.full(n, TAKEN)
                return
            self.near = U @ U[first]
            self.best[:] = 0
            self.seen[:] = 1
            self._add(first)

    def is_open(self) -> bool:
        """Whether a row is left that may be picked."""
        return bool((self._keys(slice(None), self.near) < TAKEN).any())

    def pick_until(self, goal: int) -> None:
        """One round: at least one pick, or better bounds for the next round."""
        block, ceiling = self._lowest()
        up_to_date = bool((block.seen == self.picked).all())
        up_to_date &= not np.isnan(self.owned[block.rows]).any()
        before = self.picked, self._asked
        block = self._undercut(block, ceiling)
        survivors = len(block.rows)
        self._play(block, ceiling, goal)
        if up_to_date and before == (self.picked, self._asked):
            # More rows tie at the bottom than a block holds: only a larger one tells them apart.
            self._smallest_block = min(2 * self._smallest_block, len(self.U))
        self._resize(survivors)

    def _resize(self, survivors: int) -> None:
        """Choose the next block so that about as many rows survive as a round plays with."""
        if survivors > _KEEP:
            self._block //= 2
        elif survivors < _KEEP // 4:
            self._block *= 2
        self._block = max(min(self._block, _BLOCK, len(self.U)), self._smallest_block)

    def radii(self, k: int) -> NDArray[np.float64]:
        """The covering radius after each of the first ``k`` picks: the next winner's distance."""
        late = np.flatnonzero(np.isnan(self.squared[: self.picked]))
        squared = np.minimum(self._to_earlier(late), self.owned[self.indices[late]])
        self.squared[late] = squared
        radii = np.zeros(k)  # 0 after the last of U is picked
        radii[: self.picked - 1] = np.sqrt(self.squared[1 : self.picked])
        return radii

    def _to_earlier(self, which: NDArray[np.int64]) -> NDArray[np.float64]:
        """Squared distance, exact, of some centres to the nearest before them; infinite of none."""
        squared, index = np.full(len(which), np.inf), np.zeros(len(which), np.int64)
        for start in range(0, len(which), _BLOCK):
            part = which[start : start + _BLOCK]
            before = int(part[-1])
            similarity = self.centres[part] @ self.centres[:before].T
            similarity[self.numbers[:before] >= part[:, None]] = -np.inf
            rows = slice(start, start + len(part))
            known = self.centres[:before], self.numbers[:before], similarity
            if before:
                settle(self.centres[part], *known, squared[rows], index[rows])
        return squared

    def _first(self) -> int | None:
        """Where nothing is covered: the heaviest row that may be picked, the first among equals."""
        if self.gate is None and self.weights is None:
            return 0
        order = np.arange(len(self.U))
        if self.weights is not None:
            order = np.argsort(-self.weights, kind="stable")
        for row in order:
            if self.gate is None or self.gate.admits(int(row), np.inf):
                return int(row)
        return None

    def _keys(
        self, rows: NDArray[np.int64] | slice, near: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """What the winner has the lowest of: ``near``, or for weights the best it might be."""
        if self.weights is None and self.gate is None:
            return near
        keys, out = near, near == TAKEN
        if self.weights is not None:
            keys = -self.weights[rows] * (1 + np.float32(TIE) - near)
        if self.gate is not None:
            out = out | self.gate.closed[rows]
        return np.where(out, TAKEN, keys)

    def _lowest(self) -> tuple[Block, np.float32]:
        """The rows with the lowest bounds, and the lowest bound outside."""
        if self._block < len(self.U):
            keys = self._keys(slice(None), self.near)
            order = np.argpartition(keys, self._block)
            rows, ceiling = order[: self._block], keys[order[self._block]]
        else:
            rows, ceiling = np.arange(len(self.U)), TAKEN
        return self._gather(rows[np.argsort(self.seen[rows], kind="stable")]), ceiling

    def _gather(self, rows: NDArray[np.int64]) -> Block:
        return Block(rows, self.U[rows], self.near[rows], self.best[rows], self.seen[rows])

    def _store(self, block: Block) -> None:
        self.near[block.rows] = block.near
        self.best[block.rows] = block.best
        self.seen[block.rows] = block.seen

    def _undercut(self, block: Block, ceiling: np.float32) -> Block:
        """Bring the block up to date; give back the rows that stay at or below the ceiling."""
        for start in range(0, len(block.rows), _ALIKE):
            which = slice(start, start + _ALIKE)
            unseen = slice(int(block.seen[start]), self.picked)  # sorted: the first saw the fewest
            if unseen.start < self.picked:
                block.meet(which, self.centres[unseen], self.numbers[unseen])
        block.seen[:] = self.picked
        self._store(block)
        block = block.take(self._keys(block.rows, block.near) <= ceiling)
        if self.S is not None:
            self._meet_owned(block)
            block = block.take(self._keys(block.rows, block.near) <= ceiling)
        return block

    def _meet_owned(self, block: Block) -> None:
        """Compare rows with all of S, those that were never."""
        new = np.flatnonzero(np.isnan(self.owned[block.rows]))
        if not len(new):
            return
        assert self.S is not None
        squared, _ = closest(block.vectors[new], self.S)
        self.owned[block.rows[new]] = squared
        similarity = (1 - squared / 2).astype(np.float32)
        nearer = similarity >= block.near[new]
        block.near[new] = np.where(nearer, similarity, block.near[new])
        block.best[new] = np.where(nearer, _OWNED, block.best[new])
        self._store(block)

    def _play(self, block: Block, ceiling: np.float32, goal: int) -> None:
        """Ordinary greedy inside an up-to-date block, while its winner is surely the lowest."""
        keep = max(_KEEP, self._smallest_block)
        if len(block.rows) > keep:
            keys = self._keys(block.rows, block.near)
            order = np.argpartition(keys, keep)
            ceiling = keys[order[keep]]
            block = block.take(np.sort(order[:keep]))
        if not len(block.rows):
            return
        gram = block.vectors @ block.vectors.T if len(block.rows) <= _BLOCK else None
        settled = np.full(len(block.rows), np.nan)  # d^2 in float64 of rows that came to a tie
        plain, unsure = self.weights is None and self.gate is None, TIE
        if self.gate is not None:
            self.gate.expect(block.rows[np.argsort(self._keys(block.rows, block.near))])
            if gram is not None:
                self.gate.compared(block.rows, gram)
        while self.picked < goal:
            keys = block.near if plain else self._keys(block.rows, block.near)
            lowest = int(keys.argmin())
            low = keys[lowest]
            if self.weights is not None:
                unsure = 2 * TIE * self.weights[block.rows[lowest]]
            if low > ceiling - unsure or low == TAKEN:
                break
            ties = (keys <= low + unsure).nonzero()[0]
            winner, squared = self._settle(block, settled, ties, lowest)
            if self.gate is not None and not self._admits(block, winner, squared):
                continue
            self._pick(block, winner, squared)
            similarity = block.vectors @ block.vectors[winner] if gram is None else gram[winner]
            block.best[similarity > block.near] = self.picked - 1
            np.maximum(block.near, similarity, out=block.near)
            self._resettle(block, settled, winner, similarity)
            block.near[winner], settled[winner] = TAKEN, np.nan
        block.seen[:] = self.picked
        self._store(block)

    def _settle(
        self, block: Block, settled: NDArray[np.float64], ties: NDArray[np.int64], lowest: int
    ) -> tuple[int, float]:
        """Among rows that float32 cannot tell apart, the farthest, and its d^2 where known."""
        if len(ties) == 1 and block.near[lowest] < _CLOSE:
            return lowest, np.nan
        new = ties[np.isnan(settled[ties])]
        if len(new):
            squared, _ = closest(block.vectors[new], self.centres[: self.picked])
            settled[new] = np.fmin(squared, self.owned[block.rows[new]])
        reach = settled[ties]
        if self.weights is not None:
            reach = reach * self.weights[block.rows[ties]]
        farthest = ties[reach == reach.max()]
        winner = int(farthest[block.rows[farthest].argmin()])
        return winner, float(settled[winner])

    def _admits(self, block: Block, winner: int, squared: float) -> bool:
        """Whether the gate lets the winner through; if not, it has closed the row."""
        assert self.gate is not None
        self._asked += 1
        row, nearest = block.rows[winner], block.best[winner : winner + 1]
        if np.isnan(squared) and nearest[0] == _OWNED:
            squared = self.owned[row]
        elif np.isnan(squared):
            vector = block.vectors[winner : winner + 1]
            at = np.zeros(1, np.int64)
            squared = squared_distance_of_pairs(vector, at, self.centres, nearest)[0]
        return self.gate.admits(int(row), float(squared))

    def _resettle(
        self,
        block: Block,
        settled: NDArray[np.float64],
        winner: int,
        similarity: NDArray[np.float32],
    ) -> None:
        """Keep the settled distances true now that the winner is a centre."""
        known = (settled > 0).nonzero()[0]  # not NaN, and nothing is nearer than 0
        if not len(known):
            return
        changed = known[similarity[known] >= block.near[known] - TIE]
        rival = squared_distance_of_pairs(
            block.vectors, changed, block.vectors, np.full(len(changed), winner)
        )
        settled[changed] = np.minimum(settled[changed], rival)

    def _pick(self, block: Block, winner: int, squared: float) -> None:
        self.nearest[self.picked] = block.best[winner]
        self.squared[self.picked] = squared
        self._add(block.rows[winner])

    def _add(self, row: int | np.int64) -> None:
        self.centres[self.picked] = self.U[row]
        self.indices[self.picked] = row
        self.picked += 1
        self.near[row] = TAKEN
        if self.gate is not None:
            self.gate.took(int(row))
