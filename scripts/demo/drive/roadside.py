"""What is beside the road: houses, fields and woods, a highway's verges, a tunnel's walls."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .light import Light
from .solids import Glow, Solid
from .view import Colour, Rng, Road

STEEL = (0.34, 0.35, 0.36)
WOOD = (0.10, 0.075, 0.055)
GLASS = (0.06, 0.075, 0.095)
LEAVES = ((0.055, 0.115, 0.025), (0.075, 0.14, 0.03), (0.04, 0.085, 0.03), (0.12, 0.14, 0.03))
NEEDLES = (0.03, 0.075, 0.04)
FACADES = ((0.34, 0.20, 0.14), (0.44, 0.36, 0.26), (0.50, 0.46, 0.40), (0.26, 0.255, 0.26))
SIGNS = ((0.55, 0.02, 0.02), (0.02, 0.10, 0.42), (0.75, 0.48, 0.02))
PARKING = 2.2
"""Width of a city street's parking lanes, in metres."""
SIDEWALK = 3.0


def scaled(colour: Colour, by: float) -> Colour:
    return (colour[0] * by, colour[1] * by, colour[2] * by)


def plant(environment: str, road: Road, light: Light, length: float, rng: Rng) -> Iterator[Solid]:
    """Everything beside the road from 30 m behind the start to ``length``."""
    for side, edge in zip((-1.0, 1.0), road.edges, strict=True):
        if environment == "city":
            yield from _street(side, edge + side * PARKING, light, length, rng)
        elif environment == "rural":
            yield from _countryside(side, edge, length, rng)
        elif environment == "highway":
            yield from _verge(side, edge, length, rng)
        else:
            yield from _wall(side, edge + side * 1.3, light, length)


def _street(side: float, edge: float, light: Light, length: float, rng: Rng) -> Iterator[Solid]:
    front = edge + side * (SIDEWALK + rng.uniform(0.4, 3.0))
    s = -30.0
    while s < length:
        end = s + rng.uniform(10, 22)
        if rng.random() < 0.1:
            yield broadleaf(front + side * 2, s + 5, 1.0, rng)
        else:
            yield house(side, front, s, end - 0.3, light, rng)
        s = end
    for at in np.arange(-28.0, length, light.lamp_spacing):
        yield street_lamp(edge + side * 0.9, side, at, light)
    for at in np.arange(rng.uniform(0, 16), length, 16.0):
        if rng.random() < 0.45:
            yield broadleaf(edge + side * 1.3, at, rng.uniform(0.55, 0.8), rng)
    for at in np.arange(rng.uniform(10, 40), length, 47.0):
        yield sign(edge + side * 0.7, at, rng)


def _countryside(side: float, edge: float, length: float, rng: Rng) -> Iterator[Solid]:
    wood = rng.random() < 0.45
    s = -20.0
    while s < length:
        s += rng.exponential(4.5 if wood else 13.0)
        away = rng.uniform(3.5, 16) if wood else rng.choice([3.6, 8.0, 20.0, 30.0])
        tree = conifer if rng.random() < (0.5 if wood else 0.15) else broadleaf
        yield tree(edge + side * away, s, rng.uniform(0.7, 1.35), rng)
    for at in np.arange(rng.uniform(0, 25), length, 25.0):
        yield post(edge + side * 1.6, at)
    yield sign(edge + side * 2.0, rng.uniform(20, 90), rng)


def _verge(side: float, edge: float, length: float, rng: Rng) -> Iterator[Solid]:
    for s in np.arange(-8.0, length, 4.0):
        rail = upright(edge + side * 1.7, s, 0.5, 0.12, STEEL, depth=s + 4)
        rail.side(edge + side * 1.7, (0.47, 0.62), (s, s + 4), scaled(STEEL, 0.8))
        rail.side(edge + side * 1.7, (0.62, 0.78), (s, s + 4), scaled(STEEL, 1.3), 0.6)
        yield rail
    for s in np.arange(-8.0, length, 8.0):
        if rng.random() < 0.75:
            tree = conifer if rng.random() < 0.4 else broadleaf
            yield tree(edge + side * rng.uniform(6, 18), s, rng.uniform(0.7, 1.35), rng)
    for s in np.arange(rng.uniform(0, 50), length, 50.0):
        yield post(edge + side * 1.3, s)


def _wall(side: float, edge: float, light: Light, length: float) -> Iterator[Solid]:
    """One wall of the tunnel and its half of the ceiling, in pieces of 3 m."""
    top = light.lamp_height
    for s in np.arange(-9.0, length, 3.0):
        piece = Solid(s + 3)
        tiles = scaled((0.40, 0.37, 0.31), 0.9 if s % 2 else 1.05)
        for ys, colour in (((0, 1), STEEL), ((1, 1.2), (0.55, 0.42, 0.10)), ((1.2, top), tiles)):
            piece.side(edge, ys, (s, s + 3), colour)
        lid = [(0.0, top, s), (edge, top, s), (edge, top, s + 3), (0.0, top, s + 3)]
        piece.face(lid, (0.13, 0.125, 0.12), 0.0)
        if s % light.lamp_spacing == 0:
            u = side * light.lamp_reach
            corners = ((-0.2, 0), (0.2, 0), (0.2, 2), (-0.2, 2))
            strip = [(u + du, top - 0.05, s + ds) for du, ds in corners]
            piece.face(strip, (1.0, 0.95, 0.7), shines=True)
            piece.glows.append(Glow((u, top - 0.1, s + 1), (0.5, 0.36, 0.18), 0.35))
        yield piece


def upright(
    u: float, s: float, high: float, wide: float, colour: Colour, *, depth: float | None = None
) -> Solid:
    made = Solid(s if depth is None else depth)
    made.plate((u - wide / 2, u + wide / 2), (0, high), s, colour)
    return made


def house(side: float, front: float, s0: float, s1: float, light: Light, rng: Rng) -> Solid:
    """A block of flats with rows of windows, some of them lit, and sometimes shops below."""
    made = Solid(s1)
    high = rng.choice([7.5, 10.5, 13.5, 17.0, 24.0], p=[0.2, 0.3, 0.25, 0.17, 0.08])
    facade = FACADES[rng.integers(len(FACADES))]
    us = (min(front, front + side * 14), max(front, front + side * 14))
    lit = 0.42 * light.lamps
    shop = rng.random() < 0.5
    bays = int((s1 - s0) // 3)
    wide = (s1 - s0) / bays
    for b in reversed(range(bays)):  # each bay has its own light and fog
        a = s0 + b * wide
        made.side(front, (0, high), (a, a + wide), facade, 0.3)
        for f in range(int((high - 0.8) // 3.2)):
            ground = shop and f == 0
            y = 3.2 * f + (0.35 if ground else 1.0)
            ys = (y, y + (2.2 if ground else 1.55))
            ss = (a + wide * (0.06 if ground else 0.27), a + wide * (0.94 if ground else 0.73))
            if rng.random() < lit or (ground and lit > 0.1):
                warm = rng.uniform(0.35, 1.0)
                made.side(front, ys, ss, (0.85 * warm, 0.6 * warm, 0.28 * warm), shines=True)
            else:
                made.side(front, ys, ss, GLASS)
            made.side(front, (y - 0.12, y), ss, scaled(facade, 1.35), 0.7)
        if shop:
            out = front - side * 0.9
            awning = [(front, 3.1, a), (out, 2.6, a), (out, 2.6, a + wide), (front, 3.1, a + wide)]
            made.face(awning, SIGNS[int(s0) % 3], 0.8)
    made.side(front - side * 0.2, (high, high + 0.4), (s0, s1), scaled(facade, 0.6), 0.9)
    made.plate(us, (0, high), s0, scaled(facade, 0.8), 0.45)
    return made


def broadleaf(u: float, s: float, size: float, rng: Rng) -> Solid:
    """A trunk, and a crown of puffs from the dark inside to the light outside and above."""
    made = upright(u, s, 3.2 * size, 0.28 * size, WOOD)
    leaf = LEAVES[rng.integers(len(LEAVES))]
    for i in range(18):
        angle, reach = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random()) * (0.25 if i < 3 else 0.8)
        up = reach * np.sin(angle)
        at = (u + 2.2 * size * reach * np.cos(angle), (4.55 + 2.25 * up) * size, s)
        radius = (0.85 if i < 3 else rng.uniform(0.24, 0.46)) * 2.1 * size
        tone = 0.8 + 0.28 * up + 0.014 * i + rng.normal(0, 0.08)
        made.disc(at, radius, scaled(leaf, tone), 0.55 + 0.3 * up)
    return made


def conifer(u: float, s: float, size: float, rng: Rng) -> Solid:
    made = upright(u, s, 1.5, 0.28, WOOD)
    for tier in range(6):
        low, wide = (0.9 + 1.32 * tier) * size, 0.3 * size * (7.4 - tier) * rng.uniform(0.85, 1.1)
        top = (u, min(low + 3.0 * size, 9.5 * size), s)
        ragged = [(u + wide * k / 3, low + (0.3 * size if k % 2 else 0), s) for k in range(-3, 4)]
        made.face([*ragged, top], scaled(NEEDLES, 0.75 + 0.12 * tier), 0.5)
    return made


def street_lamp(u: float, side: float, s: float, light: Light) -> Solid:
    dark, high, end = (0.13, 0.135, 0.14), light.lamp_height, u - side * 1.5
    made = upright(u, s, high, 0.14, dark)
    made.plate((u, end), (high + 0.05, high + 0.2), s, dark)
    on = light.lamps > 0.3
    head = (1.0, 0.80, 0.50) if on else (0.35, 0.35, 0.33)
    made.plate((end - 0.35, end + 0.35), (high + 0.08, high + 0.24), s, head, shines=on)
    if on:
        made.glows.append(Glow((end, high + 0.1, s), scaled((1.2, 0.8, 0.4), light.lamps), 0.8))
    return made


def post(u: float, s: float) -> Solid:
    made = upright(u, s, 0.95, 0.12, (0.72, 0.72, 0.70))
    made.plate((u - 0.06, u + 0.06), (0.62, 0.80), s, (0.05, 0.05, 0.05))
    return made


def sign(u: float, s: float, rng: Rng) -> Solid:
    made = upright(u, s, 2.2, 0.07, STEEL)
    made.disc((u, 2.45, s), 0.44, SIGNS[rng.integers(len(SIGNS))])
    made.disc((u, 2.45, s), 0.31, (0.75, 0.75, 0.73))
    return made
