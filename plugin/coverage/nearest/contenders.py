"""Who is nearest among the references that a product in float32 could not rule out, in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .rows import TIE, Rows, squared_distance_of_pairs


def settle(
    queries: Rows,
    references: Rows,
    numbers: NDArray[np.int64],
    similarity: NDArray[np.float32],
    best: NDArray[np.float64],
    winner: NDArray[np.int64],
) -> None:
    """Let the contenders of one tile, in float64, try to beat the best distances so far.

    ``similarity`` (n, m) float32 is of ``queries`` (n, d) and ``references`` (m, d), whose
    ``numbers`` (m,) ascend from tile to tile, so that the lowest wins a tie.  ``best`` (n,) squared
    distances and ``winner`` (n,) numbers are brought up to date.
    """
    bar = np.maximum(np.maximum(similarity.max(axis=1), 1 - best / 2) - TIE, -2)
    contends = similarity >= bar.astype(np.float32)[:, None]

    found = np.flatnonzero(contends.any(axis=1))
    first = contends[found].argmax(axis=1)
    rival = squared_distance_of_pairs(queries, found, references, first)
    nearer = rival < best[found]
    best[found[nearer]] = rival[nearer]
    winner[found[nearer]] = numbers[first[nearer]]

    contends[found, first] = False
    undecided = found[best[found] > 0]  # nothing is nearer than 0, and the first index wins a tie
    for row in undecided[contends[undecided].any(axis=1)]:
        others = np.flatnonzero(contends[row])
        rival = squared_distance_of_pairs(queries, np.full(len(others), row), references, others)
        nearest = int(rival.argmin())
        if rival[nearest] < best[row]:
            best[row], winner[row] = rival[nearest], numbers[others[nearest]]
