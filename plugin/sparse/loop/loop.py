"""The closed loop, one frame at a time: samples in; frame, importance and the next pixels out.

:class:`SamplingLoop` holds settings alone.  All that changes is the :class:`LoopState` that goes in
and, renewed, comes out: the same state with the same samples gives the same pixels.

No frame ends a session: where the model fails, the last good frame is kept and the same pixels are
asked for again; where only the importance fails, the last valid map goes on; where there is none,
pixels are drawn evenly.  Each such step is listed in ``problems`` and in the log.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import DimensionError, InputError, NotFiniteError
from ...settings.sparse import SENTINEL, SparseParams
from ..frames.coords import Resolution, checked_resolution
from ..frames.samples import Memory, Samples, passing_through, remember
from ..network.importance import (
    Map,
    checked_importance,
    multi_scale,
    signal_of,
    smooth_in_time,
    stats_of,
)
from ..network.model import Reconstruction, SparsePixelTransformer
from ..sampling.sampler import Draw, Request, Sampler
from ..sampling.uniform import uniform_pixels
from .state import LoopState, Step

log = logging.getLogger(__name__)

DB_PER_DOUBLING = 1.6
"""How much twice the samples add, in dB: what the control of the sample count starts from."""
GAIN = 0.3
HOLD_OUT = 0.1
"""Share of the samples that a quality target holds out.

A live loop never sees the true frame, so these probes are drawn evenly and independently of the
sampler, kept from a second reconstruction, and compared with it.  The sampler's own samples crowd
where it is difficult and do not represent the frame.
"""
CUT_RATIO, CUT_LEVEL = 3.0, 24.0
"""A frame is a scene cut when its samples are further from the last reconstruction than this ratio
of what is usual, and this many grey levels.
"""


@dataclass(frozen=True)
class _Seen:
    """What the model made of one frame; ``None`` where it failed."""

    frame: NDArray[np.uint8] | None
    importance: Map | None
    expected_error: float = float("nan")
    held_out: float = float("nan")
    problems: tuple[str, ...] = field(default=())


class SamplingLoop:
    """The loop of a model, which any number of loops and threads may share, and a sampler.

    ``params`` are all settings but the sampler's.

    Examples
    --------
    >>> from gapsphere.plugin.sparse.frames.samples import samples_of
    >>> from gapsphere.plugin.sparse.sampling.uniform import UniformSampler
    >>> params = SparseParams(sample_count=20)
    >>> loop = SamplingLoop(SparsePixelTransformer(), UniformSampler(), params)
    >>> state = loop.start((16, 16), seed=3)
    >>> frame = np.zeros((16, 16, 1), np.uint8)
    >>> step = loop.step(samples_of(frame, state.pixels), state)
    >>> step.frame.shape, len(step.pixels), step.state.turn
    ((16, 16, 1), 20, 1)
    """

    def __init__(
        self,
        model: SparsePixelTransformer,
        sampler: Sampler,
        params: SparseParams | None = None,
    ) -> None:
        self.model = model.eval()
        self.sampler = sampler
        self.params = params = params or SparseParams()
        if params.target_psnr is not None and params.least_samples > params.most_samples:
            raise InputError(
                "A quality target needs 1 <= least <= most, not "
                f"{params.least_samples}, {params.most_samples}."
            )
        multi_scale(np.zeros((1, 1), np.float32), params.scales)  # refuses sides that cannot be

    def start(self, resolution: Resolution, *, seed: int = 0) -> LoopState:
        """A session's first state; its ``pixels`` are what to sample of the first frame."""
        resolution = checked_resolution(resolution)
        count = min(self.params.sample_count, resolution[0] * resolution[1])
        state = LoopState(resolution, seed, count, np.empty(0, np.int64))
        begun = self._ask(state, None)[0]
        self._tell(1, {"uniform": len(begun.pixels)})
        return begun

    def step(self, samples: Samples, state: LoopState) -> Step:
        """Take in one frame's samples, of the pixels that were asked for or of others.

        DimensionError for samples of another resolution or number of channels.
        """
        self._check(samples, state)
        samples = self._marked(samples)
        surprise = _surprise(samples, state.frame)
        cut = self._is_cut(surprise, state)
        if cut:
            log.info("Frame %d: scene cut, starting over.", state.turn + 1)
            state = replace(state, valid=0, importance=None, memory=None, usual=float("nan"))
        seen = self._see(samples, state)
        problems = list(seen.problems)
        importance = seen.importance
        if importance is not None:
            importance = smooth_in_time(importance, state.importance, self.params.temporal)
        frame, memory = seen.frame, state.memory
        if frame is None:
            height, width = state.resolution
            black = np.zeros((height, width, samples.channels), np.uint8)
            frame = black if state.frame is None else state.frame
        elif self.params.memory:
            memory = remember(memory, samples, frame, self.params.memory)
        after = replace(
            state,
            turn=state.turn + 1,
            valid=state.valid + (importance is not None),
            importance=state.importance if importance is None else importance,
            memory=memory,
            frame=state.frame if seen.frame is None else frame,
            usual=_usual(state.usual, surprise, cut),
        )
        after = self._steer(after, seen.held_out)
        warm = after.valid >= self.params.warmup_frames and after.importance is not None
        shares = {"kept": len(state.pixels)}
        if seen.frame is not None or len(state.pixels) != after.count:
            after, shares, trouble = self._ask(after, after.importance if warm else None)
            problems += trouble
        self._tell(after.turn + 1, shares)
        return Step(
            frame,
            after.importance,
            after.pixels,
            shares,
            warm,
            None if importance is None else stats_of(importance),
            seen.expected_error,
            float(10 * np.log10(255**2 / max(seen.held_out, 1e-3))),
            cut,
            tuple(problems),
            after,
        )

    def _check(self, samples: Samples, state: LoopState) -> None:
        if samples.resolution != state.resolution:
            raise DimensionError(
                f"The samples are of a frame of {samples.resolution}, the session of "
                f"{state.resolution} (rows, columns); start a new session for another resolution."
            )
        if samples.channels != self.model.config.channels:
            raise DimensionError(
                f"The samples have {samples.channels} channel(s) and the model reads "
                f"{self.model.config.channels}."
            )

    def _marked(self, samples: Samples) -> Samples:
        """Samples whose state has the model's own mark for entries without a value."""
        if samples.state is None or self.params.sentinel_value == SENTINEL:
            return samples
        empty = samples.state == np.float32(self.params.sentinel_value)
        return replace(samples, state=np.where(empty, np.float32(SENTINEL), samples.state))

    def _is_cut(self, surprise: float, state: LoopState) -> bool:
        if np.isnan(surprise) or np.isnan(state.usual):
            return False
        return surprise > max(CUT_LEVEL, CUT_RATIO * state.usual)

    def _see(self, samples: Samples, state: LoopState) -> _Seen:
        """Reconstruct; whatever the model raises, the session goes on."""
        hidden = None
        if state.probes is not None:
            hidden = np.isin(samples.pixels, state.probes)
            hidden = hidden if 0 < hidden.sum() < len(samples) else None
        try:
            made = self._reconstruct(samples, hidden, state.memory)
            values = made.frame[0].float().cpu().numpy()
            if not np.isfinite(values).all():
                raise NotFiniteError("The model's frame holds NaN or infinity.")
            frame = passing_through(values, samples)
        except Exception as error:  # a session outlives any failure of its model
            log.exception("Frame %d: the model failed.", state.turn + 1)
            return _Seen(None, None, problems=(f"The model failed: {error}",))
        expected = 255 * float(made.log_scale[0].exp().mean())
        held_out = float("nan")
        if hidden is not None:
            held_out = _error_at(made.frame[1], samples, hidden)
        try:
            importance = self._importance(made, frame)
        except Exception as error:  # the frame is good, only its map is not
            log.exception("Frame %d: the importance failed.", state.turn + 1)
            trouble = (f"The importance failed: {error}",)
            return _Seen(frame, None, expected, held_out, trouble)
        return _Seen(frame, importance, expected, held_out)

    def _reconstruct(
        self, samples: Samples, hidden: NDArray[np.bool_] | None, memory: Memory | None
    ) -> Reconstruction:
        scenes = [self.model.scene(samples, memory)]
        if hidden is not None:
            shown = replace(samples, pixels=samples.pixels[~hidden], values=samples.values[~hidden])
            scenes.append(self.model.scene(shown, memory))
        device = next(self.model.parameters()).device.type
        with (
            torch.inference_mode(),
            torch.autocast(device, torch.bfloat16, enabled=self.params.use_amp),
        ):
            return self.model.reconstruct(scenes, epsilon=self.params.epsilon)

    def _importance(self, made: Reconstruction, frame: NDArray[np.uint8]) -> Map:
        found = signal_of(made, frame, self.params.signal)
        return multi_scale(checked_importance(found), self.params.scales)

    def _ask(
        self, state: LoopState, importance: Map | None
    ) -> tuple[LoopState, dict[str, int], list[str]]:
        """The state with the pixels to ask for next, their shares, and what went wrong."""
        if self.params.target_psnr is None or state.count < 2:
            draw, trouble = self._draw(state, importance, state.count)
            return replace(state, pixels=draw.pixels, probes=None), draw.shares, trouble
        number = min(max(1, round(HOLD_OUT * state.count)), state.count - 1)
        draw, trouble = self._draw(state, importance, state.count - number)
        height, width = state.resolution
        free = np.setdiff1d(np.arange(height * width), draw.pixels, assume_unique=True)
        random = np.random.default_rng([state.seed, state.turn, 1])
        probes = np.sort(random.choice(free, number, replace=False))
        pixels = np.sort(np.concatenate([draw.pixels, probes]))
        shares = {**draw.shares, "probes": number}
        return replace(state, pixels=pixels, probes=probes), shares, trouble

    def _draw(self, state: LoopState, importance: Map | None, count: int) -> tuple[Draw, list[str]]:
        """The next pixels; whatever the sampler raises, they are drawn evenly then."""
        random = np.random.default_rng([state.seed, state.turn])
        height, width = state.resolution
        remembered = None if state.memory is None else state.memory.pixels
        request = Request(count, state.resolution, importance, state.frame, remembered)
        trouble = []
        try:
            draw = self.sampler.draw(request, random)
            found = np.unique(draw.pixels)
            if len(found) == count and found[0] >= 0 and found[-1] < height * width:
                return draw, []
            trouble.append(f"The sampler gave {len(found)} of {count} pixels.")
            log.error("Frame %d: %s Drawing evenly.", state.turn + 1, trouble[0])
        except Exception as error:  # a session outlives any failure of its sampler
            log.exception("Frame %d: the sampler failed; drawing evenly.", state.turn + 1)
            trouble.append(f"The sampler failed: {error}")
        even = uniform_pixels("random", count, state.resolution, random)
        return Draw(even, {"uniform": count}), trouble

    def _tell(self, number: int, shares: dict[str, int]) -> None:
        if not self.sampler.adaptive:
            return
        if "importance" in shares:
            parts = ", ".join(f"{name.capitalize()}: {n}" for name, n in shares.items())
            log.info("Frame %d: Adaptive sampling. %s.", number, parts)
        elif "uniform" in shares:
            log.info("Frame %d: Warmup or no importance map. Performing uniform sampling.", number)

    def _steer(self, state: LoopState, measured: float) -> LoopState:
        """Move the count towards the wanted quality, in the logarithm, where gains are even."""
        params = self.params
        if params.target_psnr is None or np.isnan(measured):
            return state
        error = measured if np.isnan(state.error) else 0.7 * state.error + 0.3 * measured
        # A reconstruction without the probes is worse by what they would add.
        quality = 10 * np.log10(255**2 / max(error, 1e-3))
        quality += DB_PER_DOUBLING * np.log2(1 / (1 - HOLD_OUT))
        doublings = GAIN * (params.target_psnr - quality) / DB_PER_DOUBLING
        doublings = float(np.clip(doublings, -0.5, 0.5))
        most = min(params.most_samples, state.resolution[0] * state.resolution[1])
        count = int(
            np.clip(round(state.count * 2**doublings), min(params.least_samples, most), most)
        )
        return replace(state, count=count, error=error)


def _surprise(samples: Samples, frame: NDArray[np.uint8] | None) -> float:
    """Mean distance of samples from the last frame, in grey levels; NaN without one."""
    if frame is None or frame.shape[2] != samples.channels:
        return float("nan")
    before = frame.reshape(-1, samples.channels)[samples.pixels]
    return float(np.abs(samples.values.astype(np.float64) - before).mean())


def _usual(before: float, surprise: float, cut: bool) -> float:
    """The usual surprise after this frame; NaN: unknown until the next frame."""
    if cut:  # the distance of two scenes does not show how the new one moves
        return float("nan")
    return surprise if np.isnan(before) else 0.8 * before + 0.2 * surprise


def _error_at(frame: torch.Tensor, samples: Samples, hidden: NDArray[np.bool_]) -> float:
    """Mean squared error of the frame, in squared grey levels, estimated at the hidden samples."""
    guess = frame.float().cpu().numpy().reshape(samples.channels, -1)[:, samples.pixels[hidden]].T
    error = np.square(np.clip(guess, 0, 1) * 255 - samples.values[hidden]).mean()
    # Sampled pixels have no error, and hidden ones are drawn from the others.
    height, width = samples.resolution
    return float(error * (1 - (~hidden).sum() / (height * width)))
