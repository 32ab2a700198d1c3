"""Where things are: a road that meanders, a camera on it, and the projection between them.

Everything stands in road coordinates: ``s`` metres along the road, ``u`` metres to the right of its
middle, ``y`` metres above it.  The road bends by shifting what is ahead sideways, the pseudo-3D of
old racing games, which at these distances is indistinguishable from turning the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cos, sin

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Colour = tuple[float, float, float]

NEAR = 1.5
"""Metres in front of the camera at which things are cut off."""


@dataclass(frozen=True)
class Road:
    """A road's course and cross-section.

    ``left`` and ``right`` are lanes on each side of ``u = 0``; ``waves`` are (amplitude in metres,
    wavelength / 2 pi in metres, phase) of its meander.
    """

    left: int
    right: int
    lane: float
    waves: tuple[tuple[float, float, float], ...]

    def lateral(self, s: float) -> float:
        return sum(a * sin(s / length + phase) for a, length, phase in self.waves)

    def slope(self, s: float) -> float:
        return sum(a / length * cos(s / length + phase) for a, length, phase in self.waves)

    def lateral_of(self, s: Floats) -> Floats:
        total = np.zeros_like(s)
        for a, length, phase in self.waves:
            total += np.float32(a) * np.sin(s / np.float32(length) + np.float32(phase))
        return total

    @property
    def edges(self) -> tuple[float, float]:
        return -self.left * self.lane, self.right * self.lane


@dataclass(frozen=True)
class View:
    """A pinhole camera at height ``eye`` above ``(u, s)`` on the road, looking along it."""

    width: int
    height: int
    focal: float
    horizon: float
    eye: float
    road: Road
    u: float
    s: float

    def bend(self, z: float) -> float:
        """How far the road has moved sideways, seen from here, ``z`` metres ahead."""
        table = self._bends
        at = min(z, len(table) - 2.0)
        i = int(at)
        return table[i] + (table[i + 1] - table[i]) * (at - i)

    @cached_property
    def _bends(self) -> list[float]:
        """The bend at every metre: asked for many thousand times a frame."""
        bends: list[float] = self.bend_of(np.arange(512, dtype=np.float32)).tolist()
        return bends

    def bend_of(self, z: Floats) -> Floats:
        road = self.road
        here = np.float32(road.lateral(self.s))
        return road.lateral_of(np.float32(self.s) + z) - here - np.float32(road.slope(self.s)) * z

    def project(self, u: float, y: float, s: float) -> tuple[float, float]:
        """Pixel (x, y) of a point in road coordinates; what is nearer than NEAR is moved there."""
        z = max(s - self.s, NEAR)
        x = u - self.u + self.bend(z)
        return (
            self.width / 2 + self.focal * x / z,
            self.horizon - self.focal * (y - self.eye) / z,
        )

    def ground_rows(self) -> tuple[int, Floats]:
        """First row below the horizon, and the distance of each row's ground from there on."""
        first = int(np.floor(self.horizon)) + 1
        below = np.arange(first, self.height, dtype=np.float32) + 0.5 - np.float32(self.horizon)
        return first, np.float32(self.eye * self.focal) / below

    def ground_u(self, z: Floats) -> Floats:
        """Road coordinate u of every pixel of the ground rows at distances ``z``: (rows, width)."""
        across = np.arange(self.width, dtype=np.float32) + np.float32(0.5 - self.width / 2)
        x = across[None, :] * (z / np.float32(self.focal))[:, None]
        return x + np.float32(self.u) - self.bend_of(z)[:, None]
