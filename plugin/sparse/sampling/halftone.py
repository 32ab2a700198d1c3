"""Turning a density into exactly N pixels that keep their distance: error diffusion, and farthest.

Error diffusion after Floyd & Steinberg (1976), farthest points after Eldar et al. (1997), which
spread even better and cost more.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..frames.coords import Pixels

Density = NDArray[np.float64]


def capped(density: Density, count: int) -> Density:
    """Scale a density (H, W) to the sum ``count`` with no pixel above 1.

    What the cap takes away goes to the other pixels, in proportion; where those have no density
    left, evenly.

    Examples
    --------
    >>> capped(np.array([[9.0, 1.0, 1.0, 1.0]]), 2).round(2).tolist()
    [[1.0, 0.33, 0.33, 0.33]]
    """
    flat = np.asarray(density, np.float64).ravel()
    full = np.zeros(len(flat), bool)
    out = np.zeros(len(flat))
    while True:
        left, open_ = count - int(full.sum()), ~full
        mass = flat[open_].sum()
        if mass <= 0:
            out[open_] = left / max(open_.sum(), 1)
            break
        out[open_] = flat[open_] * (left / mass)
        over = open_ & (out >= 1)
        if not over.any():
            break
        full |= over
        out[full] = 1
    return out.reshape(density.shape)


def diffuse(density: Density, count: int, random: np.random.Generator) -> Pixels:
    """Exactly ``count`` pixels of a density (H, W) by serpentine error diffusion, ascending.

    The first row starts with random errors and the threshold trembles a little, so that seeds
    differ and no row stays empty at low densities.  The few points too many or too few that remain
    at the end are taken or given at random, by density.
    """
    expected = capped(density, count)
    height, width = expected.shape
    first = random.uniform(-0.5, 0.5, (width,))
    tremble = random.uniform(-0.1, 0.1, (height, width))
    chosen = np.flatnonzero(_floyd_steinberg(expected, first, tremble).ravel())
    return adjust(chosen, count, expected, random)


def adjust(chosen: Pixels, count: int, density: Density, random: np.random.Generator) -> Pixels:
    """Take away or add pixels, drawn by density, until there are ``count``; ascending.

    Added ones come from pixels not chosen yet; where density leaves too few, from any.
    """
    chosen = np.unique(chosen)
    if len(chosen) > count:
        return np.sort(random.choice(chosen, count, replace=False))
    missing = count - len(chosen)
    if missing:
        weight = np.maximum(density.ravel().astype(np.float64), 0)
        weight[chosen] = 0
        extra = weighted_draw(weight, missing, random)
        chosen = np.concatenate([chosen, extra])
        still = count - len(chosen)
        if still:
            free = np.setdiff1d(np.arange(density.size), chosen, assume_unique=True)
            chosen = np.concatenate([chosen, random.choice(free, still, replace=False)])
    return np.sort(chosen)


def weighted_draw(weight: Density, count: int, random: np.random.Generator) -> Pixels:
    """Up to ``count`` different indices with probability by weight, never one of weight 0.

    The smallest of ``Exp(1) / weight`` are a draw without replacement (Efraimidis & Spirakis 2006).
    """
    positive = np.flatnonzero(weight > 0)
    if len(positive) <= count:
        return positive
    key = random.standard_exponential(len(positive)) / weight[positive]
    return positive[np.argpartition(key, count)[:count]] if count else positive[:0]


def farthest(density: Density, count: int, random: np.random.Generator) -> Pixels:
    """Exactly ``count`` pixels, each the farthest from those before, distance² times density.

    With a constant density this is blue noise: no two points near, no place far from all.
    """
    weight = np.maximum(np.asarray(density, np.float64), 1e-12 * max(float(density.max()), 1e-300))
    weight = weight / weight.max() * (1 + 1e-3 * random.random(density.shape))
    start = int(random.integers(density.size))
    return np.sort(_farthest(weight, count, start))


@njit(cache=True, nogil=True)
def _floyd_steinberg(expected: Density, first: Density, tremble: Density) -> NDArray[np.bool_]:
    height, width = expected.shape
    chosen = np.zeros((height, width), np.bool_)
    here = np.zeros(width + 2)
    here[1:-1] = first
    for y in range(height):
        below = np.zeros(width + 2)
        step = 1 if y % 2 == 0 else -1
        x = 0 if step == 1 else width - 1
        for _ in range(width):
            level = expected[y, x] + here[x + 1]
            chosen[y, x] = level > 0.5 + tremble[y, x]
            error = level - (1.0 if chosen[y, x] else 0.0)
            here[x + 1 + step] += error * 7 / 16
            below[x + 1 - step] += error * 3 / 16
            below[x + 1] += error * 5 / 16
            below[x + 1 + step] += error * 1 / 16
            x += step
        here = below
    return chosen


@njit(cache=True, nogil=True)
def _farthest(weight: Density, count: int, start: int) -> Pixels:
    height, width = weight.shape
    distance = np.full((height, width), 1e18)
    row_best, row_at = np.full(height, 1e18), np.zeros(height, np.int64)
    row_reach = np.full(height, 1e18)  # the largest distance in each row
    picks = np.empty(count, np.int64)
    pick = start
    for turn in range(count):
        picks[turn] = pick
        py, px = pick // width, pick % width
        for y in range(height):
            dy = (y - py) ** 2
            if dy >= row_reach[y]:
                continue
            changed = False
            for x in range(width):
                d = dy + (x - px) ** 2
                if d < distance[y, x]:
                    distance[y, x] = d
                    changed = True
            if changed:
                best, at, reach = -1.0, 0, 0.0
                for x in range(width):
                    reach = max(reach, distance[y, x])
                    score = weight[y, x] * distance[y, x]
                    if score > best:
                        best, at = score, x
                row_best[y], row_at[y], row_reach[y] = best, at, reach
        row = np.argmax(row_best)
        pick = int(row * width + row_at[row])
    return picks
