"""Whether a card holds when the run is made again: with other drives of S, a seed, an encoder.

The one idea: a card holds in a run if one card of that run shares more than half of its images,
Jaccard above 1/2 as in Hennig (2007, "Cluster-wise assessment of cluster stability", Computational
Statistics & Data Analysis 52), who calls a cluster dissolved from there down.  Two different cards
cannot both share so much with one, so a match is unique.  Overlap is counted among the images that
were gaps in the first run: what a run with fewer drives of S finds besides speaks against no card.

Drives of S are drawn with replacement, since drives and not frames are independent.  The nearest
few drives of each image are found once (:mod:`.near_drives`); a run takes the nearest one drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..coverage.criterion import Basis, Score
from ..coverage.nearest.rows import Metric, Rows, checked_rows, same_dimension
from ..coverage.verdict import Labels, drive_numbers, frame_threshold
from ..coverage.yardstick import Yardstick
from ..errors import DimensionError, InputError
from ..progress import Progress, silent
from .group import NO_GAP, SINGLE, joining_distance
from .near_drives import NearDrives, near_drives, near_drives_again

HOLDS_ABOVE = 0.5
"""Jaccard overlap above which a card is the same in another run."""

MOST_DRIVES = 256
"""Drives that are drawn one by one; of more, so many seeded groups are drawn."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Held:
    """A card holds in ``held`` of ``runs`` runs; ``overlap`` is its mean best Jaccard overlap."""

    held: int
    runs: int
    overlap: float


@dataclass(frozen=True, eq=False)
class Known:
    """What :func:`lists_of` gave of S and of U in an earlier run.

    ``owned_from`` int64 (m,) and ``pool_from`` int64 (n,): the row of then of each image of now, -1
    where it is new or has another vector.  Images of S that were there are of the drive that they
    were of.
    """

    owned: NearDrives
    pool: NearDrives
    owned_from: Ints
    pool_from: Ints


def stability(cards: ArrayLike, runs: Sequence[ArrayLike]) -> list[Held]:
    """In how many runs each card holds.

    Parameters
    ----------
    cards : int (n,)
        Card of each image of U in the run that is judged: from 0, -1 for single images and -2 for
        images that are no gap.
    runs : sequence of int (n,)
        The same for other runs; how they number their cards does not matter.

    Examples
    --------
    >>> stability([0, 0, 0, 1, 1, 1, -2], [[5, 5, 5, 5, 6, 6, 6], [0, 0, 0, -2, -2, -2, -2]])
    [Held(held=2, runs=2, overlap=0.875), Held(held=1, runs=2, overlap=0.3333333333333333)]
    """
    base = np.asarray(cards, np.int64)
    gap = base > NO_GAP
    count = int(base.max(initial=SINGLE)) + 1
    best = np.zeros((count, len(runs)))
    for at, run in enumerate(runs):
        other = np.asarray(run, np.int64)
        if other.shape != base.shape:
            raise DimensionError(f"{base.size} images, and a run of {other.size}.")
        best[:, at] = _best_overlap(base[gap], other[gap], count)
    return [
        Held(int((row > HOLDS_ABOVE).sum()), len(runs), float(row.mean()) if len(runs) else 0.0)
        for row in best
    ]


def _best_overlap(base: Ints, other: Ints, count: int) -> NDArray[np.float64]:
    """Largest Jaccard overlap of each card with a card of the other run, (count,)."""
    found = np.zeros(count)
    kept = other[other >= 0]
    if not len(kept) or not count:
        return found
    _, number = np.unique(kept, return_inverse=True)
    both = np.zeros((count, int(number.max()) + 1), np.int64)
    mine = base[other >= 0]
    np.add.at(both, (mine[mine >= 0], number[mine >= 0]), 1)
    size, width = np.bincount(base[base >= 0], minlength=count), np.bincount(number)
    return np.asarray((both / (size[:, None] + width - both)).max(axis=1))


def can_be_drawn(drives: int, basis: Basis, score: Score) -> bool:
    """Whether runs with drives of S drawn anew say anything of a coverage run's gaps."""
    return drives > 1 and basis not in ("none", "provisional") and score == "nearest"


def drawn_runs(
    owned: Rows,
    drives: Labels,
    pool: Rows,
    alpha: float,
    *,
    delta: float | None = None,
    runs: int = 20,
    seed: int = 51,
    near: tuple[NearDrives, NearDrives] | None = None,
    metric: Metric = "cosine",
    memory_mb: float = 512,
    progress: Progress = silent,
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Gaps of U in runs with drives of S drawn with replacement, and what joins them there.

    Parameters
    ----------
    owned, pool : float32 (m, d), (n, d)
        Unit rows of S and U.
    drives : m labels
        The drive of each image of S; a missing label is a drive of its own.  More than
        :data:`MOST_DRIVES` are drawn, and left out, in groups.
    alpha : float
        Level of the threshold, as in the run that is judged.  A draw holds fewer drives than S, so
        the finest level that it supports is taken where it does not support ``alpha``.
    delta : float, optional
        A threshold that was given or kept, in place of one read off each draw.
    near : lists of S and of U, optional
        What :func:`lists_of` gives, where it is known.

    Returns
    -------
    gap, scale : bool (runs, n), float64 (runs,)
        As :func:`.group.group_runs` and :func:`.group.linked_runs` take them.  A drive that was
        drawn twice weighs twice in the threshold, and is left out as one.

    Raises
    ------
    InputError
        S has one drive, or ``runs`` is below 1.
    """
    owned, pool = checked_rows("S", owned), checked_rows("U", pool)
    same_dimension("S", owned, "U", pool)
    drive = drive_numbers(drives)
    count = int(drive.max()) + 1
    if count < 2 or runs < 1:
        raise InputError(f"{runs} runs over {count} drive(s) of S; at least 1 and 2 are needed.")
    how: dict[str, Any] = {"metric": metric, "memory_mb": memory_mb}
    if near is None:
        near = lists_of(owned, drive, pool, progress=progress, **how)
    group = drive
    if count > MOST_DRIVES:
        group = np.random.default_rng(seed).permutation(count)[drive] % MOST_DRIVES
    times = _draws(min(count, MOST_DRIVES), runs, seed)
    drawn = times[:, group] > 0  # (runs, m)
    inside = _apart(owned, near[0], owned, drive, group, drawn, how, own=True)
    outside = _apart(pool, near[1], owned, drive, group, drawn, how)
    gap, scale = np.empty((runs, len(pool)), bool), np.empty(runs)
    for run in range(runs):
        own, labels = _copies(inside[run], group, times[run])
        level = max(alpha, 1 / (int(times[run].sum()) + 1))
        threshold = frame_threshold(own, labels, level) if delta is None else delta
        gap[run] = outside[run] > threshold
        scale[run] = joining_distance(Yardstick.of(own, labels))
    return gap, scale


def lists_of(
    owned: Rows,
    drives: Labels,
    pool: Rows,
    *,
    known: Known | None = None,
    outside: NearDrives | None = None,
    metric: Metric = "cosine",
    memory_mb: float = 512,
    progress: Progress = silent,
) -> tuple[NearDrives, NearDrives]:
    """What runs are drawn from: the drives of S nearest to each image of S, but its own, and of U.

    Parameters
    ----------
    owned, pool, drives
        As for :func:`drawn_runs`.
    known : Known, optional
        Lists of an earlier run on images that are there in part.
    outside : NearDrives, optional
        Those of U, where they were found with the distances.
    """
    drive = drive_numbers(drives)
    how: dict[str, Any] = {"metric": metric, "memory_mb": memory_mb}
    if known is not None:
        to = known.owned_from
        ours = near_drives_again(known.owned, to, to, owned, owned, drive, drive, **how)
        if outside is None:
            outside = near_drives_again(known.pool, known.pool_from, to, pool, owned, drive, **how)
        return ours, outside
    every = len(owned) + (len(pool) if outside is None else 0)
    how["progress"] = lambda done, _: progress(done, every)
    ours = near_drives(owned, owned, drive, drive, **how)
    if outside is None:
        how["progress"] = lambda done, _: progress(len(owned) + done, every)
        outside = near_drives(pool, owned, drive, **how)
    return ours, outside


def _draws(count: int, runs: int, seed: int) -> Ints:
    """How often each drive is there in each run, (runs, count): two drives at least are."""
    random = np.random.default_rng(seed)
    found: list[Ints] = []
    while len(found) < runs:
        times = np.bincount(random.integers(count, size=count), minlength=count)
        if (times > 0).sum() > 1:
            found.append(times)
    return np.stack(found)


def _apart(
    images: Rows,
    near: NearDrives,
    owned: Rows,
    drive: Ints,
    group: Ints,
    drawn: NDArray[np.bool_],
    how: Mapping[str, Any],
    *,
    own: bool = False,
) -> NDArray[np.float32]:
    """Distance of each image to S as it was drawn, (runs, n); of S its own group does not count.

    Images whose list does not tell are asked for a longer one.
    """
    found = np.empty((len(drawn), len(images)), np.float32)
    rows, listed = np.arange(len(images)), near.row.shape[1]
    while True:
        other = group[near.row] != group[rows, None] if own else True
        known = np.ones(len(rows), bool)
        for run, there in enumerate(drawn):
            found[run, rows], sure = near.among(there[near.row] & other, how["metric"])
            known &= sure | ~there[rows] if own else sure
        rows, listed = rows[~known], 4 * listed
        if not len(rows):
            return found
        mine = drive[rows] if own else None
        near = near_drives(images[rows], owned, drive, mine, listed=listed, **how)


def _copies(
    apart: NDArray[np.float32], group: Ints, times: Ints
) -> tuple[NDArray[np.float32], Ints]:
    """Left-out distances of a draw, and their drives: the k-th copy of one is one of its own.

    It weighs as much as any other.
    """
    rows = np.flatnonzero(times[group] > 0)
    copies = np.repeat(np.arange(len(rows)), times[group[rows]])
    first = np.flatnonzero(np.diff(copies, prepend=-1))
    copy = np.arange(len(copies)) - np.repeat(first, times[group[rows]])
    return apart[rows][copies], group[rows][copies] * (int(times.max()) + 1) + copy
