"""One frame's samples and memory laid out as the model reads them: tokens and neighbours.

A token is a measured value: of this frame, or remembered from an earlier one.  Each query looks at
its nearest tokens of this frame and its nearest remembered ones, where a frame of age counts like
a pixel of distance.  A token of this frame also has how far it contradicts what was believed
there (``surprise``), and a remembered one how far this frame's tokens around it do (``change``):
that is what the model judges a memory by.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..frames.coords import Pixels, Resolution
from ..frames.nearest import lattice, nearest_samples
from ..frames.samples import NEVER, Memory, Samples
from .interpolation import natural_neighbour

Floats = NDArray[np.float32]

HOLDS = 0.7
"""When a memory still holds, see :func:`memory_holds`; chosen on frames of the training."""

AGE_IN_PIXELS = 1.0
"""How far, in pixels, a frame of age moves a remembered sample away."""


@dataclass(frozen=True)
class Scene:
    """Tokens (n of this frame first, then m remembered) and what each pixel attends to.

    ``pixels`` (n + m,), ``values`` float32 (n + m, C) in 0..1, ``age`` (n + m,) in frames, 0 for
    this frame's; ``surprise`` (n + m, C) is new minus believed value, 0 for remembered tokens;
    ``revisit`` (n + m,) is 1 where the believed value had been measured; ``change`` (n + m,) is the
    mean absolute surprise of the three nearest new tokens, for remembered tokens.  ``near``
    int64 (n, k) are the new tokens near each new token, ``index`` (q, k') the tokens near each
    query, -1 where there is none.  ``natural`` float32 (C, H, W) is the natural-neighbour
    interpolation of the new tokens, what the model starts from; ``previous`` and ``remembered``
    float32 (C, H, W) in 0..1 and ``recency`` (H, W), 1 / age or 0, are the memory's maps.
    """

    pixels: Pixels
    values: Floats
    age: Floats
    surprise: Floats
    revisit: Floats
    change: Floats
    new: int
    near: NDArray[np.int64]
    index: NDArray[np.int64]
    natural: Floats
    previous: Floats | None
    remembered: Floats | None
    recency: Floats | None
    state: Floats | None
    resolution: Resolution

    @property
    def channels(self) -> int:
        return int(self.values.shape[1])


def make_scene(
    samples: Samples,
    memory: Memory | None,
    *,
    neighbors: int,
    past_neighbors: int,
    stride: int = 1,
) -> Scene:
    """Lay out a frame, with that many nearest tokens of this frame and remembered per query."""
    with ThreadPoolExecutor(1) as beside:  # the one needs nothing of the other
        natural = beside.submit(_natural, samples)
        return _lay_out(samples, memory, neighbors, past_neighbors, stride, natural)


def _lay_out(
    samples: Samples,
    memory: Memory | None,
    neighbors: int,
    past_neighbors: int,
    stride: int,
    natural: Future[Floats],
) -> Scene:
    height, width = resolution = samples.resolution
    values = _shares(samples.values)
    places = lattice(resolution, stride)
    own = _half_pixels(samples.pixels, width)
    near = nearest_samples(samples.pixels, resolution, neighbors, queries=own)
    index = nearest_samples(samples.pixels, resolution, neighbors, queries=places)
    n = len(samples)
    if memory is None or not memory_holds(samples, memory):
        zero = np.zeros(n, np.float32)
        return Scene(
            samples.pixels, values, zero, np.zeros_like(values), zero, zero, n, near, index,
            natural.result(), None, None, None, samples.state, resolution,
        )  # fmt: skip
    believed = memory.frame.reshape(height * width, -1)[samples.pixels]
    measured = memory.value.reshape(height * width, -1)[samples.pixels]
    age = memory.age.ravel()
    revisit = age[samples.pixels] != NEVER
    surprise = values - _shares(np.where(revisit[:, None], measured, believed))
    past = np.setdiff1d(memory.pixels, samples.pixels, assume_unique=True)
    past_values = _shares(memory.value.reshape(height * width, -1)[past])
    change = _change_around(index, np.abs(surprise).mean(1))
    cells = (past // width // stride) * -(-width // stride) + past % width // stride
    if past_neighbors and len(past):
        penalty = (AGE_IN_PIXELS * age[past].astype(np.float64)) ** 2
        older = nearest_samples(past, resolution, past_neighbors, queries=places, penalty=penalty)
        index = np.concatenate([index, np.where(older >= 0, older + n, -1)], axis=1)
    return Scene(
        np.concatenate([samples.pixels, past]),
        np.concatenate([values, past_values]),
        np.concatenate([np.zeros(n, np.float32), age[past].astype(np.float32)]),
        np.concatenate([surprise, np.zeros_like(past_values)]),
        np.concatenate([revisit.astype(np.float32), np.zeros(len(past), np.float32)]),
        np.concatenate([np.zeros(n, np.float32), change[cells]]),
        n,
        near,
        index,
        natural.result(),
        _planes(memory.frame),
        _planes(memory.value),
        np.where(memory.age == NEVER, 0, 1 / np.maximum(memory.age, 1)).astype(np.float32),
        samples.state,
        resolution,
    )


def _natural(samples: Samples) -> Floats:
    return (natural_neighbour(samples).transpose(2, 0, 1) / 255).astype(np.float32)


def memory_holds(samples: Samples, memory: Memory) -> bool:
    """Whether the memory still holds: it predicts a pixel better than the nearest new sample does.

    At the pixels that are measured again, at least three, their old values are compared with the
    values measured beside them now: unless the old ones are off by less than ``HOLDS`` of what the
    neighbours are off by, the frame is rebuilt from its own samples alone.
    """
    again = np.flatnonzero(memory.age.ravel()[samples.pixels] != NEVER)
    if len(again) < 3:
        return False
    values = samples.values.astype(np.float32)
    before = memory.value.reshape(-1, samples.channels)[samples.pixels[again]]
    places = _half_pixels(samples.pixels[again], samples.resolution[1])
    # The nearest is the sample itself, the second its neighbour.
    beside = nearest_samples(samples.pixels, samples.resolution, 2, queries=places)[:, 1]
    change = np.abs(values[again] - before).mean()
    contrast = np.abs(values[again] - values[beside]).mean()
    return bool(change <= HOLDS * contrast)


def _half_pixels(pixels: Pixels, width: int) -> NDArray[np.int64]:
    """Places (x, y) of pixels as :func:`nearest_samples` takes them, int64 (n, 2)."""
    return np.asarray(2 * np.stack(np.divmod(pixels, width)[::-1], axis=-1))


def _change_around(index: NDArray[np.int64], surprise: Floats) -> Floats:
    """Mean absolute surprise of the three nearest new tokens of each query, ``(q,)``."""
    nearest = index[:, :3]
    there = nearest >= 0
    mean = (surprise[nearest] * there).sum(1) / np.maximum(there.sum(1), 1)
    return mean.astype(np.float32)


def _planes(image: NDArray[np.uint8]) -> Floats:
    return np.ascontiguousarray(_shares(image).transpose(2, 0, 1))


def _shares(levels: NDArray[np.uint8]) -> Floats:
    return (levels / np.float32(255)).astype(np.float32)
