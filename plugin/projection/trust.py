"""How far to believe the sphere: as a whole, and at one place.

Three dimensions cannot keep every neighbourhood of a thousand.  So the sphere is measured against
the embedding (trustworthiness: are neighbours on the sphere true ones; recall: how many true ones
are still neighbours), and every verdict about an empty place says how much of its surroundings is
real.  An empty place has no embedding of its own; the mean of its nearest samples stands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DimensionError, EmptySetError
from ..progress import Progress, silent
from .place import check_vectors
from .sphere import SphereIndex, check_points

Array = NDArray[Any]

MEAN_OF = 50
"""Samples whose mean embedding represents an empty place."""
TRUST_NEIGHBORS = 30
"""Sphere neighbours of a place that are checked in the embedding."""
QUERIES_AT_ONCE = 64


@dataclass(frozen=True)
class SphereQuality:
    """Agreement of the sphere with the embedding; ``None`` where there are too few points."""

    trustworthiness: float | None
    """0..1, near 0.5 for a random layout."""
    recall: float | None
    """Share of a point's ``n_neighbors`` true neighbours that are neighbours on the sphere."""
    n_neighbors: int
    n_points: int
    n_queries: int
    """Points the two were averaged over: all of them up to the limit, else drawn with the seed."""


@dataclass(frozen=True, eq=False)
class Reranked:
    """Candidates, best first."""

    index: Array
    """int64 (k,): rows."""
    distance: Array
    """float32 (k,): distance to the query in embedding space, in the metric's unit."""


def sphere_quality(
    embeddings: ArrayLike,
    sphere: ArrayLike,
    *,
    n_neighbors: int = 15,
    limit: int = 2000,
    seed: int = 51,
    progress: Progress = silent,
) -> SphereQuality:
    """Trustworthiness (Venna and Kaski 2001) and neighbour recall of the sphere.

    .. math:: T = 1 - \\frac{2}{n k (2n - 3k - 1)} \\sum_i \\sum_{j \\in U_k(i)} (r(i, j) - k)

    where ``U_k(i)`` are the points among the k nearest of i on the sphere but not in the
    embedding, and ``r`` is their rank there.  Past ``limit`` points the outer mean runs over a
    sample of ``limit`` points; ranks are always among all n.  A point tied with others gets the
    best of their ranks.

    Parameters
    ----------
    embeddings : (n, d)
        Unit rows (cosine and Euclidean rank alike).
    sphere : (n, 3)
        Unit rows.
    n_neighbors : int
        Fewer are taken where n is not more than twice as large.

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
        return SphereQuality(None, None, 0, n, 0)
    rows = np.arange(n)
    if n > limit:
        rows = np.sort(np.random.default_rng(seed).choice(n, limit, replace=False))
    # One more than k, since the point itself is among its neighbours (or a copy of it).
    around = SphereIndex(places).nearest(places[rows], k + 1).index
    near = _without(around, rows, k)
    squares = np.einsum("nd,nd->n", vectors, vectors)
    penalty, kept = 0.0, 0
    for start in range(0, len(rows), QUERIES_AT_ONCE):
        part = slice(start, start + QUERIES_AT_ONCE)
        own = rows[part]
        distance = squares - 2 * (vectors[own] @ vectors.T)
        distance[np.arange(len(own)), own] = np.inf
        of_near = np.take_along_axis(distance, near[part], 1)
        distance.sort(axis=1)
        for ordered, wanted in zip(distance, of_near, strict=True):
            rank = np.searchsorted(ordered, wanted) + 1
            penalty += float(np.maximum(rank - k, 0).sum())
            kept += int((rank <= k).sum())
        progress(min(start + QUERIES_AT_ONCE, len(rows)), len(rows))
    worst = len(rows) * k * (2 * n - 3 * k - 1) / 2
    return SphereQuality(1 - penalty / worst, kept / (len(rows) * k), k, n, len(rows))


def _without(around: Array, own: Array, k: int) -> Array:
    """Drop each row's own index, or its last neighbour where copies crowded it out."""
    itself = around == own[:, None]
    itself[~itself.any(axis=1), -1] = True
    return around[~itself].reshape(len(own), k)


def place_embedding(
    places: ArrayLike, sphere: SphereIndex | ArrayLike, embeddings: Array, *, m: int = MEAN_OF
) -> Array:
    """Embedding that stands for each place: the mean of its ``m`` nearest samples, unit length.

    Parameters
    ----------
    places : (q, 3) or (3,)
        Unit rows.
    sphere, embeddings : (n, 3), (n, d)
        The samples searched.
    m : int
        All of them where there are fewer.

    Returns
    -------
    float32 (q, d)
        Unit rows.  Where the samples cancel out exactly the nearest one stands in alone.
    """
    index = _index(sphere, embeddings)
    return np.stack([mean_direction(embeddings[rows]) for rows in index.nearest(places, m).index])


def mean_direction(rows: Array) -> Array:
    """Mean of unit rows, nearest first, as a unit vector, float32 (d,); see `place_embedding`."""
    mean = rows.mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(mean)
    if length < 1e-6:
        return np.asarray(rows[0], dtype=np.float32)
    return np.asarray(mean / length, dtype=np.float32)


def place_trust(
    places: ArrayLike,
    sphere: SphereIndex | ArrayLike,
    embeddings: Array,
    *,
    k: int = TRUST_NEIGHBORS,
    m: int = MEAN_OF,
    query: Array | None = None,
) -> Array:
    """Share of each place's ``k`` sphere neighbours that are also near in embedding space.

    Near means among the ``m`` samples closest to the place's embedding.  1: the surroundings are
    one neighbourhood in the embedding as well; 0: the projection put strangers side by side, and
    an empty spot between them may be an artefact.  Chance alone gives m / n.

    Parameters
    ----------
    query : (q, d), optional
        Embedding of each place where it has one (a sample was clicked); default
        :func:`place_embedding`.

    Returns
    -------
    float64 (q,)
        0..1.
    """
    index = _index(sphere, embeddings)
    around = index.nearest(places, k).index
    wanted = place_embedding(places, index, embeddings, m=m) if query is None else query
    m = min(m, len(embeddings))
    trust = np.empty(len(around))
    for i, (rows, vector) in enumerate(zip(around, np.atleast_2d(wanted), strict=True)):
        similarity = embeddings @ vector
        # Compared by value: a tie at the border counts as near whichever copy it is.
        border = np.partition(similarity, -m)[-m]
        trust[i] = (similarity[rows] >= border).mean()
    return trust


def rerank(
    place: ArrayLike,
    sphere: SphereIndex | ArrayLike,
    embeddings: Array,
    k: int,
    *,
    query: Array | None = None,
    metric: Literal["cosine", "euclidean"] = "cosine",
    m: int | None = None,
) -> Reranked:
    """The ``k`` candidates for one place: nearest on the sphere, ordered by embedding distance.

    Parameters
    ----------
    place : (3,)
        Unit vector.
    sphere, embeddings : (n, 3), (n, d)
        The samples searched, unit rows.
    query : (d,), optional
        Embedding of the place; default :func:`place_embedding`.
    m : int, optional
        Sphere neighbours that are looked at; default ``max(200, 20 k)``.
    """
    index = _index(sphere, embeddings)
    vector = place_embedding(place, index, embeddings)[0] if query is None else np.ravel(query)
    rows = index.nearest(place, max(200, 20 * k) if m is None else max(m, k)).index[0]
    cosine = np.clip(1 - embeddings[rows] @ vector, 0, 2)
    order = np.lexsort((rows, cosine))[:k]
    distance = cosine if metric == "cosine" else np.sqrt(2 * cosine)
    return Reranked(rows[order], distance[order].astype(np.float32))


def _index(sphere: SphereIndex | ArrayLike, embeddings: Array) -> SphereIndex:
    index = sphere if isinstance(sphere, SphereIndex) else SphereIndex(check_points(sphere))
    if len(index.points) != len(embeddings):
        raise DimensionError(
            f"{len(index.points)} places and {len(embeddings)} embeddings do not fit together."
        )
    if not len(embeddings):
        raise EmptySetError("There is no sample to search among.")
    return index
