"""Where a pixel is: row-major pixel numbers inside, pixel-centre UV and ``[w, h]`` on the wire.

Inside, a pixel is one int64, ``y * W + x``, of a resolution ``(H, W)``: no rounding can split it
from its twin.  On the wire it is ``u = (x + 0.5) / W``, ``v = (y + 0.5) / H``: the centre of the
pixel, so that ``floor(u * W)`` is its column at every resolution and u = 1 never occurs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DimensionError, InputError, NotFiniteError

Resolution = tuple[int, int]
"""``(H, W)``: rows, columns."""

Pixels = NDArray[np.int64]
"""Row-major pixel numbers, ``y * W + x``."""

LARGEST_SIDE = 65_535


def resolution_from_wire(size: object) -> Resolution:
    """``(H, W)`` of a ``[w, h]`` as messages carry it.

    Examples
    --------
    >>> resolution_from_wire([640, 480])
    (480, 640)
    """
    if not isinstance(size, list) or [type(side) for side in size] != [int, int]:
        raise InputError(f"A resolution is [width, height] in pixels, not {str(size)[:60]}.")
    return checked_resolution((size[1], size[0]))


def resolution_to_wire(resolution: Resolution) -> list[int]:
    """``[w, h]`` of an ``(H, W)``."""
    height, width = checked_resolution(resolution)
    return [width, height]


def checked_resolution(resolution: Resolution) -> Resolution:
    """Return the resolution if both sides are from 1 to 65,535."""
    height, width = (int(side) for side in resolution)
    if not (1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE):
        raise InputError(
            f"A frame of {width} x {height} pixels cannot be sampled: each side goes from 1 to "
            f"{LARGEST_SIDE}."
        )
    return height, width


def uv_of(pixels: ArrayLike, resolution: Resolution) -> NDArray[np.float64]:
    """Pixel centres, ``(n, 2)`` as (u, v) in 0..1, exclusive of both ends.

    Examples
    --------
    >>> uv_of([0, 3], (2, 2)).tolist()
    [[0.25, 0.25], [0.75, 0.75]]
    """
    height, width = checked_resolution(resolution)
    y, x = np.divmod(np.asarray(pixels, np.int64), width)
    return np.stack([(x + 0.5) / width, (y + 0.5) / height], axis=-1)


def pixels_of(uv: ArrayLike, resolution: Resolution) -> Pixels:
    """Pixels whose areas hold the points ``uv`` (n, 2); 1.0 counts to the last column and row.

    DimensionError where there are not two columns, NotFiniteError and InputError for points that
    are not in 0..1.

    Examples
    --------
    >>> pixels_of([[0.25, 0.25], [1.0, 1.0]], (2, 2)).tolist()
    [0, 3]
    """
    height, width = checked_resolution(resolution)
    points = np.asarray(uv, np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise DimensionError(f"UV coordinates have the shape (n, 2), not {points.shape}.")
    if not np.isfinite(points).all():
        raise NotFiniteError("UV coordinates hold NaN or infinity; send numbers from 0 to 1.")
    if points.size and (points.min() < 0 or points.max() > 1):
        raise InputError(
            f"UV coordinates reach from {points.min():g} to {points.max():g}; they go from 0 to 1."
        )
    cell = np.floor(points * (width, height)).astype(np.int64)
    x, y = np.minimum(cell, (width - 1, height - 1)).T
    return np.asarray(y * width + x)
