"""Patterns that know nothing of the frame: random, grid, jittered, blue noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...settings.sparse import Pattern
from ..frames.coords import Pixels, Resolution
from .halftone import adjust, farthest
from .sampler import Draw, Request


@dataclass(frozen=True)
class UniformSampler:
    """Evenly likely pixels, by one of four patterns.

    ``random``: independent (the seed's uniform); ``grid``: rows of equal steps; ``jitter``: one
    random pixel in each cell of that grid; ``blue``: farthest points, a new start each frame.

    Examples
    --------
    >>> sampler = UniformSampler("grid")
    >>> sampler.draw(Request(4, (4, 4)), np.random.default_rng(0)).pixels.tolist()
    [5, 7, 13, 15]
    """

    pattern: Pattern = "blue"

    adaptive: ClassVar[bool] = False

    def draw(self, request: Request, random: np.random.Generator) -> Draw:
        pixels = uniform_pixels(self.pattern, request.count, request.resolution, random)
        return Draw(pixels, {"uniform": request.count})


def uniform_pixels(
    pattern: Pattern, count: int, resolution: Resolution, random: np.random.Generator
) -> Pixels:
    """``count`` different pixels by a pattern, ascending."""
    height, width = resolution
    if pattern == "random":
        return np.sort(random.choice(height * width, count, replace=False))
    even = np.ones((height, width))
    if pattern == "blue":
        return farthest(even, count, random)
    return adjust(_cells(count, resolution, random, pattern == "jitter"), count, even, random)


def _cells(count: int, resolution: Resolution, random: np.random.Generator, jitter: bool) -> Pixels:
    """One pixel in each of ``count`` cells: bands of rows, each cut into equal steps."""
    height, width = resolution
    bands = min(max(1, round(np.sqrt(count * height / width))), height, count)
    cuts = np.round(np.linspace(0, count, bands + 1)).astype(int)
    found = []
    for band, columns in enumerate(np.diff(cuts)):
        if jitter:
            shift_y, shift_x = random.random(columns), random.random(columns)
        else:
            shift_y = shift_x = np.full(columns, 0.5)
        y = np.floor((band + shift_y) * height / bands).astype(np.int64)
        x = np.floor((np.arange(columns) + shift_x) * width / columns).astype(np.int64)
        found.append(y * width + x)
    return np.concatenate(found)
