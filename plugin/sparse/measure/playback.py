"""Full frames played to the loop, which gets only the pixels it asks for.

Unlike in a live session the frame itself is known, so the quality of each reconstruction is
measured, not estimated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ..frames.coords import Pixels, Resolution
from ..frames.samples import samples_of
from ..loop.loop import SamplingLoop
from ..loop.state import LoopState, Step
from .quality import psnr, ssim

PERFECT = 99.0
"""PSNR (dB) of a frame without any error, in place of infinity, which has no mean."""

LEAST_SIDE = 8


@dataclass(frozen=True)
class PlayedFrame:
    """One frame's outcome.

    ``pixels`` are those measured; ``psnr`` in dB, at most 99; ``ssim`` NaN where the frame is
    smaller than its window; ``error`` is the mean absolute error in grey levels, 0..255.
    """

    step: Step
    pixels: Pixels
    psnr: float
    ssim: float
    error: float


def play_frame(loop: SamplingLoop, frame: NDArray[np.uint8], state: LoopState) -> PlayedFrame:
    """Show the loop the pixels of ``frame`` (H, W, C) that ``state`` asks for, and compare.

    Examples
    --------
    >>> from gapsphere.plugin.settings.sparse import SparseParams
    >>> from gapsphere.plugin.sparse.network.model import SparsePixelTransformer
    >>> from gapsphere.plugin.sparse.sampling.uniform import UniformSampler
    >>> params = SparseParams(sample_count=20)
    >>> loop = SamplingLoop(SparsePixelTransformer(), UniformSampler(), params)
    >>> black = np.zeros((16, 16, 1), np.uint8)
    >>> played = play_frame(loop, black, loop.start((16, 16)))
    >>> len(played.pixels), played.step.state.turn
    (20, 1)
    """
    step = loop.step(samples_of(frame, state.pixels), state)
    return PlayedFrame(
        step,
        state.pixels,
        min(psnr(step.frame, frame), PERFECT),
        ssim(step.frame, frame),
        float(np.abs(step.frame.astype(np.float64) - frame).mean()),
    )


def working_resolution(size: tuple[int, int], side: int) -> Resolution:
    """``(H, W)`` of a picture of ``(width, height)`` whose longest side is at most ``side``.

    The shape is kept to the nearest pixel; a smaller picture keeps its size.  InputError where a
    side would have fewer than 8 pixels.

    Examples
    --------
    >>> working_resolution((960, 720), 128)
    (96, 128)
    """
    width, height = size
    scale = min(1.0, side / max(width, height))
    wide, high = round(width * scale), round(height * scale)
    if min(wide, high) < LEAST_SIDE:
        raise InputError(
            f"A picture of {width} x {height} becomes {wide} x {high} pixels at a working size of "
            f"{side}: each side needs at least {LEAST_SIDE}. Give a larger working size."
        )
    return high, wide
