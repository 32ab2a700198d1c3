"""The most similar of a million embeddings without reading them all, and exactly.

A few coordinates in a good basis and the length of what they leave out bound every inner product
from above (Cauchy-Schwarz); only samples whose bound reaches the answer's are looked at in full
(filter and refine, Faloutsos, Ranganathan and Manolopoulos 1994, "Fast subsequence matching in
time-series databases").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

RANK = 31
"""Coordinates kept; with the length of the rest a row of the filter is 128 bytes."""
BASIS_FROM = 20_000
"""Samples that the principal directions are read off."""
BLOCK = 16_384
SEED = 51
WORTH_IT = 1 << 25
"""Numbers in a matrix (128 MB) below which it is multiplied as a whole."""


class Sketch:
    """Exact search for the rows most similar to a vector.

    Parameters
    ----------
    embeddings : float32 (n, d)
        Unit rows, kept by reference; a memory map does.
    rank : int, optional
        Coordinates of the filter; 0 goes without one.  Default by size.
    """

    def __init__(self, embeddings: Array, *, rank: int | None = None) -> None:
        self.embeddings = embeddings
        n, d = embeddings.shape
        rank = (RANK if embeddings.size > WORTH_IT else 0) if rank is None else rank
        rank = min(rank, d)
        self._basis = _principal(embeddings, rank) if rank else None
        self._filter = np.empty((n, rank + 1), np.float32) if rank else embeddings
        if self._basis is None:
            return
        for start in range(0, n, BLOCK):
            part = slice(start, start + BLOCK)
            rows = np.asarray(embeddings[part])
            self._filter[part, :rank] = rows @ self._basis
            self._filter[part, rank] = _rest(rows, self._filter[part, :rank])

    def of(self, query: Array) -> BoundedSearch:
        """All rows bounded for one unit vector (d,); ask it as often as there are sets."""
        vector = np.asarray(query, dtype=np.float32)
        asked = vector
        if self._basis is not None:
            kept = vector @ self._basis
            asked = np.append(kept, _rest(vector[None], kept[None])).astype(np.float32)
        return BoundedSearch(self.embeddings, vector, self._filter @ asked)


@dataclass(frozen=True, eq=False)
class BoundedSearch:
    """``bound`` float32 (n,): no row's inner product with ``vector`` is larger."""

    embeddings: Array
    vector: Array
    bound: Array

    def top(self, m: int, among: Array | None = None) -> tuple[Array, Array]:
        """The ``m`` rows most similar to the vector (fewer if there are fewer), best first.

        Parameters
        ----------
        among : bool (n,), optional
            Rows that count; default all.

        Returns
        -------
        int64 (m,), float32 (m,)
            Rows and inner products; ties by row.
        """
        bound = self.bound if among is None else np.where(among, self.bound, -np.inf)
        m = min(m, len(bound) if among is None else int(among.sum()))
        if not m:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        # m rows reach some similarity; every row that may reach it too is looked at.
        reached = self._similarity(_promising(bound, m)).min()
        rows = np.flatnonzero(bound >= reached - SLACK)
        similarity = self._similarity(rows)
        order = np.lexsort((rows, -similarity))[:m]
        return rows[order], similarity[order]

    def _similarity(self, rows: Array) -> Array:
        return np.asarray(self.embeddings[rows]) @ self.vector


def _promising(bound: Array, m: int) -> Array:
    """``m`` rows of high bound: the best of the best of blocks, a tenth of a full partition."""
    block = len(bound) // (16 * m)
    if block > 1:
        first = bound[: len(bound) // block * block].reshape(-1, block).argmax(axis=1)
        first += np.arange(0, len(first) * block, block)
        if np.isfinite(bound[first]).sum() >= m:
            return first[np.argpartition(bound[first], len(first) - m)[len(first) - m :]]
    return np.argpartition(bound, len(bound) - m)[len(bound) - m :]


SLACK = 1e-5
"""Float32 inner products of unit rows are right to about a tenth of this."""


def _rest(rows: Array, kept: Array) -> Array:
    """Length of what the coordinates ``kept`` leave out of each row."""
    left = np.einsum("ij,ij->i", rows, rows) - np.einsum("ij,ij->i", kept, kept)
    return np.sqrt(np.maximum(left, 0))


def _principal(embeddings: Array, rank: int) -> Array:
    """Orthonormal directions that hold most of the rows' length, float32 (d, rank)."""
    n = len(embeddings)
    drawn = np.arange(n)
    if n > BASIS_FROM:
        drawn = np.sort(np.random.default_rng(SEED).choice(n, BASIS_FROM, replace=False))
    rows = np.asarray(embeddings[drawn], dtype=np.float32)
    _, directions = np.linalg.eigh((rows.T @ rows).astype(np.float64))
    return np.ascontiguousarray(directions[:, ::-1][:, :rank], dtype=np.float32)
