"""From raw weights on the patch grid to a heatmap that lies right on the whole image.

The encoder saw a part of the image, but a viewer stretches a heatmap over the whole of it.  So the
patch grid is laid into a grid of the same cell size that covers the whole image, by the areas in
which their cells overlap; what was not seen is 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..encoders.preprocessing import Pixels
from ..errors import InputError

LARGEST_SIDE = 512


def levels(weights: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Stretch weights to 0..255: the least of the image is 0, the most 255; all equal gives 0.

    A map says where in *its* image the encoder looked; levels of two images do not compare.

    Examples
    --------
    >>> levels(np.array([[0.2, 0.3], [0.25, 0.2]])).tolist()
    [[0, 255], [128, 0]]
    """
    least, most = weights.min(), weights.max()
    # What rounding alone tells apart is equal.
    if most - least <= 1e-9 * max(abs(most), abs(least)):
        return np.zeros(weights.shape, np.uint8)
    return np.rint(255 * ((weights - least) / (most - least))).astype(np.uint8)


def seen_rows(pixels: Pixels, rows: int, width: int, height: int) -> NDArray[np.bool_]:
    """Which rows of the patch grid lie mostly below the masked sky: bool (rows,)."""
    _, upper, _, _ = pixels.region.box(width, height)
    horizon = upper + pixels.region.masked_rows(height)
    _, top, _, bottom = pixels.seen_box(width, height)
    middles = top + (np.arange(rows) + 0.5) * (bottom - top) / rows
    visible: NDArray[np.bool_] = middles >= horizon
    return visible


def placed(
    weights: NDArray[np.floating[Any]], pixels: Pixels, width: int, height: int
) -> NDArray[np.uint8]:
    """Give the heatmap of a whole image from the raw weights of its patches.

    ``weights`` (rows, columns) of any range are stretched to 0..255 over the patches that show
    something of the image, which is ``width`` x ``height`` upright.  The result is uint8, the patch
    grid itself where the encoder saw the whole image, :data:`LARGEST_SIDE` at most.
    """
    rows, columns = weights.shape
    visible = seen_rows(pixels, rows, width, height)
    heat = np.zeros(weights.shape)
    if visible.any():
        heat[visible] = levels(weights[visible])
    left, top, right, bottom = pixels.seen_box(width, height)
    down = _overlap(rows, top, bottom, height)
    across = _overlap(columns, left, right, width)
    return np.rint(down @ heat @ across.T).astype(np.uint8)


def patch_at(
    point: tuple[float, float], pixels: Pixels, grid: tuple[int, int], width: int, height: int
) -> int:
    """Number of the patch, in row order, at a place of the image given as shares of its sides.

    Raises
    ------
    InputError
        The encoder did not see that place.
    """
    x, y = point
    left, top, right, bottom = pixels.seen_box(width, height)
    column = math.floor((x * width - left) / (right - left) * grid[1])
    row = math.floor((y * height - top) / (bottom - top) * grid[0])
    # The last pixel's far edge belongs to the last patch.
    column -= column == grid[1] and x * width <= right
    row -= row == grid[0] and y * height <= bottom
    inside = 0 <= column < grid[1] and 0 <= row < grid[0]
    if not inside or not seen_rows(pixels, grid[0], width, height)[row]:
        raise InputError(
            f"the encoder did not see the place ({x:g}, {y:g}): it lies outside the region of "
            "interest, in the masked sky, or beside the centre that its preprocessing cuts out"
        )
    return row * grid[1] + column


def _overlap(cells: int, start: float, end: float, length: int) -> NDArray[np.float64]:
    """Share of each cell of the whole side that each of ``cells`` from start to end covers.

    (cells', cells): rows sum to 1 inside, to less at the border, to 0 outside.
    """
    if start == 0 and end == length:
        return np.eye(cells)
    count = min(max(1, round(length / ((end - start) / cells))), LARGEST_SIDE)
    whole = np.linspace(0, length, count + 1)
    part = np.linspace(start, end, cells + 1)
    lower = np.maximum(whole[:-1, None], part[None, :-1])
    upper = np.minimum(whole[1:, None], part[None, 1:])
    return np.clip(upper - lower, 0, None) / (length / count)
