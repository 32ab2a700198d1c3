"""How good sampling policies and reconstructions are, measured on sequences of full frames.

A policy (pattern, signal, method) runs closed-loop with the model; the classical interpolations
then rebuild the same frames from the same samples.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...progress import Progress, silent
from ...settings.sparse import SparseParams
from ..frames.samples import Memory, Samples, samples_of
from ..loop.build import make_sampler
from ..loop.loop import SamplingLoop
from ..network.importance import SIGNALS, Map, Signal, signal_of
from ..network.model import SparsePixelTransformer
from ..sampling.adaptive import AdaptiveSampler
from ..sampling.sampler import Sampler
from ..sampling.uniform import UniformSampler
from .baselines import CLASSICAL
from .playback import PERFECT
from .quality import psnr, rank_correlation, ssim

Frames = NDArray[np.uint8]
MODEL = "model"
SEEDS = 2


@dataclass(frozen=True)
class Policy:
    """A way to choose pixels, under the name it has in the tables."""

    name: str
    sampler: Sampler
    signal: Signal = "dispersion"


RANDOM = Policy("random", UniformSampler("random"))
JITTER = Policy("jitter", UniformSampler("jitter"))
BLUE = Policy("blue noise", UniformSampler("blue"))
GRID = Policy("grid", UniformSampler("grid"))
SEED = Policy(
    "entropy, multinomial (seed)",
    AdaptiveSampler(method="multinomial", collision_threshold=0, revisit_ratio=0),
    "entropy",
)
DISPERSION = Policy("dispersion", AdaptiveSampler(revisit_ratio=0))
POLICIES = (
    RANDOM,
    JITTER,
    BLUE,
    GRID,
    SEED,
    Policy("entropy", AdaptiveSampler(revisit_ratio=0), "entropy"),
    DISPERSION,
    Policy("expected error", AdaptiveSampler(revisit_ratio=0), "error"),
    Policy("gradient", AdaptiveSampler(revisit_ratio=0), "gradient"),
    Policy("hybrid: dispersion, edges", make_sampler(SparseParams(pattern="hybrid", memory=0))),
)


@dataclass(frozen=True)
class Plan:
    """How a policy is measured: from which frame on, how many, and on which of them all of it.

    Classical rebuilds and correlations are taken on every ``each``-th measured frame.
    """

    count: int = 500
    first: int = 12
    frames: int = 18
    each: int = 6
    memory: int = 0
    warmup_frames: int = 10
    classical: tuple[str, ...] = tuple(CLASSICAL)


def measure(
    model: SparsePixelTransformer,
    policy: Policy,
    frames: Frames,
    plan: Plan,
    *,
    seed: int = 0,
) -> dict[str, float]:
    """Run one policy over one sequence (length, H, W) or (length, H, W, C), closed loop.

    Returns means over the frames: ``psnr.REBUILD`` (dB) and ``ssim.REBUILD``, where the rebuild
    ``model`` has its PSNR from all measured frames and the others from the chosen ones, for which
    ``paired`` is the model's PSNR; ``correlation.SIGNAL`` with the absolute error of its frame.
    """
    shots = frames[..., None] if frames.ndim == 3 else frames
    params = SparseParams(
        sample_count=plan.count,
        signal=policy.signal,
        warmup_frames=plan.warmup_frames,
        memory=plan.memory,
    )
    loop = SamplingLoop(model, policy.sampler, params)
    state = loop.start(shots.shape[1:3], seed=seed)
    # A pattern that reads nothing needs no frames before the first that is measured.
    start = plan.first if not (policy.sampler.adaptive or plan.memory) else 0
    values: dict[str, list[float]] = defaultdict(list)
    for t in range(start, plan.first + plan.frames):
        samples = samples_of(shots[t], state.pixels)
        memory = state.memory
        step = loop.step(samples, state)
        state = step.state
        if t < plan.first:
            continue
        values[f"psnr.{MODEL}"].append(_quality(step.frame, shots[t]))
        if (t - plan.first) % plan.each:
            continue
        values["paired"].append(values[f"psnr.{MODEL}"][-1])
        values[f"ssim.{MODEL}"].append(ssim(step.frame, shots[t]))
        for name in plan.classical:
            made = CLASSICAL[name](samples)
            values[f"psnr.{name}"].append(_quality(made, shots[t]))
            values[f"ssim.{name}"].append(ssim(made, shots[t]))
        for name, signal in _signals(model, samples, memory, step.frame).items():
            found = rank_correlation(signal, step.frame, shots[t])
            values[f"correlation.{name}"].append(found)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a map that is constant in all frames
        return {name: float(np.nanmean(found)) for name, found in values.items()}


def _quality(frame: Frames, truth: Frames) -> float:
    """PSNR in dB; that of a frame without any error has a mean and differences too."""
    return min(psnr(frame, truth), PERFECT)


def _signals(
    model: SparsePixelTransformer, samples: Samples, memory: Memory | None, frame: Frames
) -> dict[str, Map]:
    import torch

    with torch.inference_mode():
        made = model.reconstruct([model.scene(samples, memory)])
    return {name: signal_of(made, frame, name) for name in SIGNALS}


def measure_all(
    model: SparsePixelTransformer,
    policies: Sequence[Policy],
    sequences: Frames,
    plan: Plan,
    *,
    progress: Progress = silent,
) -> pd.DataFrame:
    """What :func:`measure` returns, in a sorted row for each policy, seed and sequence.

    The sequences are dealt out to the seeds in turn.
    """
    rows, index = [], []
    for policy in policies:
        for number, frames in enumerate(sequences):
            seed = number % SEEDS
            rows.append(measure(model, policy, frames, plan, seed=1000 * seed + number))
            index.append((policy.name, seed, number))
            progress(len(rows), len(policies) * len(sequences))
    names = ["policy", "seed", "sequence"]
    return pd.DataFrame(rows, pd.MultiIndex.from_tuples(index, names=names)).sort_index()


@dataclass(frozen=True)
class Figure:
    """A mean over seeds, and half the range between the largest and the smallest seed's mean."""

    mean: float
    spread: float

    def __str__(self) -> str:
        return f"{self.mean:.2f} ± {self.spread:.2f}"


def figure(values: pd.Series) -> Figure:
    """Mean and spread of values with an index level ``seed``."""
    means = values.groupby(level="seed").mean()
    return Figure(float(means.mean()), float(means.max() - means.min()) / 2)


def gain(runs: pd.DataFrame, policy: str, over: str) -> Figure:
    """PSNR of the model's frames under a policy less that under another, sequence by sequence."""
    quality = runs[f"psnr.{MODEL}"]
    return figure(quality[policy] - quality[over])


def model_gain(runs: pd.DataFrame, policy: str, over: str) -> Figure:
    """PSNR of the model less that of an interpolation, on the same samples of the same frames."""
    return figure((runs["paired"] - runs[f"psnr.{over}"])[policy])


def count_for(curve: Sequence[tuple[int, float]], wanted: float) -> float:
    """Samples at which a curve of (count, PSNR) reaches a PSNR; straight in the count's logarithm.

    NaN where the curve does not reach it.

    Examples
    --------
    >>> count_for([(100, 20.0), (400, 24.0)], 22.0)
    200.0
    """
    counts, quality = (np.array(side, np.float64) for side in zip(*sorted(curve), strict=True))
    quality = np.maximum.accumulate(quality)
    if not quality[0] <= wanted <= quality[-1]:
        return float("nan")
    return float(np.round(np.exp(np.interp(wanted, quality, np.log(counts))), 6))
