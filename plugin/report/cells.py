"""Many points as few cells: what a plot draws when there are more points than it can show.

Points that share a box of a regular grid become one mark at their mean.  The grid is the finest
one whose occupied boxes still fit the budget, so sparse surroundings, which are what one looks
for, keep their single points while dense ones are merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

FINEST = 1 << 20


@dataclass(frozen=True, eq=False)
class Cells:
    """Groups of points, numbered by their first member."""

    label: Array
    """int64 (n,): cell of each point."""
    count: Array
    """int64 (c,): points of each cell."""

    def mean(self, values: Array) -> Array:
        """Mean of ``values`` (n,) or (n, c) over each cell."""
        columns = values.reshape(len(values), -1).astype(np.float64)
        sums = [np.bincount(self.label, column, len(self.count)) for column in columns.T]
        return (np.stack(sums, axis=1) / self.count[:, None]).reshape(-1, *values.shape[1:])

    def largest(self, values: Array) -> Array:
        """Row of each cell's largest value; ties go to the first."""
        order = np.lexsort((np.arange(len(values)), -values, self.label))
        return order[np.r_[0, np.cumsum(self.count)[:-1]]]


def group(points: Array, budget: int) -> Cells:
    """Group points (n, 3) into at most ``budget`` cells (at least one).

    >>> group(np.array([[0, 0, 0], [0, 0, 0.1], [5, 5, 5.0]]), budget=2).count.tolist()
    [2, 1]
    """
    if len(points) <= budget:
        return _numbered(np.arange(len(points)))
    low = points.min(axis=0)
    extent = float((points - low).max()) or 1.0
    scaled = (points - low) / (extent * (1 + 1e-9))
    coarse, fine = 1, FINEST  # cells per axis: one cell always fits
    best = np.zeros(len(points), np.int64)
    while fine - coarse > 1:
        middle = (coarse + fine) // 2
        box = (scaled * middle).astype(np.int64)
        key = np.unique((box[:, 0] * FINEST + box[:, 1]) * FINEST + box[:, 2], return_inverse=True)
        if len(key[0]) <= budget:
            coarse, best = middle, key[1]
        else:
            fine = middle
    return _numbered(best)


def _numbered(label: Array) -> Cells:
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    place = np.empty(len(first), np.int64)
    place[np.argsort(first)] = np.arange(len(first))
    label = place[inverse]
    return Cells(label, np.bincount(label))
