"""UMAP's layout of a neighbour graph in three dimensions: the same bits on any number of cores.

UMAP's forces, random vertices and cooling (McInnes, Healy and Melville 2018, 3.2), with two changes
to umap-learn's loop.  Each epoch moves every vertex from where the epoch found the others
(:mod:`.epoch`), so that threads cannot race.  And each edge pulls in every epoch as much as it does
on average where it is sampled (the expectation is the loss that sampling minimises, Damrich and
Hamprecht 2021), implicitly, so that no vertex is thrown past its neighbours: less noise than single
samples, and no worse a sphere (``scripts/bench/sphere.py`` prints both).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress, silent
from .graph import Graph

Array = NDArray[Any]

FARTHEST_PUSH = 4.0
"""Of one vertex on another, at the full rate."""
SOFTENING = 1e-3
"""Keeps the push of a vertex at no distance finite; this and the former are umap-learn's."""
EDGES_A_SHARE = 50_000
"""Below this many edges a thread costs more than it saves."""
POOL = 32_768
"""Vertices, at most, that the random ones of an epoch are drawn from: they fit a core's cache."""
BITS = 10
"""Of each coordinate, which vertices are ordered by: neighbours are then read from nearby."""


def lay_out(
    graph: Graph,
    start: Array,
    *,
    epochs: int,
    min_dist: float,
    seed: int,
    native: bool = False,
    threads: int | None = None,
    progress: Progress = silent,
) -> Array:
    """Coordinates float32 (n, 3) of a graph's n vertices; ``start`` float32 (n, 3) is not changed.

    Parameters
    ----------
    native : bool
        Rows are and stay on the unit sphere, and distances are the great circle's.
    threads : int, optional
        Default: what :func:`usual_threads` says.  The result does not depend on it.
    progress : Progress
        Called with (epoch, epochs) after each; raising ends the layout.
    """
    from .epoch import TOGETHER, move

    n, order = len(start), _along_a_curve(start)
    graph = graph.in_order(order)
    old = np.array(start[order].T, np.float32, order="C")
    new, placed = np.empty_like(old), np.empty((n, 3), np.float32)
    tables = forces(min_dist, native)
    shares = _shares(graph, threads or usual_threads())
    seeds = np.random.SeedSequence(seed).generate_state(epochs)
    shuffled = np.random.default_rng(seed).permutation(n)
    pool_size = min(n, POOL)
    with ThreadPoolExecutor(len(shares)) as workers:
        for epoch in range(epochs):
            drawn = np.arange(epoch * pool_size, (epoch + 1) * pool_size + TOGETHER) % n
            pool = np.take(old, shuffled[drawn], axis=1)
            rate = np.float32(1 - epoch / epochs)
            fixed = (epoch, rate, *tables, seeds[epoch], native)
            work = [
                workers.submit(move, old, new, pool, *graph, *share, *fixed) for share in shares[1:]
            ]
            move(old, new, pool, *graph, *shares[0], *fixed)
            for share in work:
                share.result()
            old, new = new, old
            progress(epoch + 1, epochs)
    placed[order] = old.T
    return placed


def _along_a_curve(places: Array) -> Array:
    """Order of places (n, 3) in which the next is near as a rule (Morton 1966), int64 (n,)."""
    low, extent = places.min(axis=0), np.ptp(places, axis=0)
    cell = ((places - low) / np.where(extent > 0, extent, 1) * (2**BITS - 1)).astype(np.int64)
    code = np.zeros(len(places), np.int64)
    for bit in range(BITS):
        for axis in range(3):
            code |= (cell[:, axis] >> bit & 1) << 3 * bit + axis
    return np.argsort(code, kind="stable")


@cache
def forces(min_dist: float, native: bool) -> tuple[Array, Array]:
    """Pull of a neighbour and push of a random vertex over their distance, as tables float32.

    Gradients of the cross entropy of ``1 / (1 + a r^(2 b))`` along a unit of the chord; the pull
    twice, since umap-learn meets each edge from both of its ends.  On the sphere ``r`` is the angle
    of the chord that the table is asked by.
    """
    from .epoch import rows_of_table

    a, b = curve(min_dist)
    square = rows_of_table()
    chord = np.sqrt(square)
    r = 2 * np.arcsin(np.minimum(chord, 2) / 2) if native else chord
    power = a * r ** (2 * b)
    pull = 4 * b * power / (r * (1 + power))
    push = np.minimum(2 * b * r / ((SOFTENING + r**2) * (1 + power)), FARTHEST_PUSH)
    return (pull / chord).astype(np.float32), (push / chord).astype(np.float32)


@cache
def curve(min_dist: float) -> tuple[float, float]:
    """The a and b of ``1 / (1 + a r^(2 b))``, the curve nearest to umap's for ``spread`` 1.

    >>> [round(value, 3) for value in curve(0.1)]
    [1.577, 0.895]
    """
    from scipy.optimize import curve_fit

    r = np.linspace(0, 3, 300)
    wanted = np.where(r < min_dist, 1, np.exp(-(r - min_dist)))
    (a, b), _ = curve_fit(lambda r, a, b: 1 / (1 + a * r ** (2 * b)), r, wanted)
    return float(a), float(b)


def usual_threads() -> int:
    """``OMP_NUM_THREADS``, which BLAS and faiss follow as well, else the cores we may run on."""
    given = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if given.isdigit() and int(given):
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _shares(graph: Graph, threads: int) -> list[tuple[int, int]]:
    """Vertices from, to: as many shares as threads, of equally many edges."""
    edges = len(graph.neighbour)
    count = max(1, min(threads, edges // EDGES_A_SHARE))
    bounds = np.searchsorted(graph.first_edge, np.arange(1, count) * (edges / count))
    return list(pairwise([0, *bounds.tolist(), len(graph.first_edge) - 1]))
