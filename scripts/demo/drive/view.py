"""Where things are: a road that meanders, a camera on it, and the projection between them.

Everything is in road coordinates: ``u`` metres to the right of the road's middle, ``y`` above it,
``s`` along it.  The road bends by shifting what is ahead sideways, as in old racing games.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
Colour = tuple[float, float, float]
Point = tuple[float, float, float]
Rng = np.random.Generator

NEAR = 1.5
"""Metres in front of the camera at which things are cut off."""


@dataclass(frozen=True)
class Road:
    """Lanes to each side of ``u = 0``, and (amplitude, wavelength / 2 pi, phase) of its bends."""

    left: int
    right: int
    lane: float
    waves: tuple[tuple[float, float, float], ...]

    @property
    def edges(self) -> tuple[float, float]:
        return -self.left * self.lane, self.right * self.lane

    def lateral(self, s: Any) -> Any:
        return sum(a * np.sin(s / length + phase) for a, length, phase in self.waves)

    def slope(self, s: float) -> float:
        return float(sum(a / long * np.cos(s / long + phase) for a, long, phase in self.waves))


@dataclass(frozen=True)
class View:
    """A pinhole camera at height ``eye`` above ``(u, s)``, looking along the road."""

    width: int
    height: int
    horizon: float
    eye: float
    road: Road
    u: float
    s: float

    @property
    def focal(self) -> float:
        return 0.88 * self.width

    def right_of(self, u: Any, z: Any) -> Any:
        """Metres to the right of the optical axis, ``z`` metres ahead."""
        bend = self.road.lateral(self.s + z) - self.road.lateral(self.s)
        return u - self.u + bend - self.road.slope(self.s) * z

    def project(self, points: Floats) -> Floats:
        """Pixels (n, 2) of points (n, 3); what is nearer than :data:`NEAR` is moved there."""
        z = np.maximum(points[:, 2] - self.s, NEAR)
        x = self.width / 2 + self.focal * self.right_of(points[:, 0], z) / z
        return np.stack([x, self.horizon - self.focal * (points[:, 1] - self.eye) / z], 1)

    def ground(self) -> tuple[int, Floats, Floats]:
        """First row below the horizon; distance (rows, 1) and ``u`` (rows, width) from there on."""
        first = int(self.horizon) + 1
        below = np.arange(first, self.height)[:, None] + 0.5 - self.horizon
        z = (self.eye * self.focal / below).astype(np.float32)
        across = np.arange(self.width, dtype=np.float32) + 0.5 - self.width / 2
        return first, z, across * z / self.focal - self.right_of(0.0, z)
