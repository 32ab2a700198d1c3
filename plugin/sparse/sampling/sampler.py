"""What every sampler is: a function from a request to exactly N different pixels, and its seed.

Samplers keep no state: what they draw follows from the request and the generator alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ..frames.coords import Pixels, Resolution

Map = NDArray[np.float32]


@dataclass(frozen=True)
class Request:
    """What the next frame's samples should serve.

    ``count`` pixels of a frame of ``resolution``; ``importance`` (H, W), not negative, None where
    nothing is known; ``frame`` uint8 (H, W, C), the last reconstruction; ``remembered`` pixels
    measured in earlier frames.
    """

    count: int
    resolution: Resolution
    importance: Map | None = None
    frame: NDArray[np.uint8] | None = None
    remembered: Pixels | None = None

    def __post_init__(self) -> None:
        height, width = self.resolution
        if not 1 <= self.count <= height * width:
            raise InputError(
                f"A frame of {width} x {height} pixels can give 1 to {height * width} samples, not "
                f"{self.count}."
            )


@dataclass(frozen=True)
class Draw:
    """Chosen pixels, ascending, and how many of them each strategy accounts for."""

    pixels: Pixels
    shares: dict[str, int]


class Sampler(Protocol):
    """Chooses pixels; implementations are frozen dataclasses of their settings."""

    adaptive: ClassVar[bool]
    """Whether it reads importance."""

    def draw(self, request: Request, random: np.random.Generator) -> Draw:
        """Exactly ``request.count`` different pixels inside the frame."""


def usable_importance(importance: Map | None) -> NDArray[np.float64] | None:
    """Importance as a density, or None where it is unusable: missing, not finite, flat or zero."""
    if importance is None:
        return None
    density = np.asarray(importance, np.float64)
    if not np.isfinite(density).all() or density.min() < 0:
        return None
    if density.max() - density.min() <= 1e-9 * max(float(density.max()), 1e-12):
        return None
    return density / density.sum()
