"""How arrays cross to the browser: base64 of little-endian bytes, bitmasks, numbers as 16 bits."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

MISSING = 0xFFFF
STEPS = 65534
"""A numeric value is ``min + (max - min) * u16 / STEPS``; :data:`MISSING` means no value."""


def b64(array: NDArray[Any] | bytes) -> str:
    """Bytes of an array, little-endian, as base64."""
    if isinstance(array, bytes):
        return base64.b64encode(array).decode("ascii")
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return base64.b64encode(little.tobytes()).decode("ascii")


def bitmask(flags: NDArray[np.bool_]) -> str:
    """One bit a point, little bit order, as base64."""
    return b64(np.packbits(flags, bitorder="little"))


def squeeze(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint16]:
    """Numbers as uint16 steps over [low, high]; NaN becomes :data:`MISSING`.

    >>> squeeze(np.array([0.0, 1.0, np.nan]), 0.0, 1.0).tolist()
    [0, 65534, 65535]
    """
    known = np.isfinite(values)
    steps = (np.where(known, values, low) - low) * (STEPS / ((high - low) or 1.0))
    squeezed = np.rint(np.clip(steps, 0, STEPS)).astype(np.uint16)
    squeezed[~known] = MISSING
    return squeezed
