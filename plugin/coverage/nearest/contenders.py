"""Who is nearest among the references that a product in float32 could not rule out, in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .rows import TIE, Rows, squared_distance_of_pairs
from .segments import Index, cells_of, peaks_of, segments

_CELLS = 1 << 17  # looked at again at once: half a MB of float32


def settle(
    queries: Rows,
    references: Rows,
    numbers: Index,
    similarity: Rows,
    best: NDArray[np.float64],
    winner: Index,
    within: tuple[Index, Rows] | None = None,
    least: Rows | None = None,
) -> None:
    """Let the contenders of one tile, in float64, try to beat the best distances so far.

    ``similarity`` (n, m) float32 is of ``queries`` (n, d) and ``references`` (m, d), whose
    ``numbers`` (m,) ascend.  ``best`` (n,) squared distances and ``winner`` (n,) numbers are
    brought up to date; of equal distances the lowest number wins.  ``within`` are the first columns
    of the segments and the peaks of :class:`.segments.Tile`, where they are known; ``least`` (n,)
    are similarities to what will be tried later.
    """
    if within is None:
        starts = segments(len(references))
        within = starts, peaks_of(similarity, starts)
    starts, peaks = within
    bar = np.maximum(peaks.max(axis=1), 1 - best / 2)
    if least is not None:
        np.maximum(bar, least, out=bar)
    bar = np.maximum(bar - TIE, -2).astype(np.float32)
    rows, which = np.nonzero(peaks >= bar[:, None])
    step = max(_CELLS // int(np.diff(starts, append=len(references)).max()), 1)
    for at in range(0, len(rows), step):
        row, segment = rows[at : at + step], which[at : at + step]
        cells, column, inside = cells_of(similarity, starts, row, segment)
        contends = inside & (cells >= bar[row, None])
        first = contends.argmax(axis=1)
        found = np.arange(len(row)), first
        _try(queries, references, numbers, row, column + first, best, winner)

        contends[found] = False
        # Nothing is nearer than 0, and of those at 0 the first wins.
        undecided = (best[row] > 0) | (winner[row] > numbers[column + first])
        pair, offset = np.nonzero(contends & undecided[:, None])
        _try(queries, references, numbers, row[pair], column[pair] + offset, best, winner)


def _try(
    queries: Rows,
    references: Rows,
    numbers: Index,
    row: Index,
    column: Index,
    best: NDArray[np.float64],
    winner: Index,
) -> None:
    """Let some pairs, whose rows ascend, try."""
    rival = squared_distance_of_pairs(queries, row, references, column)
    number = numbers[column]
    order = np.lexsort((number, rival, row))
    lead = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    row, rival, number = row[lead], rival[lead], number[lead]
    wins = (rival < best[row]) | ((rival == best[row]) & (number < winner[row]))
    best[row[wins]], winner[row[wins]] = rival[wins], number[wins]
