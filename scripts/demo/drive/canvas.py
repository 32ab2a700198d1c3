"""Where solid things are drawn: flat polygons, lit and fogged by their distance, far ones first.

The canvas is twice the picture's size, so that edges come out smooth.  A face's light is computed
once, at its middle.  Lamps and lights are noted as glows, which the lens turns into light later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from .geometry import NEAR, Colour, Floats, View
from .light import Light, encode, encode_one

OVERSAMPLING = 2

Point = tuple[float, float, float]
"""(u, y, s) in road coordinates."""


@dataclass(frozen=True)
class Glow:
    """A light source as the camera sees it; ``mirror`` is the row of its image in a wet road."""

    x: float
    y: float
    z: float
    mirror: float
    size: float
    colour: Colour


@dataclass
class Canvas:
    """One frame in the making."""

    view: View
    light: Light
    image: Image.Image
    draw: ImageDraw.ImageDraw
    glows: list[Glow] = field(default_factory=list)
    hiding: list[tuple[float, float, float, float, float]] = field(default_factory=list)

    @classmethod
    def over(cls, backdrop: Floats, view: View, light: Light) -> Canvas:
        pixels = encode(backdrop).repeat(OVERSAMPLING, 0).repeat(OVERSAMPLING, 1)
        image = Image.fromarray(pixels)
        return cls(view, light, image, ImageDraw.Draw(image))

    def picture(self) -> Floats:
        """The canvas at the picture's size, in linear light."""
        small = np.asarray(self.image.reduce(OVERSAMPLING), dtype=np.float32) / np.float32(255)
        result: Floats = small * small
        return result

    def colour_at(self, colour: Colour, where: Point, facing: float) -> tuple[int, int, int]:
        u, y, s = where
        z = max(s - self.view.s, NEAR)
        x = u - self.view.u + self.view.bend(z)
        return encode_one(self.light.shade(colour, x, y, z, u, s, facing))

    def face(self, points: Sequence[Point], colour: Colour, facing: float = 0.5) -> None:
        """A flat face; ``facing`` is the part of the sun's light that it catches."""
        if max(p[2] for p in points) - self.view.s <= NEAR:
            return
        n = len(points)
        middle = tuple(sum(p[i] for p in points) / n for i in range(3))
        self._fill([self.view.project(*p) for p in points], self.colour_at(colour, middle, facing))  # type: ignore[arg-type]

    def shining(self, points: Sequence[Point], colour: Colour) -> None:
        """A face that gives light itself: only the air dims it."""
        if min(p[2] for p in points) - self.view.s <= NEAR:
            return
        through = self.light.clear(points[0][2] - self.view.s)
        seen = tuple(
            c * through + f * (1 - through) for c, f in zip(colour, self.light.fog, strict=True)
        )
        self._fill([self.view.project(*p) for p in points], encode_one(seen))  # type: ignore[arg-type]

    def blob(
        self, where: Point, radius: tuple[float, float], colour: Colour, facing: float
    ) -> None:
        """An ellipse that faces the camera, radii in metres."""
        z = where[2] - self.view.s
        if z <= NEAR:
            return
        x, y = self.view.project(*where)
        rx, ry = (r * self.view.focal / z for r in radius)
        if x + rx < 0 or x - rx > self.view.width:
            return
        k = OVERSAMPLING
        box = (k * (x - rx), k * (y - ry), k * (x + rx), k * (y + ry))
        self.draw.ellipse(box, fill=self.colour_at(colour, where, facing))

    def glow(self, where: Point, colour: Colour, size: float) -> None:
        """Note a light source; ``size`` in metres is the radius of its visible shine."""
        u, y, s = where
        z = s - self.view.s
        if z <= NEAR:
            return
        px, py = self.view.project(u, y, s)
        through = self.light.clear(z)
        seen: Colour = (colour[0] * through, colour[1] * through, colour[2] * through)
        mirror = self.view.horizon + self.view.focal * (self.view.eye + y) / z
        self.glows.append(Glow(px, py, z, mirror, size * self.view.focal / z, seen))

    def hide(self, corner: Point, opposite: Point) -> None:
        """Note that a solid thing stands there, so that glows behind it do not shine through."""
        (x0, y0), (x1, y1) = self.view.project(*corner), self.view.project(*opposite)
        z = min(corner[2], opposite[2]) - self.view.s
        self.hiding.append((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1), z))

    def visible_glows(self) -> list[Glow]:
        return [
            glow
            for glow in self.glows
            if not any(
                x0 < glow.x < x1 and y0 < glow.y < y1 and z < glow.z - 0.5
                for x0, y0, x1, y1, z in self.hiding
            )
        ]

    def _fill(self, points: list[tuple[float, float]], colour: tuple[int, int, int]) -> None:
        if max(x for x, _ in points) < 0 or min(x for x, _ in points) > self.view.width:
            return
        k = OVERSAMPLING
        self.draw.polygon([(k * x, k * y) for x, y in points], fill=colour)
