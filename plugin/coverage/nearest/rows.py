"""What every coverage function accepts, float32 unit rows, and how it measures them exactly.

The one idea: a float32 matrix product finds *who* is near, a float64 difference says *how* near.
A float32 inner product of unit rows is off by a few 1e-7, which is nothing beside a cosine
distance of 0.3 and everything beside one of 0, so each winner's distance is recomputed.
"""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DimensionError, EmptySetError, InputError, NotFiniteError

Metric = Literal["cosine", "euclidean"]
Rows = NDArray[np.float32]

NORM_TOLERANCE = 1e-4
"""How far from 1 the length of a row may be: float32 normalisation stays within 1e-6."""

TIE = 1e-6
"""Inner products of unit rows closer than this are compared in float64, not in float32."""

_CELLS_AT_ONCE = 1 << 18  # of a float64 difference: 2 MB, which stays in the cache


def checked_rows(name: str, rows: object) -> Rows:
    """``rows`` as a C-contiguous float32 (n, d) array of finite unit rows, n and d at least 1.

    Raises
    ------
    InputError, DimensionError, EmptySetError, NotFiniteError
    """
    array = np.asarray(rows)
    if array.ndim != 2 or array.shape[1] == 0:
        raise DimensionError(
            f"{name} has shape {array.shape}; give one embedding a row, shape (n, d)."
        )
    if not np.issubdtype(array.dtype, np.floating):
        raise InputError(f"{name} holds {array.dtype}; give float32 embeddings.")
    if len(array) == 0:
        raise EmptySetError(f"{name} has no row; give it at least one embedding.")
    array = np.ascontiguousarray(array, dtype=np.float32)
    squares = np.einsum("ij,ij->i", array, array)
    bad = np.flatnonzero(~(np.abs(squares - 1) <= 2 * NORM_TOLERANCE))
    broken = bad[~np.isfinite(array[bad]).all(axis=1)]
    if len(broken):
        raise NotFiniteError(
            f"{name} has {len(broken)} row(s) with NaN or infinite values, the first at row "
            f"{broken[0]}; embed those samples again or leave them out."
        )
    if len(bad):
        raise InputError(
            f"{name} has {len(bad)} row(s) that are not unit vectors, the first at row {bad[0]} "
            f"with length {np.sqrt(squares[bad[0]]):.4g}; divide each row by its L2 norm."
        )
    return cast(Rows, array)


def same_dimension(name: str, rows: Rows, other_name: str, other: Rows) -> None:
    """Refuse two sets whose embeddings have different lengths."""
    if rows.shape[1] != other.shape[1]:
        raise DimensionError(
            f"{name} has embeddings of {rows.shape[1]} numbers and {other_name} of "
            f"{other.shape[1]}; embed both with the same encoder."
        )


def checked_distances(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Distances as float64 (n,); at least one, all finite."""
    distance = np.asarray(values, np.float64).ravel()
    if not len(distance):
        raise EmptySetError(f"{name} holds no distance; there is nothing to measure.")
    if not np.isfinite(distance).all():
        raise NotFiniteError(f"{name} holds NaN or infinity; compute the distances again.")
    return distance


def checked_metric(metric: str) -> Metric:
    """``metric`` if it is one that we know."""
    if metric not in ("cosine", "euclidean"):
        raise InputError(f"Unknown metric {metric!r}; choose 'cosine' or 'euclidean'.")
    return cast(Metric, metric)


def squared_to_metric(squared: NDArray[np.float64], metric: Metric) -> NDArray[np.float64]:
    """Squared Euclidean distances of unit rows in the unit of ``metric``.

    On unit rows ``|u - v|^2 = 2 (1 - cos)``, so the cosine distance is half of it.
    """
    return np.sqrt(squared) if metric == "euclidean" else squared / 2


def metric_to_squared(distance: float, metric: Metric) -> float:
    """The squared Euclidean distance of unit rows that are ``distance`` apart in ``metric``."""
    return float(distance**2 if checked_metric(metric) == "euclidean" else 2 * distance)


def squared_distance_of_pairs(
    left: Rows, i: NDArray[np.integer], right: Rows, j: NDArray[np.integer]
) -> NDArray[np.float64]:
    """``|left[i] - right[j]|^2`` in float64, by the difference: equal rows give exactly 0."""
    squared = np.empty(len(i))
    step = max(_CELLS_AT_ONCE // left.shape[1], 1)
    for start in range(0, len(i), step):
        part = slice(start, start + step)
        difference = left[i[part]].astype(np.float64)
        difference -= right[j[part]]
        squared[part] = np.einsum("ij,ij->i", difference, difference)
    return squared


def squared_radius(radius: float | None, metric: Metric, name: str) -> float:
    """A radius as a squared Euclidean distance of unit rows; -1, which none is, without one."""
    if radius is None:
        return -1.0
    if not radius >= 0:
        raise InputError(f"{name} is {radius}; give a distance that is not negative.")
    return metric_to_squared(radius, metric)


def pairs_within(left: Rows, right: Rows, squared: float) -> NDArray[np.bool_]:
    """Which pairs, (n, m), are no farther apart than that; exact.

    Pairs that float32 cannot tell from the distance are settled in float64.
    """
    similarity = left @ right.T
    level = 1 - squared / 2
    near = similarity >= np.float32(level - TIE)
    i, j = np.nonzero(near & (similarity <= np.float32(level + TIE)))
    near[i, j] = squared_distance_of_pairs(left, i, right, j) <= squared
    return np.asarray(near)
