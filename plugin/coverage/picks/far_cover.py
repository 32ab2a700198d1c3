"""A block-lazy greedy whose bounds lie in shards, and whose rounds are played here.

The one idea: any bound is valid, so a shard may keep its own of its own rows.  Each round every
shard brings its lowest rows up to date and says how low the others may be; what lies below all of
that is played as ever.  A shard that was made anew has forgotten the centres: it says how many it
knows, and is told the rest.  That costs time and changes no pick, which are those of
:class:`.lazy_cover.LazyCover`: the winner is settled in float64, the lowest index where they tie.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.engine import CREW_BYTES, Engine, shards
from ..nearest.rows import Rows
from .lazy_cover import TAKEN, Block, LazyCover

_FRUITLESS = 8  # rounds without a pick: shards that are made anew are never up to date
Lowest = tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64], np.float32, bool]


class Bounds(LazyCover):
    """The bounds of one shard; lives where its rows are."""

    def __init__(self, rows: Rows, distances: NDArray[np.float64], capacity: int) -> None:
        super().__init__(rows, capacity, distances=distances)

    def lowest(
        self, first: int, centres: Rows, taken: NDArray[np.int64], least: int
    ) -> Lowest | int:
        """Rows that may be lowest, their bounds and nearest centres, and the lowest bound outside.

        Also whether all of that had been up to date before.  ``centres`` are those from number
        ``first`` on, ``taken`` all rows picked of this shard, ``least`` the rows of a block.  Where
        centres before ``first`` are not known here: how many are.
        """
        if first > self.picked:
            return self.picked
        new = centres[self.picked - first :]
        self.centres[self.picked : self.picked + len(new)] = new
        self.picked += len(new)
        self.near[taken] = TAKEN
        self._smallest_block = min(least, len(self.U))
        self._block = max(self._block, self._smallest_block)
        block, ceiling = self._lowest()
        up_to_date = bool((block.seen == self.picked).all())
        block = self._undercut(block, ceiling)
        self._resize(len(block.rows))
        return block.rows, block.near, block.best, ceiling, up_to_date


class FarCover(LazyCover):
    """Candidates whose bounds are kept by an engine; :meth:`close` lets these go."""

    def __init__(self, U: Rows, k: int, *, distances: NDArray[np.float64], engine: Engine) -> None:
        super().__init__(U, k, distances=distances)
        size = U.itemsize * U.shape[1]
        cut = list(shards([U, distances], size, at_most=CREW_BYTES))
        self._starts = np.array([shard.rows.start for shard in cut])
        self._crew = engine.crew(Bounds, cut, [k])
        self._told = [0] * len(cut)
        self._fruitless = 0

    def close(self) -> None:
        """Let the shards go."""
        self._crew.close()

    def pick_until(self, goal: int) -> None:
        """One round, as :meth:`.lazy_cover.LazyCover.pick_until` has it."""
        found = self._lowest_of_shards()
        ceiling = min(lowest[3] for lowest in found)
        rows, near, best = (np.concatenate([lowest[at] for lowest in found]) for at in range(3))
        of = np.repeat(self._starts, [len(lowest[0]) for lowest in found])
        low = near <= ceiling
        rows = (rows + of)[low]
        seen = np.full(len(rows), self.picked)
        before = self.picked
        self._play(Block(rows, self.U[rows], near[low], best[low], seen), ceiling, goal)
        self._fruitless = self._fruitless + 1 if before == self.picked else 0
        sure = all(lowest[4] for lowest in found)
        if self._fruitless and (sure or self._fruitless > _FRUITLESS):
            # More rows tie at the bottom than a block holds: only a larger one tells them apart.
            self._smallest_block = min(2 * self._smallest_block, len(self.U))

    def _lowest_of_shards(self) -> list[Lowest]:
        """What each shard has, once it knows every centre."""
        found: list[Any] = [None] * len(self._crew)
        picks = self.indices[: self.picked]
        home = np.searchsorted(self._starts, picks, side="right") - 1
        while any(lowest is None for lowest in found):
            asked = [
                None
                if lowest is not None
                else (
                    self._told[at],
                    self.centres[self._told[at] : self.picked],
                    picks[home == at] - self._starts[at],
                    self._smallest_block,
                )
                for at, lowest in enumerate(found)
            ]
            for at, answer in enumerate(self._crew.call("lowest", asked)):
                if isinstance(answer, int):
                    self._told[at] = answer
                elif answer is not None:
                    found[at], self._told[at] = answer, self.picked
        return found
