"""Distances, support and leave-one-out after S or U has changed, from those measured before.

The one idea: a nearest distance is a minimum.  Rows that came to S are compared with what was
there, and the nearer one counts; a candidate is measured anew where it is new, or where what it was
nearest to is gone.  Squared distances of pairs are computed in float64 as ever, so that the result
is that of measuring everything anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.engine import LOCAL, Engine
from ..progress import Progress, silent
from .criterion import OwnDistances
from .nearest.distances import Nearest, closest
from .nearest.rows import Metric, Rows, squared_distance_of_pairs, squared_to_metric
from .support import Counts, supported
from .verdict import drive_numbers

Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Before:
    """What an earlier run measured, and which rows are still those of then.

    ``owned_from`` int64 (m,) and ``pool_from`` int64 (n,): the row of then of each row of S and U,
    -1 where it is new or has another vector; those of S ascend.  ``nearest``, ``support`` and
    ``support_drives`` (n0,) of U then, ``own_nearest`` (m0,) of S then, rows of S then.
    """

    owned_from: Index
    pool_from: Index
    nearest: Index
    support: Counts
    support_drives: Counts
    own_nearest: Index

    @property
    def now(self) -> Index:
        """The row of now of each row of S then, -1 where it is gone, int64 (m0,)."""
        rows = np.full(len(self.own_nearest), -1)
        there = np.flatnonzero(self.owned_from >= 0)
        rows[self.owned_from[there]] = there
        return rows

    @property
    def same_owned(self) -> bool:
        """Whether S is what it was."""
        return np.array_equal(self.owned_from, np.arange(len(self.own_nearest)))


def nearest_again(
    pool: Rows,
    owned: Rows,
    drive: Index,
    radius: float,
    before: Before,
    *,
    metric: Metric = "cosine",
    memory_mb: float = 512,
    engine: Engine = LOCAL,
    progress: Progress = silent,
) -> tuple[Nearest, Counts, Counts]:
    """Nearest row of S, and support within the radius of then, of each candidate.

    Parameters
    ----------
    pool, owned : float32 (n, d), (m, d)
        Unit rows, S ordered by drive.
    drive : int64 (m,)
        The drive of each row of S, counted up from 0; those of rows of then are what they were.

    Returns
    -------
    nearest, counts, drives
        As :func:`.support.nearest_and_support` gives them.
    """
    n, how = len(pool), (metric, memory_mb, engine)
    squared, index = np.full(n, np.inf), np.full(n, -1)
    counts, drives = np.zeros(n, np.int64), np.zeros(n, np.int64)
    old = np.flatnonzero(before.pool_from >= 0)
    of = before.pool_from[old]
    now = before.now
    index[old], counts[old], drives[old] = (
        now[before.nearest[of]],
        before.support[of],
        before.support_drives[of],
    )
    again = index < 0
    if (now < 0).any():
        again[counts > 0] = True  # what is gone may have counted
    rest, new = np.flatnonzero(~again), np.flatnonzero(before.owned_from < 0)
    squared[rest] = squared_distance_of_pairs(pool, rest, owned, index[rest])
    if len(rest) and len(new):
        part = pool if len(rest) == n else pool[rest]
        group = drive_numbers(drive[new])
        nearer, row, more, of_new = supported(part, owned[new], group, radius, *how)
        counts[rest] += more
        drives[rest] += _more_drives(part, owned, drive, new, of_new, radius, how)
        wins = (nearer < squared[rest]) | ((nearer == squared[rest]) & (new[row] < index[rest]))
        squared[rest[wins]], index[rest[wins]] = nearer[wins], new[row[wins]]
    rows = np.flatnonzero(again)
    if len(rows):
        part = pool if len(rows) == n else pool[rows]
        squared[rows], index[rows], counts[rows], drives[rows] = supported(
            part, owned, drive, radius, *how, progress
        )
    distance = squared_to_metric(squared, metric).astype(np.float32)
    return Nearest(distance, index), counts, drives


def _more_drives(
    pool: Rows,
    owned: Rows,
    drive: Index,
    new: Index,
    of_new: Counts,
    radius: float,
    how: tuple[Metric, float, Engine],
) -> Counts:
    """How many drives of S more are within the radius since the rows ``new`` came, (n,)."""
    touched = np.isin(drive, drive[new])
    there = touched.copy()
    there[new] = False
    if not there.any():
        return of_new
    found = []
    for which in (touched, there):
        group = drive_numbers(drive[which])
        found.append(supported(pool, owned[which], group, radius, *how)[3])
    return np.asarray(found[0] - found[1])


def own_again(
    owned: Rows,
    drive: Index,
    before: Before,
    *,
    metric: Metric = "cosine",
    memory_mb: float = 512,
    engine: Engine = LOCAL,
) -> OwnDistances:
    """Distance of each row of S to the nearest of another drive, of which there are two at least.

    As :func:`.criterion.own_distances` gives them where drives are named.
    """
    how: dict[str, Any] = {"memory_mb": memory_mb, "engine": engine}
    squared, index = np.full(len(owned), np.inf), np.full(len(owned), -1)
    old = np.flatnonzero(before.owned_from >= 0)
    index[old] = before.now[before.own_nearest[before.owned_from[old]]]
    # Where S had one drive, the nearest was of the same one.
    again = (index < 0) | (drive == drive[index])
    rest, new = np.flatnonzero(~again), np.flatnonzero(before.owned_from < 0)
    squared[rest] = squared_distance_of_pairs(owned, rest, owned, index[rest])
    if len(rest) and len(new):
        groups = drive[rest], drive[new]
        nearer, row = closest(owned[rest], owned[new], group=groups, **how)
        wins = (nearer < squared[rest]) | ((nearer == squared[rest]) & (new[row] < index[rest]))
        squared[rest[wins]], index[rest[wins]] = nearer[wins], new[row[wins]]
    rows = np.flatnonzero(again)
    if len(rows):
        groups = drive[rows], drive
        squared[rows], index[rows] = closest(owned[rows], owned, group=groups, **how)
    distance = squared_to_metric(squared, metric).astype(np.float32)
    return OwnDistances(distance, drive, False, index)
