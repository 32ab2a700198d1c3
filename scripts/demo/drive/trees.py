"""Trees: broad-leaved crowns of many puffs, lit from above, and conifers in tiers."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas
from .geometry import Colour
from .light import scaled, snowy

LEAVES: tuple[Colour, ...] = (
    (0.055, 0.115, 0.025),
    (0.075, 0.14, 0.03),
    (0.04, 0.085, 0.03),
    (0.12, 0.14, 0.03),
)
NEEDLES: Colour = (0.025, 0.065, 0.035)
BARK: Colour = (0.075, 0.055, 0.04)


def draw_broadleaf(canvas: Canvas, *, u: float, s: float, size: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    leaf = LEAVES[rng.integers(len(LEAVES))]
    trunk, crown, wide = 2.3 * size, 6.8 * size, 2.2 * size
    canvas.face(
        [
            (u - 0.16 * size, 0, s),
            (u + 0.16 * size, 0, s),
            (u + 0.10 * size, trunk + 1, s),
            (u - 0.10 * size, trunk + 1, s),
        ],
        BARK,
        0.4,
    )
    near = s - canvas.view.s < 60
    middle = (trunk + crown) / 2
    puffs = 26 if near else 8
    for i in range(puffs):  # from the dark inside and below to the light outside and above
        angle, reach = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random()) * 0.8
        du = wide * reach * float(np.cos(angle))
        dy = (crown - trunk) / 2 * reach * float(np.sin(angle))
        if i < 3:
            du, dy = du * 0.3, dy * 0.3
        height = 0.5 + 0.5 * dy / ((crown - trunk) / 2)
        tone = 0.55 + 0.55 * height + 0.25 * i / puffs + float(rng.normal(0, 0.08))
        colour = snowy(canvas.light, scaled(leaf, tone), 0.35 + 0.4 * height)
        radius = (0.85 if i < 3 else rng.uniform(0.24, 0.46)) * wide * (1.0 if near else 1.25)
        canvas.blob((u + du, middle + dy, s), (radius, radius * 0.85), colour, 0.25 + 0.6 * height)


def draw_conifer(canvas: Canvas, *, u: float, s: float, size: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    high = 9.5 * size
    canvas.face(
        [(u - 0.14, 0, s), (u + 0.14, 0, s), (u + 0.14, 1.5, s), (u - 0.14, 1.5, s)], BARK, 0.4
    )
    for tier in range(6):
        y0 = 0.9 + (high - 0.9) * tier / 6.5
        y1 = min(y0 + high * 0.32, high)
        wide = 0.30 * size * (7.4 - tier) * float(rng.uniform(0.85, 1.1))
        tone = 0.75 + 0.12 * tier
        ragged = [(u - wide, y0, s)]
        for k in range(1, 6):
            at = u - wide + 2 * wide * k / 6
            ragged.append((at, y0 + (0.30 if k % 2 else -0.05) * size, s))
        canvas.face(
            [*ragged, (u + wide, y0, s), (u, y1, s)],
            snowy(canvas.light, scaled(NEEDLES, tone), 0.15),
            0.35,
        )
        canvas.face(
            [
                (u - wide * 0.75, y0 + 0.5 * size, s),
                (u + wide * 0.2, y0 + 0.7 * size, s),
                (u, y1, s),
            ],
            snowy(canvas.light, scaled(NEEDLES, tone * 1.5), 0.8),
            0.6,
        )
