"""The largest similarity of each row within each stretch of columns, and what that settles.

The one idea: one pass over a tile of the product takes the maximum of each segment, some hundreds
of columns of one drive.  Who is nearest, which drives are within a radius and what a group leaves
out is asked of these maxima; the tile is read again only in the few segments that hold something.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .rows import Rows

LONGEST = 512
"""Columns of a segment at most: few enough to be read again, enough for a fast maximum."""

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Tile:
    """A part of ``queries @ references.T``.

    ``similarity`` float32 (h, w) is that of ``rows`` and ``columns``, in segments that begin at
    ``starts`` (s,), the first at 0; ``peaks`` float32 (h, s) is the largest of each row in each.
    """

    rows: slice
    columns: slice
    similarity: Rows
    starts: Index
    peaks: Rows


def segments(count: int, labels: Index | None = None, longest: int = LONGEST) -> Index:
    """First of the columns of each segment: part of one run of equal labels, or whole runs.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 2, 2, 2])
    >>> segments(7, labels, longest=2).tolist(), segments(7, labels, longest=4).tolist()
    ([0, 1, 3, 4, 5], [0, 4])
    """
    if labels is None or not np.equal(labels[1:], labels[:-1]).any():
        return np.arange(0, count, longest)
    edges = np.flatnonzero(np.diff(labels, prepend=labels[0] - 1, append=labels[-1] - 1))
    starts: list[int] = []
    held = longest
    for first, end in pairwise(edges.tolist()):
        length = end - first
        if held + length <= longest:
            held += length
            continue
        parts = -(-length // longest)
        starts += [first + length * part // parts for part in range(parts)]
        held = length if parts == 1 else longest
    return np.array(starts)


def peaks_of(similarity: Rows, starts: Index) -> Rows:
    """The largest of each row in each segment of columns, (h, s)."""
    return np.asarray(np.maximum.reduceat(similarity, starts, axis=1))


def peaks_of_columns(similarity: Rows, starts: Index) -> Rows:
    """The largest of each column in each segment of rows, (w, s)."""
    ends = np.append(starts[1:], len(similarity))
    parts = zip(starts.tolist(), ends.tolist(), strict=True)
    return np.stack([similarity[first:end].max(axis=0) for first, end in parts], axis=1)


def hide_own(similarity: Rows, starts: Index, peaks: Rows, asking: Index, asked: Index) -> None:
    """Let rows have nothing (-inf) in common with the columns of their own group.

    ``asking`` (h,) and ``asked`` (w,) are the groups of rows and columns.  The peaks say so, and
    the cells themselves in segments of several groups, of which there are few where groups follow
    one another.
    """
    low, high = np.minimum.reduceat(asked, starts), np.maximum.reduceat(asked, starts)
    peaks[(asking[:, None] == low) & (low == high)] = -np.inf
    ends = np.append(starts[1:], len(asked))
    mixed = (low < high) & (low <= asking.max()) & (high >= asking.min())
    for segment in np.flatnonzero(mixed):
        which = slice(int(starts[segment]), int(ends[segment]))
        cells = similarity[:, which]
        cells[asking[:, None] == asked[which]] = -np.inf
        peaks[:, segment] = cells.max(axis=1)


def cells_of(
    similarity: Rows, starts: Index, row: Index, segment: Index
) -> tuple[Rows, Index, NDArray[np.bool_]]:
    """What some rows have in some segments.

    Returns
    -------
    cells, first, inside
        Float32 (p, longest) of consecutive columns, the first of these (p,), and which cells are of
        the segment.
    """
    width = similarity.shape[1]
    ends = np.append(starts[1:], width)
    longest = int((ends - starts).max())
    first = np.minimum(starts[segment], width - longest)
    cells = sliding_window_view(similarity.reshape(-1), longest)[row * width + first]
    place = np.arange(longest)
    inside = place >= (starts[segment] - first)[:, None]
    inside &= place < (ends[segment] - first)[:, None]
    return cells, first, inside
