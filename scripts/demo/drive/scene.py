"""One drive through one scene: what is there, and the frame the camera sees at each moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from . import backdrop, lens
from .light import Light, light_of
from .plan import Drive
from .roadside import PARKING, plant
from .solids import Solid, draw
from .traffic import drivers, parked
from .view import Road, View

FRAMES_PER_SECOND = 4.0
SIGHT = 190.0
"""Metres ahead in which solid things are drawn."""
START = 12.0
GAPS = {"low": 75.0, "medium": 36.0, "high": 17.0}
"""Mean metres between vehicles."""
ENVIRONMENTS = {
    "city": ((1, 1), 3.4, 1.5, 8.0),
    "rural": ((1, 1), 3.3, 6.0, 17.0),
    "highway": ((0, 3), 3.7, 6.0, 27.0),
    "tunnel": ((1, 1), 3.6, 4.0, 19.0),
}
"""Lanes to the left and right, their width, the road's bends in metres, and the speed in m/s."""


@dataclass(frozen=True)
class Scene:
    """Everything about one drive that does not change from frame to frame."""

    drive: Drive
    road: Road
    place: backdrop.Place
    light: Light
    solids: list[Solid]
    speed: float
    lane: float
    eye: float


def build_scene(drive: Drive) -> Scene:
    """The scene of a drive, from its seed alone."""
    rng = np.random.default_rng(drive.seed)
    name = drive.combination.environment
    lanes, width, bend, usual_speed = ENVIRONMENTS[name]
    bends = ((bend, rng.uniform(55, 85)), (2 * bend, rng.uniform(150, 220)))
    waves = tuple((rng.normal(0, a), length, rng.uniform(0, 6.28)) for a, length in bends)
    road = Road(*lanes, width, waves)
    right = road.edges[1]
    lamps = {"city": right + PARKING - 0.6, "tunnel": right - 1.2}.get(name, 0.0)
    light = light_of(drive.combination, lamps)
    place = backdrop.Place.of(name, rng)
    speed = usual_speed * rng.uniform(0.85, 1.1)
    length = START + SIGHT + speed * drive.frames / FRAMES_PER_SECOND
    lane = right - width * (1.5 if lanes[1] == 3 else 0.5)
    solids = [*plant(name, road, light, length, rng)]
    solids += drivers(road, lane, speed, GAPS[drive.traffic], length, light, rng)
    if name == "city":
        solids += parked(road, length, light, rng)
    return Scene(drive, road, place, light, solids, speed, lane, rng.uniform(1.3, 1.5))


def render_frame(scene: Scene, index: int, size: tuple[int, int]) -> Image.Image:
    """The picture of frame ``index``; the same for the same scene, index and size, always."""
    rng = np.random.default_rng([*scene.drive.seed, 1000 + index])
    seconds = index / FRAMES_PER_SECOND
    here = START + scene.speed * seconds
    u = scene.lane + 0.12 * np.sin(seconds + 40 * scene.eye)
    horizon = size[1] * (0.47 + rng.normal(0, 0.004))
    view = View(*size, horizon, scene.eye, scene.road, u, here)
    above = backdrop.sky(view, scene.light, scene.place)
    empty = np.concatenate([above, backdrop.ground(view, scene.light, scene.place)])
    ahead = [(one.depth + one.speed * seconds - here, one) for one in scene.solids]
    ahead = sorted((pair for pair in ahead if 0 < pair[0] < SIGHT), key=lambda pair: -pair[0])
    picture, lights = draw(empty, [one for _, one in ahead], view, scene.light, seconds)
    if scene.light.wet:
        bare = np.abs(picture - empty).max(-1) < 0.02
        lens.reflect(picture, bare, view)
    lens.add_lights(picture, lights, view, scene.light)
    if scene.light.wet or scene.light.snow:
        picture = lens.add_weather(picture, scene.light, rng)
    return lens.expose(picture, scene.drive.combination.time_of_day == "night", rng)
