"""The K nearest samples of every pixel, exact: what the model attends to and interpolates from.

Samples are sorted into the cells of a grid, about two in each, those with the least penalty first.
The search goes from a pixel's own cell outwards, ring by ring, until a ring cannot hold anything
nearer.  Ties go to the sample that comes first.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .coords import Pixels, Resolution

IntArray = NDArray[np.int64]


def nearest_samples(
    pixels: Pixels,
    resolution: Resolution,
    k: int,
    *,
    queries: IntArray | None = None,
    penalty: NDArray[np.float64] | None = None,
) -> IntArray:
    """Indices ``(q, k)`` into ``pixels`` of the k nearest samples of each query, nearest first.

    Where there are fewer than k samples, the last columns are -1.

    Parameters
    ----------
    pixels : int64 (n,)
        Where the samples are; n may not be 0.
    queries : int64 (q, 2), optional
        Places (x, y) in **half** pixels, which :func:`lattice` makes.  Default: every pixel.
    penalty : float64 (n,), optional
        Added to the squared distance (pixels²) of each sample: age makes a sample farther away.

    Examples
    --------
    >>> nearest_samples(np.array([0, 3]), (1, 4), 1).ravel().tolist()
    [0, 0, 1, 1]
    """
    height, width = resolution
    y, x = np.divmod(np.ascontiguousarray(pixels, np.int64), width)
    places = lattice(resolution, 1) if queries is None else np.ascontiguousarray(queries, np.int64)
    extra = np.zeros(len(y)) if penalty is None else 4 * np.ascontiguousarray(penalty, np.float64)
    ranked = np.arange(len(y)) if penalty is None else np.argsort(penalty, kind="stable")
    cell = 2 * max(1, int(np.sqrt(2 * height * width / len(y))))
    shape = -(-2 * height // cell), -(-2 * width // cell)
    order, first = _fill_cells(2 * x, 2 * y, ranked, cell, shape)
    return np.asarray(_search(2 * x, 2 * y, extra, order, first, cell, shape, places, k))


def lattice(resolution: Resolution, stride: int) -> IntArray:
    """Centres (x, y), in half pixels, of the cells of ``stride`` x ``stride`` pixels, row-major.

    Examples
    --------
    >>> lattice((2, 2), 2).tolist()
    [[1, 1]]
    """
    rows, columns = (-(-side // stride) for side in resolution)
    y, x = np.divmod(np.arange(rows * columns), columns)
    return np.stack([x, y], axis=-1) * (2 * stride) + stride - 1


@njit(cache=True, nogil=True)
def _fill_cells(
    x: IntArray, y: IntArray, ranked: IntArray, cell: int, shape: tuple[int, int]
) -> tuple[IntArray, IntArray]:
    """Sample numbers ordered by grid cell, as ranked within it, and where each cell starts."""
    first = np.zeros(shape[0] * shape[1] + 1, np.int64)
    for i in range(len(x)):
        first[(y[i] // cell) * shape[1] + x[i] // cell + 1] += 1
    for c in range(len(first) - 1):
        first[c + 1] += first[c]
    place, order = first[:-1].copy(), np.empty(len(x), np.int64)
    for i in ranked:
        c = (y[i] // cell) * shape[1] + x[i] // cell
        order[place[c]] = i
        place[c] += 1
    return order, first


@njit(cache=True, nogil=True)
def _insert(best: NDArray[np.float64], mine: IntArray, distance: float, sample: int) -> float:
    """Put a sample in its place among the nearest so far; the distance of the farthest of them."""
    j = len(best) - 1
    while j > 0 and (best[j - 1] > distance or (best[j - 1] == distance and mine[j - 1] > sample)):
        best[j], mine[j] = best[j - 1], mine[j - 1]
        j -= 1
    best[j], mine[j] = distance, sample
    return float(best[-1])


@njit(cache=True, nogil=True)
def _search(
    x: IntArray,
    y: IntArray,
    extra: NDArray[np.float64],
    order: IntArray,
    first: IntArray,
    cell: int,
    shape: tuple[int, int],
    places: IntArray,
    k: int,
) -> IntArray:
    rows, columns = shape
    found = np.full((len(places), k), -1, np.int64)
    best, mine = np.empty(k), np.empty(k, np.int64)
    xs, ys, extras, least = x[order], y[order], extra[order], extra.min()
    for q in range(len(places)):
        px, py = places[q]
        best[:], mine[:], worst = np.inf, -1, np.inf
        # The last cell may reach beyond the frame, and its centre too.
        cx, cy = min(px // cell, columns - 1), min(py // cell, rows - 1)
        ring = 0
        while True:
            if ring > 0:
                # Nothing in this ring or beyond is nearer than this.
                reach = min(
                    px - (cx - ring + 1) * cell + 1,
                    (cx + ring) * cell - px,
                    py - (cy - ring + 1) * cell + 1,
                    (cy + ring) * cell - py,
                )
                if reach > 0 and worst < reach * reach + least:
                    break
                if cx < ring and cy < ring and cx + ring >= columns and cy + ring >= rows:
                    break
            for gy in range(max(0, cy - ring), min(rows, cy + ring + 1)):
                edge = gy == cy - ring or gy == cy + ring
                step = 1 if edge or ring == 0 else 2 * ring
                aside = max(gy * cell - py, py - (gy + 1) * cell + 1, 0) ** 2
                for gx in range(cx - ring, cx + ring + 1, step):
                    if gx < 0 or gx >= columns:
                        continue
                    near = aside + max(gx * cell - px, px - (gx + 1) * cell + 1, 0) ** 2
                    for at in range(first[gy * columns + gx], first[gy * columns + gx + 1]):
                        if near + extras[at] > worst:
                            break
                        i, d = order[at], (xs[at] - px) ** 2 + (ys[at] - py) ** 2 + extras[at]
                        if d > worst or (d == worst and i > mine[k - 1] >= 0):
                            continue
                        worst = _insert(best, mine, d, i)
            ring += 1
        found[q] = mine
    return found
