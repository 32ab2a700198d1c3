"""How far to believe the sphere as a whole; :mod:`.questions` says it of one place.

Three dimensions cannot keep every neighbourhood of a thousand.  So the sphere is measured against
the embedding: trustworthiness (are neighbours on the sphere true ones) and recall (how many true
ones are still neighbours).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DimensionError
from .place import check_vectors
from .sphere import SphereIndex, check_points

Array = NDArray[Any]

QUERIES_AT_ONCE = 64


@dataclass(frozen=True)
class SphereQuality:
    """Agreement of the sphere with the embedding; ``None`` where there are too few points."""

    trustworthiness: float | None
    """0..1, near 0.5 for a random layout."""
    recall: float | None
    """Share of a point's ``n_neighbors`` true neighbours that are neighbours on the sphere."""
    n_neighbors: int
    n_queries: int
    """Points the two were averaged over: all of them up to the limit, else drawn with the seed."""


def sphere_quality(
    embeddings: ArrayLike,
    sphere: ArrayLike,
    *,
    n_neighbors: int = 15,
    limit: int = 2000,
    seed: int = 51,
    of: ArrayLike | None = None,
) -> SphereQuality:
    r"""Trustworthiness (Venna and Kaski 2001) and neighbour recall of the sphere.

    .. math:: T = 1 - \frac{2}{n k (2n - 3k - 1)} \sum_i \sum_{j \in U_k(i)} (r(i, j) - k)

    where ``U_k(i)`` are the points among the k nearest of i on the sphere but not in the
    embedding, and ``r`` is their rank there.  Past ``limit`` points the outer mean runs over a
    sample of ``limit`` points (of the rows ``of``, where they are given); ranks are always among
    all n.  A point tied with others gets the best of their ranks.

    ``embeddings`` (n, d) and ``sphere`` (n, 3) are unit rows; fewer neighbours are taken where n is
    not more than twice ``n_neighbors``.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(100, 3))
    >>> rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    >>> sphere_quality(rows, rows).recall
    1.0
    """
    vectors, places = check_vectors(embeddings), check_points(sphere, "sphere")
    n = len(vectors)
    if n != len(places):
        raise DimensionError(f"{n} embeddings and {len(places)} places do not fit together.")
    k = min(n_neighbors, (n - 1) // 2)
    if k < 1:
        return SphereQuality(None, None, 0, 0)
    rows = np.arange(n) if of is None else np.asarray(of, np.int64)
    if len(rows) > limit:
        rows = np.sort(np.random.default_rng(seed).choice(rows, limit, replace=False))
    # One more than k, since the point itself is among its neighbours (or a copy of it).
    around = SphereIndex(places).nearest(places[rows], k + 1).index
    near = _without(around, rows, k)
    squares = np.einsum("nd,nd->n", vectors, vectors)
    penalty, kept = 0.0, 0
    for start in range(0, len(rows), QUERIES_AT_ONCE):
        part = slice(start, start + QUERIES_AT_ONCE)
        own = rows[part]
        distance = vectors[own] @ vectors.T  # and on in place: a row is as long as all points
        distance *= -2
        distance += squares
        distance[np.arange(len(own)), own] = np.inf
        of_near = np.take_along_axis(distance, near[part], 1)
        for apart, wanted in zip(distance, of_near, strict=True):
            closer = np.sort(apart[apart < wanted.max()])  # of a fair sphere few
            rank = np.searchsorted(closer, wanted) + 1
            penalty += float(np.maximum(rank - k, 0).sum())
            kept += int((rank <= k).sum())
    worst = len(rows) * k * (2 * n - 3 * k - 1) / 2
    return SphereQuality(1 - penalty / worst, kept / (len(rows) * k), k, len(rows))


def _without(around: Array, own: Array, k: int) -> Array:
    """Drop each row's own index, or its last neighbour where copies crowded it out."""
    itself = around == own[:, None]
    itself[~itself.any(axis=1), -1] = True
    return around[~itself].reshape(len(own), k)
