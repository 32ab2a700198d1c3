"""What happens between the scene and the file: glare, rain, snow, the lens and the sensor."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .canvas import Glow
from .geometry import Floats, View
from .light import Light, encode
from .plan import Combination


def add_glows(picture: Floats, glows: Iterable[Glow], light: Light) -> None:
    """Shine of lamps: a bright core, a wide halo that fog and rain feed, a streak on wet roads."""
    haze = min(60.0 / light.visibility, 2.0)
    for glow in glows:
        size = min(max(glow.size, 0.7), 0.024 * picture.shape[1])
        colour = np.asarray(glow.colour, np.float32)
        _splat(picture, glow.x, glow.y, size, size, colour * min(glow.size / 0.7, 1.0))
        _splat(picture, glow.x, glow.y, 3.2 * size, 3.2 * size, colour * (0.07 + 0.09 * haze))
        if haze > 0.4:
            _splat(picture, glow.x, glow.y, 8 * size, 8 * size, colour * 0.05 * haze)
        if light.wet:
            _splat(picture, glow.x, glow.mirror, 0.9 * size, 6.5 * size, colour * 0.42)
            _splat(picture, glow.x, glow.mirror, 2.2 * size, 11 * size, colour * 0.10)


def _splat(picture: Floats, x: float, y: float, sx: float, sy: float, colour: Floats) -> None:
    height, width, _ = picture.shape
    x0, x1 = max(int(x - 3 * sx), 0), min(int(x + 3 * sx) + 2, width)
    y0, y1 = max(int(y - 3 * sy), 0), min(int(y + 3 * sy) + 2, height)
    if x0 >= x1 or y0 >= y1:
        return
    gx = np.exp(-(((np.arange(x0, x1, dtype=np.float32) + 0.5 - x) / sx) ** 2))
    gy = np.exp(-(((np.arange(y0, y1, dtype=np.float32) + 0.5 - y) / sy) ** 2))
    picture[y0:y1, x0:x1] += (gy[:, None] * gx[None, :])[..., None] * colour


def add_backscatter(picture: Floats, view: View, light: Light) -> None:
    """Our own headlights seen in the air: fog, rain and snow throw some of the beam back."""
    strength = 0.055 * light.headlights * min(40.0 / light.visibility, 1.3)
    if light.headlights < 0.3 or strength < 0.01:
        return
    reach = 0.42 * view.width
    _splat(
        picture,
        view.width / 2,
        view.horizon + 0.30 * view.height,
        reach,
        0.4 * reach,
        np.array([strength] * 3, np.float32),
    )


def wet_reflections(picture: Floats, view: View, wetness: Floats) -> None:
    """Mirror what stands above the horizon in the road, more at a grazing angle, in place.

    ``wetness`` is (ground rows, width), 0 to 1.
    """
    first, z = view.ground_rows()
    rows = np.clip(2 * view.horizon - np.arange(first, view.height), 0, first - 1).astype(int)
    mirrored = encode(picture[rows])
    soft = Image.fromarray(mirrored).filter(ImageFilter.BoxBlur(2))
    tall = Image.fromarray(mirrored).resize(
        (view.width // 2, max(len(rows) // 9, 1)), Image.Resampling.BOX
    )
    tall = tall.resize((view.width, len(rows)), Image.Resampling.BILINEAR)
    image = (0.35 * np.asarray(soft, np.float32) + 0.65 * np.asarray(tall, np.float32)) / 255
    grazing = (0.10 + 0.62 * np.clip(z / 30.0, 0, 1) ** 0.8)[:, None]
    weight = (wetness * grazing)[..., None]
    picture[first:] = picture[first:] * (1 - 0.75 * weight) + image**2 * weight


def add_rain(picture: Floats, light: Light, rng: np.random.Generator) -> Floats:
    """Streaks in the air and drops on the glass."""
    height, width, _ = picture.shape
    layer = Image.new("L", (width * 2, height * 2))
    draw = ImageDraw.Draw(layer)
    lean = float(rng.normal(0.0, 0.05))
    for _ in range(int(width * 0.75)):
        x, y = rng.uniform(0, 2 * width), rng.uniform(-20, 2 * height)
        near = rng.random() ** 3
        long = 7 + 34 * near
        outward = (x / width - 1) * 0.22 + lean
        draw.line(
            (x, y, x + outward * long, y + long), fill=int(26 + 60 * near), width=1 + (near > 0.8)
        )
    streaks = np.asarray(layer.reduce(2), np.float32)[..., None] / 255
    grey = 0.55 * np.asarray(light.ambient, np.float32) + 0.45 * picture.mean((0, 1)) + 0.02
    picture = picture + streaks * (grey * 1.7 - 0.35 * picture)
    small = (
        Image.fromarray(encode(picture[::-1]))
        .resize((width // 4, height // 4))
        .resize((width, height))
    )
    upside_down = (np.asarray(small, np.float32) / 255) ** 2  # what a drop shows, as a lens does
    for _ in range(int(rng.integers(9, 18))):
        x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(1.5, 5.0)
        x0, x1 = int(max(x - r - 1, 0)), int(min(x + r + 2, width))
        y0, y1 = int(max(y - 1.3 * r - 1, 0)), int(min(y + 1.3 * r + 2, height))
        yy, xx = np.mgrid[y0:y1, x0:x1]
        away = np.sqrt(((xx - x) / r) ** 2 + ((yy - y) / (1.25 * r)) ** 2)
        cover = (np.clip((1 - away) * r / 1.6, 0, 1) * 0.42)[..., None]
        rim = (np.clip(1 - np.abs(away - 0.85) / 0.18, 0, 1) * ((yy - y) > 0))[..., None]
        patch = picture[y0:y1, x0:x1]
        inside = upside_down[y0:y1, x0:x1] * (0.85 + 0.5 * rim)
        picture[y0:y1, x0:x1] = patch * (1 - cover) + inside * cover
    return picture


def add_snowfall(picture: Floats, light: Light, rng: np.random.Generator) -> Floats:
    """Flakes: many small far ones, a few large soft near ones."""
    height, width, _ = picture.shape
    layer = Image.new("L", (width * 2, height * 2))
    draw = ImageDraw.Draw(layer)
    for _ in range(int(width * 1.1)):
        x, y, near = rng.uniform(0, 2 * width), rng.uniform(0, 2 * height), rng.random() ** 5
        r = 0.9 + 5.0 * near
        stretch = 1 + 0.5 * rng.random()
        draw.ellipse((x - r, y - r * stretch, x + r, y + r * stretch), fill=int(225 - 110 * near))
    soft = layer.filter(ImageFilter.GaussianBlur(1.1)).reduce(2)
    flakes = np.asarray(soft, np.float32)[..., None] / 255
    white = np.asarray(light.ambient, np.float32) * 1.5 + 0.55 * light.headlights * 0.5
    result: Floats = picture * (1 - 0.8 * flakes) + flakes * 0.8 * np.minimum(white, 0.95)
    return result


def expose(
    picture: Floats, view: View, combination: Combination, speed: float, rng: np.random.Generator
) -> Image.Image:
    """Lens and sensor: motion blur toward the edges, vignetting, exposure, noise, 8 bits."""
    height, width, _ = picture.shape
    x = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
    y = (np.arange(height, dtype=np.float32) + 0.5) / height - 0.5
    away2 = y[:, None] ** 2 + x[None, :] ** 2
    night = combination.time_of_day == "night"

    sharp = Image.fromarray(encode(picture / 1.6))
    zoom = 1 - 0.00022 * speed * (1.7 if night else 1.0)  # the edges move, the middle does not
    cx, cy = width / 2, view.horizon
    blurred = np.zeros((height, width, 3), np.float32)
    for factor in (1.0, zoom):
        moved = sharp.transform(
            (width, height),
            Image.Transform.AFFINE,
            (factor, 0, cx * (1 - factor), 0, factor, cy * (1 - factor)),
            Image.Resampling.BILINEAR,
        )
        blurred += (np.asarray(moved, np.float32) / 255) ** 2
    picture = blurred * (1.6 / 2)

    exposure = float(np.exp(rng.normal(0, 0.04)))
    picture = picture * (exposure * (1 - 0.55 * away2))[..., None]
    picture = np.where(picture > 0.7, 0.7 + 0.3 * (1 - np.exp(-(picture - 0.7) / 0.3)), picture)
    noise = {"day": 0.004, "dusk": 0.007, "night": 0.012}[combination.time_of_day]
    grain = rng.standard_normal((height, width), dtype=np.float32)[..., None]
    tint = rng.standard_normal((height // 2 + 1, width // 2 + 1, 3), dtype=np.float32)
    tint = tint.repeat(2, 0).repeat(2, 1)[:height, :width]
    display = np.sqrt(np.clip(picture, 0, 1)) + noise * (grain + 0.5 * tint)
    return Image.fromarray((np.clip(display, 0, 1) * 255 + 0.5).astype(np.uint8))
