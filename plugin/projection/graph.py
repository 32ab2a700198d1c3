"""UMAP's weighted neighbour graph, from nearest neighbours (McInnes, Healy and Melville 2018, 3.1).

The same numbers as umap-learn's ``fuzzy_simplicial_set``, which a test holds against it, without
the seconds that importing umap-learn takes: 12 where it has to compile.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LIGHTEST = 1 / 500
"""Of the heaviest edge's weight: lighter edges are left out.  umap-learn leaves out what 500 epochs
would never sample."""
ROWS_AT_ONCE = 8192
HALVINGS = 64
TOLERANCE = 1e-5
LEAST_WIDTH = 1e-3
"""Of the mean distance: the least width of a neighbourhood."""


class Graph(NamedTuple):
    """Undirected, each edge from both of its ends, as the rows of a sparse matrix."""

    first_edge: Array
    """int64 (n + 1,)"""
    neighbour: Array
    """int32 (edges,)"""
    weight: Array
    """float32 (edges,), above 0 and at most 1: relative to the heaviest."""

    def in_order(self, order: Array) -> Graph:
        """The same graph with its vertices in another order, int64 (n,)."""
        number = np.empty(len(order), np.int32)
        number[order] = np.arange(len(order), dtype=np.int32)
        degree = np.diff(self.first_edge)[order]
        first_edge = np.concatenate([[0], np.cumsum(degree)])
        edge = np.repeat(self.first_edge[order] - first_edge[:-1], degree)
        edge += np.arange(len(edge))
        return Graph(first_edge, number[self.neighbour[edge]], self.weight[edge])


def fuzzy_graph(row: Array, distance: Array) -> Graph:
    """Graph of nearest neighbours ``row`` int (n, k) at ``distance`` (n, k), each point its first.

    A neighbour's weight falls from 1 with its distance beyond the closest one's, as wide as makes
    the weights of a point add up to log2 k; of the two weights w, v of a pair w + v - w v is taken.
    """
    from scipy.sparse import csr_array

    n, k = row.shape
    weight = _weights(row, np.asarray(distance, np.float32))
    ends = np.arange(n + 1) * k
    directed = csr_array((weight.ravel(), row.ravel().astype(np.int32), ends), shape=(n, n))
    back = directed.T.tocsr()
    union = (directed + back - directed.multiply(back)).tocsr()
    union.sum_duplicates()
    union.data /= union.data.max()
    union.data[union.data < LIGHTEST] = 0
    union.eliminate_zeros()
    return Graph(
        union.indptr.astype(np.int64), union.indices.astype(np.int32), union.data.astype(np.float32)
    )


def _weights(row: Array, distance: Array) -> Array:
    """Weight of each neighbour as seen from the point, float32 (n, k) in 0..1."""
    weight = np.empty(distance.shape, np.float32)
    mean = distance.mean()
    for start in range(0, len(distance), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        near = distance[part]
        closest = np.where(near > 0, near, np.inf).min(axis=1, keepdims=True)
        closest[~np.isfinite(closest)] = 0
        beyond = np.maximum(near - closest, 0)
        width = _widths(beyond[:, 1:], np.log2(near.shape[1]))
        least = np.where(closest > 0, near.mean(axis=1, keepdims=True), mean)
        width = np.maximum(width, LEAST_WIDTH * least)
        weight[part] = np.exp(-beyond / np.where(width > 0, width, 1))
    weight[row == np.arange(len(row))[:, None]] = 0
    return weight


def _widths(beyond: Array, target: float) -> Array:
    """Width of each row's exponential whose sum is ``target``, by halving; (n, 1)."""
    low, width = np.zeros(len(beyond)), np.ones(len(beyond))
    high = np.full(len(beyond), np.inf)
    left = np.arange(len(beyond))
    for _ in range(HALVINGS):
        total = np.exp(-beyond[left] / width[left, None]).sum(axis=1)
        open_, over = np.abs(total - target) >= TOLERANCE, total > target
        left, over = left[open_], over[open_]
        if not len(left):
            break
        high[left[over]] = width[left[over]]
        low[left[~over]] = width[left[~over]]
        top = high[left]
        width[left] = np.where(np.isfinite(top), (low[left] + top) / 2, 2 * width[left])
    return width[:, None]
