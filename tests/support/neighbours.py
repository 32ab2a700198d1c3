"""Whether two searches found the same neighbours, up to ties: processors break them differently."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def assert_same_neighbours(index: ArrayLike, distance: Any, *, tie: float) -> None:
    """Assert that ``index`` names the nearest of each query, closest first, whichever of a tie.

    Parameters
    ----------
    index : int (q, k)
        Columns of ``distance``.
    distance : float64 (q, n)
        The true distances.
    tie : float
        Distances no farther apart than this are equal: the rounding of what was searched in, some
        1e-15 for float64 and 1e-6 for float32 inner products.
    """
    found = np.atleast_2d(np.asarray(index))
    truth = np.atleast_2d(np.asarray(distance, np.float64))
    assert all(len(set(row)) == len(row) for row in found.tolist()), "a neighbour is named twice"
    nearest = np.sort(truth, axis=1)[:, : found.shape[1]]
    np.testing.assert_allclose(np.take_along_axis(truth, found, 1), nearest, rtol=0, atol=tie)
