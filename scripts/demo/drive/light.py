"""How bright things are: daylight, sky, fog, headlights and lamps, in linear light.

Display values are the square root of linear ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .plan import Combination
from .view import Colour, Floats

LAMP_COLOUR = (1.0, 0.68, 0.34)
HEADLIGHT_COLOUR = (1.0, 0.95, 0.84)
SNOW = (0.86, 0.88, 0.92)


@dataclass(frozen=True)
class Light:
    """Light on one drive: linear RGB, and ``visibility``, where contrast falls to 1/e."""

    weather: str
    ambient: Colour
    zenith: Colour
    horizon: Colour
    sun: Colour
    visibility: float
    clouds: float
    headlights: float
    lamps: float
    lamp_reach: float
    lamp_height: float = 7.5
    lamp_spacing: float = 28.0

    @property
    def wet(self) -> bool:
        return self.weather == "rain"

    @property
    def snow(self) -> bool:
        return self.weather == "snow"

    def clear(self, z: Any) -> Any:
        """Part of the light that comes through the air from ``z`` metres away."""
        return np.exp(-z / self.visibility)

    def through_air(self, colour: Floats, z: Any) -> Floats:
        through = self.clear(z)[..., None]
        return colour * through + np.asarray(self.horizon) * (1 - through)

    def shade(self, colour: Floats, facing: Any, where: tuple[Any, Any, Any], ahead: Any) -> Floats:
        """Colour (..., 3) of surfaces as the camera sees them.

        ``facing`` is how far each faces the sky: the part of the sun's light it gets, and of the
        snow.  ``where`` are the road coordinates, ``ahead`` is (x, z) from the camera.
        """
        (u, y, s), (x, z) = where, ahead
        if self.snow:
            cover = np.clip((facing - 0.5) / 0.4, 0, 0.92)[..., None]
            colour = colour * (1 - cover) + np.asarray(SNOW) * cover
        light = np.asarray(self.ambient) + facing[..., None] * np.asarray(self.sun)
        if self.headlights:
            reach = (1 - np.exp(-z / 4)) / (1 + (z / 15) ** 2) * np.exp(-np.maximum(y - 1, 0) * 0.8)
            beam = 1.4 * reach * np.exp(-((x / np.maximum(z, 1) / 0.38) ** 2))
            light = light + (self.headlights * beam)[..., None] * np.asarray(HEADLIGHT_COLOUR)
        if self.lamps and self.lamp_reach:
            along = (s + self.lamp_spacing / 2) % self.lamp_spacing - self.lamp_spacing / 2
            down = np.maximum(self.lamp_height - y, 1.5)
            away = along**2 + (np.abs(u) - self.lamp_reach) ** 2 + down**2
            lamp = self.lamps * np.minimum(18 / away, 0.7)
            light = light + lamp[..., None] * np.asarray(LAMP_COLOUR)
        return self.through_air(colour * light, z)


# Ambient light, zenith and horizon of each time of day and weather.
_COLOURS: dict[tuple[str, str], tuple[Colour, Colour, Colour]] = {
    ("day", "dry"): ((0.50, 0.55, 0.62), (0.12, 0.29, 0.66), (0.60, 0.72, 0.84)),
    ("day", "rain"): ((0.36, 0.39, 0.43), (0.20, 0.23, 0.26), (0.40, 0.43, 0.46)),
    ("day", "fog"): ((0.46, 0.48, 0.50), (0.50, 0.52, 0.54), (0.58, 0.59, 0.60)),
    ("day", "snow"): ((0.56, 0.59, 0.64), (0.44, 0.48, 0.53), (0.64, 0.67, 0.70)),
    ("dusk", "dry"): ((0.125, 0.115, 0.16), (0.035, 0.055, 0.17), (0.78, 0.34, 0.13)),
    ("dusk", "rain"): ((0.10, 0.105, 0.14), (0.045, 0.055, 0.09), (0.17, 0.155, 0.17)),
    ("dusk", "fog"): ((0.13, 0.125, 0.15), (0.11, 0.105, 0.14), (0.23, 0.19, 0.19)),
    ("night", "dry"): ((0.010, 0.013, 0.024), (0.002, 0.003, 0.010), (0.016, 0.018, 0.030)),
    ("night", "rain"): ((0.010, 0.012, 0.018), (0.005, 0.006, 0.009), (0.018, 0.019, 0.024)),
    ("night", "fog"): ((0.014, 0.015, 0.018), (0.022, 0.023, 0.026), (0.050, 0.051, 0.052)),
    ("night", "snow"): ((0.024, 0.027, 0.038), (0.014, 0.015, 0.022), (0.040, 0.040, 0.048)),
}
_HEADLIGHTS_AND_LAMPS = {"day": (0.1, 0.0), "dusk": (0.45, 0.6), "night": (0.9, 1.0)}
_SUN = {"day": (0.80, 0.74, 0.62), "dusk": (0.36, 0.17, 0.06), "night": (0.0, 0.0, 0.0)}
_VISIBILITY_AND_CLOUDS = {
    "dry": (800, 0.45),
    "rain": (150, 0.95),
    "fog": (38, 0.2),
    "snow": (90, 0.6),
}


def light_of(combination: Combination, lamp_reach: float) -> Light:
    """Light of a combination; lamps are ``lamp_reach`` to both sides, 0 where there are none."""
    time_of_day, weather, environment = combination
    light = Light(
        weather,
        *_COLOURS[time_of_day, weather],
        _SUN[time_of_day] if weather == "dry" else _SUN["night"],
        *_VISIBILITY_AND_CLOUDS[weather],
        *_HEADLIGHTS_AND_LAMPS[time_of_day],
        lamp_reach,
    )
    if environment != "tunnel":
        return light
    walls = {"ambient": (0.10, 0.08, 0.05), "horizon": (0.16, 0.12, 0.075), "visibility": 140}
    lamps = {"headlights": 0.35, "lamps": 0.7, "lamp_height": 5.6, "lamp_spacing": 9.0}
    return replace(light, sun=_SUN["night"], **walls, **lamps)  # type: ignore[arg-type]


def encode(linear: Floats) -> Floats:
    """8-bit display values of linear light."""
    return (np.sqrt(np.clip(linear, 0, 1)) * 255 + 0.5).astype(np.uint8)
