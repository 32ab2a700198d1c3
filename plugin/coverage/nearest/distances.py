"""Exact nearest distances between two sets of embeddings, and inside one.

A chunked matrix product in the fastest BLAS at hand (numpy's, or a GPU's where torch is loaded and
sees one) names the contenders; the winner among them is settled in float64.  Where rows follow one
another as frames do, bounds leave most of the product out (:mod:`.blocks`).  Nothing is
approximate: the covering radius is a maximum, which finds every miss of an approximate index.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import DimensionError, EmptySetError, InputError
from ...progress import Progress, silent
from .blocks import closest_by_blocks, plan
from .contenders import settle
from .rows import (
    Metric,
    Rows,
    checked_metric,
    checked_rows,
    same_dimension,
    squared_to_metric,
)

Tile = Callable[[slice, slice, NDArray[np.float32]], None]

_BYTES_PER_CELL = 7  # a float32 product, its boolean mask, and what falls off on the way
_QUERIES_AT_ONCE = 512  # enough rows for full BLAS speed, few enough for wide reference tiles


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
    also: Tile | None = None,
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
    also : callable, optional
        Called with (rows, columns, similarity) of each tile of the product, another reduction of
        it such as :meth:`..support.SupportTally.add`; it leaves the tile as it was.
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
    squared, index = closest(queries, references, memory_mb=memory_mb, also=also, progress=progress)
    return Nearest(squared_to_metric(squared, metric).astype(np.float32), index)


def leave_one_out(
    S: Rows,
    *,
    sequences: Sequence[Hashable] | NDArray | None = None,
    metric: Metric = "cosine",
    memory_mb: float = 512,
    progress: Progress = silent,
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
    squared, _ = closest(S, S, group=group, memory_mb=memory_mb, progress=progress)
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
    also: Tile | None = None,
    progress: Progress = silent,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Squared Euclidean distance to, and index of, the nearest reference; inputs are trusted.

    With ``group`` (of both, or one of the queries and one of the references), members of the
    query's own group do not count.
    """
    if also is None and not isinstance(group, tuple) and not _on_gpu():
        how = plan(queries, references, group=group, memory_mb=memory_mb)
        if how is not None:
            return closest_by_blocks(
                queries, references, how, group=group, memory_mb=memory_mb, progress=progress
            )
    asking, asked = group if isinstance(group, tuple) else (group, group)
    squared = np.full(len(queries), np.inf)
    index = np.zeros(len(queries), np.int64)
    numbers = np.arange(len(references))
    for rows, columns, similarity in products(queries, references, memory_mb):
        if also is not None:
            also(rows, columns, similarity)
        if asking is not None and asked is not None:
            similarity[asking[rows, None] == asked[columns]] = -np.inf
        settle(
            queries[rows],
            references[columns],
            numbers[columns],
            similarity,
            squared[rows],  # a view, as the next: what is written there is kept
            index[rows],
        )
        if columns.stop == len(references):
            progress(rows.stop, len(queries))
    return squared, index


def products(
    queries: Rows, references: Rows, memory_mb: float, *, above: bool = False
) -> Iterator[tuple[slice, slice, NDArray[np.float32]]]:
    """Tiles of ``queries @ references.T`` with their rows and columns, each valid until the next.

    The tiles of a band of rows follow one another from left to right.  ``above`` leaves out what
    lies left of the diagonal's tiles, which of a set with itself is there on their right.
    """
    product = _matrix_product(references)
    for rows, columns in _tiles(len(queries), len(references), memory_mb, above):
        yield rows, columns, product(queries[rows], columns)


def _tiles(n: int, m: int, memory_mb: float, above: bool) -> Iterator[tuple[slice, slice]]:
    """Rectangles of the n x m products that fit the memory, all columns of a row band in a row."""
    if not memory_mb > 0:
        raise InputError(f"memory_mb is {memory_mb}; give a positive number of megabytes.")
    cells = max(int(memory_mb * 1e6 / _BYTES_PER_CELL), 1)
    high = min(n, _QUERIES_AT_ONCE, cells)
    wide = max(min(m, cells // high), 1)
    for top in range(0, n, high):
        for left in range(top if above else 0, m, wide):
            yield slice(top, min(top + high, n)), slice(left, min(left + wide, m))


def _matrix_product(references: Rows) -> Callable[[Rows, slice], NDArray[np.float32]]:
    """``(queries, columns) -> queries @ references[columns].T`` by the fastest BLAS at hand."""
    if _on_gpu():
        return _torch_product(references, "cuda")
    buffer = np.empty(0, np.float32)

    def product(queries: Rows, columns: slice) -> NDArray[np.float32]:
        nonlocal buffer
        shape = len(queries), columns.stop - columns.start
        if buffer.size < shape[0] * shape[1]:
            buffer = np.empty(shape[0] * shape[1], np.float32)  # once: fresh pages are slow
        out = buffer[: shape[0] * shape[1]].reshape(shape)
        return np.matmul(queries, references[columns].T, out=out)

    return product


def _on_gpu() -> bool:
    """Whether the program has loaded torch already, and torch sees a GPU.

    Importing it for this alone costs more than it saves.
    """
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda.is_available())


def _torch_product(references: Rows, device: str) -> Callable[[Rows, slice], NDArray[np.float32]]:
    """The same product on a torch device, in full float32: TF32 keeps ten bits, ours need 23."""
    import torch

    def product(queries: Rows, columns: slice) -> NDArray[np.float32]:
        precision = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            left, right = (
                torch.tensor(part, device=device) for part in (queries, references[columns])
            )
            return (left @ right.T).cpu().numpy()
        finally:
            torch.set_float32_matmul_precision(precision)

    return product
