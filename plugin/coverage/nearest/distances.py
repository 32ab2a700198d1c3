"""Exact nearest distances between two sets of embeddings, and inside one.

A matrix product in tiles (:mod:`.tiles`) names the contenders; the winner among them is settled in
float64.  Where rows follow one another as frames do, bounds leave most of the product out
(:mod:`.blocks`); a set with itself takes half of the product (:mod:`.within`), a GPU all of it in
half precision (:mod:`.gpu`).  Nothing is approximate: the covering radius is a maximum, which
finds every miss of an approximate index.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.engine import LOCAL, Engine, gathered
from ...errors import DimensionError, EmptySetError
from ...progress import Progress, silent
from .blocks import closest_by_blocks, plan
from .contenders import settle
from .gpu.bands import worth_a_gpu
from .gpu.closest import closest_on_gpu
from .rows import (
    Metric,
    Rows,
    checked_metric,
    checked_rows,
    same_dimension,
    squared_to_metric,
)
from .segments import hide_own
from .tiles import Reduction, products
from .within import closest_within


@dataclass(frozen=True)
class Nearest:
    """``distance`` (n,) float32 in the metric's unit and ``index`` (n,) int64 of the nearest."""

    distance: NDArray[np.float32]
    index: NDArray[np.int64]


def nearest_distance(
    queries: Rows,
    references: Rows,
    *,
    metric: Metric = "cosine",
    memory_mb: float = 512,
    also: Reduction | None = None,
    engine: Engine = LOCAL,
    progress: Progress = silent,
) -> Nearest:
    """Distance of each query to its closest reference, exact.

    Parameters
    ----------
    queries, references : float32 (n, d), (m, d)
        Unit rows.  Neither ``n`` nor ``m`` may be 0.
    metric : {"cosine", "euclidean"}
        ``1 - cos``, or the Euclidean distance of the unit rows; both in 0..2.
    memory_mb : float
        Upper limit of the working memory, beyond the inputs, the result and some 4 MB.
    also : Reduction, optional
        Another reduction of the product, such as :class:`..support.SupportTally`; here, whatever
        the engine.
    engine : Engine
        Where shards of the queries are compared; the result is the same to the last bit.
    progress : callable
        Called with (queries done, n) after each chunk.

    Returns
    -------
    Nearest
        ``distance`` (n,) float32, ``index`` (n,) int64 into ``references``.  Each distance is
        that of the named pair, computed in float64 by the difference: equal rows give exactly 0.
        Ties go to the lowest index.  References whose inner products with the query lie within
        1e-6 of the largest are all settled in float64, so no other reference is nearer.

    Raises
    ------
    EmptySetError
        A set has no row: there is nothing to be near to.
    DimensionError, NotFiniteError, InputError
        Shapes, values or parameters that cannot be used; rows that are not unit vectors.

    Examples
    --------
    >>> import numpy as np
    >>> S = np.eye(3, dtype=np.float32)
    >>> found = nearest_distance(S[[2, 0]], S)
    >>> found.index.tolist(), found.distance.tolist()
    ([2, 0], [0.0, 0.0])
    """
    queries = checked_rows("The query set", queries)
    references = checked_rows("The reference set", references)
    same_dimension("The query set", queries, "the reference set", references)
    metric = checked_metric(metric)
    squared, index = closest(
        queries,
        references,
        memory_mb=memory_mb,
        also=() if also is None else (also,),
        engine=engine,
        progress=progress,
    )
    return Nearest(squared_to_metric(squared, metric).astype(np.float32), index)


def leave_one_out(
    S: Rows,
    *,
    sequences: Sequence[Hashable] | NDArray | None = None,
    metric: Metric = "cosine",
    memory_mb: float = 512,
) -> NDArray[np.float32]:
    """Distance of each sample of S to its nearest other sample: how dense S itself is.

    Parameters
    ----------
    S : float32 (m, d)
        Unit rows, at least two.
    sequences : m labels, optional
        The drive each sample comes from.  Where two sequences or more are named, the nearest
        sample of *another* sequence counts, because neighbouring frames of one drive are
        near-copies.  A missing label (None, NaN or "") is a sequence of its own.

    Returns
    -------
    float32 (m,)
        In the metric's unit.

    Raises
    ------
    EmptySetError
        Fewer than two samples: nothing is left when one is taken out.

    Examples
    --------
    >>> import numpy as np
    >>> S = np.eye(2, dtype=np.float32)[[0, 0, 1]]
    >>> leave_one_out(S).tolist()
    [0.0, 0.0, 1.0]
    >>> leave_one_out(S, sequences=["a", "a", "b"]).tolist()
    [1.0, 1.0, 1.0]
    """
    S = checked_rows("S", S)
    metric = checked_metric(metric)
    if len(S) < 2:
        raise EmptySetError("S has one sample, so none is left when it is taken out; give δ.")
    group = sequence_numbers(sequences, len(S))
    if group is None:
        group = np.arange(len(S))
    squared, _ = closest(S, S, group=group, memory_mb=memory_mb)
    return squared_to_metric(squared, metric).astype(np.float32)


def sequence_numbers(
    sequences: Sequence[Hashable] | NDArray | None, count: int
) -> NDArray[np.int64] | None:
    """One number a sample, equal where the sequence is; None where fewer than two are named."""
    if sequences is None:
        return None
    if len(sequences) != count:
        raise DimensionError(f"S has {count} samples and {len(sequences)} sequence labels.")
    numbers: dict[Hashable, int] = {}
    group = np.empty(count, np.int64)
    for position, label in enumerate(sequences):
        missing = label is None or label == "" or label != label  # only NaN differs from itself
        group[position] = -1 - position if missing else numbers.setdefault(label, len(numbers))
    return group if len(numbers) >= 2 else None


def closest(
    queries: Rows,
    references: Rows,
    *,
    group: NDArray[np.int64] | tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
    memory_mb: float = 512,
    also: Sequence[Reduction] = (),
    engine: Engine = LOCAL,
    progress: Progress = silent,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Squared Euclidean distance to, and index of, the nearest reference; inputs are trusted.

    With ``group`` (of both, or one of the queries and one of the references), members of the
    query's own group do not count.  Reductions that go ``also`` have the same labels.

    How the rows are cut, and by whom multiplied, shows in no bit: whoever a product could name as
    the nearest is within 1e-6 of the largest similarity, and among these the pairs decide, each in
    float64 by itself, and the lowest index where they tie.  A GPU adds up in another order: it
    names the same references, and its distances may differ in the last bits of float64.
    """
    if engine.cuts and not also:
        return _by_shards(engine, queries, references, group, memory_mb, progress)
    if worth_a_gpu(queries, references):
        for each in also:
            each.on_gpu()
        return closest_on_gpu(queries, references, group=group, progress=progress)
    if not also and not isinstance(group, tuple):
        how = plan(queries, references, group=group, memory_mb=memory_mb)
        if how is not None:
            return closest_by_blocks(
                queries, references, how, group=group, memory_mb=memory_mb, progress=progress
            )
    if not also and queries is references and isinstance(group, np.ndarray):
        found = closest_within(references, group, memory_mb=memory_mb, progress=progress)
        if found is not None:
            return found
    asking, asked = group if isinstance(group, tuple) else (group, group)
    squared = np.full(len(queries), np.inf)
    index = np.zeros(len(queries), np.int64)
    numbers = np.arange(len(references))
    labels = also[0].labels if also else asked
    for tile in products(queries, references, memory_mb, labels):
        rows, columns = tile.rows, tile.columns
        for each in also:
            each.add(tile)
        if asking is not None and asked is not None:
            hide_own(tile.similarity, tile.starts, tile.peaks, asking[rows], asked[columns])
        settle(
            queries[rows],
            references[columns],
            numbers[columns],
            tile.similarity,
            squared[rows],  # a view, as the next: what is written there is kept
            index[rows],
            (tile.starts, tile.peaks),
        )
        if columns.stop == len(references):
            progress(rows.stop, len(queries))
    return squared, index


def _by_shards(
    engine: Engine,
    queries: Rows,
    references: Rows,
    group: Any,
    memory_mb: float,
    progress: Progress,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    size = float(queries.itemsize * queries.shape[1])
    if group is None:
        found = gathered(
            engine,
            _of_shard,
            [queries],
            [references, memory_mb],
            bytes_a_row=size,
            progress=progress,
        )
    else:
        asking, asked = group if isinstance(group, tuple) else (group, group)
        found = gathered(
            engine,
            _apart_of_shard,
            [queries, asking],
            [references, asked, memory_mb],
            bytes_a_row=size,
            progress=progress,
        )
    return found[0], found[1]


def _of_shard(
    queries: Rows, references: Rows, memory_mb: float, progress: Progress = silent
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return closest(queries, references, memory_mb=memory_mb, progress=progress)


def _apart_of_shard(
    queries: Rows,
    asking: NDArray[np.int64],
    references: Rows,
    asked: NDArray[np.int64],
    memory_mb: float,
    progress: Progress = silent,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    groups = asking, asked
    return closest(queries, references, group=groups, memory_mb=memory_mb, progress=progress)
