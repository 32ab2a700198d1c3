"""Who is on the road: cars, vans, trucks, buses and people, as small solids with lights.

A vehicle is a lower body, a tapered cabin with glass, and wheels; of each solid only the faces that
the camera can see are drawn.  Its shadow is put on the ground beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .canvas import Canvas, Point
from .geometry import NEAR, Colour
from .light import scaled

PAINTS: tuple[Colour, ...] = (
    (0.62, 0.63, 0.64),
    (0.40, 0.41, 0.43),
    (0.055, 0.057, 0.062),
    (0.14, 0.145, 0.155),
    (0.80, 0.80, 0.78),
    (0.42, 0.035, 0.03),
    (0.03, 0.085, 0.28),
    (0.06, 0.17, 0.20),
    (0.34, 0.27, 0.16),
    (0.55, 0.30, 0.04),
    (0.05, 0.14, 0.07),
    (0.22, 0.05, 0.08),
)
GLASS: Colour = (0.055, 0.07, 0.085)
RUBBER: Colour = (0.018, 0.018, 0.02)
PLASTIC: Colour = (0.03, 0.03, 0.034)
RIM: Colour = (0.30, 0.30, 0.31)


@dataclass(frozen=True)
class Body:
    """Shape of a kind of vehicle, in metres; ``cabin`` is (rear, front) along its length."""

    length: float
    width: float
    waist: float
    roof: float
    cabin: tuple[float, float]
    taper: float
    wheel: float = 0.33
    cargo: bool = False


SEDAN = Body(4.6, 1.80, 0.92, 1.44, (0.55, 3.1), 0.55)
HATCHBACK = Body(4.1, 1.76, 0.95, 1.50, (0.10, 2.8), 0.30)
ESTATE = Body(4.7, 1.82, 0.95, 1.50, (0.10, 3.3), 0.28)
SUV = Body(4.6, 1.90, 1.08, 1.72, (0.10, 3.2), 0.26, 0.37)
VAN = Body(5.3, 1.98, 1.15, 2.15, (0.0, 4.5), 0.10, 0.35)
TRUCK = Body(9.5, 2.48, 1.1, 3.6, (0.0, 7.2), 0.0, 0.5, cargo=True)
BUS = Body(11.5, 2.52, 1.1, 3.05, (0.0, 11.4), 0.03, 0.48, cargo=True)

KINDS: tuple[tuple[Body, float], ...] = (
    (SEDAN, 0.27),
    (HATCHBACK, 0.25),
    (ESTATE, 0.12),
    (SUV, 0.20),
    (VAN, 0.09),
    (TRUCK, 0.05),
    (BUS, 0.02),
)


@dataclass(frozen=True)
class Vehicle:
    """One vehicle: where its near end is at time 0, how fast it goes, and how it looks."""

    body: Body
    paint: Colour
    u: float
    s: float
    speed: float
    oncoming: bool = False
    parked: bool = False
    braking: bool = False

    def at(self, seconds: float) -> float:
        return self.s + self.speed * seconds


def random_vehicle(
    rng: np.random.Generator,
    u: float,
    s: float,
    speed: float,
    *,
    oncoming: bool = False,
    parked: bool = False,
    heavy: bool = True,
) -> Vehicle:
    weights = np.array([share if heavy or not body.cargo else 0.0 for body, share in KINDS])
    body = KINDS[rng.choice(len(KINDS), p=weights / weights.sum())][0]
    paint = PAINTS[rng.integers(len(PAINTS))]
    if body.cargo:
        paint = ((0.75, 0.75, 0.73), (0.10, 0.16, 0.34), (0.50, 0.10, 0.06), (0.55, 0.45, 0.10))[
            rng.integers(4)
        ]
    return Vehicle(
        body,
        paint,
        u + float(rng.normal(0, 0.10)),
        s,
        speed,
        oncoming,
        parked,
        bool(rng.random() < 0.25),
    )


def draw_vehicle(canvas: Canvas, vehicle: Vehicle, s: float, *, lights: float) -> None:
    """Draw a vehicle whose near end is at ``s``; ``lights`` is 0 (off) to 1 (night)."""
    body, paint, u = vehicle.body, vehicle.paint, vehicle.u
    half = body.width / 2
    if s - canvas.view.s < NEAR + 1.0:
        return
    _wheels(canvas, body, u, s)
    _solid(canvas, u, half, half, 0.30, body.waist, s, s + body.length, 0, 0, paint)
    rear, front = body.cabin
    lean_near, lean_far = (0.45, 0.75) if body.taper > 0.4 else (0.22, 0.65)
    if body.cargo:
        lean_near = lean_far = 0.0
    if vehicle.oncoming:
        rear, front = body.length - front, body.length - rear
        lean_near, lean_far = lean_far, lean_near
    top = half - 0.24 if not body.cargo else half
    _solid(
        canvas,
        u,
        half - 0.04,
        top,
        body.waist,
        body.roof,
        s + rear,
        s + front,
        lean_near,
        lean_far,
        paint,
        glass=not body.cargo or body is BUS,
    )
    if body is TRUCK:
        _solid(canvas, u, half - 0.05, half - 0.1, 0.5, 2.7, s + 7.4, s + 9.4, 0, 0.2, paint)
    _near_end(canvas, vehicle, s)
    canvas.hide((u - half, body.roof, s), (u + half, 0.2, s))
    _lights(canvas, vehicle, s, lights)


def _solid(
    canvas: Canvas,
    u: float,
    low: float,
    high: float,
    y0: float,
    y1: float,
    s0: float,
    s1: float,
    lean_near: float,
    lean_far: float,
    paint: Colour,
    *,
    glass: bool = False,
) -> None:
    """A box whose upper edge may be narrower and whose ends may lean; far faces are left out."""
    view = canvas.view
    t0, t1 = s0 + lean_near, s1 - lean_far
    middle = (s0 + s1) / 2
    x = u - view.u + view.bend(max(middle - view.s, NEAR))
    if y1 < view.eye:
        roof = [(u - high, y1, t0), (u + high, y1, t0), (u + high, y1, t1), (u - high, y1, t1)]
        canvas.face(roof, scaled(paint, 1.15), 0.85)
    for side in (-1.0, 1.0):
        if x * side > -low * 0.9:  # the side toward us is the one nearer the middle of the frame
            continue
        bottom, upper = u + side * low, u + side * high
        canvas.face(
            [(bottom, y0, s0), (bottom, y0, s1), (upper, y1, t1), (upper, y1, t0)],
            scaled(paint, 0.8),
            0.35,
        )
        if glass:
            pane = [(0.10, 0.08), (0.48, 0.08), (0.48, 0.86), (0.10, 0.86)]
            for shift in (0.0, 0.45):
                canvas.face(
                    [
                        _on(bottom, upper, y0, y1, s0, s1, t0, t1, a + shift * 0.97, b)
                        for a, b in pane
                    ],
                    GLASS,
                    0.5,
                )
    canvas.face(
        [(u - low, y0, s0), (u + low, y0, s0), (u + high, y1, t0), (u - high, y1, t0)], paint, 0.6
    )
    if glass:
        inset = [(-0.88, 0.14), (0.88, 0.14), (0.84, 0.88), (-0.84, 0.88)]
        canvas.face(
            [
                (u + a * (low + (high - low) * b), y0 + (y1 - y0) * b, s0 + lean_near * b - 0.01)
                for a, b in inset
            ],
            GLASS,
            0.9,
        )
        sheen = [(-0.80, 0.55), (0.10, 0.80), (-0.15, 0.86), (-0.82, 0.86)]  # sky in the glass
        canvas.face(
            [
                (u + a * (low + (high - low) * b), y0 + (y1 - y0) * b, s0 + lean_near * b - 0.02)
                for a, b in sheen
            ],
            scaled(GLASS, 2.6),
            0.9,
        )


def _on(
    bottom: float,
    upper: float,
    y0: float,
    y1: float,
    s0: float,
    s1: float,
    t0: float,
    t1: float,
    along: float,
    up: float,
) -> Point:
    """A point on a leaning side, ``along`` and ``up`` from 0 to 1."""
    start, end = s0 + (t0 - s0) * up, s1 + (t1 - s1) * up
    return (bottom + (upper - bottom) * up, y0 + (y1 - y0) * up, start + (end - start) * along)


def _wheels(canvas: Canvas, body: Body, u: float, s: float) -> None:
    half, r = body.width / 2, body.wheel
    view = canvas.view
    for along in (body.length - 0.95, 0.85):
        x = u - view.u + view.bend(max(s + along - view.s, NEAR))
        for side in (-1.0, 1.0):
            canvas.face(  # the tread, seen from behind
                [
                    (u + side * (half - 0.24), 0.0, s + along - r),
                    (u + side * half, 0.0, s + along - r),
                    (u + side * half, 2 * r, s + along - r),
                    (u + side * (half - 0.24), 2 * r, s + along - r),
                ],
                RUBBER,
                0.3,
            )
        side = -1.0 if x > 0 else 1.0
        if abs(x) > half:
            for radius, colour in ((r, RUBBER), (0.62 * r, RIM), (0.2 * r, PLASTIC)):
                angles = np.linspace(0, 2 * np.pi, 13)[:-1]
                canvas.face(
                    [
                        (
                            u + side * (half + 0.01),
                            r + radius * float(np.sin(a)),
                            s + along + radius * float(np.cos(a)),
                        )
                        for a in angles
                    ],
                    colour,
                    0.35,
                )


def _near_end(canvas: Canvas, vehicle: Vehicle, s: float) -> None:
    """Bumper, plate and grille or boot line on the face toward us."""
    body, u = vehicle.body, vehicle.u
    half = body.width / 2
    near = s - 0.02

    def patch(u0: float, u1: float, y0: float, y1: float, colour: Colour) -> None:
        canvas.face([(u0, y0, near), (u1, y0, near), (u1, y1, near), (u0, y1, near)], colour, 0.5)

    patch(u - half, u + half, 0.22, 0.36, PLASTIC)
    if vehicle.oncoming:
        patch(u - 0.55, u + 0.55, 0.52, 0.72, PLASTIC)
    elif body is TRUCK:
        for k in (-0.02, 0.02):
            patch(u + k - 0.015, u + k + 0.015, 0.9, body.roof - 0.1, scaled(vehicle.paint, 0.4))
    else:
        patch(u - half * 0.9, u + half * 0.9, body.waist - 0.05, body.waist - 0.02, PLASTIC)
    patch(u - 0.26, u + 0.26, 0.48, 0.60, (0.72, 0.72, 0.66))


def _lights(canvas: Canvas, vehicle: Vehicle, s: float, lights: float) -> None:
    body, u, near = vehicle.body, vehicle.u, s - 0.03
    if vehicle.parked:
        lights = 0.0
    half = body.width / 2
    height = min(body.waist - 0.16, 0.80)
    for side in (-1.0, 1.0):
        inner, outer = u + side * (half - 0.34), u + side * (half - 0.05)
        y0, y1 = height - 0.09, height + 0.07
        lamp = [(inner, y0, near), (outer, y0, near), (outer, y1, near), (inner, y1, near)]
        centre = ((inner + outer) / 2, height, near)
        if vehicle.oncoming:
            canvas.face(lamp, (0.75, 0.76, 0.78), 0.9)
            if lights > 0.05:
                canvas.shining(lamp, (1.0, 0.97, 0.88))
                canvas.glow(centre, scaled((1.7, 1.6, 1.35), lights), 0.30 + 0.14 * lights)
        else:
            canvas.face(lamp, (0.33, 0.02, 0.015), 0.6)
            power = 0.85 * lights + (0.7 if vehicle.braking and not vehicle.parked else 0.0)
            if power > 0.04:
                canvas.shining(lamp, scaled((0.95, 0.07, 0.04), min(0.35 + power, 1.0)))
                canvas.glow(centre, scaled((0.95, 0.055, 0.03), power), 0.22 + 0.14 * lights)


def draw_person(canvas: Canvas, u: float, s: float, step: float, coat: Colour) -> None:
    """A walker, 1.7 m tall; ``step`` swings the legs."""
    swing = 0.22 * float(np.sin(step))
    trousers: Colour = (0.03, 0.035, 0.06)
    for leg in (-1.0, 1.0):
        canvas.face(
            [
                (u - 0.09, 0.85, s),
                (u + 0.09, 0.85, s),
                (u + 0.08 + leg * swing, 0.0, s),
                (u - 0.06 + leg * swing, 0.0, s),
            ],
            trousers,
            0.5,
        )
    canvas.face(
        [(u - 0.17, 0.78, s), (u + 0.17, 0.78, s), (u + 0.24, 1.42, s), (u - 0.24, 1.42, s)],
        coat,
        0.6,
    )
    canvas.blob((u, 1.57, s), (0.11, 0.14), (0.40, 0.26, 0.19), 0.6)
    canvas.blob((u, 1.64, s), (0.115, 0.09), (0.05, 0.035, 0.025), 0.4)
