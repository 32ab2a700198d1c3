"""What fills the frame before anything stands in it: sky, horizon, road, and the tunnel's walls.

All of it is computed per pixel in linear light from the camera's geometry, with lines and edges
softened to the width of a pixel at their distance, so nothing far away flickers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .geometry import Colour, Floats, View
from .light import HEADLIGHT_COLOUR, LAMP_COLOUR, Light, headlight_of

GROUND: dict[str, Colour] = {
    "asphalt": (0.115, 0.115, 0.12),
    "new asphalt": (0.065, 0.066, 0.07),
    "concrete": (0.24, 0.235, 0.22),
    "paint": (0.80, 0.80, 0.76),
    "yellow paint": (0.72, 0.50, 0.08),
    "sidewalk": (0.27, 0.255, 0.24),
    "kerb": (0.42, 0.41, 0.39),
    "grass": (0.085, 0.14, 0.035),
    "dry grass": (0.24, 0.20, 0.075),
    "wheat": (0.46, 0.34, 0.11),
    "gravel": (0.20, 0.185, 0.16),
    "snow": (0.86, 0.88, 0.92),
}

_TEXTURE_SIDE = 256


@lru_cache(maxsize=4)
def texture(kind: int, slope: float) -> Floats:
    """A tileable field of noise in -1..1 with power falling as frequency to the ``-slope``."""
    rng = np.random.default_rng([77, kind])
    fx = np.fft.fftfreq(_TEXTURE_SIDE)[:, None]
    fy = np.fft.rfftfreq(_TEXTURE_SIDE)[None, :]
    radius = np.sqrt(fx * fx + fy * fy)
    radius[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal((_TEXTURE_SIDE, _TEXTURE_SIDE)))
    spectrum /= radius ** (slope / 2)
    spectrum[0, 0] = 0.0
    field = np.fft.irfft2(spectrum, s=(_TEXTURE_SIDE, _TEXTURE_SIDE))
    return np.clip(field / (2.5 * field.std()), -1, 1).astype(np.float32)


def sample(field: Floats, x: Floats, y: Floats) -> Floats:
    """Texture at fractional places, wrapped, interpolated linearly."""
    i, j = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    tx, ty = x - i.astype(np.float32), y - j.astype(np.float32)
    i, j = i % _TEXTURE_SIDE, j % _TEXTURE_SIDE
    i1, j1 = (i + 1) % _TEXTURE_SIDE, (j + 1) % _TEXTURE_SIDE
    upper: Floats = field[j, i] * (1 - tx) + field[j, i1] * tx
    lower: Floats = field[j1, i] * (1 - tx) + field[j1, i1] * tx
    result: Floats = upper * (1 - ty) + lower * ty
    return result


@dataclass(frozen=True)
class Place:
    """What one drive's surroundings look like; drawn once from the drive's seed."""

    environment: str
    asphalt: Colour
    verge: Colour
    field_left: Colour
    field_right: Colour
    centre_yellow: bool
    sidewalk: float
    parking: float
    hills: float
    hills_phase: float
    sun_azimuth: float
    sun_height: float
    cloud_shift: tuple[float, float]
    crossing_every: float


def _mix(a: Floats, b: Floats | Colour, weight: Floats) -> Floats:
    w = weight[..., None]
    result: Floats = a * (1 - w) + np.asarray(b, np.float32) * w
    return result


def paint_sky(view: View, light: Light, place: Place) -> Floats:
    """Sky and horizon, (first ground row, width, 3)."""
    rows = view.ground_rows()[0]
    azimuth = (np.arange(view.width, dtype=np.float32) + 0.5 - view.width / 2) / view.focal
    azimuth = azimuth + np.float32(view.road.slope(view.s))
    height = (np.float32(view.horizon) - np.arange(rows, dtype=np.float32) - 0.5) / view.focal
    up = np.maximum(height, 0.0)
    blend = (1 - np.exp(-up * 4.5)).astype(np.float32)
    low, high = np.asarray(light.horizon, np.float32), np.asarray(light.zenith, np.float32)
    sky = np.repeat((low * (1 - blend[:, None]) + high * blend[:, None])[:, None], view.width, 1)

    toward_sun = azimuth[None, :] - np.float32(place.sun_azimuth)
    above = height[:, None] - np.float32(place.sun_height)
    angle2 = toward_sun**2 + above**2
    sun = np.asarray(light.sun, np.float32)
    if sun.any():  # a wide glow low in the sky, a narrow one, and the disc itself
        glow = 0.5 * np.exp(-np.sqrt(angle2) / 0.16) + 0.25 * np.exp(
            -np.abs(toward_sun) / 0.6 - up[:, None] / 0.10
        )
        sky += glow[..., None] * sun * 1.3
        disc = np.clip((0.022 - np.sqrt(angle2)) * view.focal + 0.5, 0, 1)
        sky += disc[..., None] * np.sqrt(sun) * 2.5
    if light.stars >= 1.0:
        _add_moon_and_stars(sky, view, place, azimuth, height, angle2)
    if light.clouds:
        depth = 1.0 / (up[:, None] + 0.045)
        x = (azimuth[None, :] * depth) * 26 + np.float32(place.cloud_shift[0])
        y = depth * 19 + np.float32(place.cloud_shift[1]) + 0 * x
        cloud = sample(texture(1, 2.9), x, y)
        cover = (
            np.clip((cloud - (1 - 1.7 * light.clouds)) * 1.4, 0, 1)
            * np.clip(up / 0.05, 0, 1)[:, None]
        )
        lit = 0.55 + 0.45 * sample(texture(1, 2.9), x + 2.5, y + 1.5)
        base = 0.45 * low + 0.55 * high
        bright = base * 0.75 + np.asarray(light.ambient, np.float32) * 0.55 + 0.35 * sun
        colour = base * 0.85 * (1 - lit[..., None]) + bright * lit[..., None]
        sky = sky * (1 - 0.8 * cover[..., None]) + colour * 0.8 * cover[..., None]
    return _add_horizon(sky, view, light, place, azimuth, height)


def _add_moon_and_stars(
    sky: Floats, view: View, place: Place, azimuth: Floats, height: Floats, angle2: Floats
) -> None:
    stars = np.random.default_rng([5, round(place.cloud_shift[0])])
    where = np.stack([stars.uniform(-1.2, 1.2, 260), stars.uniform(0.04, 0.75, 260)])
    power = stars.uniform(0.02, 0.35, 260) ** 1.3
    columns = np.floor((where[0] - azimuth[0]) * view.focal).astype(int)
    rows = np.floor((height[0] - where[1]) * view.focal).astype(int)
    inside = (columns >= 0) & (columns < view.width) & (rows >= 0) & (rows < len(height))
    sky[rows[inside], columns[inside]] += power[inside, None].astype(np.float32)
    moon = np.clip((0.020 - np.sqrt(angle2)) * view.focal + 0.5, 0, 1)
    halo = 0.05 * np.exp(-np.sqrt(angle2) / 0.06)
    sky += (moon * 0.85 + halo)[..., None] * np.array([0.95, 0.95, 0.85], np.float32)


def _add_horizon(
    sky: Floats, view: View, light: Light, place: Place, azimuth: Floats, height: Floats
) -> Floats:
    """Two ridges, far and near; in a city the near one is a skyline of flat roofs."""
    city = place.environment == "city"
    for layer, (size, distance) in enumerate(((1.0, 2600.0), (0.62, 700.0))):
        scale = 26.0 if layer == 0 else 60.0
        x = (azimuth + place.hills_phase + layer * 3.1) * scale
        ridge = sample(texture(2, 2.6), x, np.full_like(x, 11.0 * layer + 3.5))
        if layer == 1:  # trees or roofs on the near ridge
            fine = (azimuth + place.hills_phase) * (70.0 if city else 240.0)
            steps = np.floor(fine) * 7.3 if city else fine
            detail = sample(texture(3, 0.6 if city else 1.4), steps, np.full_like(steps, 50.0))
            ridge = ridge * (0.35 if city else 0.6) + detail * (0.75 if city else 0.22)
        top = place.hills * size * (0.045 + 0.045 * ridge) + (0.012 if layer else 0.004)
        cover = np.clip((top[None, :] - height[:, None]) * view.focal + 0.5, 0, 1)
        clear = np.float32(light.clear(distance * (0.35 if light.visibility > 300 else 0.6)))
        surface: Colour = (0.10, 0.13, 0.08) if not city or layer == 0 else (0.20, 0.19, 0.20)
        if light.snow:
            surface = (0.55, 0.58, 0.62) if layer == 0 else (0.34, 0.37, 0.39)
        lit = np.asarray(surface, np.float32) * (
            np.asarray(light.ambient, np.float32) + 0.5 * np.asarray(light.sun, np.float32)
        )
        colour = lit * clear + np.asarray(light.fog, np.float32) * (1 - clear)
        sky = sky * (1 - cover[..., None]) + colour * cover[..., None]
        if city and layer == 1 and light.lamps:
            windows = sample(
                texture(3, 0.6),
                azimuth[None, :] * 900 + 0 * cover,
                height[:, None] * 900 + 0 * cover,
            )
            sky += ((windows > 0.55) * cover * light.lamps * 0.22 * clear)[..., None] * np.array(
                LAMP_COLOUR, np.float32
            )
    return sky


def paint_ground(view: View, light: Light, place: Place) -> Floats:
    """Road and what lies beside it, (ground rows, width, 3), lit, before shadows and fog."""
    _, z = view.ground_rows()
    u = view.ground_u(z)
    s = z + np.float32(view.s)
    pixel = (z / np.float32(view.focal))[:, None]
    along = (z * z / np.float32(view.focal * view.eye))[:, None]
    left, right = view.road.edges

    def strip(from_u: float, to_u: float) -> Floats:
        """Part of each pixel that lies between two values of u."""
        middle, half = (from_u + to_u) / 2, (to_u - from_u) / 2
        result: Floats = np.clip((half - np.abs(u - middle)) / pixel + 0.5, 0, 1)
        return result

    def dashes(period: float, on: float) -> Floats:
        """Part of each row that lies on a dash; far away, the average."""
        phase = np.abs((s[:, None] + period / 2) % period - period / 2)
        result: Floats = np.clip(((on / 2) - phase) / np.maximum(along, 1e-3) + 0.5, 0, 1)
        return np.where(along > period, np.float32(on / period), result)

    fade = np.exp(-z / 45.0)[:, None]
    coarse = sample(texture(2, 2.6), u * 1.9 + 40, 0 * u + (s * 0.8)[:, None])
    fine = sample(texture(3, 0.6), u * 23, 0 * u + (s * 17)[:, None]) * fade
    field = np.where(
        (u < 0)[..., None],
        np.asarray(place.field_left, np.float32),
        np.asarray(place.field_right, np.float32),
    )
    rough = 1 + 0.30 * coarse + 0.45 * fine
    ground = field * rough[..., None]
    verge = strip(left - 2.6, right + 2.6)
    ground = _mix(ground, np.asarray(place.verge, np.float32) * rough[..., None], verge)
    if light.snow:
        drift = 0.93 + 0.07 * coarse + 0.03 * fine
        ground = _mix(ground, np.asarray(GROUND["snow"]) * drift[..., None], np.full_like(u, 0.94))
    asphalt = np.asarray(place.asphalt, np.float32)
    wear = 0.0 * u
    lane = view.road.lane
    for i in range(view.road.left + view.road.right):
        middle = left + lane * (i + 0.5)
        wear += np.exp(-(((np.abs(u - middle) - 0.8) / 0.33) ** 2))  # two tyre tracks a lane
    patches = np.clip(
        sample(texture(2, 2.6), u * 0.6 + 90, 0 * u + (s * 0.22)[:, None]) - 0.5, 0, 1
    )
    grain = 1 + 0.14 * coarse + 0.22 * fine - 0.13 * wear - 0.5 * patches
    road = asphalt * grain[..., None]
    if light.snow:
        cover = np.clip(0.80 + 0.25 * coarse - 0.62 * wear, 0, 1)
        road = _mix(road, np.asarray(GROUND["snow"], np.float32) * 0.9, cover)
    paint = _road_paint(view, place, strip, dashes)
    worn = np.clip(1 - 0.25 * np.abs(fine) - 0.2 * (coarse > 0.5), 0, 1)
    hidden = 0.22 if light.snow else 1.0
    centre, white = paint
    road = _mix(road, GROUND["paint"], np.clip(white, 0, 1) * worn * hidden)
    road = _mix(road, GROUND["yellow paint"], np.clip(centre, 0, 1) * worn * hidden)
    shoulder = place.parking if place.sidewalk else 1.1
    ground = _mix(ground, road, strip(left - shoulder, right + shoulder))
    if place.sidewalk:
        slab = 1 + 0.10 * coarse + 0.12 * fine
        joint = dashes(2.0, 0.08) * fade
        walk = np.asarray(GROUND["sidewalk"], np.float32) * (slab * (1 - 0.35 * joint))[..., None]
        kerb = np.asarray(GROUND["kerb"], np.float32)
        for side in (-1.0, 1.0):
            edge = (left if side < 0 else right) + side * (place.parking + 0.12)
            near, far = sorted((edge, edge + side * place.sidewalk))
            ground = _mix(ground, walk, strip(near, far) * (0.45 if light.snow else 1.0))
            near, far = sorted((edge - side * 0.12, edge + side * 0.13))
            ground = _mix(ground, kerb, strip(near, far))
    if light.wet:
        ground = ground * np.float32(0.62)  # water fills the grain: less light comes back

    x = u - np.float32(view.u) + view.bend_of(z)[:, None]
    lit = np.asarray(light.ambient, np.float32) + np.asarray(light.sun, np.float32) * 0.62
    illumination = np.broadcast_to(lit, (*u.shape, 3)).copy()
    if light.headlights:
        beam = light.headlights * headlight_of(x, z)
        illumination += beam[..., None] * np.asarray(HEADLIGHT_COLOUR, np.float32)
    if light.lamps and light.lamp_reach:
        pool = light.lamp_light_of(u, s)
        illumination += pool[..., None] * np.asarray(LAMP_COLOUR, np.float32)
    result: Floats = (ground * illumination).astype(np.float32)
    return result


def _road_paint(view: View, place: Place, strip, dashes) -> tuple[Floats, Floats]:  # type: ignore[no-untyped-def]
    """Coverage of (centre line, white lines)."""
    road = view.road
    left, right = road.edges
    highway = place.environment == "highway"
    inset = -0.15 if not place.sidewalk else 0.25
    white = strip(left + inset, left + inset + 0.15) + strip(right - inset - 0.15, right - inset)
    for i in range(1, road.left + road.right):
        at = left + i * road.lane
        if i != road.left:
            white = white + strip(at - 0.075, at + 0.075) * dashes(12.0, 4.0)
    zero = 0 * white
    if road.left == 0:
        centre = zero
    elif highway or place.centre_yellow:
        centre = strip(-0.24, -0.10) + strip(0.10, 0.24)
    else:
        white = white + strip(-0.07, 0.07) * dashes(9.0, 3.0)
        centre = zero
    if not place.centre_yellow:
        white, centre = white + centre, zero
    if place.crossing_every:  # zebra: bars along the road, between two values of s
        bars = np.clip(dashes(place.crossing_every, 3.4), 0, 1)
        stripes = sum(
            strip(left + 0.5 + 1.1 * i, left + 1.05 + 1.1 * i)
            for i in range(int((right - left - 0.6) / 1.1))
        )
        white = white * (1 - bars) + stripes * bars
        centre = centre * (1 - bars)
    return centre, white


def apply_fog(ground: Floats, view: View, light: Light) -> Floats:
    _, z = view.ground_rows()
    through = np.exp(-z / np.float32(light.visibility))[:, None, None]
    result: Floats = ground * through + np.asarray(light.fog, np.float32) * (1 - through)
    return result


def shadow(
    ground: Floats, view: View, u: tuple[float, float], s: tuple[float, float], dark: float
) -> None:
    """Darken the ground softly in a rectangle of road coordinates, in place."""
    _, z = view.ground_rows()
    rows = np.flatnonzero((z > s[0] - view.s - 1.2) & (z < s[1] - view.s + 1.2))
    if not len(rows):
        return
    z = z[rows]
    soft = 0.45
    across = view.ground_u(z)
    inside_u = np.clip((across - u[0]) / soft + 0.5, 0, 1) * np.clip(
        (u[1] - across) / soft + 0.5, 0, 1
    )
    at = z + np.float32(view.s)
    inside_s = np.clip((at - s[0]) / 0.8 + 0.5, 0, 1) * np.clip((s[1] - at) / 0.8 + 0.5, 0, 1)
    ground[rows] *= 1 - dark * (inside_u * inside_s[:, None])[..., None]
