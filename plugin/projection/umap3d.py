"""Embeddings to places on the unit sphere: 3D UMAP, centred, each point scaled to unit length.

UMAP (McInnes, Healy and Melville 2018) is fitted to a neighbour graph that faiss finds and starts
from the principal components: as good as the spectral start (Kobak and Linderman 2021), and safe
on tiny, constant and disconnected input.  Many points start among a few that were laid out before
(multilevel layout, Walshaw 2003): what lies where as a whole is settled there, where an epoch is
cheap, and the epochs of all points only have to settle neighbourhoods.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..coverage.nearest.neighbors import nearest, self_first
from ..engine.engine import LOCAL, Engine
from ..errors import DimensionError, EmptySetError, InputError
from ..progress import Progress, silent
from .graph import Graph, fuzzy_graph
from .layout import lay_out
from .place import ROWS_AT_ONCE, Reducer, check_vectors
from .sphere import robust_centre, to_unit_sphere

Array = NDArray[Any]

FEWEST = 5
"""Below this many points there is no neighbourhood to learn: principal components, no UMAP."""
FEW = 10_000
"""Up to so many points, and on the sphere itself, all start from the principal components."""
ONE_IN = 8
"""Of more points one in so many, at most :data:`FEW`, is laid out first."""
EPOCHS, EPOCHS_LEAST = 1000, 300
"""Of the layout of up to :data:`FEW` points, and of any number: the more points, the fewer.  Each
is an eighth of the work of one of umap-learn's."""
EPOCHS_NATIVE = 1600
"""Of more points on the sphere itself, where starting among a few loses neighbourhoods."""
PLACED_AT_ONCE = 100_000
COMPONENTS_FROM = 20_000
"""Points that principal components are read off."""
TURNS, SPARE = 10, 10
"""Turns of the search for principal components, and how many more are searched for than wanted."""
SCORED_AT_ONCE = 8192


@dataclass(frozen=True)
class LayoutSettings:
    """What :func:`fit_sphere` is asked for, and how it names it."""

    n_neighbors: int = 30
    min_dist: float = 0.1
    metric: Literal["cosine", "euclidean"] = "cosine"
    seed: int = 51
    pca_dim: int | None = None
    native: bool = False


@dataclass(frozen=True, eq=False)
class SphereFit:
    """Where each embedding went, and what is needed to place new ones."""

    umap3d: Array
    """float32 (n, 3): UMAP's coordinates (with ``native``: the places on the sphere)."""
    sphere: Array
    """float32 (n, 3): unit rows."""
    centre: Array
    """float64 (3,): where ``umap3d`` is projected from."""
    fitted: Array
    """int64 (m,): rows that UMAP was fitted to, ascending; the others were placed among them."""
    reducer: Reducer
    """Places new embeddings; :mod:`.place` says how it is stored."""


def fit_sphere(
    embeddings: ArrayLike,
    *,
    n_neighbors: int = 30,
    min_dist: float = 0.1,
    metric: Literal["cosine", "euclidean"] = "cosine",
    seed: int = 51,
    pca_dim: int | None = None,
    fit_limit: int = 100_000,
    groups: ArrayLike | None = None,
    native: bool = False,
    engine: Engine = LOCAL,
    progress: Progress = silent,
) -> SphereFit:
    """Lay embeddings out on the unit sphere.  The same input and seed give the same sphere.

    Parameters
    ----------
    embeddings : (n, d)
        Unit rows, S and U together; n at least 1.
    n_neighbors, min_dist, metric
        UMAP's; fewer neighbours are taken where there are fewer points.
    pca_dim : int, optional
        Look for neighbours among this many principal components: faster where d is large.
    fit_limit : int
        Fit at most this many rows, drawn with the seed; place the others among them.
    groups : (n,), optional
        Labels (S or U, say) whose shares the drawn rows keep.
    native : bool
        Let UMAP work on the sphere itself, with great-circle distances, instead of projecting 3D
        coordinates.
    engine : Engine
        Where the others are placed.
    progress : Progress
        Called with (percent, 100).

    Returns
    -------
    SphereFit
        Always finite unit rows: equal embeddings share one place when all are equal, and fewer
        than :data:`FEWEST` points are laid out by principal components.

    Raises
    ------
    EmptySetError, DimensionError, NotFiniteError, InputError

    Examples
    --------
    >>> vectors = np.eye(4, dtype=np.float32)
    >>> fit_sphere(vectors).sphere.shape
    (4, 3)
    """
    vectors = check_vectors(embeddings)
    if not len(vectors):
        raise EmptySetError("There is no embedding to lay out; compute embeddings first.")
    if metric not in ("cosine", "euclidean"):
        raise InputError(f"UMAP metric {metric!r} is not known; use cosine or euclidean.")
    if n_neighbors < 2 or fit_limit < 1 or (pca_dim is not None and pca_dim < 1):
        raise InputError(
            f"n_neighbors {n_neighbors} (at least 2), fit_limit {fit_limit} (at least 1) or "
            f"pca_dim {pca_dim} (at least 1) is too small."
        )
    fitted = _draw(len(vectors), fit_limit, groups, seed)
    # Without a copy where every row is fitted: the reducer then shares the caller's memory.
    chosen = vectors if len(fitted) == len(vectors) else vectors[fitted]
    progress(0, 100)
    settings = LayoutSettings(n_neighbors, min_dist, metric, seed, pca_dim, native)
    coordinates = _layout(chosen, settings, _share(progress, 0, 90))
    centre = np.zeros(3) if native else robust_centre(coordinates)
    reducer = Reducer(chosen, coordinates, centre)
    umap3d = np.empty((len(vectors), 3), np.float32)
    umap3d[fitted] = coordinates
    rest = np.setdiff1d(np.arange(len(vectors)), fitted, assume_unique=True)
    for start in range(0, len(rest), PLACED_AT_ONCE):
        part = rest[start : start + PLACED_AT_ONCE]
        begin, end = (90 + 10 * done / len(rest) for done in (start, start + len(part)))
        placed = reducer.place(vectors[part], engine=engine, progress=_share(progress, begin, end))
        umap3d[part] = placed.sphere if native else placed.umap3d
    progress(100, 100)
    # Normalising unit rows again moves their last bit: a native layout is the sphere as it is.
    sphere = umap3d if native else to_unit_sphere(umap3d, centre)
    return SphereFit(umap3d, sphere, centre, fitted, reducer)


def _draw(n: int, limit: int, groups: ArrayLike | None, seed: int) -> Array:
    """Rows to fit, ascending: each group's share of ``limit``, rounded by largest remainder."""
    if groups is not None and len(np.asarray(groups)) != n:
        raise DimensionError(f"{len(np.asarray(groups))} group labels for {n} embeddings.")
    if n <= limit:
        return np.arange(n)
    labels = np.zeros(n, int) if groups is None else np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(labels)
    exact = sizes * (limit / n)
    quota = np.floor(exact).astype(int)
    quota[np.argsort(quota - exact, kind="stable")[: limit - quota.sum()]] += 1
    rng = np.random.default_rng(seed)
    drawn = [
        rng.choice(np.flatnonzero(labels == group), share, replace=False)
        for group, share in enumerate(quota)
    ]
    return np.sort(np.concatenate(drawn))


def _layout(vectors: Array, settings: LayoutSettings, progress: Progress) -> Array:
    """UMAP coordinates, finite float32 (n, 3); unit rows where the sphere is native."""
    n, native = len(vectors), settings.native
    if all(
        (vectors[at : at + ROWS_AT_ONCE] == vectors[0]).all() for at in range(0, n, ROWS_AT_ONCE)
    ):
        pole = np.array([0, 0, 1], np.float32) if native else np.zeros(3, np.float32)
        return np.tile(pole, (n, 1))
    most = min(settings.pca_dim or 0, vectors.shape[1])
    components = principal_components(vectors, max(3, most), settings.seed)
    if n < FEWEST:
        first = components[:, :3]
        return to_unit_sphere(first) if native else first.astype(np.float32)
    space = vectors if settings.pca_dim is None else components[:, : settings.pca_dim]
    found = nearest(
        *(space, space, min(settings.n_neighbors, n - 1)),
        seed=settings.seed,
        progress=_share(progress, 0, 30),
    )
    squared, row = self_first(*found)
    graph = fuzzy_graph(row, squared / 2 if settings.metric == "cosine" else np.sqrt(squared))
    first = first_places(vectors, components, graph, settings, _share(progress, 30, 50))
    return relaxed(graph, first, settings, _share(progress, 50, 100))


def first_places(
    vectors: Array,
    components: Array,
    graph: Graph,
    settings: LayoutSettings,
    progress: Progress = silent,
) -> Array:
    """Where the layout starts, float32 (n, 3), copies apart.

    The first three of ``components`` (n, 3 or more) in a box or on the sphere; of more than
    :data:`FEW` points, places among those of a few, which ``graph`` says who is near to.
    """
    if settings.native or len(vectors) <= FEW:
        first = _spread(components[:, :3], settings.seed)
        return to_unit_sphere(first, first.mean(axis=0)) if settings.native else _boxed(first)
    few = _draw(len(vectors), min(len(vectors) // ONE_IN, FEW), None, settings.seed)
    places = _layout(vectors[few], settings, progress)
    return _spread(_among(vectors, graph, few, places), settings.seed)


def _among(vectors: Array, graph: Graph, few: Array, places: Array) -> Array:
    """Places (n, 3) of all points: the weighted mean of their neighbours' that have one.

    Points without such a neighbour wait for the next round; where the graph leads to none of the
    few, those go by the nearest of them.
    """
    from scipy.sparse import csr_array

    n = len(vectors)
    weights = csr_array((graph.weight, graph.neighbour, graph.first_edge), shape=(n, n))
    found = np.zeros((n, 4), np.float32)  # with a 1 where there is a place
    found[few] = np.column_stack([places, np.ones(len(few))])
    while True:
        sums = weights @ found
        new = (found[:, 3] == 0) & (sums[:, 3] > 0)
        if not new.any():
            break
        found[new] = sums[new] / sums[new, 3:]
    left = np.flatnonzero(found[:, 3] == 0)
    if len(left):
        found[left, :3] = Reducer(vectors[few], places, np.zeros(3)).place(vectors[left]).umap3d
    return found[:, :3]


def relaxed(
    graph: Graph, first: Array, settings: LayoutSettings, progress: Progress = silent
) -> Array:
    """UMAP's layout of a graph of n points from their ``first`` places, float32 (n, 3)."""
    coordinates = lay_out(
        graph,
        first,
        epochs=_epochs(len(first), settings.native),
        min_dist=settings.min_dist,
        seed=settings.seed,
        native=settings.native,
        progress=progress,
    )
    return to_unit_sphere(coordinates, np.zeros(3)) if settings.native else coordinates


def _epochs(n: int, native: bool) -> int:
    if native and n > FEW:
        return EPOCHS_NATIVE
    return max(EPOCHS * FEW // max(n, FEW), EPOCHS_LEAST)


def principal_components(vectors: Array, count: int, seed: int) -> Array:
    """Scores of the first ``count`` components, float32, zeros where the data has fewer.

    By subspace iteration (Halko, Martinsson and Tropp 2011), which is what scikit-learn does with
    large data, without the second and a half of CPU time that importing it takes.
    """
    drawn = vectors[_draw(len(vectors), COMPONENTS_FROM, None, seed)].astype(np.float64)
    mean = drawn.mean(axis=0)
    drawn -= mean
    width = min(count + SPARE, drawn.shape[1])
    basis = np.random.default_rng(seed).normal(size=(drawn.shape[1], width))
    for _ in range(TURNS):
        basis = np.linalg.qr(drawn.T @ (drawn @ basis))[0]
    axes = basis @ np.linalg.svd(drawn @ basis, full_matrices=False)[2][:count].T
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    scores = np.zeros((len(vectors), count), np.float32)
    for start in range(0, len(vectors), SCORED_AT_ONCE):
        part = slice(start, start + SCORED_AT_ONCE)
        scores[part, : axes.shape[1]] = vectors[part] @ axes - mean @ axes
    return scores


def _spread(start: Array, seed: int) -> Array:
    """Jitter the start by a thousandth of its extent, so that copies can move apart."""
    extent = float(np.abs(start).max()) or 1.0
    jitter = np.random.default_rng(seed).normal(scale=1e-3 * extent, size=start.shape)
    return (start + jitter).astype(np.float32)


def _boxed(start: Array) -> Array:
    """Stretch each axis to 0..10, where umap-learn starts from."""
    low, extent = start.min(axis=0), np.ptp(start, axis=0)
    return np.asarray(10 * (start - low) / np.where(extent > 0, extent, 1), np.float32)


def _share(progress: Progress, start: float, end: float) -> Progress:
    """Map a stage's own (done, total) into ``start``..``end`` percent of the whole."""

    def stage(done: int, total: int) -> None:
        progress(round(start + (end - start) * done / max(total, 1)), 100)

    return stage
