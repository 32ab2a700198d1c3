"""What was measured of a frame, and what is remembered of the frames before it.

A memory is three maps: the last value measured at each pixel, how many frames ago, and the last
frame as it was reconstructed.  Whether it still holds is checked with each new frame's samples
(:func:`..network.scene.memory_holds`); how far each value holds, the model weighs by its age and
by how far new samples contradict what was there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DimensionError, EmptySetError, InputError, NotFiniteError
from .coords import Pixels, Resolution, checked_resolution

NEVER = np.int16(-1)


@dataclass(frozen=True)
class Samples:
    """Measured pixels of one frame.

    ``pixels`` int64 (n,), unique; ``values`` uint8 (n, C), C = 1 or 3; ``state`` float32 (s,) is
    the game state, with the sentinel where an entry has no value; None where there is none.
    """

    pixels: Pixels
    values: NDArray[np.uint8]
    resolution: Resolution
    state: NDArray[np.float32] | None = None

    @property
    def channels(self) -> int:
        return int(self.values.shape[1])

    def __len__(self) -> int:
        return len(self.pixels)


def make_samples(
    pixels: ArrayLike,
    values: ArrayLike,
    resolution: Resolution,
    state: ArrayLike | None = None,
) -> Samples:
    """Check what a client or a file gives and make it :class:`Samples`.

    Values are rounded; of pixels given twice the last value counts.
    EmptySetError without a sample, DimensionError where pixels and values do not match or have
    neither 1 nor 3 channels, InputError for a pixel outside the frame or a value outside 0..255,
    NotFiniteError for NaN.

    Examples
    --------
    >>> make_samples([3, 3], [10, 200.4], (2, 2)).values.tolist()
    [[200]]
    """
    height, width = checked_resolution(resolution)
    where = np.asarray(pixels, np.int64).ravel()
    what = np.asarray(values, np.float64)
    what = what[:, None] if what.ndim == 1 else what
    if not len(where):
        raise EmptySetError("The frame has no sample; send at least one pixel.")
    if what.ndim != 2 or len(what) != len(where) or what.shape[1] not in (1, 3):
        raise DimensionError(
            f"{len(where)} pixels came with values of the shape {what.shape}; each pixel needs one "
            f"grey value or three of RGB."
        )
    if where.min() < 0 or where.max() >= height * width:
        raise InputError(f"A sampled pixel is outside the frame of {width} x {height}.")
    if not np.isfinite(what).all():
        raise NotFiniteError("Sampled values hold NaN or infinity; send numbers from 0 to 255.")
    grey = np.rint(what)
    if grey.min() < 0 or grey.max() > 255:
        wrong = what[(grey < 0) | (grey > 255)][0]
        raise InputError(f"A sampled value is {wrong:g}; values go from 0 to 255.")
    # np.unique keeps the first of equals, so the order is reversed around it.
    unique, last = np.unique(where[::-1], return_index=True)
    values = grey[::-1][last].astype(np.uint8)
    vector = None if state is None else np.asarray(state, np.float32).ravel()
    if vector is not None and not np.isfinite(vector).all():
        raise NotFiniteError("The state vector holds NaN or infinity; use the sentinel for gaps.")
    return Samples(unique, values, (height, width), vector)


def samples_of(frame: NDArray[np.uint8], pixels: Pixels) -> Samples:
    """Read ``pixels`` off a full frame (H, W) or (H, W, C): what a client does."""
    flat = frame.reshape(frame.shape[0] * frame.shape[1], -1)
    return Samples(
        np.asarray(pixels, np.int64), flat[pixels], (int(frame.shape[0]), int(frame.shape[1]))
    )


@dataclass(frozen=True)
class Memory:
    """What earlier frames left behind, for one resolution.

    ``value`` uint8 (H, W, C) is the last measured value, ``age`` int16 (H, W) says how many frames
    ago (1: in the last frame; -1: never), ``frame`` uint8 (H, W, C) is the last reconstruction.
    """

    value: NDArray[np.uint8]
    age: NDArray[np.int16]
    frame: NDArray[np.uint8]

    @property
    def pixels(self) -> Pixels:
        return np.flatnonzero(self.age.ravel() != NEVER)


def remember(
    memory: Memory | None, samples: Samples, frame: NDArray[np.uint8], horizon: int
) -> Memory:
    """Add samples and the frame (H, W, C) made of them; forget values older than ``horizon``."""
    height, width = samples.resolution
    if memory is None:
        value = np.zeros((height, width, samples.channels), np.uint8)
        age = np.full((height, width), NEVER)
    else:
        value, age = memory.value.copy(), memory.age.copy()
        age[age != NEVER] += 1
        age[age > horizon] = NEVER
    value.reshape(height * width, -1)[samples.pixels] = samples.values
    age.reshape(-1)[samples.pixels] = 1
    return Memory(value, age, frame)


def passing_through(frame: NDArray[np.float32], samples: Samples) -> NDArray[np.uint8]:
    """A model's frame (C, H, W), 0..1, as uint8 (H, W, C) that has every sample's own value."""
    return rounded(frame.transpose(1, 2, 0) * 255, samples)


def rounded(image: NDArray[np.floating], samples: Samples) -> NDArray[np.uint8]:
    """Grey levels (H, W, C) as uint8, with every sample's own value."""
    made = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    made.reshape(-1, made.shape[2])[samples.pixels] = samples.values
    return made
