"""Which points are drawn where there are too many: an even draw that keeps what matters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SEED = 51
OTHERS = 0.2
"""Share of the points drawn that are neither gaps nor picks, at least."""


def draw_rows(owned: Array, gaps: Array, picks: Array, limit: int) -> Array:
    """Rows to draw where there are more than ``limit`` (0: no limit), int64, ascending.

    Every pick and every gap of the bool (n,) masks stays; S and U keep their ratio, each filled up
    by an even draw.  Where picks and gaps would leave less than a fifth of the limit to all others,
    the gaps are drawn from as well: without what is owned and covered, nobody sees where they lie.
    Of that fifth, each of the two has its share.
    """
    n = len(owned)
    if not limit or n <= limit:
        return np.arange(n)
    rng = np.random.default_rng(SEED)
    room_owned = round(limit * int(owned.sum()) / n)
    room_pool = limit - room_owned
    kept = _draw(np.flatnonzero(picks & ~owned), limit, rng)
    rest = np.flatnonzero(~owned & ~picks & ~gaps)
    every_other = len(rest) + int(owned.sum())
    others = min(int(limit * OTHERS), every_other)
    urgent = _draw(np.flatnonzero(gaps & ~picks & ~owned), limit - len(kept) - others, rng)
    pool = np.concatenate([kept, urgent])
    others = min(others, limit - len(pool))
    covered = max(round(others * len(rest) / max(1, every_other)), room_pool - len(pool))
    pool = np.concatenate([pool, _draw(rest, covered, rng)])
    mine = _draw(np.flatnonzero(owned), limit - len(pool), rng)
    return np.sort(np.concatenate([pool, mine]))


def _draw(rows: Array, count: int, rng: np.random.Generator) -> Array:
    return rows if len(rows) <= count else rng.choice(rows, max(0, count), replace=False)
