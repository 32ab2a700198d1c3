"""What stands where beside the road: streets of houses, fields and woods, motorway verges.

Everything is planted once for a whole sequence from its seed, so that it stays where it is while
the camera drives past.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from . import houses, roadside, trees
from .canvas import Canvas
from .geometry import Colour
from .light import LAMP_SPACING


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
                        partial(
                            roadside.draw_gantry, left=left, right=right, s=float(s), colour=colour
                        ),
                    )
                )
            else:
                things.append(
                    Thing(
                        float(s) + 8,
                        partial(roadside.draw_bridge, left=left, right=right, s=float(s)),
                    )
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
                        houses.draw_house,
                        front=front + side * float(rng.choice([0.0, 0.0, 0.8])),
                        side=side,
                        s0=s,
                        s1=s + long - 0.3,
                        high=high,
                        facade=houses.FACADES[rng.integers(len(houses.FACADES))],
                        seed=int(rng.integers(1 << 30)),
                    ),
                )
            )
        s += long
    for at in np.arange(-28.0, length, LAMP_SPACING):
        things.append(
            Thing(
                float(at), partial(roadside.draw_lamp, u=edge + side * 0.9, side=side, s=float(at))
            )
        )
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
        things.append(
            Thing(float(at), partial(roadside.draw_post, u=edge + side * 1.6, s=float(at)))
        )
    if side > 0:
        for at in np.arange(rng.uniform(0, 40), length, 42.0):
            things.append(Thing(float(at), partial(roadside.draw_pole, u=edge + 4.5, s=float(at))))
    for at in np.arange(rng.uniform(30, 200), length, 150.0):
        front = edge + side * float(rng.uniform(12, 25))
        things.append(
            Thing(
                float(at) + 12,
                partial(
                    houses.draw_farm,
                    front=front,
                    side=side,
                    s=float(at),
                    seed=int(rng.integers(1 << 30)),
                ),
            )
        )
    things.append(_sign_at(edge + side * 2.0, float(rng.uniform(20, 90)), rng))
    return things


def _highway_side(side: float, edge: float, length: float, rng: np.random.Generator) -> list[Thing]:
    things: list[Thing] = []
    for at in np.arange(-8.0, length, 4.0):
        things.append(
            Thing(float(at) + 4, partial(roadside.draw_rail, u=edge + side * 1.7, s=float(at)))
        )
    wall = rng.random() < 0.35
    for at in np.arange(-8.0, length, 8.0):
        if wall:
            things.append(
                Thing(
                    float(at) + 8,
                    partial(roadside.draw_noise_wall, u=edge + side * 4.5, s=float(at)),
                )
            )
        elif rng.random() < 0.75:
            things.append(
                _tree_at(
                    edge + side * rng.uniform(6, 18), float(at), rng, conifer=rng.random() < 0.4
                )
            )
    for at in np.arange(rng.uniform(0, 50), length, 50.0):
        things.append(
            Thing(float(at), partial(roadside.draw_post, u=edge + side * 1.3, s=float(at)))
        )
    return things


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
        return Thing(s, partial(trees.draw_conifer, u=u, s=s, size=size, seed=seed))
    return Thing(s, partial(trees.draw_broadleaf, u=u, s=s, size=size, seed=seed))


def _sign_at(u: float, s: float, rng: np.random.Generator) -> Thing:
    return Thing(
        s, partial(roadside.draw_sign, u=u, s=s, kind=int(rng.integers(len(roadside.SIGNS))))
    )
