"""Nearest references by bounds on blocks of rows, where rows follow one another as frames do.

The one idea: of all pairs of blocks the bounds of :mod:`.block_bounds` leave few, of the rows in
those fewer still, and only what is left is computed in full, as in the product.  A sample says
beforehand whether that pays.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...progress import Progress, silent
from .block_bounds import (
    COMPONENTS,
    FITTED,
    ROWS_AT_ONCE,
    SLACK,
    Band,
    Blocks,
    Group,
    References,
    Space,
    Whole,
    cut,
    leading,
    rows_of,
)
from .contenders import settle
from .owned_probe import spread
from .rows import Rows

LEAST_WORK = 1e12
"""Multiply-adds below which the whole product is over before a plan would pay."""

_SIZES = {0.035: (48, 24), 0.06: (32, 16), 0.2: (16, 16)}
# Rows a block of queries and of references, where |e_u| |e_s| is typically below that; it is 0.94
# for isotropic rows, and rules nothing out from 0.2 on.
_SHORT = 16  # rows a block where that is measured
_WORTH = 0.7  # expected share of the product's time from which blocks are not worth it
_SAMPLE = 8, 128  # blocks of queries and of references that a plan is made from
_BAND = 128  # blocks of queries multiplied at once: full BLAS speed
_AT_ONCE = 2048  # blocks of references bounded row by row at once
_COLUMNS = 2048  # references that some queries are compared with at once
_MANY = 0.75  # share of blocks from which the whole product costs less than bounds on their rows
_CELL = 4  # bytes

Nearest = tuple[NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True)
class Plan:
    """Rows a block of queries and of references."""

    queries: int
    references: int


def plan(
    queries: Rows, references: Rows, *, group: Group = None, memory_mb: float = 512
) -> Plan | None:
    """How to find the nearest by blocks; None where the whole product is expected to be as fast.

    A sample of blocks meets a sample of blocks, with the true nearest of the sampled queries.

    Parameters
    ----------
    queries, references : float32 (n, d), (m, d)
        Unit rows; frames of a drive follow one another.
    group : int64 (m,), optional
        As :func:`.distances.closest` has it.
    memory_mb : float
        Upper limit of the working memory.

    Examples
    --------
    >>> few = np.eye(3, dtype=np.float32)
    >>> plan(few, few) is None
    True
    """
    n, m, d = len(queries), len(references), queries.shape[1]
    if float(n) * m * d < LEAST_WORK:
        return None
    rest = _extent(queries) * _extent(references)
    high, wide = next((size for most, size in _SIZES.items() if rest < most), (0, 0))
    if not high or not _blocks_at_once(m, d, high, wide, memory_mb):
        return None
    cost = _expected(queries, references, group, high, wide)
    worth = _WORTH / 2 if queries is references else _WORTH  # half of the product does
    return Plan(high, wide) if cost < worth else None


def closest_by_blocks(
    queries: Rows,
    references: Rows,
    plan: Plan,
    *,
    group: Group = None,
    memory_mb: float = 512,
    progress: Progress = silent,
) -> Nearest:
    """What :func:`.distances.closest` gives, the same to the last bit, whatever the plan.

    Parameters
    ----------
    queries, references : float32 (n, d), (m, d)
        Unit rows, checked before.

    Returns
    -------
    squared, index : float64 (n,), int64 (n,)

    Examples
    --------
    >>> S = np.eye(3, dtype=np.float32)
    >>> closest_by_blocks(S[[2, 0]], S, Plan(2, 2))[1].tolist()
    [2, 0]
    """
    n, d = queries.shape
    squared, index = np.full(n, np.inf), np.zeros(n, np.int64)
    blocks = Blocks.of(references, cut(references, plan.references, group))
    basis = leading(references, blocks)
    known = References.of(references, blocks, basis, group)
    start = cut(queries, plan.queries, group)
    step = max(_blocks_at_once(len(references), d, plan.queries, plan.references, memory_mb), 1)
    space = Space()
    for first in range(0, len(start), step):
        top = int(start[first])
        end = int(start[first + step]) if first + step < len(start) else n
        part = slice(top, end)
        band = Band(queries[part], start[first : first + step] - top, known, basis, space)
        own = None if group is None else group[part]
        late = [
            np.arange(end - top)[band.blocks.rows(number)]
            for number in range(len(band.blocks.start))
            if not _find(band, number, own, squared[part], index[part])
        ]
        if late:
            _compare(band, np.concatenate(late), own, squared[part], index[part])
        progress(end, n)
    return squared, index


def _find(
    band: Band,
    number: int,
    own: Group,
    squared: NDArray[np.float64],
    index: NDArray[np.int64],
) -> bool:
    """The nearest references of one block of queries; False where bounds leave too many."""
    known, rows = band.known, band.blocks.rows(number)
    block, group = band.queries[rows], None if own is None else own[rows]
    bounds = band.bounds(number)
    if group is not None and known.group is not None and (group == group[0]).all():
        bounds[:, known.group == group[0]] = -np.inf
    likely = np.unique(bounds.argmax(axis=1))
    bar = known.reached(block, band.row_bounds(number, likely), likely, group) - SLACK
    near = np.flatnonzero((bounds >= bar[:, None]).any(axis=0))
    if len(near) > _MANY * len(known.slots):
        return False
    for start in range(0, len(near), _AT_ONCE):
        some = near[start : start + _AT_ONCE]
        slots = (band.row_bounds(number, some) >= bar[:, None]).any(axis=0)
        survivors = np.unique(known.slots[some].ravel()[slots])
        if len(survivors):
            references, similarity = known.similarity(block, survivors, group)
            settle(block, references, survivors, similarity, squared[rows], index[rows])
    return True


def _compare(
    band: Band,
    late: Whole,
    own: Group,
    squared: NDArray[np.float64],
    index: NDArray[np.int64],
) -> None:
    """The nearest references of some queries of a band, by the whole product."""
    numbers = np.arange(len(band.known.rows))
    for start in range(0, len(late), ROWS_AT_ONCE):
        some = late[start : start + ROWS_AT_ONCE]
        queries, group = band.queries[some], None if own is None else own[some]
        best, winner = squared[some], index[some]
        for first in range(0, len(numbers), _COLUMNS):
            which = slice(first, first + _COLUMNS)
            references, similarity = band.known.similarity(queries, which, group)
            settle(queries, references, numbers[which], similarity, best, winner)
        squared[some], index[some] = best, winner


def _extent(rows: Rows) -> float:
    """Typical length of what is left of a row, of a few blocks."""
    lengths = []
    for first in spread(max(len(rows) - _SHORT, 1), _SAMPLE[1]):
        block = rows[first : first + _SHORT]
        lengths.append(np.linalg.norm(block - block.mean(axis=0), axis=1).mean())
    return float(np.median(lengths))


def _blocks_at_once(m: int, d: int, high: int, wide: int, memory_mb: float) -> int:
    """Blocks of queries in a band; 0 where not even eight fit into the memory."""
    count = m / wide
    kept = m * (COMPONENTS + 5) * 2 + count * d
    sample = 3 * d * max(min(FITTED * wide, m), ROWS_AT_ONCE)
    sample += 2 * ROWS_AT_ONCE * min(_COLUMNS, m)
    one = 3 * m + 2 * high * count + high * (d + COMPONENTS)
    least = min(_AT_ONCE, count) * wide * (COMPONENTS + 2 * high) + sample
    fit = int((memory_mb * 1e6 / _CELL - kept - least) / one)
    return min(fit, _BAND) if fit >= _SAMPLE[0] else 0


def _expected(queries: Rows, references: Rows, group: Group, high: int, wide: int) -> float:
    """The share of the product's cost that blocks of these sizes are expected to have."""
    (n, d), m = queries.shape, len(references)
    start = cut(references, wide, group)
    which = spread(len(start), _SAMPLE[1])
    rows, at, numbers = rows_of(references, start, which)
    blocks = Blocks.of(rows, at)
    basis = leading(rows, blocks)
    known = References.of(rows, blocks, basis, None if group is None else group[numbers])
    start = cut(queries, high, group)
    asked, at, numbers = rows_of(queries, start, spread(len(start), _SAMPLE[0]))
    band = Band(asked, at, known, basis, Space())
    bar = np.full((len(asked), 1), -np.inf, np.float32)
    for first in range(0, m, _COLUMNS):
        columns = slice(first, first + _COLUMNS)
        similarity = asked @ references[columns].T
        if group is not None:
            similarity[group[numbers][:, None] == group[columns]] = -np.inf
        np.maximum(bar, similarity.max(axis=1, keepdims=True), out=bar)
    bar -= SLACK
    near, survive = [], []
    for number in range(len(at)):
        mine = band.blocks.rows(number)
        bounds = band.bounds(number) >= bar[mine]
        some = np.flatnonzero(bounds.any(axis=0))
        slots = (band.row_bounds(number, some) >= bar[mine]).any(axis=0)
        near.append(len(some) / len(which))
        survive.append(np.count_nonzero(slots) / known.slots.size)
    shares = float(np.mean(near)), float(np.mean(survive))
    return _cost(n, m, d, high, wide, *shares, _threads())


def _cost(
    n: int, m: int, d: int, high: int, wide: int, near: float, survive: float, threads: int
) -> float:
    """Time beside the whole product's; constants are multiply-adds at one thread's full speed.

    The products of a band use all threads of the BLAS, what follows block by block does not.
    """
    banded = d * (1.4 / high + 1 / wide) + 120 / wide
    alone = near * (5 * COMPONENTS + 350) + survive * d * (2.5 + 35 / high) + 50 / high
    alone += 12e6 / (high * m)  # the calls of one block, some 150 microseconds
    alone += 400 * d * (1 / n + 1 / m)
    return float((banded + threads * alone) / d)


def _threads() -> int:
    """Threads that a BLAS uses by default."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        if os.environ.get(name, "").isdigit():
            return max(int(os.environ[name]), 1)
    return os.cpu_count() or 1
