"""Rows to benchmark on, and the float64 replay that says whether a selection was exact."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

KINDS = ("mixture", "mixture + 1 % outliers", "isotropic")


def unit_rows(n: int, dimension: int, kind: str, seed: int = 0) -> NDArray[np.float32]:
    """Synthetic embeddings, float32 (n, dimension) unit rows.

    ``mixture``: 200 clusters around random points of the unit sphere, sizes by Zipf's law (the
    r-th largest holds 1/r of the largest), noise of the cluster's own orientation with a
    power-law spectrum (variance of the j-th axis ~ 1/j) and the length of the centre.  With
    outliers, one row in a hundred is replaced by a random direction; ``isotropic`` is nothing
    but random directions.
    """
    random = np.random.default_rng(seed)
    if kind == "isotropic":
        return _normalised(random.standard_normal((n, dimension), dtype=np.float32))
    clusters = 200
    centres = _normalised(random.standard_normal((clusters, dimension)))
    share = 1 / np.arange(1, clusters + 1)
    member_of = random.choice(clusters, n, p=share / share.sum())
    scale = 1 / np.sqrt(np.arange(1, dimension + 1))
    scale /= np.linalg.norm(scale)
    rows = np.empty((n, dimension), np.float32)
    for cluster in range(clusters):
        members = np.flatnonzero(member_of == cluster)
        noise = random.standard_normal((len(members), dimension)) * random.permutation(scale)
        rows[members] = centres[cluster] + noise
    if kind == "mixture + 1 % outliers":
        outliers = random.choice(n, max(n // 100, 1), replace=False)
        rows[outliers] = random.standard_normal((len(outliers), dimension))
    return _normalised(rows)


def _normalised(rows: NDArray) -> NDArray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def regret(U: NDArray[np.float32], picks: NDArray[np.int64], d0: NDArray | None = None) -> float:
    """How much nearer than the farthest candidate a pick ever was, Euclidean, in float64.

    Replays the selection: 0 for an exact greedy, some 1e-7 where float32 cannot order two rows.
    Without ``d0`` the first pick is free.
    """
    rows = U.astype(np.float64)
    squares = np.einsum("ij,ij->i", rows, rows)
    nearest = np.full(len(rows), np.inf) if d0 is None else d0.astype(np.float64) ** 2
    worst = 0.0
    for start in range(0, len(picks), 64):
        part = picks[start : start + 64]
        squared = squares[:, None] + squares[part] - 2 * (rows @ rows[part].T)
        for column, pick in enumerate(part):
            if np.isfinite(nearest[0]):
                worst = max(worst, float(np.sqrt(nearest.max()) - np.sqrt(nearest[pick])))
            nearest = np.minimum(nearest, np.maximum(squared[:, column], 0))
            nearest[pick] = 0
    return worst
