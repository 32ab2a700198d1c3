"""A cheap first bound on how near each candidate is to S, for when only a selection is wanted.

The one idea: any row of S bounds the distance to S, so it is enough to try the rows that are
likely near: those in the same cell of a coarse partition (the inverted file of Sivic & Zisserman
2003).  A bound that is too low costs time later, never exactness.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .rows import Rows

_ANCHORS = 128  # cells of the partition
_MEMBERS = 256  # rows of S tried in one cell: the largest cells would cost as much as everything
_ROWS_AT_ONCE = 4096


def owned_bounds(S: Rows, U: Rows) -> NDArray[np.float32]:
    """Lower bounds, float32 (n,), of each candidate's largest inner product with S."""
    anchors = spread(len(S), _ANCHORS)
    near, cell = nearest_anchor(U, S[anchors])
    if len(S) == len(anchors):
        return near
    _, home = nearest_anchor(S, S[anchors])
    for number in range(len(anchors)):
        candidates = np.flatnonzero(cell == number)
        members = np.flatnonzero(home == number)
        members = members[spread(len(members), _MEMBERS)]
        for start in range(0, len(candidates), _ROWS_AT_ONCE):
            rows = candidates[start : start + _ROWS_AT_ONCE]
            near[rows] = np.maximum(near[rows], (U[rows] @ S[members].T).max(axis=1, initial=-1))
    return near


def spread(count: int, at_most: int) -> NDArray[np.int64]:
    """Up to ``at_most`` of ``count`` positions, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, at_most)).astype(np.int64))


def nearest_anchor(rows: Rows, anchors: Rows) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Largest inner product of each row with an anchor, and which anchor that is."""
    near = np.empty(len(rows), np.float32)
    cell = np.empty(len(rows), np.int64)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        similarity = rows[part] @ anchors.T
        near[part], cell[part] = similarity.max(axis=1), similarity.argmax(axis=1)
    return near, cell
