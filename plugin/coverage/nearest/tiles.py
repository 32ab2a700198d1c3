"""The product of two sets of unit rows, in tiles that fit the memory, by numpy's BLAS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from .rows import Rows
from .segments import LONGEST, Index, Tile, peaks_of, segments

Product = Callable[[Rows, slice], NDArray[np.float32]]

QUERIES_AT_ONCE = 1024
"""Rows of a tile: enough for full BLAS speed, few enough for wide tiles."""
MOST_CELLS = 1 << 23
"""Of a tile, 32 MB of products: no faster where it is larger."""
_BYTES_PER_CELL = 7  # a float32 product, its peaks, and what is read again


class Reduction(Protocol):
    """What else is read off the product, such as :class:`..support.SupportTally`.

    ``labels`` (m,) of the references, equal ones in a row, keep segments to whole runs or to one.
    """

    labels: Index

    def add(self, tile: Tile) -> None:
        """Take in one tile, which is left as it was."""
        ...

    def on_gpu(self) -> None:
        """Take in the whole product, on a GPU."""
        ...


def products(
    queries: Rows,
    references: Rows,
    memory_mb: float,
    labels: Index | None = None,
    *,
    above: bool = False,
) -> Iterator[Tile]:
    """Tiles of ``queries @ references.T``, each valid until the next.

    The tiles of a band of rows follow one another from left to right.  ``labels`` (m,) of the
    references keep segments to parts of one run of equal labels, or to several whole runs.
    ``above`` leaves out what lies left of the diagonal's tiles, which of a set with itself is there
    on their right; there a segment may be cut.
    """
    if not memory_mb > 0:
        raise InputError(f"memory_mb is {memory_mb}; give a positive number of megabytes.")
    product = _matrix_product(references)
    n, m = len(queries), len(references)
    cells = min(max(int(memory_mb * 1e6 / _BYTES_PER_CELL), 1), MOST_CELLS)
    high = min(n, QUERIES_AT_ONCE, cells)
    wide = max(min(m, cells // high), 1)
    starts = segments(m, labels, min(LONGEST, wide))
    for top in range(0, n, high):
        rows = slice(top, min(top + high, n))
        for columns, own in _parts(starts, top if above else 0, m, wide):
            similarity = product(queries[rows], columns)
            yield Tile(rows, columns, similarity, own, peaks_of(similarity, own))


def _parts(starts: Index, first: int, count: int, wide: int) -> Iterator[tuple[slice, Index]]:
    """Columns from the first on, as many whole segments as fit, and where these begin in them."""
    edges = np.concatenate([[first], starts[starts > first], [count]])
    at = 0
    while edges[at] < count:
        end = int(np.searchsorted(edges, edges[at] + wide, side="right")) - 1
        yield slice(int(edges[at]), int(edges[end])), edges[at:end] - edges[at]
        at = end


def _matrix_product(references: Rows) -> Product:
    """``(queries, columns) -> queries @ references[columns].T`` into one buffer."""
    buffer = np.empty(0, np.float32)

    def product(queries: Rows, columns: slice) -> NDArray[np.float32]:
        nonlocal buffer
        shape = len(queries), columns.stop - columns.start
        if buffer.size < shape[0] * shape[1]:
            buffer = np.empty(shape[0] * shape[1], np.float32)  # once: fresh pages are slow
        out = buffer[: shape[0] * shape[1]].reshape(shape)
        return np.matmul(queries, references[columns].T, out=out)

    return product
