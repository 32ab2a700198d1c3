"""How bright things are: daylight, sky, fog, headlights and street lamps, in linear light.

One table gives the light of each time of day and weather; :meth:`Light.shade` turns a surface's
colour into what the camera sees of it at its distance.  Linear values go to display values by a
square root, a gamma of 2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp

import numpy as np

from .geometry import Colour, Floats
from .plan import Combination

LAMP_COLOUR: Colour = (1.0, 0.68, 0.34)
HEADLIGHT_COLOUR: Colour = (1.0, 0.95, 0.84)
SNOW: Colour = (0.84, 0.86, 0.90)
LAMP_SPACING = 28.0
LAMP_HEIGHT = 7.5


@dataclass(frozen=True)
class Light:
    """Light on one drive: colours are linear RGB, ``visibility`` is where contrast falls to 1/e."""

    ambient: Colour
    sun: Colour
    zenith: Colour
    horizon: Colour
    visibility: float
    headlights: float
    lamps: float
    clouds: float
    stars: float = 0.0
    wet: bool = False
    snow: bool = False
    lamp_reach: float = 0.0
    """Half the road's width at which street lamps stand; 0 where there are none."""

    @property
    def fog(self) -> Colour:
        return self.horizon

    def clear(self, z: float) -> float:
        """Part of the light that comes through the air from ``z`` metres away."""
        return exp(-z / self.visibility)

    def shade(
        self, colour: Colour, x: float, y: float, z: float, u: float, s: float, facing: float
    ) -> Colour:
        """Colour of a surface as the camera sees it.

        ``facing`` is the part of the sun's light that it catches; ``x, y, z`` are metres from the
        camera's foot, ``u, s`` the road coordinates, which say how near a street lamp is.
        """
        head = self.headlights * headlight(x, y, z)
        lamp = self.lamp_light(u, y, s)
        through = self.clear(z)
        seen = [
            c * (a + facing * sun + head * h + lamp * w)
            for c, a, sun, h, w in zip(
                colour, self.ambient, self.sun, HEADLIGHT_COLOUR, LAMP_COLOUR, strict=True
            )
        ]
        return tuple(  # type: ignore[return-value]
            v * through + f * (1 - through) for v, f in zip(seen, self.fog, strict=True)
        )

    def lamp_light(self, u: float, y: float, s: float) -> float:
        if not self.lamps or not self.lamp_reach:
            return 0.0
        along = (s + LAMP_SPACING / 2) % LAMP_SPACING - LAMP_SPACING / 2
        side = abs(u) - self.lamp_reach
        drop = max(LAMP_HEIGHT - y, 1.5) if y < LAMP_HEIGHT else 4.0
        return self.lamps * min(18.0 / (along * along + side * side + drop * drop), 0.7)

    def lamp_light_of(self, u: Floats, s: Floats) -> Floats:
        """The same for every pixel of the ground."""
        if not self.lamps or not self.lamp_reach:
            return np.zeros_like(u)
        along = (s + LAMP_SPACING / 2) % LAMP_SPACING - LAMP_SPACING / 2
        side = np.abs(u) - np.float32(self.lamp_reach)
        drop = np.float32(LAMP_HEIGHT**2)
        return np.float32(self.lamps * 18.0) / ((along * along)[:, None] + side * side + drop)


def headlight(x: float, y: float, z: float) -> float:
    """Light of our own low beam at a point ``x`` metres right, ``y`` up, ``z`` ahead: 0..1."""
    angle = x / max(z, 1.0)
    reach = 1.0 / (1.0 + (z / 15.0) ** 2)
    cut = exp(-max(y - 1.0, 0.0) * 0.8)
    return 1.3 * exp(-((angle / 0.42) ** 2)) * reach * cut


def headlight_of(x: Floats, z: Floats) -> Floats:
    """The same on the ground; the beam leaves the first metres in front of the hood darker."""
    angle = x / np.maximum(z, 1.0)[:, None]
    reach = (1.0 - np.exp(-z / 4.0)) / (1.0 + (z / 15.0) ** 2)
    # Two lamps, each a little to the side: the cone's double lobe.
    lobes = np.exp(-(((angle - 0.10) / 0.24) ** 2)) + np.exp(-(((angle + 0.10) / 0.24) ** 2))
    return (np.float32(1.1) * reach[:, None] * lobes).astype(np.float32)


_NONE: Colour = (0.0, 0.0, 0.0)
# fmt: off
_LIGHTS: dict[tuple[str, str], Light] = {
    # ambient light, sun, zenith, horizon; visibility, headlights, lamps, clouds, stars
    ("day", "dry"): Light(
        (.50, .55, .62), (.80, .74, .62), (.12, .29, .66), (.60, .72, .84), 900, 0, 0, .45,
    ),
    ("day", "rain"): Light(
        (.36, .39, .43), _NONE, (.20, .23, .26), (.40, .43, .46), 190, .1, 0, .95, wet=True,
    ),
    ("day", "fog"): Light(
        (.46, .48, .50), _NONE, (.50, .52, .54), (.58, .59, .60), 42, .1, 0, .2,
    ),
    ("day", "snow"): Light(
        (.56, .59, .64), _NONE, (.44, .48, .53), (.64, .67, .70), 110, .1, 0, .7, snow=True,
    ),
    ("dusk", "dry"): Light(
        (.125, .115, .16), (.36, .17, .06), (.035, .055, .17), (.78, .34, .13), 600,
        .35, .5, .55, .15,
    ),
    ("dusk", "rain"): Light(
        (.10, .105, .14), _NONE, (.045, .055, .09), (.17, .155, .17), 150, .5, .7, .95, wet=True,
    ),
    ("dusk", "fog"): Light(
        (.13, .125, .15), _NONE, (.11, .105, .14), (.23, .19, .19), 40, .5, .6, .2,
    ),
    ("dusk", "snow"): Light(
        (.16, .165, .21), _NONE, (.10, .115, .17), (.23, .22, .26), 90, .5, .6, .7, snow=True,
    ),
    ("night", "dry"): Light(
        (.010, .013, .024), _NONE, (.0015, .003, .010), (.016, .018, .030), 400, .9, 1, .35, 1,
    ),
    ("night", "rain"): Light(
        (.010, .012, .018), _NONE, (.005, .006, .009), (.018, .019, .024), 120, .9, 1, .6, wet=True,
    ),
    ("night", "fog"): Light(
        (.014, .015, .018), _NONE, (.022, .023, .026), (.050, .051, .052), 30, .9, 1, .1,
    ),
    ("night", "snow"): Light(
        (.024, .027, .038), _NONE, (.014, .015, .022), (.040, .040, .048), 75, .9, 1, .4, snow=True,
    ),
}
# fmt: on


def light_of(combination: Combination, lamp_reach: float) -> Light:
    """Light of a combination; ``lamp_reach`` as in :class:`Light`."""
    light = _LIGHTS[combination.time_of_day, combination.weather]
    if combination.environment == "tunnel":
        return replace(
            light,
            ambient=(0.22, 0.17, 0.10),
            sun=(0, 0, 0),
            horizon=(0.16, 0.12, 0.075),
            zenith=(0.05, 0.04, 0.03),
            visibility=140,
            headlights=0.35,
            lamps=0.0,
        )
    return replace(light, lamp_reach=lamp_reach)


def encode(linear: Floats) -> np.ndarray:
    """Linear light to 8-bit display values."""
    return (np.sqrt(np.clip(linear, 0.0, 1.0)) * 255.0 + 0.5).astype(np.uint8)


def encode_one(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (int(min(max(c, 0.0), 1.0) ** 0.5 * 255.0 + 0.5) for c in colour)
    return red, green, blue


def scaled(colour: Colour, by: float) -> Colour:
    return (colour[0] * by, colour[1] * by, colour[2] * by)


def snowy(light: Light, colour: Colour, cover: float) -> Colour:
    """A surface's colour with that part of it under snow, where it snows."""
    if not light.snow:
        return colour
    red, green, blue = (c * (1 - cover) + w * cover for c, w in zip(colour, SNOW, strict=True))
    return red, green, blue
