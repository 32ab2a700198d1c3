"""Unit rows, also such as follow one another as frames of drives do."""

import numpy as np
from numpy.typing import ArrayLike


def unit(rows: ArrayLike) -> np.ndarray:
    """Rows of length one, float32."""
    rows = np.asarray(rows, np.float64)
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def frames(count: int, dimension: int, seed: int = 0, drive: int = 40) -> np.ndarray:
    """Float32 (count, dimension): drives of ``drive`` frames that drift."""
    random = np.random.default_rng(seed)
    starts = random.standard_normal((-(-count // drive), 1, dimension))
    steps = 0.2 * random.standard_normal((len(starts), drive, dimension))
    return unit((starts + steps.cumsum(axis=1)).reshape(-1, dimension)[:count])
