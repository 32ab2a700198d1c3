"""The few drives of S that each image is nearest to, which say how far it is from most draws of S.

The one idea: the distance to drives drawn at random is that to the nearest one drawn, and one of
the nearest few nearly always is: of twelve, all but once in 160,000 times.  So a short list of each
image takes the place of its distances to all drives, and it is brought up to date with what came to
S.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..coverage.nearest.rows import (
    TIE,
    Metric,
    Rows,
    squared_distance_of_pairs,
    squared_to_metric,
)
from ..coverage.nearest.segments import Tile
from ..coverage.nearest.tiles import products
from ..progress import Progress, silent

LISTED = 12
"""Drives in a list."""

NONE = -1
"""The row of S where a list ends early, and the own drive of an image that is of none of S."""

_DOUBT = 10 * TIE
"""How much nearer, in squared distance, an unlisted drive may be than the last that is listed."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NearDrives:
    """Lists of n images, the nearest drive first.

    ``distance`` float32 (n, k), exact, infinite where a list ends, and ``row`` int64 (n, k): a
    drive's nearest row of S, or :data:`NONE`.  A drive may be listed by two of its rows.
    """

    distance: NDArray[np.float32]
    row: Ints

    def taken(self, rows: Ints | NDArray[np.bool_]) -> NearDrives:
        """The lists of some images."""
        return NearDrives(self.distance[rows], self.row[rows])

    def among(
        self, drawn: NDArray[np.bool_], metric: Metric = "cosine"
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Distance of each image to the nearest listed row of those ``drawn``, bool (n, k).

        And whether that is known to be the nearest of all that were drawn; only then it counts.
        """
        drawn = drawn & (self.row != NONE)
        first = drawn.argmax(axis=1)
        at = np.arange(len(drawn))
        found = np.where(drawn[at, first], self.distance[at, first], np.float32(np.inf))
        squared, last = _squared(found, metric), _squared(self.distance[:, -1], metric)
        return found, (squared == 0) | (squared < last - _DOUBT) | np.isinf(last)


def near_drives(
    images: Rows,
    owned: Rows,
    drive: Ints,
    own: Ints | None = None,
    *,
    listed: int = LISTED,
    metric: Metric = "cosine",
    memory_mb: float = 512,
    progress: Progress = silent,
) -> NearDrives:
    """The drives of S that images are nearest to, exact.

    Parameters
    ----------
    images, owned : float32 (n, d), (m, d)
        Unit rows.
    drive : int64 (m,)
        The drive of each row of S.
    own : int64 (n,), optional
        The drive of S that each image is of, which is not listed.

    Returns
    -------
    NearDrives
        ``listed`` drives of each image, or all where there are fewer.

    Examples
    --------
    >>> S = np.eye(3, dtype=np.float32)
    >>> found = near_drives(S[[0]], S, np.array([0, 0, 1]), listed=2)
    >>> found.distance.tolist(), found.row.tolist()
    ([[0.0, 1.0]], [[0, 2]])
    """
    order = np.argsort(drive, kind="stable")
    sorted_already = np.array_equal(order, np.arange(len(order)))
    ordered = owned if sorted_already else owned[order]
    tally = NearTally(images, ordered, drive[order], own, listed=listed)
    for tile in products(images, ordered, memory_mb):
        tally.add(tile)
        if tile.columns.stop == len(owned):
            progress(tile.rows.stop, len(images))
    return tally.lists(order, metric)


class NearTally:
    """Lists that grow tile by tile of ``images @ owned.T``; ``owned`` is ordered by drive.

    They are whole once every tile of a band of rows was added, from left to right.  ``labels`` (m,)
    are the drives of ``owned``; ``own`` as for :func:`near_drives`.
    """

    def __init__(
        self,
        images: Rows,
        owned: Rows,
        labels: Ints,
        own: Ints | None = None,
        *,
        listed: int = LISTED,
        memory_mb: float = 512,
    ) -> None:
        self.labels = labels
        self._images, self._owned, self._own = images, owned, own
        self._memory_mb = memory_mb
        self._squared = np.full((len(images), listed), np.inf)
        self._row = np.full((len(images), listed), NONE)

    def add(self, tile: Tile) -> None:
        """Take in one tile; of its drives those that are nearer than the last of a list."""
        rows, columns = tile.rows, tile.columns
        squared, row = self._squared[rows], self._row[rows]
        found, at = _nearest(
            self._images[rows],
            self._owned[columns],
            self.labels[columns],
            tile.similarity,
            None if self._own is None else self._own[rows],
            squared,
        )
        at = np.where(at == NONE, NONE, columns.start + at)
        self._squared[rows], self._row[rows] = _merged(squared, row, found, at)

    def on_gpu(self) -> None:
        """Take in all of the product, here: what a GPU multiplies it keeps."""
        for tile in products(self._images, self._owned, self._memory_mb):
            self.add(tile)

    def lists(self, order: Ints, metric: Metric) -> NearDrives:
        """What was found, by rows of S, of which ``owned`` are those of ``order``."""
        row = np.where(self._row == NONE, NONE, order[self._row])
        return NearDrives(squared_to_metric(self._squared, metric).astype(np.float32), row)


def near_drives_again(
    known: NearDrives,
    image_from: Ints,
    owned_from: Ints,
    images: Rows,
    owned: Rows,
    drive: Ints,
    own: Ints | None = None,
    **how: Any,
) -> NearDrives:
    """Lists after images or S have changed: what is new is compared, and what is gone asks anew.

    Parameters
    ----------
    known : NearDrives
        Lists of then, each row of S that is still there being of the drive that it was.
    image_from, owned_from : int64 (n,), (m,)
        The row of then of each image and of each row of S, -1 where it is new or has changed.
    images, owned, drive, own, how
        As for :func:`near_drives`, which gives the same.
    """
    listed = known.row.shape[1]
    now = np.full(max(int(owned_from.max(initial=-1)), int(known.row.max(initial=-1))) + 2, NONE)
    there = np.flatnonzero(owned_from >= 0)
    now[owned_from[there]] = there
    old = known.taken(image_from)
    row = now[old.row]  # the last is that of NONE
    gone = (image_from < 0) | ((old.row != NONE) & (row == NONE)).any(axis=1)
    found = NearDrives(old.distance, row)
    new, rest = np.flatnonzero(owned_from < 0), np.flatnonzero(~gone)
    if len(new) and len(rest):
        more = near_drives(
            _part(images, rest), owned[new], drive[new], _of(own, rest), listed=listed, **how
        )
        of_new = np.where(more.row == NONE, NONE, new[more.row])
        kept = found.taken(rest)
        found.distance[rest], found.row[rest] = _merged(
            kept.distance, kept.row, more.distance, of_new
        )
    again = np.flatnonzero(gone)
    if len(again):
        fresh = near_drives(
            _part(images, again), owned, drive, _of(own, again), listed=listed, **how
        )
        found.distance[again], found.row[again] = fresh.distance, fresh.row
    return found


def _part(images: Rows, rows: Ints) -> Rows:
    """Some rows in ascending order; the matrix itself where they are all."""
    return images if len(rows) == len(images) else images[rows]


def _of(own: Ints | None, rows: Ints) -> Ints | None:
    return None if own is None else own[rows]


def _merged(
    one: NDArray[np.floating], row: Ints, other: NDArray[np.floating], of: Ints
) -> tuple[NDArray[np.floating], Ints]:
    """The nearest of two lists, as many as the first has."""
    both, rows = np.concatenate([one, other], axis=1), np.concatenate([row, of], axis=1)
    order = np.argsort(both, axis=1, kind="stable")[:, : one.shape[1]]
    return np.take_along_axis(both, order, axis=1), np.take_along_axis(rows, order, axis=1)


def _nearest(
    images: Rows,
    owned: Rows,
    drive: Ints,
    similarity: NDArray[np.float32],
    own: Ints | None,
    known: NDArray[np.float64],
) -> tuple[NDArray[np.float64], Ints]:
    """Squared distances and rows of one tile's nearest drives, (n, k), not in order.

    Those that are farther than all that is ``known``, (n, k) in order, may be left out.
    """
    starts = np.flatnonzero(np.diff(drive, prepend=drive[0] - 1))
    ends = np.append(starts[1:], len(drive))
    best = np.maximum.reduceat(similarity, starts, axis=1)
    if own is not None:
        best[own[:, None] == drive[starts]] = -np.inf
    best[best < 1 - known[:, -1:] / 2 - TIE] = -np.inf
    listed = min(known.shape[1], len(starts))
    chosen = np.argpartition(best, len(starts) - listed, axis=1)[:, len(starts) - listed :]
    asking, place = np.nonzero(np.take_along_axis(best, chosen, axis=1) > -np.inf)
    part = chosen[asking, place]
    bar = best[asking, part] - np.float32(TIE)
    pairs, columns = _contenders(similarity, asking, part, bar, starts, ends)
    apart = squared_distance_of_pairs(images, asking[pairs], owned, columns)
    # Of a drive's contenders the nearest, of equals the first.
    order = np.lexsort((columns, apart, pairs))
    first = order[np.flatnonzero(np.diff(pairs[order], prepend=-1))]
    squared = np.full((len(images), listed), np.inf)
    row = np.full((len(images), listed), NONE)
    squared[asking, place], row[asking, place] = apart[first], columns[first]
    return squared, row


def _contenders(
    similarity: NDArray[np.float32],
    asking: Ints,
    part: Ints,
    bar: NDArray[np.float32],
    starts: Ints,
    ends: Ints,
) -> tuple[Ints, Ints]:
    """Columns that may be the nearest of a drive, and the pair of image and drive that asks."""
    order = np.argsort(part, kind="stable")
    asks = np.split(order, np.flatnonzero(np.diff(part[order])) + 1) if len(order) else []
    pairs, columns = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for asked in asks:
        start, end = starts[part[asked[0]]], ends[part[asked[0]]]
        within = similarity[asking[asked], start:end] >= bar[asked, None]
        at, column = np.nonzero(within)
        pairs.append(asked[at])
        columns.append(start + column)
    return np.concatenate(pairs), np.concatenate(columns)


def _squared(distance: NDArray[np.float32], metric: Metric) -> NDArray[np.float64]:
    """Squared distances of unit rows that are so far apart."""
    wide = distance.astype(np.float64)
    return wide**2 if metric == "euclidean" else 2 * wide
