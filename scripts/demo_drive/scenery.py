"""What stands beside the road: houses, trees, lamps, poles, rails, signs, bridges.

Everything is planted once for a whole sequence from its seed, so that it stays where it is while
the camera drives past.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from .canvas import Canvas
from .geometry import Colour
from .light import LAMP_HEIGHT, LAMP_SPACING

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
LEAVES: tuple[Colour, ...] = (
    (0.055, 0.115, 0.025),
    (0.075, 0.14, 0.03),
    (0.04, 0.085, 0.03),
    (0.12, 0.14, 0.03),
)
NEEDLES: Colour = (0.025, 0.065, 0.035)
BARK: Colour = (0.075, 0.055, 0.04)
STEEL: Colour = (0.34, 0.35, 0.36)
SNOW: Colour = (0.84, 0.86, 0.90)


@dataclass(frozen=True)
class Thing:
    """Something that stands at ``s`` (its far end) and knows how to draw itself."""

    s: float
    draw: Callable[[Canvas], None]


def plant(
    environment: str,
    edges: tuple[float, float],
    walk: float,
    length: float,
    rng: np.random.Generator,
) -> list[Thing]:
    """Everything beside the road from 30 m behind the start to ``length``."""
    things: list[Thing] = []
    left, right = edges
    if environment == "city":
        for side, edge in ((-1.0, left), (1.0, right)):
            things += _street(side, edge, walk, length, rng)
    elif environment == "rural":
        for side, edge in ((-1.0, left), (1.0, right)):
            things += _countryside(side, edge, length, rng)
    elif environment == "highway":
        for side, edge in ((-1.0, left), (1.0, right)):
            things += _highway_side(side, edge, length, rng)
        for s in np.arange(rng.uniform(40, 110), length, 230.0):
            colour: Colour = (0.01, 0.13, 0.06) if rng.random() < 0.5 else (0.01, 0.06, 0.24)
            if rng.random() < 0.6:
                things.append(
                    Thing(
                        float(s),
                        partial(_gantry, left=left, right=right, s=float(s), colour=colour),
                    )
                )
            else:
                things.append(
                    Thing(float(s) + 8, partial(_bridge, left=left, right=right, s=float(s)))
                )
    return things


def _street(
    side: float, edge: float, walk: float, length: float, rng: np.random.Generator
) -> list[Thing]:
    things: list[Thing] = []
    front = edge + side * (walk + rng.uniform(0.4, 3.0))
    s = -30.0
    while s < length:
        long = float(rng.uniform(10, 22))
        if rng.random() < 0.10:  # a gap with trees
            for k in (3.0, 8.0):
                things.append(_tree_at(front + side * rng.uniform(1, 4), s + k, rng))
        else:
            high = float(rng.choice([7.5, 10.5, 13.5, 17.0, 24.0], p=[0.2, 0.3, 0.25, 0.17, 0.08]))
            things.append(
                Thing(
                    s + long,
                    partial(
                        _house,
                        front=front + side * float(rng.choice([0.0, 0.0, 0.8])),
                        side=side,
                        s0=s,
                        s1=s + long - 0.3,
                        high=high,
                        facade=FACADES[rng.integers(len(FACADES))],
                        seed=int(rng.integers(1 << 30)),
                    ),
                )
            )
        s += long
    for at in np.arange(-28.0, length, LAMP_SPACING):
        things.append(Thing(float(at), partial(_lamp, u=edge + side * 0.9, side=side, s=float(at))))
    for at in np.arange(rng.uniform(0, 16), length, 16.0):
        if rng.random() < 0.45:
            things.append(_tree_at(edge + side * 1.3, float(at), rng, size=rng.uniform(0.55, 0.8)))
    for at in np.arange(rng.uniform(10, 40), length, 47.0):
        things.append(_sign_at(edge + side * 0.7, float(at), rng))
    return things


def _countryside(side: float, edge: float, length: float, rng: np.random.Generator) -> list[Thing]:
    things: list[Thing] = []
    wood = rng.random() < 0.45
    s = -20.0
    while s < length:
        s += float(rng.exponential(4.5 if wood else 13.0))
        away = float(rng.uniform(3.5, 16.0) if wood else rng.choice([3.6, 8.0, 20.0, 30.0]))
        things.append(
            _tree_at(edge + side * away, s, rng, conifer=rng.random() < (0.5 if wood else 0.15))
        )
    for at in np.arange(rng.uniform(0, 25), length, 25.0):
        things.append(Thing(float(at), partial(_post, u=edge + side * 1.6, s=float(at))))
    if side > 0:
        for at in np.arange(rng.uniform(0, 40), length, 42.0):
            things.append(Thing(float(at), partial(_pole, u=edge + 4.5, s=float(at))))
    for at in np.arange(rng.uniform(30, 200), length, 150.0):
        front = edge + side * float(rng.uniform(12, 25))
        things.append(
            Thing(
                float(at) + 12,
                partial(
                    _farm, front=front, side=side, s=float(at), seed=int(rng.integers(1 << 30))
                ),
            )
        )
    things.append(_sign_at(edge + side * 2.0, float(rng.uniform(20, 90)), rng))
    return things


def _highway_side(side: float, edge: float, length: float, rng: np.random.Generator) -> list[Thing]:
    things: list[Thing] = []
    for at in np.arange(-8.0, length, 4.0):
        things.append(Thing(float(at) + 4, partial(_rail, u=edge + side * 1.7, s=float(at))))
    wall = rng.random() < 0.35
    for at in np.arange(-8.0, length, 8.0):
        if wall:
            things.append(
                Thing(float(at) + 8, partial(_noise_wall, u=edge + side * 4.5, s=float(at)))
            )
        elif rng.random() < 0.75:
            things.append(
                _tree_at(
                    edge + side * rng.uniform(6, 18), float(at), rng, conifer=rng.random() < 0.4
                )
            )
    for at in np.arange(rng.uniform(0, 50), length, 50.0):
        things.append(Thing(float(at), partial(_post, u=edge + side * 1.3, s=float(at))))
    return things


def _snowy(canvas: Canvas, colour: Colour, cover: float) -> Colour:
    if not canvas.light.snow:
        return colour
    return tuple(c * (1 - cover) + w * cover for c, w in zip(colour, SNOW, strict=True))  # type: ignore[return-value]


def _scaled(colour: Colour, by: float) -> Colour:
    return (colour[0] * by, colour[1] * by, colour[2] * by)


def _house(
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
        _scaled(facade, 0.8),
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
            canvas.face(sill, _snowy(canvas, _scaled(facade, 1.35), 0.9), 0.6)
        if shop:
            out = front - side * 0.9
            canvas.face(
                [(front, 3.1, a0), (out, 2.6, a0), (out, 2.6, a1), (front, 3.1, a1)],
                _snowy(canvas, awning, 0.6),
                0.8,
            )
    canvas.face(
        [
            (front - side * 0.2, high, s0),
            (front - side * 0.2, high, s1),
            (front - side * 0.2, high + 0.4, s1),
            (front - side * 0.2, high + 0.4, s0),
        ],
        _snowy(canvas, _scaled(facade, 0.6), 0.95),
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


def _farm(canvas: Canvas, *, front: float, side: float, s: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    wall: Colour = ((0.55, 0.50, 0.42), (0.36, 0.10, 0.06), (0.48, 0.46, 0.44))[rng.integers(3)]
    roof = _snowy(canvas, (0.22, 0.09, 0.06), 0.95)
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


def _tree_at(
    u: float,
    s: float,
    rng: np.random.Generator,
    *,
    size: float | None = None,
    conifer: bool = False,
) -> Thing:
    size = float(rng.uniform(0.7, 1.35) if size is None else size)
    seed = int(rng.integers(1 << 30))
    if conifer:
        return Thing(s, partial(_conifer, u=u, s=s, size=size, seed=seed))
    return Thing(s, partial(_broadleaf, u=u, s=s, size=size, seed=seed))


def _broadleaf(canvas: Canvas, *, u: float, s: float, size: float, seed: int) -> None:
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
        colour = _snowy(canvas, _scaled(leaf, tone), 0.35 + 0.4 * height)
        radius = (0.85 if i < 3 else rng.uniform(0.24, 0.46)) * wide * (1.0 if near else 1.25)
        canvas.blob((u + du, middle + dy, s), (radius, radius * 0.85), colour, 0.25 + 0.6 * height)


def _conifer(canvas: Canvas, *, u: float, s: float, size: float, seed: int) -> None:
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
            _snowy(canvas, _scaled(NEEDLES, tone), 0.15),
            0.35,
        )
        canvas.face(
            [
                (u - wide * 0.75, y0 + 0.5 * size, s),
                (u + wide * 0.2, y0 + 0.7 * size, s),
                (u, y1, s),
            ],
            _snowy(canvas, _scaled(NEEDLES, tone * 1.5), 0.8),
            0.6,
        )


def _upright(canvas: Canvas, u: float, s: float, y: float, thick: float, colour: Colour) -> None:
    half = thick / 2
    canvas.face(
        [(u - half, 0, s), (u + half, 0, s), (u + half, y, s), (u - half, y, s)], colour, 0.5
    )


def _lamp(canvas: Canvas, *, u: float, side: float, s: float) -> None:
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
            (end, LAMP_HEIGHT + 0.1, s), _scaled((1.25, 0.80, 0.38), canvas.light.lamps), 0.8
        )
    else:
        canvas.face(head, (0.35, 0.35, 0.33), 0.5)


def _pole(canvas: Canvas, *, u: float, s: float) -> None:
    _upright(canvas, u, s, 8.2, 0.24, (0.12, 0.09, 0.065))
    canvas.face(
        [(u - 1.0, 7.4, s), (u + 1.0, 7.4, s), (u + 1.0, 7.6, s), (u - 1.0, 7.6, s)],
        (0.12, 0.09, 0.065),
        0.5,
    )


def _post(canvas: Canvas, *, u: float, s: float) -> None:
    _upright(canvas, u, s, 0.95, 0.12, (0.72, 0.72, 0.70))
    canvas.face(
        [(u - 0.06, 0.62, s), (u + 0.06, 0.62, s), (u + 0.06, 0.80, s), (u - 0.06, 0.80, s)],
        (0.05, 0.05, 0.05),
        0.5,
    )
    if canvas.light.headlights > 0.3:  # the reflector answers our beam
        canvas.glow((u, 0.72, s), (0.5, 0.5, 0.45), 0.07)


def _rail(canvas: Canvas, *, u: float, s: float) -> None:
    canvas.face([(u, 0.47, s), (u, 0.47, s + 4), (u, 0.60, s + 4), (u, 0.60, s)], STEEL, 0.30)
    canvas.face(
        [(u, 0.60, s), (u, 0.60, s + 4), (u, 0.78, s + 4), (u, 0.78, s)],
        _snowy(canvas, _scaled(STEEL, 1.25), 0.5),
        0.55,
    )
    _upright(canvas, u, s, 0.5, 0.12, _scaled(STEEL, 0.6))


def _noise_wall(canvas: Canvas, *, u: float, s: float) -> None:
    for k, tone in ((0.0, 1.0), (1.2, 0.9), (2.4, 1.08)):
        canvas.face(
            [(u, k, s), (u, k, s + 7.8), (u, k + 1.15, s + 7.8), (u, k + 1.15, s)],
            _scaled((0.28, 0.30, 0.24), tone),
            0.4,
        )
    _upright(canvas, u, s, 3.8, 0.25, (0.2, 0.2, 0.19))


SIGNS: tuple[tuple[str, Colour, Colour], ...] = (
    ("round", (0.75, 0.75, 0.73), (0.55, 0.02, 0.02)),
    ("triangle", (0.78, 0.78, 0.74), (0.55, 0.02, 0.02)),
    ("square", (0.02, 0.10, 0.42), (0.75, 0.75, 0.75)),
    ("diamond", (0.75, 0.48, 0.02), (0.75, 0.75, 0.73)),
)


def _sign_at(u: float, s: float, rng: np.random.Generator) -> Thing:
    return Thing(s, partial(_sign, u=u, s=s, kind=int(rng.integers(len(SIGNS)))))


def _sign(canvas: Canvas, *, u: float, s: float, kind: int) -> None:
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


def _gantry(canvas: Canvas, *, left: float, right: float, s: float, colour: Colour) -> None:
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


def _bridge(canvas: Canvas, *, left: float, right: float, s: float) -> None:
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
            _scaled(concrete, 0.7),
            0.4,
        )
    canvas.face(
        [(a, 5.4, s), (b, 5.4, s), (b, 5.4, s + 8), (a, 5.4, s + 8)], _scaled(concrete, 0.3), 0.0
    )
    canvas.face([(a, 5.4, s), (b, 5.4, s), (b, 7.0, s), (a, 7.0, s)], concrete, 0.5)
    canvas.face([(a, 7.0, s), (b, 7.0, s), (b, 7.9, s), (a, 7.9, s)], _scaled(STEEL, 0.7), 0.5)
