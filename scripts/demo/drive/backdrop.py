"""Sky, horizon and ground, per pixel in linear light, with edges as soft as a pixel is wide."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from .light import LAMP_COLOUR, Light
from .roadside import PARKING
from .view import Colour, Floats, Rng, View

FIELDS = ((0.085, 0.14, 0.035), (0.085, 0.14, 0.035), (0.24, 0.20, 0.075), (0.46, 0.34, 0.11))
ASPHALT = ((0.115, 0.115, 0.12), (0.065, 0.066, 0.07), (0.24, 0.235, 0.22))
WHITE, YELLOW = (0.80, 0.80, 0.76), (0.72, 0.50, 0.08)
PAVEMENT, KERB = (0.27, 0.255, 0.24), (0.42, 0.41, 0.39)


@dataclass(frozen=True)
class Place:
    """What one drive's surroundings look like, from the drive's seed."""

    environment: str
    asphalt: Colour
    fields: tuple[Colour, Colour]
    centre: Colour
    phase: float
    sun: tuple[float, float]

    @classmethod
    def of(cls, environment: str, rng: Rng) -> Place:
        kinds = len(FIELDS) - (environment != "rural")
        left, right = (FIELDS[rng.integers(kinds)] for _ in range(2))
        asphalt = ASPHALT[rng.choice(3, p=[0.6, 0.3, 0.1])]
        centre = YELLOW if rng.random() < 0.35 else WHITE
        sun = (float(rng.uniform(-0.5, 0.5)), float(rng.uniform(0.03, 0.28)))
        return cls(environment, asphalt, (left, right), centre, float(rng.uniform(0, 50)), sun)


@lru_cache(maxsize=2)
def _texture(softness: float) -> Floats:
    """A tileable field of noise, mostly in -1..1; soft ones are clouds, sharp ones grain."""
    noise = np.random.default_rng(77).standard_normal((256, 256))
    field = sum(2.0**i * gaussian_filter(noise, softness * 2**i, mode="wrap") for i in range(4))
    return np.asarray(field / (2.0 * np.std(field)), np.float32)


def _noise(softness: float, x: Any, y: Any) -> Floats:
    at = np.stack(np.broadcast_arrays(y, x))
    found: Floats = map_coordinates(_texture(softness), at, order=1, mode="grid-wrap")
    return np.clip(found, -1, 1)


def _over(below: Floats, colour: Any, cover: Floats) -> Floats:
    mixed: Floats = below + (np.asarray(colour) - below) * cover[..., None]
    return mixed


def sky(view: View, light: Light, place: Place) -> Floats:
    """Sky and horizon, (first ground row, width, 3)."""
    rows = view.ground()[0]
    x = (np.arange(view.width) + 0.5 - view.width / 2) / view.focal + view.road.slope(view.s)
    up = ((view.horizon - np.arange(rows) - 0.5) / view.focal).clip(0)[:, None]
    blend = np.broadcast_to(1 - np.exp(-up * 4.5), (rows, view.width))
    low, high = np.asarray(light.horizon), np.asarray(light.zenith)
    painted = _over(np.broadcast_to(low, (*blend.shape, 3)), high, blend)
    sun = np.asarray(light.sun)
    if sun.any():
        away = np.hypot(x - place.sun[0], up - place.sun[1])
        painted = painted + (0.6 * np.exp(-away / 0.16))[..., None] * sun
        painted += ((0.022 - away) * view.focal + 0.5).clip(0, 1)[..., None] * np.sqrt(sun) * 2.5
    depth = 1 / (up + 0.045)
    cloud = _noise(4.0, x * depth * 26 + 5 * place.phase, depth * 19)
    cover = ((cloud - 1 + 1.7 * light.clouds) * 1.4).clip(0, 1) * (up / 0.05).clip(0, 1)
    bright = 0.2 * low + 0.2 * high + 0.5 * np.asarray(light.ambient) + 0.25 * sun
    painted = _over(painted, bright, 0.8 * cover)
    city = place.environment == "city"
    for scale, base, tone, haze in ((26.0, 0.05, 0.08, 900.0), (60.0, 0.035, 0.11, 350.0)):
        along = (x + place.phase) * scale
        ridge = 0.035 * _noise(4.0, along, 3.5)
        steps = np.floor(along * 1.2) * 7.3 if city else along * 4
        ridge += (0.03 if city else 0.008) * _noise(1.0, steps, 50.0)
        inside = ((base + ridge - up) * view.focal + 0.5).clip(0, 1)
        surface = np.array([0.45, 0.48, 0.52]) if light.snow else np.array([0.9, 1.1, 0.75]) * tone
        lit = surface * (np.asarray(light.ambient) + 0.5 * sun)
        painted = _over(painted, light.through_air(lit, np.float64(haze)), inside)
        if city and light.lamps:
            windows = (_noise(1.0, x * 900, up * 900) > 0.55) * inside * light.lamps
            painted = painted + 0.1 * windows[..., None] * np.asarray(LAMP_COLOUR)
    return painted


def ground(view: View, light: Light, place: Place) -> Floats:
    """Road and what is beside it, (ground rows, width, 3), as the camera sees it."""
    _, z, u = view.ground()
    s = z + view.s
    left, right = view.road.edges
    pixel, row = z / view.focal, z * z / (view.focal * view.eye)

    def strip(start: float, end: float) -> Floats:
        """Part of each pixel between two values of u."""
        inside = abs(end - start) / 2 - np.abs(u - (start + end) / 2)
        return np.clip(inside / pixel + 0.5, 0, 1)

    def dashes(period: float, on: float) -> Floats:
        """Part of each row that is on a dash; far away, the average."""
        phase = np.abs((s + period / 2) % period - period / 2)
        return np.where(row > period, on / period, ((on / 2 - phase) / row + 0.5).clip(0, 1))

    coarse = _noise(4.0, u * 3 + 40, s * 1.3)
    fine = _noise(1.0, u * 23, s * 17) * np.exp(-z / 45)
    city = place.environment == "city"
    wear = sum(
        np.exp(-(((np.abs(u - left - view.road.lane * (i + 0.5)) - 0.8) / 0.33) ** 2))
        for i in range(view.road.left + view.road.right)
    )
    fields = np.where((u < 0)[..., None], *(np.asarray(field) for field in place.fields))
    colour = fields * (1 + 0.3 * coarse + 0.45 * fine)[..., None]
    shoulder = PARKING if city else 1.4
    tar = np.asarray(place.asphalt) * (1 + 0.08 * coarse + 0.25 * fine - 0.13 * wear)[..., None]
    on_road = strip(left - shoulder, right + shoulder)
    colour = _over(colour, tar, on_road)
    inset = 0.25 if city else -0.15
    white = strip(left + inset, left + inset + 0.15) + strip(right - inset, right - inset - 0.15)
    for i in range(1, view.road.left + view.road.right):
        if i != view.road.left:
            at = left + i * view.road.lane
            white = white + strip(at - 0.075, at + 0.075) * dashes(12, 4)
    worn = (0.35 if light.snow else 1.0) * (1 - 0.25 * np.abs(fine))
    colour = _over(colour, WHITE, white.clip(0, 1) * worn)
    if view.road.left:
        solid = place.centre == YELLOW
        line = strip(-0.24, -0.1) + strip(0.1, 0.24) if solid else strip(-0.07, 0.07) * dashes(9, 3)
        colour = _over(colour, place.centre, line * worn)
    if city:
        for side, edge in ((-1, left - PARKING), (1, right + PARKING)):
            walk = np.asarray(PAVEMENT) * (1 + 0.1 * coarse - 0.3 * dashes(2, 0.08))[..., None]
            colour = _over(colour, walk, strip(edge, edge + side * 40))
            colour = _over(colour, KERB, strip(edge, edge + side * 0.25))
    if light.wet:
        colour = colour * 0.62  # water fills the grain: less light comes back
    snowed = 0.92 + 0.05 * coarse - on_road * (0.1 + 0.3 * np.minimum(wear, 1))
    facing = snowed if light.snow else np.full_like(u, 0.62)
    where = (u, np.zeros_like(u), np.broadcast_to(s, u.shape))
    ahead = (view.right_of(u, z), np.broadcast_to(z, u.shape))
    return light.shade(colour, facing, where, ahead)
