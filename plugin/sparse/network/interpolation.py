"""Natural-neighbour interpolation: the frame that the model starts from.

Sibson's interpolant (1981) in the discrete form of Park et al. (2006).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..frames.nearest import nearest_samples
from ..frames.samples import Samples


def natural_neighbour(samples: Samples) -> NDArray[np.float64]:
    """A pixel's own Voronoi cell would take its value from the cells it covers; (H, W, C), 0..255.

    Every pixel gives its nearest sample's value to the disc around it that reaches that sample;
    the mean of what a pixel receives is Sibson's interpolant on the pixel grid.
    """
    height, width = samples.resolution
    index = nearest_samples(samples.pixels, samples.resolution, 1).ravel()
    y, x = np.divmod(samples.pixels[index], width)
    here_y, here_x = np.divmod(np.arange(height * width), width)
    radius = (y - here_y) ** 2 + (x - here_x) ** 2
    values = samples.values.astype(np.float64)
    return np.asarray(_scatter(index, radius, values, height, width))


@njit(cache=True, nogil=True)
def _scatter(
    index: NDArray[np.int64],
    radius: NDArray[np.float64],
    values: NDArray[np.float64],
    height: int,
    width: int,
) -> NDArray[np.float64]:
    """What all discs give; ``radius`` is squared.

    A row of a disc is added where it begins and taken away behind its end, so that few samples of a
    large frame, with discs of its size, cost its pixels times its side and not times its pixels.
    The sums are of whole numbers, hence exact in any order.
    """
    channels = values.shape[1]
    total = np.zeros((height, width + 1, channels))
    count = np.zeros((height, width + 1))
    for p in range(height * width):
        py, px, reach = p // width, p % width, int(np.sqrt(radius[p]))
        for y in range(max(0, py - reach), min(height, py + reach + 1)):
            half = int(np.sqrt(radius[p] - (y - py) ** 2))
            first, behind = max(0, px - half), min(width, px + half + 1)
            count[y, first] += 1
            count[y, behind] -= 1
            for c in range(channels):
                total[y, first, c] += values[index[p], c]
                total[y, behind, c] -= values[index[p], c]
    for y in range(height):
        for x in range(1, width):
            count[y, x] += count[y, x - 1]
            for c in range(channels):
                total[y, x, c] += total[y, x - 1, c]
    for y in range(height):
        for x in range(width):
            for c in range(channels):
                total[y, x, c] /= count[y, x]
    return total[:, :width]
