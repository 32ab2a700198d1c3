"""A flat map laid onto the sphere: Lambert's azimuthal equal-area projection, read backwards.

This lift keeps areas, so that a dense patch of the map stays as dense on the sphere, and directions
from the centre.  Points far apart on the rim come closer together around the back of the sphere, so
the map is laid over most of the sphere and not all of it (:data:`REACH`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DimensionError, EmptySetError, NotFiniteError

Array = NDArray[Any]

DISC = 2.0
"""Radius of the disc that the projection makes of a whole unit sphere."""
REACH = 0.95
"""Share of that radius that the farthest point of a map is laid at.  At 1 the whole rim would
become a single point, the antipode of the centre; at 0.95 it stays a circle 36 degrees from it and
the map takes up 90 % of the sphere."""


@dataclass(frozen=True, eq=False)
class Lift:
    """A map on the sphere: ``places`` float32 (n, 3) unit rows, ``centre`` (2,), ``scale``.

    A point ``p`` of the map is at ``(p - centre) * scale`` in the disc.
    """

    places: Array
    centre: Array
    scale: float


def lift_to_sphere(points: ArrayLike) -> Lift:
    """Lay two-dimensional points onto the unit sphere.

    Parameters
    ----------
    points : (n, 2)
        Finite, in any unit.  The middle of their bounding box goes to the north pole (0, 0, 1) and
        the point farthest from it to :data:`REACH` of the disc's radius.

    Raises
    ------
    EmptySetError, DimensionError, NotFiniteError

    References
    ----------
    J. P. Snyder (1987), "Map Projections: A Working Manual", USGS Paper 1395, chapter 24.

    >>> lift_to_sphere([[0, 0], [1, 0], [-1, 0]]).places[:, 2].astype(float).round(3).tolist()
    [1.0, -0.805, -0.805]
    """
    rows = np.asarray(points, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != 2:
        raise DimensionError(f"A flat map has two columns, these points the shape {rows.shape}.")
    if not len(rows):
        raise EmptySetError("There is no point to lay onto the sphere.")
    if not np.isfinite(rows).all():
        raise NotFiniteError("A point of the map is NaN or infinite: leave it out first.")
    # Halves first: the sum of two numbers near the largest float would overflow.
    centre = rows.min(axis=0) / 2 + rows.max(axis=0) / 2
    offset = rows / 2 - centre / 2
    radius = np.hypot(offset[:, 0], offset[:, 1]).max()
    in_disc = offset / radius * (DISC * REACH) if radius > 0 else np.zeros_like(offset)
    scale = float(DISC * REACH / radius / 2) if radius > 0 else 0.0
    return Lift(from_disc(in_disc), centre, scale)


def from_disc(points: ArrayLike) -> Array:
    """Unit rows, float32 (n, 3), of points (n, 2) in the disc of radius 2: the inverse projection.

    >>> from_disc([[0, 0]]).tolist()
    [[0.0, 0.0, 1.0]]
    """
    x, y = np.asarray(points, dtype=np.float64).reshape(-1, 2).T
    squared = np.minimum(x * x + y * y, DISC**2)  # rounding at the rim must not leave the disc
    ring = np.sqrt(1 - squared / 4)
    return np.stack([x * ring, y * ring, 1 - squared / 2], axis=1).astype(np.float32)
