"""What a road authority puts up: lamps, poles, posts, rails, walls, signs, gantries, bridges."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas
from .geometry import Colour
from .light import LAMP_HEIGHT, scaled, snowy

STEEL: Colour = (0.34, 0.35, 0.36)
SIGNS: tuple[tuple[str, Colour, Colour], ...] = (
    ("round", (0.75, 0.75, 0.73), (0.55, 0.02, 0.02)),
    ("triangle", (0.78, 0.78, 0.74), (0.55, 0.02, 0.02)),
    ("square", (0.02, 0.10, 0.42), (0.75, 0.75, 0.75)),
    ("diamond", (0.75, 0.48, 0.02), (0.75, 0.75, 0.73)),
)


def _upright(canvas: Canvas, u: float, s: float, y: float, thick: float, colour: Colour) -> None:
    half = thick / 2
    canvas.face(
        [(u - half, 0, s), (u + half, 0, s), (u + half, y, s), (u - half, y, s)], colour, 0.5
    )


def draw_lamp(canvas: Canvas, *, u: float, side: float, s: float) -> None:
    _upright(canvas, u, s, LAMP_HEIGHT, 0.14, (0.13, 0.135, 0.14))
    end = u - side * 1.5
    canvas.face(
        [
            (u, LAMP_HEIGHT - 0.1, s),
            (end, LAMP_HEIGHT + 0.15, s),
            (end, LAMP_HEIGHT + 0.25, s),
            (u, LAMP_HEIGHT + 0.05, s),
        ],
        (0.13, 0.135, 0.14),
        0.5,
    )
    head = [
        (end - 0.35, LAMP_HEIGHT + 0.08, s),
        (end + 0.35, LAMP_HEIGHT + 0.08, s),
        (end + 0.3, LAMP_HEIGHT + 0.24, s),
        (end - 0.3, LAMP_HEIGHT + 0.24, s),
    ]
    if canvas.light.lamps > 0.3:
        canvas.shining(head, (1.0, 0.80, 0.50))
        canvas.glow(
            (end, LAMP_HEIGHT + 0.1, s), scaled((1.25, 0.80, 0.38), canvas.light.lamps), 0.8
        )
    else:
        canvas.face(head, (0.35, 0.35, 0.33), 0.5)


def draw_pole(canvas: Canvas, *, u: float, s: float) -> None:
    _upright(canvas, u, s, 8.2, 0.24, (0.12, 0.09, 0.065))
    canvas.face(
        [(u - 1.0, 7.4, s), (u + 1.0, 7.4, s), (u + 1.0, 7.6, s), (u - 1.0, 7.6, s)],
        (0.12, 0.09, 0.065),
        0.5,
    )


def draw_post(canvas: Canvas, *, u: float, s: float) -> None:
    _upright(canvas, u, s, 0.95, 0.12, (0.72, 0.72, 0.70))
    canvas.face(
        [(u - 0.06, 0.62, s), (u + 0.06, 0.62, s), (u + 0.06, 0.80, s), (u - 0.06, 0.80, s)],
        (0.05, 0.05, 0.05),
        0.5,
    )
    if canvas.light.headlights > 0.3:  # the reflector answers our beam
        canvas.glow((u, 0.72, s), (0.5, 0.5, 0.45), 0.07)


def draw_rail(canvas: Canvas, *, u: float, s: float) -> None:
    canvas.face([(u, 0.47, s), (u, 0.47, s + 4), (u, 0.60, s + 4), (u, 0.60, s)], STEEL, 0.30)
    canvas.face(
        [(u, 0.60, s), (u, 0.60, s + 4), (u, 0.78, s + 4), (u, 0.78, s)],
        snowy(canvas.light, scaled(STEEL, 1.25), 0.5),
        0.55,
    )
    _upright(canvas, u, s, 0.5, 0.12, scaled(STEEL, 0.6))


def draw_noise_wall(canvas: Canvas, *, u: float, s: float) -> None:
    for k, tone in ((0.0, 1.0), (1.2, 0.9), (2.4, 1.08)):
        canvas.face(
            [(u, k, s), (u, k, s + 7.8), (u, k + 1.15, s + 7.8), (u, k + 1.15, s)],
            scaled((0.28, 0.30, 0.24), tone),
            0.4,
        )
    _upright(canvas, u, s, 3.8, 0.25, (0.2, 0.2, 0.19))


def draw_sign(canvas: Canvas, *, u: float, s: float, kind: int) -> None:
    shape, inner, outer = SIGNS[kind]
    _upright(canvas, u, s, 2.2, 0.07, STEEL)
    corners, turn = {
        "round": (14, 0.0),
        "triangle": (3, np.pi / 2),
        "square": (4, np.pi / 4),
        "diamond": (4, 0.0),
    }[shape]
    for radius, colour in ((0.44, outer), (0.32, inner)):
        angles = turn + 2 * np.pi * np.arange(corners) / corners
        points = [
            (u + radius * float(np.cos(a)), 2.45 + radius * float(np.sin(a)), s) for a in angles
        ]
        canvas.face(points, colour, 0.6)


def draw_gantry(canvas: Canvas, *, left: float, right: float, s: float, colour: Colour) -> None:
    for u in (left - 2.2, right + 2.2):
        _upright(canvas, u, s, 7.0, 0.35, STEEL)
    canvas.face(
        [(left - 2.2, 6.6, s), (right + 2.2, 6.6, s), (right + 2.2, 7.0, s), (left - 2.2, 7.0, s)],
        STEEL,
        0.5,
    )
    for middle in (0.3 * right, 0.75 * right):
        half = 0.2 * right
        for grow, tint in ((0.08, (0.7, 0.7, 0.7)), (0.0, colour)):
            h = half + grow
            canvas.face(
                [
                    (middle - h, 5.3 - grow, s),
                    (middle + h, 5.3 - grow, s),
                    (middle + h, 7.4 + grow, s),
                    (middle - h, 7.4 + grow, s),
                ],
                tint,
                0.5,
            )
        for row, long in ((6.75, 0.7), (6.2, 0.45), (5.7, 0.6)):
            canvas.face(
                [
                    (middle - half * 0.8, row, s),
                    (middle - half * 0.8 + 1.6 * half * long, row, s),
                    (middle - half * 0.8 + 1.6 * half * long, row + 0.22, s),
                    (middle - half * 0.8, row + 0.22, s),
                ],
                (0.7, 0.7, 0.7),
                0.5,
            )


def draw_bridge(canvas: Canvas, *, left: float, right: float, s: float) -> None:
    concrete: Colour = (0.30, 0.29, 0.27)
    a, b = left - 16, right + 16
    for u in (left - 3.4, right + 3.4):
        canvas.face(
            [
                (u - 0.7, 0, s + 4),
                (u + 0.7, 0, s + 4),
                (u + 0.7, 5.6, s + 4),
                (u - 0.7, 5.6, s + 4),
            ],
            scaled(concrete, 0.7),
            0.4,
        )
    canvas.face(
        [(a, 5.4, s), (b, 5.4, s), (b, 5.4, s + 8), (a, 5.4, s + 8)], scaled(concrete, 0.3), 0.0
    )
    canvas.face([(a, 5.4, s), (b, 5.4, s), (b, 7.0, s), (a, 7.0, s)], concrete, 0.5)
    canvas.face([(a, 7.0, s), (b, 7.0, s), (b, 7.9, s), (a, 7.9, s)], scaled(STEEL, 0.7), 0.5)
