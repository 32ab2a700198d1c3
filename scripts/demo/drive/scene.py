"""One drive through one scene: what is there, and the frame the camera sees at each moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from . import actors, backdrop, lens
from .backdrop import GROUND, Place
from .canvas import Canvas
from .geometry import Road, View
from .light import Light, light_of
from .plan import Drive, Traffic
from .scenery import Thing, plant
from .tunnel import paint_tunnel

FRAMES_PER_SECOND = 4.0
PARKING = 2.2
"""Width of the parking lanes of a city street, in metres."""

SIGHT = 190.0
"""Metres ahead in which solid things are drawn."""

_SPEED = {"city": 8.0, "rural": 17.0, "highway": 27.0, "tunnel": 19.0}
_GAP: dict[Traffic, float] = {"low": 75.0, "medium": 36.0, "high": 17.0}


@dataclass(frozen=True)
class Scene:
    """Everything about one drive that does not change from frame to frame."""

    drive: Drive
    road: Road
    place: Place
    light: Light
    things: tuple[Thing, ...]
    vehicles: tuple[actors.Vehicle, ...]
    people: tuple[tuple[float, float, float, tuple[float, float, float]], ...]
    speed: float
    lane: float
    eye: float


def build_scene(drive: Drive) -> Scene:
    """The scene of a drive, from its seed alone."""
    rng = np.random.default_rng(drive.seed)
    environment = drive.combination.environment
    lanes = {"city": (1, 1), "rural": (1, 1), "highway": (0, 3), "tunnel": (0, 2)}[environment]
    if environment == "city" and rng.random() < 0.35:
        lanes = (2, 2)
    width = {"city": 3.4, "rural": 3.3, "highway": 3.7, "tunnel": 3.6}[environment]
    bend = {"city": 1.5, "rural": 6.0, "highway": 7.0, "tunnel": 4.0}[environment]
    waves = (
        (
            float(rng.normal(0, bend)),
            float(rng.uniform(55, 85)) * (1.6 if environment == "highway" else 1),
            float(rng.uniform(0, 6.28)),
        ),
        (float(rng.normal(0, bend * 2)), float(rng.uniform(150, 220)), float(rng.uniform(0, 6.28))),
    )
    road = Road(*lanes, width, waves)
    speed = _SPEED[environment] * float(rng.uniform(0.85, 1.1))
    length = 30 + SIGHT + speed * drive.frames / FRAMES_PER_SECOND
    walk = 3.0 if environment == "city" else 0.0
    place = _place(environment, walk, rng)
    left, right = road.edges
    parking = PARKING if environment == "city" else 0.0
    beside = (left - parking, right + parking)
    light = light_of(
        drive.combination, right + PARKING + 0.9 - 1.5 if environment == "city" else 0.0
    )
    lane = right - width * 0.5 if lanes[1] < 3 else right - width * 1.5
    return Scene(
        drive=drive,
        road=road,
        place=place,
        light=light,
        things=tuple(plant(environment, beside, walk, length, rng)),
        vehicles=tuple(_vehicles(drive, road, lane, speed, length, rng)),
        people=tuple(_people(environment, road, walk, length, rng)),
        speed=speed,
        lane=lane,
        eye=float(rng.uniform(1.3, 1.5)),
    )


def _place(environment: str, walk: float, rng: np.random.Generator) -> Place:
    asphalt = GROUND[("asphalt", "asphalt", "new asphalt", "concrete")[rng.integers(4)]]
    tone = float(rng.uniform(0.85, 1.15))
    fields = (
        ("grass", "grass", "dry grass", "wheat")
        if environment == "rural"
        else ("grass", "grass", "dry grass")
    )
    ground = [fields[rng.integers(len(fields))] for _ in range(2)]
    if environment == "city":
        ground = ["sidewalk", "sidewalk"]
    return Place(
        environment=environment,
        asphalt=(asphalt[0] * tone, asphalt[1] * tone, asphalt[2] * tone),
        verge=GROUND[("gravel", "grass", "dry grass")[rng.integers(3)]],
        field_left=GROUND[ground[0]],
        field_right=GROUND[ground[1]],
        centre_yellow=bool(rng.random() < 0.35),
        sidewalk=walk,
        parking=PARKING if walk else 0.0,
        hills=float(rng.uniform(0.5, 1.5)),
        hills_phase=float(rng.uniform(0, 50)),
        sun_azimuth=float(rng.uniform(-0.5, 0.5)),
        sun_height=float(rng.uniform(0.03, 0.28)),
        cloud_shift=(float(rng.uniform(0, 250)), float(rng.uniform(0, 250))),
        crossing_every=float(rng.uniform(55, 90)) if environment == "city" else 0.0,
    )


def _vehicles(
    drive: Drive, road: Road, lane: float, speed: float, length: float, rng: np.random.Generator
) -> list[actors.Vehicle]:
    """Traffic in every lane, and parked cars in a city; nothing overlaps the camera's own car."""
    gap = _GAP[drive.traffic]
    left, right = road.edges
    city = drive.combination.environment == "city"
    found: list[actors.Vehicle] = []
    close = 8.0 + 0.5 * speed  # metres kept to the car in front
    middles = [left + road.lane * (i + 0.5) for i in range(road.left + road.right)]
    for u in middles:
        oncoming = u < 0
        own = abs(u - lane) < 0.5
        s = (
            12.0 + close * float(rng.uniform(1.0, 1.4)) + float(rng.exponential(gap * 0.6))
            if own
            else float(rng.uniform(-10, gap))
        )
        # Others are a little faster or slower, the same within a lane, so that no two collide.
        relative = 0.0 if own else float(rng.uniform(-2.5, 2.5))
        pace = -speed * 0.95 if oncoming else speed + relative
        reach = length + (speed * drive.frames / FRAMES_PER_SECOND if oncoming else 0.0)
        while s < reach:
            vehicle = actors.random_vehicle(
                rng, u, s, pace, oncoming=oncoming, heavy=not city or rng.random() < 0.3
            )
            found.append(vehicle)
            s += vehicle.body.length + 7.0 + float(rng.exponential(gap))
    if city:
        for edge, side in ((left, -1.0), (right, 1.0)):
            s = float(rng.uniform(-20, 10))
            while s < length:
                if rng.random() < 0.6:
                    found.append(
                        actors.random_vehicle(
                            rng,
                            edge + side * 1.15,
                            s,
                            0.0,
                            oncoming=side < 0,
                            parked=True,
                            heavy=False,
                        )
                    )
                s += float(rng.uniform(5.8, 9))
    return found


def _people(
    environment: str, road: Road, walk: float, length: float, rng: np.random.Generator
) -> list[tuple[float, float, float, tuple[float, float, float]]]:
    """(u, s, speed, coat) of walkers on the sidewalks."""
    if environment != "city":
        return []
    people = []
    left, right = road.edges
    for _ in range(int(length / 14)):
        side, edge = (-1.0, left) if rng.random() < 0.5 else (1.0, right)
        u = edge + side * (PARKING + float(rng.uniform(1.6, walk)))
        coat = actors.PAINTS[rng.integers(len(actors.PAINTS))]
        people.append((u, float(rng.uniform(0, length)), float(rng.choice([-1.3, 1.3])), coat))
    return people


def render_frame(scene: Scene, index: int, size: tuple[int, int]) -> Image.Image:
    """The picture of frame ``index``; the same for the same scene, index and size, always."""
    rng = np.random.default_rng([*scene.drive.seed, 1000 + index])
    seconds = index / FRAMES_PER_SECOND
    width, height = size
    here = 12.0 + scene.speed * seconds
    view = View(
        width=width,
        height=height,
        focal=0.88 * width,
        horizon=height * 0.47 + float(rng.normal(0, 0.004)) * height,
        eye=scene.eye,
        road=scene.road,
        u=scene.lane + float(0.12 * np.sin(seconds + scene.eye * 40)),
        s=here,
    )
    light, place = scene.light, scene.place
    first = view.ground_rows()[0]
    ground = backdrop.paint_ground(view, light, place)
    for vehicle in scene.vehicles:
        s = vehicle.at(seconds)
        half = vehicle.body.width / 2
        lean = 0.0 if not any(light.sun) else -np.sign(place.sun_azimuth) * 0.9
        span = sorted((vehicle.u - half, vehicle.u + half))
        backdrop.shadow(
            ground,
            view,
            (span[0] + min(lean, 0), span[1] + max(lean, 0)),
            (s - 0.2, s + vehicle.body.length + 0.2),
            0.62 if any(light.sun) else 0.5,
        )
    ground = backdrop.apply_fog(ground, view, light)
    tunnel = place.environment == "tunnel"
    lamps: list[tuple[float, float, float]] = []
    if tunnel:
        picture, lamps = paint_tunnel(view, light)
        left, right = scene.road.edges
        u = view.ground_u(view.ground_rows()[1])
        on_road = ((u > left - 1.3) & (u < right + 1.3))[..., None]
        picture[first:] = np.where(on_road, ground, picture[first:])
    else:
        picture = np.concatenate([backdrop.paint_sky(view, light, place), ground])

    canvas = Canvas.over(picture, view, light)
    jobs: list[tuple[float, Callable[[Canvas], None]]] = [
        (thing.s, thing.draw) for thing in scene.things if -1 < thing.s - here < SIGHT
    ]
    lights_on = 0.0 if light.headlights < 0.05 else max(light.headlights, 0.25)
    for vehicle in scene.vehicles:
        s = vehicle.at(seconds)
        if 0 < s - here < SIGHT:
            job = partial(actors.draw_vehicle, vehicle=vehicle, s=s, lights=lights_on)
            jobs.append((s + 1.0, job))
    for at, start, speed, coat in scene.people:
        s = start + speed * seconds
        if 2 < s - here < 80:
            jobs.append((s, partial(actors.draw_person, u=at, s=s, step=s * 4, coat=coat)))
    for _, draw in sorted(jobs, key=lambda job: -job[0]):
        draw(canvas)
    for lamp in lamps:
        canvas.glow(lamp, (0.55, 0.40, 0.20), 0.35)

    picture = canvas.picture()
    if light.wet:
        _, z = view.ground_rows()
        u = view.ground_u(z)
        left, right = scene.road.edges
        puddles = backdrop.sample(
            backdrop.texture(2, 2.6), u * 0.9, 0 * u + (z + here)[:, None] * 0.25
        )
        inside = np.clip((right + 1.0 - u) * 2, 0, 1) * np.clip((u - left + 1.0) * 2, 0, 1)
        lens.wet_reflections(picture, view, inside * np.clip(0.72 + 0.6 * puddles, 0.2, 1))
    lens.add_backscatter(picture, view, light)
    lens.add_glows(picture, canvas.visible_glows(), light)
    if light.wet:
        picture = lens.add_rain(picture, light, rng)
    if light.snow:
        picture = lens.add_snowfall(picture, light, rng)
    return lens.expose(picture, view, scene.drive.combination, scene.speed, rng)
