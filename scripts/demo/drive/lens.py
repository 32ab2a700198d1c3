"""Between the scene and the file: shine of lamps, wet roads, rain, snow, lens and sensor."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .light import Light, encode
from .solids import Glow
from .view import Floats, Rng, View


def _shine(picture: Floats, x: float, y: float, sx: float, sy: float, colour: Floats) -> None:
    """Add a soft spot of light, in place."""
    height, width, _ = picture.shape
    rows = slice(int(np.clip(y - 3 * sy, 0, height)), int(np.clip(y + 3 * sy + 2, 0, height)))
    columns = slice(int(np.clip(x - 3 * sx, 0, width)), int(np.clip(x + 3 * sx + 2, 0, width)))
    across = np.exp(-(((np.arange(width)[columns] + 0.5 - x) / sx) ** 2))
    down = np.exp(-(((np.arange(height)[rows] + 0.5 - y) / sy) ** 2))
    picture[rows, columns] += (down[:, None] * across)[..., None] * colour


def add_lights(
    picture: Floats, lights: list[tuple[Glow, float, float, float]], view: View, light: Light
) -> None:
    """A bright core and a halo that fog and rain feed, and the mirror image in a wet road."""
    haze = min(60 / light.visibility, 2.0)
    for glow, x, y, z in lights:
        wide = glow.size * view.focal / z
        size = float(np.clip(wide, 0.7, 0.024 * view.width))
        colour = np.asarray(glow.colour) * light.clear(z)
        _shine(picture, x, y, size, size, colour * min(wide / 0.7, 1))
        _shine(picture, x, y, 3.2 * size, 3.2 * size, colour * (0.07 + 0.09 * haze))
        if haze > 0.4:
            _shine(picture, x, y, 8 * size, 8 * size, colour * 0.05 * haze)
        if light.wet:
            mirror = view.horizon + view.focal * (view.eye + glow.at[1]) / z
            _shine(picture, x, mirror, 0.9 * size, 6.5 * size, colour * 0.42)
            _shine(picture, x, mirror, 2.2 * size, 11 * size, colour * 0.10)
    strength = 0.055 * light.headlights * min(40 / light.visibility, 1.3)
    if light.headlights > 0.3 and strength > 0.01:  # fog throws our own beam back
        beam = (0.42 * view.width, 0.17 * view.width)
        _shine(
            picture, view.width / 2, view.horizon + 0.3 * view.height, *beam, np.full(3, strength)
        )


def reflect(picture: Floats, bare: Floats, view: View) -> None:
    """Mirror what is above the horizon where the wet ground is bare, most at a grazing angle."""
    first, z, u = view.ground()
    left, right = view.road.edges
    bare = bare[first:] * (np.minimum(u - left, right - u) + 2).clip(0, 1)
    mirrored = Image.fromarray(encode(picture[:first][::-1]))
    rows = view.height - first
    tall = mirrored.resize((view.width // 2, max(rows // 9, 1)), Image.Resampling.BOX)
    smooth = np.asarray(tall.resize((view.width, rows), Image.Resampling.BILINEAR)) / 255
    weight = (bare * (0.10 + 0.62 * (z / 30).clip(0, 1) ** 0.8))[..., None]
    picture[first:] = picture[first:] * (1 - 0.75 * weight) + smooth**2 * weight


def add_weather(picture: Floats, light: Light, rng: Rng) -> Floats:
    """Streaks of rain, or flakes: many small far ones and a few large near ones."""
    height, width, _ = picture.shape
    layer = Image.new("L", (2 * width, 2 * height))
    pen = ImageDraw.Draw(layer)
    for _ in range(int(width * (0.75 if light.wet else 1.1))):
        x, y = rng.uniform(0, 2 * width), rng.uniform(-20, 2 * height)
        if light.wet:
            near = rng.random() ** 3
            long = 7 + 34 * near
            end = (x + (x / width - 1) * 0.22 * long, y + long)
            pen.line((x, y, *end), fill=int(26 + 60 * near), width=1 + (near > 0.8))
        else:
            near = rng.random() ** 5
            r = 0.9 + 5 * near
            pen.ellipse((x - r, y - 1.2 * r, x + r, y + 1.2 * r), fill=int(225 - 110 * near))
    soft = layer.filter(ImageFilter.GaussianBlur(0.4 if light.wet else 1.1)).reduce(2)
    cover = np.asarray(soft)[..., None] / 255
    grey = 0.6 * picture.mean((0, 1)) + 0.9 * np.asarray(light.ambient) + 0.03
    if light.snow:
        grey = np.asarray(light.ambient) * 1.5 + 0.27 * light.headlights
    return picture + 0.8 * cover * (np.minimum(grey, 0.95) - picture)


def expose(picture: Floats, night: bool, rng: Rng) -> Image.Image:
    """Exposure, vignetting, a soft shoulder for what is too bright, noise, 8 bits."""
    height, width, _ = picture.shape
    y, x = np.ogrid[-0.5 : 0.5 : 1j * height, -0.5 : 0.5 : 1j * width]
    picture = picture * (np.exp(rng.normal(0, 0.04)) * (1 - 0.55 * (x * x + y * y)))[..., None]
    bright = 0.7 + 0.3 * (1 - np.exp(-(picture - 0.7).clip(0) / 0.3))
    picture = np.where(picture > 0.7, bright, picture)
    noise = rng.standard_normal((height, width, 1)) + 0.3 * rng.standard_normal((height, width, 3))
    shown = np.sqrt(picture.clip(0, 1)) + (0.012 if night else 0.005) * noise
    return Image.fromarray((shown.clip(0, 1) * 255 + 0.5).astype(np.uint8))
