"""Houses: blocks of flats with lit windows and shops along a street, and farms.

Each is drawn from its own seed, so that it looks the same from every frame.
"""

from __future__ import annotations

import numpy as np

from .canvas import Canvas
from .geometry import Colour
from .light import scaled, snowy

FACADES: tuple[Colour, ...] = (
    (0.34, 0.20, 0.14),
    (0.44, 0.36, 0.26),
    (0.50, 0.46, 0.40),
    (0.26, 0.255, 0.26),
    (0.38, 0.30, 0.22),
    (0.20, 0.21, 0.24),
    (0.55, 0.48, 0.33),
    (0.30, 0.15, 0.11),
    (0.42, 0.43, 0.44),
)


def draw_house(
    canvas: Canvas,
    *,
    front: float,
    side: float,
    s0: float,
    s1: float,
    high: float,
    facade: Colour,
    seed: int,
) -> None:
    """A block of flats: the street front in bays with windows, the end wall, shops below."""
    rng = np.random.default_rng(seed)
    back = front + side * 14.0
    canvas.face(
        [(front, 0, s0), (back, 0, s0), (back, high, s0), (front, high, s0)],
        scaled(facade, 0.8),
        0.45,
    )
    storey, bay = 3.2, 3.0
    floors, bays = int((high - 0.8) // storey), max(int((s1 - s0) // bay), 1)
    lit_share = 0.42 * min(canvas.light.lamps, 1.0)
    width = (s1 - s0) / bays
    far = s0 - canvas.view.s > 75
    shop = rng.random() < 0.5
    awning: Colour = ((0.35, 0.05, 0.04), (0.05, 0.15, 0.10), (0.10, 0.12, 0.30), (0.5, 0.4, 0.2))[
        rng.integers(4)
    ]
    lit = rng.random((floors, bays)) < lit_share
    warm = rng.uniform(0.35, 1.0, (floors, bays))
    shut = rng.random((floors, bays)) < 0.15
    for b in reversed(range(bays)):  # bays shrink with distance, so each has its own light and fog
        a0 = s0 + b * width
        a1 = a0 + width
        canvas.face(
            [(front, 0, a0), (front, 0, a1), (front, high, a1), (front, high, a0)], facade, 0.4
        )
        if far:
            continue
        for f in range(floors):
            y0 = f * storey + (0.35 if shop and f == 0 else 1.0)
            y1 = y0 + (2.2 if shop and f == 0 else 1.55)
            margin = 0.06 if shop and f == 0 else 0.27
            w0, w1 = a0 + width * margin, a1 - width * margin
            pane = [(front, y0, w0), (front, y0, w1), (front, y1, w1), (front, y1, w0)]
            if lit[f, b] or (shop and f == 0 and lit_share > 0.1):
                glow = warm[f, b]
                canvas.shining(pane, (0.85 * glow, 0.60 * glow, 0.28 * glow))
            else:
                glass: Colour = (0.30, 0.29, 0.26) if shut[f, b] else (0.07, 0.085, 0.105)
                canvas.face(pane, glass, 0.3)
            sill = [
                (front, y0 - 0.12, w0),
                (front, y0 - 0.12, w1),
                (front, y0, w1),
                (front, y0, w0),
            ]
            canvas.face(sill, snowy(canvas.light, scaled(facade, 1.35), 0.9), 0.6)
        if shop:
            out = front - side * 0.9
            canvas.face(
                [(front, 3.1, a0), (out, 2.6, a0), (out, 2.6, a1), (front, 3.1, a1)],
                snowy(canvas.light, awning, 0.6),
                0.8,
            )
    canvas.face(
        [
            (front - side * 0.2, high, s0),
            (front - side * 0.2, high, s1),
            (front - side * 0.2, high + 0.4, s1),
            (front - side * 0.2, high + 0.4, s0),
        ],
        snowy(canvas.light, scaled(facade, 0.6), 0.95),
        0.7,
    )
    if not far:  # the end wall's windows
        for f in range(floors):
            for k in range(3):
                w0 = front + side * (2.0 + 4.2 * k)
                y0 = f * storey + 1.0
                pane = [
                    (w0, y0, s0),
                    (w0 + side * 1.4, y0, s0),
                    (w0 + side * 1.4, y0 + 1.5, s0),
                    (w0, y0 + 1.5, s0),
                ]
                if lit_share and rng.random() < lit_share:
                    canvas.shining(pane, (0.6, 0.42, 0.2))
                else:
                    canvas.face(pane, (0.06, 0.075, 0.09), 0.3)


def draw_farm(canvas: Canvas, *, front: float, side: float, s: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    wall: Colour = ((0.55, 0.50, 0.42), (0.36, 0.10, 0.06), (0.48, 0.46, 0.44))[rng.integers(3)]
    roof = snowy(canvas.light, (0.22, 0.09, 0.06), 0.95)
    back, middle, end = front + side * 8, front + side * 4, s + 12
    canvas.face([(front, 0, s), (front, 0, end), (front, 3.4, end), (front, 3.4, s)], wall, 0.4)
    canvas.face(
        [(front, 0, s), (back, 0, s), (back, 3.4, s), (middle, 6.6, s), (front, 3.4, s)], wall, 0.6
    )
    canvas.face(
        [(front, 3.2, s), (front, 3.2, end), (middle, 6.6, end), (middle, 6.6, s)], roof, 0.8
    )
    for k in (1.6, 5.0):
        pane = [
            (front + side * k, 1.1, s),
            (front + side * (k + 1.2), 1.1, s),
            (front + side * (k + 1.2), 2.3, s),
            (front + side * k, 2.3, s),
        ]
        if canvas.light.lamps > 0.3:
            canvas.shining(pane, (0.8, 0.55, 0.25))
        else:
            canvas.face(pane, (0.06, 0.07, 0.09), 0.3)
