"""Solid things: flat faces and lights in road coordinates, built once and drawn in every frame.

The canvas is twice the picture's size, so that edges are smooth; a face is lit at its middle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from .light import Light, encode
from .view import NEAR, Colour, Floats, Point, View

OVERSAMPLING = 2
Span = tuple[float, float]


class Glow(NamedTuple):
    """A light: where, its colour, and the radius of its shine in metres."""

    at: Point
    colour: Colour
    size: float


@dataclass
class Solid:
    """Faces in the order of painting, and lights; ``depth`` is the far end, ``speed`` in m/s."""

    depth: float
    speed: float = 0.0
    faces: list[tuple[Sequence[Point], Colour, float, bool]] = field(default_factory=list)
    glows: list[Glow] = field(default_factory=list)

    def face(
        self, points: Sequence[Point], colour: Colour, facing: float = 0.4, *, shines: bool = False
    ) -> None:
        """A flat face; ``facing`` as in :meth:`Light.shade`; one that shines has its own light."""
        self.faces.append((points, colour, facing, shines))

    def plate(
        self, us: Span, ys: Span, s: float, colour: Colour, facing: float = 0.4, **shines: bool
    ) -> None:
        """An upright rectangle across the road."""
        (u0, u1), (y0, y1) = us, ys
        self.face([(u0, y0, s), (u1, y0, s), (u1, y1, s), (u0, y1, s)], colour, facing, **shines)

    def side(
        self, u: float, ys: Span, ss: Span, colour: Colour, facing: float = 0.35, **shines: bool
    ) -> None:
        """An upright rectangle along the road."""
        (y0, y1), (s0, s1) = ys, ss
        self.face([(u, y0, s0), (u, y0, s1), (u, y1, s1), (u, y1, s0)], colour, facing, **shines)

    def disc(self, at: Point, radius: float, colour: Colour, facing: float = 0.4) -> None:
        angles = np.arange(12) * np.pi / 6
        u, y, s = at
        outline = [(u + radius * np.cos(a), y + radius * np.sin(a), s) for a in angles]
        self.face(outline, colour, facing)

    def box(
        self,
        us: Span,
        ys: Span,
        ss: Span,
        colour: Colour,
        *,
        taper: float = 0.0,
        lean: Span = (0.0, 0.0),
        pane: Colour | None = None,
    ) -> None:
        """A box whose top may be narrower and whose ends may lean; ``pane`` glazes its sides.

        The side away from the road comes first: what can be seen is painted over it.
        """
        (y0, y1), (s0, s1) = ys, ss
        t0, t1 = s0 + lean[0], s1 - lean[1]
        (u0, u1), (v0, v1) = us, (us[0] + taper, us[1] - taper)
        sides = [
            [(u, y0, s0), (u, y0, s1), (v, y1, t1), (v, y1, t0)] for u, v in ((u0, v0), (u1, v1))
        ]
        sides.sort(key=lambda points: -abs(points[0][0]))
        roof = [(v0, y1, t0), (v1, y1, t0), (v1, y1, t1), (v0, y1, t1)]
        near = [(u0, y0, s0), (u1, y0, s0), (v1, y1, t0), (v0, y1, t0)]
        for points, facing in (*((side, 0.35) for side in sides), (roof, 0.85), (near, 0.5)):
            self.face(points, colour, facing)
            if pane is not None and points is not roof:
                middle = np.mean(points, axis=0)
                inner = [tuple(middle + 0.82 * (np.array(p) - middle)) for p in points]
                self.face(inner, pane, 0.45)

    @cached_property
    def arrays(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Points (n, 3); corners, colour, facing and whether it shines of each face."""
        points = np.concatenate([face[0] for face in self.faces]).astype(np.float32)
        corners = np.array([len(face[0]) for face in self.faces])
        _, colours, facing, shines = zip(*self.faces, strict=True)
        return points, corners, np.array(colours), np.array(facing), np.array(shines)


def draw(
    picture: Floats, solids: Iterable[Solid], view: View, light: Light, seconds: float
) -> tuple[Floats, list[tuple[Glow, float, float, float]]]:
    """Draw solids, the first given at the bottom; also the lights in sight: (light, x, y, z)."""
    solids = list(solids)
    arrays = zip(*(solid.arrays for solid in solids), strict=True)
    points, corners, colours, facing, shines = (np.concatenate(of) for of in arrays)
    shifts = [np.full(len(solid.arrays[0]), solid.speed * seconds) for solid in solids]
    points = points + np.concatenate(shifts)[:, None] * np.array([0, 0, 1])
    starts = np.concatenate([[0], np.cumsum(corners)[:-1]])
    u, y, s = (np.add.reduceat(points, starts) / corners[:, None]).T
    z = np.maximum(s - view.s, NEAR)
    seen = light.shade(colours, facing, (u, y, s), (view.right_of(u, z), z))
    shades = encode(np.where(shines[:, None], light.through_air(colours, z), seen)).tolist()
    pixels = np.split(view.project(points) * OVERSAMPLING, starts[1:])
    ahead = np.maximum.reduceat(points[:, 2], starts) - view.s > NEAR

    image = Image.fromarray(encode(picture).repeat(OVERSAMPLING, 0).repeat(OVERSAMPLING, 1))
    pen = ImageDraw.Draw(image)
    for polygon, shade, visible in zip(pixels, shades, ahead, strict=True):
        if visible:
            pen.polygon(polygon.ravel().tolist(), fill=tuple(shade))
    large = np.asarray(image)
    found = []
    for glow, shift in [(glow, one.speed * seconds) for one in solids for glow in one.glows]:
        at = np.add(glow.at, (0, 0, shift))
        z = at[2] - view.s
        if z > NEAR:
            x, y = view.project(at[None])[0]
            column, row = int(x * OVERSAMPLING), int(y * OVERSAMPLING)
            around = large[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            own = encode(np.array(glow.colour) * light.clear(z)).max()
            if around.size and around.max() > 0.7 * own:  # nothing is painted over the lamp
                found.append((glow, float(x), float(y), float(z)))
    small = np.asarray(image.reduce(OVERSAMPLING), dtype=np.float32) / 255
    return small**2, found
