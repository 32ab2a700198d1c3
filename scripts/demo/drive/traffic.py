"""Who is on the road: cars, vans, trucks and buses with their lights, and parked cars."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .light import Light
from .roadside import GLASS, PARKING, scaled
from .solids import Glow, Solid
from .view import Rng, Road

PAINTS = (
    *((0.62, 0.63, 0.64), (0.40, 0.41, 0.43), (0.055, 0.057, 0.062), (0.80, 0.80, 0.78)),
    *((0.42, 0.035, 0.03), (0.03, 0.085, 0.28), (0.55, 0.30, 0.04), (0.05, 0.14, 0.07)),
)
RUBBER, RIM, PLASTIC = (0.018, 0.018, 0.02), (0.3, 0.3, 0.31), (0.03, 0.03, 0.034)
SHADOW = (0.02, 0.02, 0.025)


class Body(NamedTuple):
    """Shape of a kind of vehicle, in metres; ``cabin`` is (rear, front) along its length."""

    share: float
    length: float
    width: float
    waist: float
    roof: float
    cabin: tuple[float, float]
    taper: float = 0.24
    lean: tuple[float, float] = (0.25, 0.65)


BODIES = (
    Body(0.65, 4.5, 1.80, 0.93, 1.48, (0.25, 3.1)),
    Body(0.20, 4.6, 1.90, 1.08, 1.72, (0.10, 3.2)),
    Body(0.08, 5.3, 1.98, 1.15, 2.15, (0.0, 4.5), 0.1),
    Body(0.07, 9.5, 2.48, 1.10, 3.50, (0.0, 9.4), 0.0, (0.0, 0.2)),
)
SHARES = [body.share for body in BODIES]


def drivers(
    road: Road, lane: float, speed: float, gap: float, length: float, light: Light, rng: Rng
) -> Iterator[Solid]:
    """Traffic in every lane, never nearer than a safe distance to the camera's own car."""
    for i in range(road.left + road.right):
        u = road.edges[0] + road.lane * (i + 0.5)
        own, oncoming = abs(u - lane) < 0.5, u < 0
        s = rng.uniform(-10, gap)
        if own:
            s = 12 + (8 + 0.5 * speed) * rng.uniform(1.0, 1.4) + rng.exponential(gap * 0.6)
        # others are a little faster or slower, the same within a lane, so that no two collide
        pace = -0.95 * speed if oncoming else speed + (0 if own else rng.uniform(-2.5, 2.5))
        while s < length * (1 + oncoming):
            body = BODIES[rng.choice(len(BODIES), p=SHARES)]
            yield vehicle(body, u, s, pace, light, rng)
            s += body.length + 7 + rng.exponential(gap)


def parked(road: Road, length: float, light: Light, rng: Rng) -> Iterator[Solid]:
    """Cars at both kerbs of a city street."""
    for side, edge in zip((-1.0, 1.0), road.edges, strict=True):
        for s in np.arange(rng.uniform(-20, 10), length, rng.uniform(6.5, 8)):
            if rng.random() < 0.6:
                body = BODIES[rng.integers(2)]
                yield vehicle(body, edge + side * PARKING / 2, s, 0.0, light, rng)


def vehicle(body: Body, u: float, s: float, speed: float, light: Light, rng: Rng) -> Solid:
    """A vehicle whose near end is at ``s`` at time 0; left of the road's middle it faces us."""
    oncoming, paint = u < 0, PAINTS[rng.integers(len(PAINTS))]
    u, half, long = u + rng.normal(0, 0.1), body.width / 2, body.length
    made = Solid(s + 1, speed)
    dark = (half + 0.15, s - 0.3, s + long + 0.3)
    made.face(
        [(u + a * dark[0], 0, dark[b]) for a, b in ((-1, 1), (1, 1), (1, 2), (-1, 2))], SHADOW, 0
    )
    for along in (long - 0.95, 0.85):
        for side in (-1.0, 1.0):
            outer = u + side * (half + 0.01)
            made.plate((outer, outer - side * 0.24), (0, 0.6), s + along - 0.3, RUBBER)
            for radius, colour in ((0.33, RUBBER), (0.2, RIM)):
                turn = radius * np.exp(1j * np.arange(12) * np.pi / 6)
                made.face([(outer, 0.33 + t.imag, s + along + t.real) for t in turn], colour)
    us = (u - half, u + half)
    made.box(us, (0.30, body.waist), (s, s + long), paint)
    (rear, front), lean = body.cabin, body.lean
    if oncoming:
        rear, front, lean = long - front, long - rear, lean[::-1]
    pane = GLASS if long < 6 else None
    cabin = (s + rear, s + front)
    made.box(us, (body.waist, body.roof), cabin, paint, taper=body.taper, lean=lean, pane=pane)
    made.plate(us, (0.22, 0.36), s - 0.02, PLASTIC)
    made.plate((u - 0.26, u + 0.26), (0.48, 0.60), s - 0.02, (0.72, 0.72, 0.66))
    power = max(light.headlights, 0.25) if light.headlights and speed else 0.0
    if speed and not oncoming and rng.random() < 0.25:
        power += 0.7  # brakes
    lamp = (1.7, 1.6, 1.35) if oncoming else (0.95, 0.06, 0.03)
    seen = scaled(lamp, min(0.35 + power, 1) if power else 0.4)
    for side in (-1.0, 1.0):
        at = u + side * (half - 0.2)
        made.plate((at - 0.15, at + 0.15), (0.67, 0.83), s - 0.03, seen, shines=power > 0)
        if power:
            glow = scaled(lamp, power)
            made.glows.append(Glow((at, 0.75, s - 0.03), glow, 0.22 + 0.14 * min(power, 1)))
    return made
