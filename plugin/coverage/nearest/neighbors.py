"""k nearest neighbours in embedding space, the graph that UMAP is fitted to.

Exact up to a fixed amount of work, by an inverted file beyond it (Sivic and Zisserman 2003): the
references are shared out among centres, and a query is compared with those of the centres nearest
to it.  It is searched a centre at a time, one product for all its queries, which is many times
faster than a query at a time (faiss, ``contrib/big_batch_search.py``), and :mod:`.kept` keeps the
nearest.  A distance that only shapes a picture may be approximate; a covering radius may not, and
does not come from here.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...progress import Progress, silent

Array = NDArray[Any]

EXACT_WORK = 2e11
"""Multiply-adds up to which the search is exact: 16,000 points of 768 dimensions."""
LOOKED_AT = 0.03
"""Share of the centres whose references a query is compared with."""
FEWEST_LOOKED_AT = 10
BATCH = 4096
File = tuple[Array, list[Array]]
"""Centres float32 (c, d), and the rows of the references that are nearest to each."""


def nearest(
    references: Array,
    queries: Array,
    k: int,
    *,
    exact: bool | None = None,
    seed: int = 51,
    progress: Progress = silent,
) -> tuple[Array, Array]:
    """Squared Euclidean distances float32 (q, k) and rows int64 (q, k), closest first.

    On unit rows half the squared distance is the cosine distance.  ``references`` (n, d) and
    ``queries`` (q, d) are float32, ``k`` at most n.  Unless ``exact`` is given, the search is while
    ``n * q * d`` is at most :data:`EXACT_WORK`.
    """
    if exact is None:
        exact = is_exact(references, len(queries))
    file = None if exact else inverted_file(references, seed)
    return looked_up(queries, references, file, k, progress)


def is_exact(references: Array, queries: int) -> bool:
    """Whether a search of so many queries compares each with all references."""
    return float(references.size) * queries <= EXACT_WORK


def looked_up(
    queries: Array, references: Array, file: File | None, k: int, progress: Progress = silent
) -> tuple[Array, Array]:
    """As :func:`nearest`, by an inverted file of the references where there is one."""
    if file is None:
        distance, row = _exact(references, queries, k, progress)
    else:
        distance, row = _in_file(queries, references, file, k, progress)
        short = np.flatnonzero((row < 0).any(axis=1))  # too few points by the centres looked at
        if len(short):
            distance[short], row[short] = _exact(references, queries[short], k)
    return np.maximum(distance, 0), row


def _exact(
    references: Array, queries: Array, k: int, progress: Progress = silent
) -> tuple[Array, Array]:
    import faiss

    base = np.ascontiguousarray(references, dtype=np.float32)
    distance = np.empty((len(queries), k), np.float32)
    row = np.empty((len(queries), k), np.int64)
    for start in range(0, len(queries), BATCH):
        part = np.ascontiguousarray(queries[start : start + BATCH], dtype=np.float32)
        distance[start : start + BATCH], row[start : start + BATCH] = faiss.knn(part, base, k)
        progress(min(start + BATCH, len(queries)), len(queries))
    return distance, row


def inverted_file(references: Array, seed: int = 51) -> File:
    """Centres of references float32 (n, d), and the rows that each has."""
    import faiss

    n, d = references.shape
    # Few points a centre, and at least one, so that faiss neither reads all nor warns.
    few: dict[str, Any] = {"max_points_per_centroid": 32, "min_points_per_centroid": 1}
    means: Any = faiss.Kmeans(d, min(n, int(2 * np.sqrt(n))), niter=2, seed=seed, **few)
    means.train(np.ascontiguousarray(references, dtype=np.float32))
    centres: Array = means.centroids
    return centres, _grouped(_exact(centres, references, 1)[1], len(centres))


def _in_file(
    queries: Array, references: Array, file: File, k: int, progress: Progress
) -> tuple[Array, Array]:
    """As :func:`nearest`; row -1 where fewer than k references were looked at."""
    from .kept import keep_nearest

    centres, held = file
    looked_at = min(len(centres), max(FEWEST_LOOKED_AT, int(LOOKED_AT * len(centres))))
    asking = _grouped(_exact(centres, queries, looked_at)[1], len(centres))
    distance = np.full((len(queries), k), np.inf, np.float32)
    row = np.full((len(queries), k), -1, np.int64)
    with ThreadPoolExecutor(1) as beside:  # one product is looked through while the next is made
        last = beside.submit(lambda: None)
        for done, (among, asked) in enumerate(zip(held, asking, strict=True)):
            progress(done, len(centres))
            base = references[among]
            among = np.require(among, requirements="W")  # what Ray gives is read-only
            squares = np.einsum("nd,nd->n", base, base)
            for start in range(0, len(asked) if len(among) else 0, BATCH):
                part = asked[start : start + BATCH]
                product = queries[part] @ base.T
                last.result()
                last = beside.submit(keep_nearest, product, part, among, squares, distance, row)
        last.result()
    distance += np.einsum("nd,nd->n", queries, queries)[:, None]
    progress(len(centres), len(centres))
    return distance, row


def _grouped(centre: Array, count: int) -> list[Array]:
    """Rows that name each of ``count`` centres, ascending, of int (rows, centres named)."""
    order = np.argsort(centre.ravel(), kind="stable")
    ends = np.searchsorted(centre.ravel()[order], np.arange(1, count))
    return np.split(order // centre.shape[1], ends)


def self_first(distance: Array, row: Array) -> tuple[Array, Array]:
    """Put each point itself into the first column of its own neighbours.

    UMAP takes that for granted, while among exact copies a search may return any of them first,
    or leave the point itself out.
    """
    distance, row = distance.copy(), row.copy()
    own = np.arange(len(row))
    hit = row == own[:, None]
    column = np.where(hit.any(axis=1), hit.argmax(axis=1), row.shape[1] - 1)
    for j in range(row.shape[1] - 1, 0, -1):
        shift = column >= j
        distance[shift, j], row[shift, j] = distance[shift, j - 1], row[shift, j - 1]
    distance[:, 0], row[:, 0] = 0, own
    return distance, row
