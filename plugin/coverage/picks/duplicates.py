"""Near duplicates: images so close that they count once, within a drive and across drives.

The one idea: a group is all that lies within the scale of its representative, so no chain of small
steps joins images that are far apart (frames of one drive would all become one group).  Rows are
compared with the representatives of those blocks of neighbours alone that bounds leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...progress import Progress, silent
from ..nearest.block_bounds import SLACK, Blocks, cut
from ..nearest.distances import closest
from ..nearest.rows import (
    Metric,
    Rows,
    checked_metric,
    checked_rows,
    metric_to_squared,
    pairs_within,
    squared_distance_of_pairs,
    squared_to_metric,
)
from ..verdict import Labels, drive_numbers

BLOCK = 48
"""Rows a block, that bounds are made of."""
_ROWS, _HEADS = 512, 4096  # compared at once
_ASKED = 64
"""Frames of which the other drives are looked at; of video nearly all agree."""


@dataclass(frozen=True, eq=False)
class Duplicates:
    """``group`` int64 (n,) numbers from 0, ``representatives`` int64 (g,), a row for each group."""

    group: NDArray[np.int64]
    representatives: NDArray[np.int64]


def near_duplicates(
    rows: Rows, scale: float, *, metric: Metric = "cosine", progress: Progress = silent
) -> Duplicates:
    """Group rows that are within ``scale`` of a representative; exact.

    Parameters
    ----------
    rows : float32 (n, d)
        Unit rows.
    scale : float
        In the unit of ``metric``, such as the usual distance of neighbouring frames of S; a row
        exactly that far belongs to the group.

    Returns
    -------
    Duplicates
        In the order of ``rows``, each one that no representative before it is near to represents
        itself; the others belong to the first that is.  So representatives are more than
        ``scale`` apart, and each row is within ``scale`` of its own.

    Examples
    --------
    >>> found = near_duplicates(np.eye(2, dtype=np.float32)[[0, 1, 0]], 0.1)
    >>> found.group.tolist(), found.representatives.tolist()
    ([0, 1, 0], [0, 1])
    """
    rows = checked_rows("The set", rows)
    if not scale >= 0:
        raise InputError(f"scale is {scale}; give a distance that is not negative.")
    squared = metric_to_squared(scale, metric)
    blocks = Blocks.of(rows, cut(rows, BLOCK, None))
    extent, block = blocks.extent(rows), np.repeat(np.arange(len(blocks.size)), blocks.size)
    group = np.full(len(rows), -1)
    heads: list[int] = []
    for band in _bands(blocks):
        start, stop = int(blocks.start[band.start]), blocks.rows(band.stop - 1).stop
        before = slice(0, band.stop)
        most = blocks.most(rows, extent, band, before).max(axis=0)
        may = most >= np.float32(1 - squared / 2 - SLACK)
        known = np.array(heads, np.int64)
        numbers = np.flatnonzero(may[block[known]])
        for first in range(0, len(numbers), _HEADS):
            some = numbers[first : first + _HEADS]
            open_rows = start + np.flatnonzero(group[start:stop] < 0)
            near = _within(rows, open_rows, known[some], squared)
            found = near.any(axis=1)
            group[open_rows[found]] = some[near[found].argmax(axis=1)]
        left = start + np.flatnonzero(group[start:stop] < 0)
        near = _within(rows, left, left, squared)
        for number, row in enumerate(left):
            if group[row] < 0:
                members = left[near[number]]
                group[members[group[members] < 0]] = len(heads)
                heads.append(int(row))
        progress(stop, len(rows))
    return Duplicates(group, np.array(heads))


def _bands(blocks: Blocks) -> Iterator[slice]:
    """Blocks that follow one another, of some :data:`_ROWS` rows together."""
    band = (blocks.start + blocks.size - 1) // _ROWS
    edges = [0, *(np.flatnonzero(np.diff(band)) + 1).tolist(), len(band)]
    yield from (slice(first, last) for first, last in pairwise(edges))


def _within(
    rows: Rows, i: NDArray[np.int64], j: NDArray[np.int64], squared: float
) -> NDArray[np.bool_]:
    """Which pairs are within the distance; a row is, of itself."""
    return pairs_within(rows[i], rows[j], squared) | (i[:, None] == j)


def frame_scale(
    rows: Rows,
    drives: Labels,
    order: NDArray[np.int64] | None = None,
    *,
    metric: Metric = "cosine",
) -> float:
    """How far apart neighbouring frames usually are: the median over named drives, exact.

    Neighbours that are mostly farther apart than frames of different drives are no near copies
    (key frames, or single pictures of a city that stand for a drive): then it is 0, too.

    Parameters
    ----------
    rows : float32 (m, d)
        Unit rows.
    drives : m labels
        A missing label is a drive of its own.
    order : int (m,), optional
        Sorts the rows of each drive as they were recorded; by default they are.

    Returns
    -------
    float
        In the unit of ``metric``; 0, so that only copies are alike, where no drive has two frames.

    Examples
    --------
    >>> rows = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]], np.float32)
    >>> round(frame_scale(rows, ["a", "a", "b"]), 6), frame_scale(rows, ["a", "b", "a"])
    (0.2, 0.0)
    """
    rows = checked_rows("The set", rows)
    before, after = neighbouring_frames(drives, order)
    if not len(before):
        return 0.0
    squared = squared_distance_of_pairs(rows, before, rows, after)
    if not _near_copies(rows, drive_numbers(drives), before, squared):
        return 0.0
    return float(np.median(squared_to_metric(squared, checked_metric(metric))))


def _near_copies(
    rows: Rows,
    drive: NDArray[np.int64],
    before: NDArray[np.int64],
    squared: NDArray[np.float64],
) -> bool:
    """Whether most frames, of some evenly chosen, are nearer to the next than to other drives."""
    if drive.max() == 0:
        return True
    chosen = np.unique(np.linspace(0, len(before) - 1, _ASKED).round().astype(np.int64))
    frames = before[chosen]
    elsewhere, _ = closest(rows[frames], rows, group=(drive[frames], drive))
    return bool(np.mean(squared[chosen] <= elsewhere) >= 0.5)


def neighbouring_frames(
    drives: Labels, order: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of frames of one drive and of those that follow them, each int64 (p,).

    Parameters
    ----------
    drives, order
        As for :func:`frame_scale`.

    Examples
    --------
    >>> before, after = neighbouring_frames(["a", "b", "a", "a"], np.array([3, 2, 1, 0]))
    >>> before.tolist(), after.tolist()
    ([3, 2], [2, 0])
    """
    drive = drive_numbers(drives)
    order = np.arange(len(drive)) if order is None else order
    order = order[np.argsort(drive[order], kind="stable")]
    same = np.flatnonzero(np.diff(drive[order]) == 0)
    return order[same], order[same + 1]
