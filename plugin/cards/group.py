"""Gaps in groups: two belong to one card where a chain of near images leads from one to the other.

The one idea: S says what near is.  Half of its images have one of another drive within the median
left-out distance, so two gaps no farther apart than that are as alike as two drives of one kind
usually are.  The groups are the connected components of that graph, which is single linkage cut at
one height (Hartigan 1975, "Clustering Algorithms", high-density clusters): no seed and no order of
the images takes part.  What it cannot do is part two kinds that a chain of frames in between joins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..coverage.nearest.chains import chained
from ..coverage.nearest.rows import Metric, Rows, checked_rows, metric_to_squared
from ..coverage.yardstick import Yardstick
from ..errors import InputError
from ..progress import Progress, silent

LEAST = 3
"""Images that make a card; fewer are single images."""

SINGLE = -1
"""The card of a gap that is near fewer than two others."""

NO_GAP = -2
"""The card of an image that is no gap."""


@dataclass(frozen=True, eq=False)
class Groups:
    """``card`` int64 (n,): from 0, the largest first, or :data:`SINGLE`; ``scale`` joined them."""

    card: NDArray[np.int64]
    scale: float

    @property
    def count(self) -> int:
        """How many cards there are."""
        return int(self.card.max(initial=SINGLE)) + 1

    def rows(self, card: int) -> NDArray[np.int64]:
        """Rows of a card, or of the single images."""
        return np.flatnonzero(self.card == card)


def joining_distance(yardstick: Yardstick) -> float:
    """How near two gaps are that belong together: the median left-out distance inside S.

    Examples
    --------
    >>> round(joining_distance(Yardstick.of([0.1, 0.2, 0.3])), 3)
    0.2
    """
    return float(yardstick.distance(50.0))


def group_gaps(
    gaps: Rows,
    scale: float,
    *,
    metric: Metric = "cosine",
    least: int = LEAST,
    memory_mb: float = 512,
) -> Groups:
    """Cards of gaps: connected components of the graph that joins images within ``scale``.

    Parameters
    ----------
    gaps : float32 (n, d)
        Unit rows; n may be 0.
    scale : float
        In the metric's unit (:func:`joining_distance`); images exactly that far apart are joined.
    least : int
        Images that make a card.

    Returns
    -------
    Groups
        Exact: pairs that float32 cannot tell from the scale are settled in float64.  Cards of one
        size are in the order of their first rows; the partition itself depends on no order.

    Raises
    ------
    InputError
        ``scale`` is no distance.

    Examples
    --------
    >>> angle = np.radians([0, 1, 2, 90])
    >>> rows = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    >>> group_gaps(rows, 0.001).card.tolist()
    [0, 0, 0, -1]
    """
    if not 0 <= scale <= 2:
        raise InputError(f"The scale is {scale}; a distance between unit vectors lies in 0..2.")
    if not len(gaps):
        return Groups(np.empty(0, np.int64), float(scale))
    every = np.ones((1, len(gaps)), bool)
    (card,) = group_runs(gaps, every, [scale], metric=metric, least=least, memory_mb=memory_mb)
    return Groups(card, float(scale))


def group_runs(
    images: Rows,
    gap: NDArray[np.bool_],
    scale: ArrayLike,
    *,
    metric: Metric = "cosine",
    least: int = LEAST,
    memory_mb: float = 512,
    progress: Progress = silent,
) -> list[NDArray[np.int64]]:
    """Cards of several runs at once: the images are compared with each other once for all.

    Parameters
    ----------
    images : float32 (n, d)
        Unit rows.
    gap : bool (runs, n)
        Which of them are gaps in each run.
    scale : (runs,)
        What joins them there.

    Returns
    -------
    list of int64 (n,)
        Of each run what :func:`group_gaps` says of its gaps; :data:`NO_GAP` of other images.

    Examples
    --------
    >>> images = np.eye(2, dtype=np.float32)[[0, 0, 0, 1]]
    >>> gap = np.array([[1, 1, 1, 1], [0, 1, 1, 0]], bool)
    >>> [card.tolist() for card in group_runs(images, gap, [0.1, 0.1])]
    [[0, 0, 0, -1], [-2, -1, -1, -2]]
    """
    links = linked_runs(images, gap, scale, metric=metric, memory_mb=memory_mb, progress=progress)
    return links.cards(len(images), least)


@dataclass(frozen=True, eq=False)
class Links:
    """Which gaps chains of near ones join in each of several runs.

    ``row`` int64 (g,), the images that are gaps in some run; ``label`` int64 (runs, g), equal where
    joined, :data:`NO_GAP` where an image is none in the run; ``scale`` float64 (runs,).
    """

    row: NDArray[np.int64]
    label: NDArray[np.int64]
    scale: NDArray[np.float64]

    def cards(self, count: int, least: int = LEAST) -> list[NDArray[np.int64]]:
        """What :func:`group_runs` says of so many images."""
        found = [np.full(count, NO_GAP) for _ in self.label]
        for card, label in zip(found, self.label, strict=True):
            mine = label != NO_GAP
            card[self.row[mine]] = _numbered(label[mine], least)
        return found

    def among(
        self,
        image_from: NDArray[np.int64],
        rows: NDArray[np.int64],
        gap: NDArray[np.bool_],
        scale: NDArray[np.float64],
    ) -> NDArray[np.int64]:
        """The labels of some rows of now, (runs, len(rows)), :data:`NO_GAP` where none is known.

        A run counts where its scale is the same and every gap that it had is one still: one that
        is gone may have joined others.
        """
        nothing = np.full((len(gap), len(rows)), NO_GAP)
        if self.label.shape[0] != len(gap):
            return nothing
        place = np.full(max(int(self.row.max(initial=-1)), int(image_from.max(initial=-1))) + 2, -1)
        place[self.row] = np.arange(len(self.row))
        at = place[image_from[rows]]  # the last is that of -1
        known = np.where(gap & (at >= 0), self.label[:, at], NO_GAP) if len(self.row) else nothing
        were = (self.label != NO_GAP).sum(axis=1)
        still = ((known != NO_GAP).sum(axis=1) == were) & (self.scale == scale)
        return np.where(still[:, None], known, NO_GAP)


def linked_runs(
    images: Rows,
    gap: NDArray[np.bool_],
    scale: ArrayLike,
    *,
    known: tuple[Links, NDArray[np.int64]] | None = None,
    metric: Metric = "cosine",
    memory_mb: float = 512,
    progress: Progress = silent,
) -> Links:
    """Chains of several runs, as :func:`group_runs` makes cards of.

    ``known`` are those of an earlier run, and the row of then of each image, -1 where it is new or
    has another vector: what is new is compared, with all.
    """
    rows, scales = np.flatnonzero(gap.any(axis=0)), np.asarray(scale, np.float64)
    mine = gap[:, rows]
    if not len(rows):
        return Links(rows, np.empty(mine.shape, np.int64), scales)
    before = (
        np.full(mine.shape, NO_GAP)
        if known is None
        else known[0].among(known[1], rows, mine, scales)
    )
    new = (mine & (before == NO_GAP)).any(axis=0)
    order = np.argsort(~new, kind="stable")
    label = chained(
        checked_rows("The gaps", images[rows[order]]),
        mine[:, order],
        [metric_to_squared(one, metric) for one in scales.tolist()],
        joined=_first_alike(before[:, order]),
        fresh=int(new.sum()),
        memory_mb=memory_mb,
        progress=progress,
    )
    found = np.empty_like(label)
    found[:, order] = label
    return Links(rows, np.where(mine, found, NO_GAP), scales)


def _first_alike(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """In place of each label the first place in its row that has it; of no label, its own."""
    found = np.tile(np.arange(labels.shape[1]), (len(labels), 1))
    for run, label in enumerate(labels):
        at = np.flatnonzero(label != NO_GAP)
        _, first, which = np.unique(label[at], return_index=True, return_inverse=True)
        found[run, at] = at[first][which]
    return found


def _numbered(label: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """Cards by size, then by their first row."""
    _, first, label = np.unique(label, return_index=True, return_inverse=True)
    sizes = np.bincount(label)
    order = np.lexsort((first, -sizes))
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    number[sizes < least] = SINGLE
    return number[label]
