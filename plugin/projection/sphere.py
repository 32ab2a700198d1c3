"""The unit sphere: points put on it, caps and nearest neighbours upon it.

A place on the sphere is a unit row ``(x, y, z)``; angles are in radians.  Distances are computed
from the chord between two places and not from their inner product, which loses half the digits
where places are close (``arccos`` near 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DimensionError, EmptySetError, NotFiniteError

Array = NDArray[Any]

NORTH = np.array([0.0, 0.0, 1.0])
"""Where a point goes that has no direction of its own."""


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The nearest points of each query, closest first."""

    angle: Array
    """float64 (q, k): geodesic distance, 0..pi."""
    index: Array
    """int64 (q, k): row of the point."""


def check_points(points: ArrayLike, name: str = "points") -> Array:
    """Return ``points`` as float64 (n, 3), finite; a single place becomes one row."""
    rows = np.asarray(points, dtype=np.float64)
    if rows.ndim == 1:
        rows = rows[None]
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise DimensionError(f"{name} have shape {np.shape(points)}; three columns are needed.")
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        raise NotFiniteError(
            f"Row {int(np.argmin(finite))} of {name} is NaN or infinite ({(~finite).sum()} such "
            "rows); compute the sphere again."
        )
    return rows


def robust_centre(points: ArrayLike) -> Array:
    """Centre of a 3D cloud: the median of each axis, float64 (3,).

    A far island moves a mean towards itself and so crowds everybody else onto one side of the
    sphere; it hardly moves a median.

    >>> robust_centre([[0, 0, 0], [1, 1, 1], [2, 2, 900]])
    array([1., 1., 1.])
    """
    rows = check_points(points)
    if not len(rows):
        raise EmptySetError("There is no point to find the centre of.")
    # Half first: the midpoint of two numbers near the largest float would overflow.
    return 2 * np.median(rows / 2, axis=0)


def to_unit_sphere(points: ArrayLike, centre: ArrayLike | None = None) -> Array:
    """Project points radially onto the unit sphere around ``centre``.

    Parameters
    ----------
    points : (n, 3)
        Any real coordinates, 3D UMAP as a rule.
    centre : (3,), optional
        Default :func:`robust_centre` of the points.  Record it: a new point has to be projected
        from the same centre.

    Returns
    -------
    float32 (n, 3)
        Unit rows.  A point at the centre has no direction and goes to the north pole (0, 0, 1).

    >>> to_unit_sphere([[5, 1, 1], [1, 1, 1], [1, 3, 1]], centre=[1, 1, 1]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    rows = check_points(points)
    if not len(rows):
        return np.empty((0, 3), np.float32)
    origin = robust_centre(rows) if centre is None else check_points(centre, "centre")[0]
    # Dividing by the largest coordinate first keeps squares from over- and underflowing.
    offset = rows / 2 - origin / 2
    largest = np.abs(offset).max(axis=1, keepdims=True)
    lost = largest[:, 0] == 0
    offset = np.divide(offset, largest, out=np.tile(NORTH, (len(rows), 1)), where=~lost[:, None])
    return (offset / np.linalg.norm(offset, axis=1, keepdims=True)).astype(np.float32)


def geodesic(a: ArrayLike, b: ArrayLike) -> Array:
    """Great-circle distance between unit rows, radians, row by row with broadcasting.

    ``2 atan2(|a - b|, |a + b|)`` is exact to rounding at every angle (Kahan 2006, "How futile are
    mindless assessments of roundoff", section 12).

    >>> float(geodesic([1, 0, 0], [0, 1, 0]) / np.pi)
    0.5
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return 2 * np.arctan2(
        np.linalg.norm(first - second, axis=-1), np.linalg.norm(first + second, axis=-1)
    )


def cap(points: ArrayLike, centre: ArrayLike, angle: float) -> Array:
    """Which points lie in the geodesic disc of radius ``angle`` around ``centre``, bool (n,).

    The rim belongs to the cap.  ``angle`` 0 keeps only the centre itself, pi keeps everything.

    >>> cap([[0, 0, 1], [1, 0, 0]], centre=[0, 0, 1], angle=0.1).tolist()
    [True, False]
    """
    middle = to_unit_sphere(check_points(centre, "centre")[:1], centre=np.zeros(3))[0]
    return geodesic(check_points(points), middle) <= angle + 1e-7


class SphereIndex:
    """Exact nearest neighbours among fixed places, unit rows (n, 3); build once, ask often.

    A KD-tree on the chord, which orders places as the geodesic does.
    """

    def __init__(self, points: ArrayLike) -> None:
        from scipy.spatial import cKDTree

        self.points = check_points(points)
        self._tree: Any = cKDTree(self.points)

    def nearest(self, queries: ArrayLike, k: int) -> Neighbors:
        """The ``k`` nearest places of each query (fewer if there are fewer); ties by row."""
        rows = check_points(queries, "queries")
        if not len(self.points):
            raise EmptySetError("The sphere has no point to search among.")
        if k < 1:
            raise EmptySetError(f"{k} neighbours were asked for; at least one is needed.")
        chord, index = self._tree.query(rows, k=np.arange(1, min(k, len(self.points)) + 1))
        order = np.lexsort((index, chord), axis=1)
        chord, index = np.take_along_axis(chord, order, 1), np.take_along_axis(index, order, 1)
        return Neighbors(2 * np.arcsin(np.minimum(chord / 2, 1)), index.astype(np.int64))

    def within(self, centre: ArrayLike, angle: float) -> Array:
        """Rows of the places in the cap of radius ``angle``, ascending; as :func:`cap` has it."""
        middle = to_unit_sphere(check_points(centre, "centre")[:1], centre=np.zeros(3))[0]
        chord = 2 * np.sin(min(angle + 1e-7, np.pi) / 2)
        near = np.array(self._tree.query_ball_point(middle, chord + 1e-7), dtype=np.int64)
        near.sort()
        return near[cap(self.points[near], middle, angle)] if len(near) else near
