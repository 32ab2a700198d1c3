"""The inside of a tunnel, per pixel: a ray meets a wall that bends with the road, or a lid."""

from __future__ import annotations

import numpy as np

from .backdrop import sample, texture
from .geometry import Floats, View
from .light import LAMP_COLOUR, Light

TUNNEL_HEIGHT = 5.6


def paint_tunnel(view: View, light: Light) -> tuple[Floats, list[tuple[float, float, float]]]:
    """Walls and ceiling of a tunnel for the whole frame, and where its lamps hang (u, y, s)."""
    left, right = view.road.edges
    columns = (np.arange(view.width, dtype=np.float32) + 0.5 - view.width / 2) / view.focal
    rows = (np.float32(view.horizon) - np.arange(view.height, dtype=np.float32) - 0.5) / view.focal
    ray_x, ray_y = np.broadcast_arrays(columns[None, :], rows[:, None])
    far = np.float32(400.0)
    depth = np.full(ray_x.shape, far, np.float32)
    which = np.zeros(ray_x.shape, np.int8)
    walls = (left - 1.3, right + 1.3)
    for number, wall in enumerate(walls, 1):
        z = np.full(ray_x.shape, 25.0, np.float32)
        for _ in range(6):  # the wall bends with the road: a fixed point
            target = np.float32(wall - view.u) + view.bend_of(z)
            with np.errstate(divide="ignore", invalid="ignore"):
                hit = np.where(target * ray_x > 0, target / ray_x, far)
            z = (0.5 * z + 0.5 * np.clip(hit, 1.0, far)).astype(np.float32)
        nearer = z < depth
        depth, which = np.where(nearer, z, depth), np.where(nearer, number, which).astype(np.int8)
    with np.errstate(divide="ignore"):
        above = np.float32(TUNNEL_HEIGHT - view.eye) / ray_y
    ceiling = np.where(ray_y > 0, above, far)
    nearer = ceiling < depth
    depth, which = np.where(nearer, ceiling, depth), np.where(nearer, 3, which).astype(np.int8)

    s = depth + np.float32(view.s)
    y = np.float32(view.eye) + ray_y * depth
    u = ray_x * depth + np.float32(view.u) - view.bend_of(depth)
    fade = np.exp(-depth / 40)
    noise = sample(texture(2, 2.6), s * 1.3, np.where(which == 3, u, y) * 4)
    panel = np.clip(
        (0.05 - np.abs((s + 2) % 4 - 2)) / np.maximum(depth / view.focal, 0.01) + 0.5, 0, 1
    )
    tiles = np.array([0.40, 0.37, 0.31], np.float32)
    base = np.array([0.20, 0.19, 0.18], np.float32)
    colour = np.where((y > 1.1)[..., None], tiles, base)
    colour = np.where((np.abs(y - 1.15) < 0.10)[..., None], np.array([0.55, 0.42, 0.10]), colour)
    colour = np.where((which == 3)[..., None], np.array([0.10, 0.095, 0.09]), colour)
    colour = colour * (1 + 0.22 * noise - 0.4 * panel * fade)[..., None]
    spacing = 9.0
    along = (s + spacing / 2) % spacing - spacing / 2
    lamp = 9.0 / (along**2 + np.where(which == 3, 3.0, (TUNNEL_HEIGHT - y) ** 2 + 4.0))
    lit = (
        np.asarray(light.ambient, np.float32)
        + lamp[..., None] * np.asarray(LAMP_COLOUR, np.float32) * 0.6
    )
    picture = (colour * lit).astype(np.float32)
    strip = (which == 3) & (np.abs(along) < 1.1)
    for side in (left + 1.2, right - 1.2):
        shine = strip & (np.abs(u - side) < 0.22)
        picture[shine] = np.array([1.6, 1.25, 0.75], np.float32)
    through = np.exp(-depth / light.visibility)[..., None]
    picture = picture * through + np.asarray(light.fog, np.float32) * (1 - through)
    start = int(view.s // spacing) + 1
    lamps = [
        (side, TUNNEL_HEIGHT - 0.1, spacing * (start + i))
        for i in range(12)
        for side in (left + 1.2, right - 1.2)
    ]
    return picture.astype(np.float32), lamps
