"""k nearest neighbours in embedding space, the graph that UMAP is fitted to.

Exact up to a fixed amount of work, by an inverted file (faiss) beyond it.  A distance that only
shapes a picture may be approximate; a covering radius may not, and does not come from here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...progress import Progress, silent

Array = NDArray[Any]

EXACT_WORK = 5e12
"""Multiply-adds up to which the search is exact: 70,000 points of 1024 dimensions."""
BATCH = 4096


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
    import faiss

    n, d = references.shape
    if exact is None:
        exact = float(n) * len(queries) * d <= EXACT_WORK
    base = np.ascontiguousarray(references, dtype=np.float32)
    index: Any = faiss.IndexFlatL2(d)
    if not exact:
        lists = max(1, int(4 * np.sqrt(n)))
        index = faiss.IndexIVFFlat(index, d, lists)
        index.cp.seed = seed
        index.cp.min_points_per_centroid = 1  # else it warns on small input
        index.nprobe = max(8, lists // 20)
        index.train(base)
    index.add(base)
    distance = np.empty((len(queries), k), np.float32)
    row = np.empty((len(queries), k), np.int64)
    for start in range(0, len(queries), BATCH):
        part = np.ascontiguousarray(queries[start : start + BATCH], dtype=np.float32)
        distance[start : start + BATCH], row[start : start + BATCH] = index.search(part, k)
        progress(min(start + BATCH, len(queries)), len(queries))
    if not exact and (row < 0).any():  # too few points in the lists looked at
        short = np.flatnonzero((row < 0).any(axis=1))
        flat = faiss.IndexFlatL2(d)
        flat.add(base)
        distance[short], row[short] = flat.search(
            np.ascontiguousarray(queries[short], dtype=np.float32), k
        )
    return np.maximum(distance, 0), row


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
