"""What sampling and reconstruction are worth: every policy through the loop, every rebuild at its
points.

A policy (pattern, signal, method) runs closed-loop with the model; the classical interpolations
then rebuild the same frames from the very same samples, so where pixels go and how frames are
rebuilt are told apart.  Sequences of one seed are different sequences with another sampler seed:
the spread over seeds holds both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ...progress import Progress, silent
from ...settings.sparse import SparseParams
from ..frames.samples import Memory, Samples, samples_of
from ..loop.build import make_sampler
from ..loop.loop import SamplingLoop
from ..loop.state import LoopConfig
from ..network.importance import SIGNALS, Map, Signal, gradient_of
from ..network.interpolation import CLASSICAL
from ..network.model import SparsePixelTransformer
from ..sampling.adaptive import AdaptiveSampler
from ..sampling.sampler import Sampler
from ..sampling.uniform import UniformSampler
from .quality import psnr, rank_correlation, ssim

Frames = NDArray[np.uint8]
MODEL = "model"


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


@dataclass(frozen=True)
class Measurement:
    """One policy on one sequence: means over its frames.

    ``psnr`` and ``ssim`` by rebuild (``model`` on all measured frames, the others on the chosen
    ones, where ``paired`` has the model's PSNR too); ``correlation`` by signal, with the absolute
    error of the model's frame.
    """

    policy: str
    seed: int
    sequence: int
    count: int
    psnr: dict[str, float]
    ssim: dict[str, float]
    paired: float
    correlation: dict[str, float] = field(default_factory=dict)


def measure(
    model: SparsePixelTransformer,
    policy: Policy,
    frames: Frames,
    plan: Plan,
    *,
    seed: int = 0,
    sequence: int = 0,
) -> Measurement:
    """Run one policy over one sequence, closed loop.

    Parameters
    ----------
    frames : uint8 (length, H, W) or (length, H, W, C)
        At least ``plan.first + plan.frames`` of them.
    """
    shots = frames[..., None] if frames.ndim == 3 else frames
    config = LoopConfig(
        count=plan.count,
        signal=policy.signal,
        warmup_frames=plan.warmup_frames,
        memory=plan.memory,
    )
    loop = SamplingLoop(model, policy.sampler, config)
    state = loop.start(shots.shape[1:3], seed=seed)
    # A pattern that reads nothing needs no frames before the first that is measured.
    start = plan.first if not (policy.sampler.adaptive or plan.memory) else 0
    scores: dict[str, list[float]] = {MODEL: []}
    alike: dict[str, list[float]] = {MODEL: []}
    paired: list[float] = []
    correlations: dict[str, list[float]] = {}
    for t in range(start, plan.first + plan.frames):
        samples = samples_of(shots[t], state.pixels)
        memory = state.memory
        step = loop.step(samples, state)
        state = step.state
        if t < plan.first:
            continue
        scores[MODEL].append(psnr(step.frame, shots[t]))
        if (t - plan.first) % plan.each:
            continue
        alike[MODEL].append(ssim(step.frame, shots[t]))
        paired.append(scores[MODEL][-1])
        for name in plan.classical:
            made = CLASSICAL[name](samples)
            scores.setdefault(name, []).append(psnr(made, shots[t]))
            alike.setdefault(name, []).append(ssim(made, shots[t]))
        for name, signal in _signals(model, samples, memory, step.frame):
            found = rank_correlation(signal, step.frame, shots[t])
            correlations.setdefault(name, []).append(found)
    return Measurement(
        policy.name,
        seed,
        sequence,
        plan.count,
        {name: float(np.mean(values)) for name, values in scores.items()},
        {name: float(np.mean(values)) for name, values in alike.items()},
        float(np.mean(paired)),
        {name: float(np.nanmean(values)) for name, values in correlations.items()},
    )


def _signals(
    model: SparsePixelTransformer, samples: Samples, memory: Memory | None, frame: Frames
) -> Iterator[tuple[str, Map]]:
    """Every importance signal of one frame."""
    import torch

    with torch.inference_mode():
        made = model.reconstruct([model.scene(samples, memory)])
    maps = {
        "entropy": made.entropy[0].numpy(),
        "dispersion": made.dispersion[0].numpy(),
        "error": made.log_scale[0].exp().numpy(),
        "gradient": gradient_of(frame),
    }
    yield from ((name, maps[name]) for name in SIGNALS)


def measure_all(
    model: SparsePixelTransformer,
    policies: Sequence[Policy],
    sequences: Frames,
    plan: Plan,
    *,
    seeds: int = 2,
    progress: Progress = silent,
) -> list[Measurement]:
    """Every policy on every sequence; the sequences are dealt out to the seeds in turn."""
    found = []
    total = len(policies) * len(sequences)
    for policy in policies:
        for number, frames in enumerate(sequences):
            seed = number % seeds
            found.append(
                measure(model, policy, frames, plan, seed=1000 * seed + number, sequence=number)
            )
            found[-1] = replace(found[-1], seed=seed)
            progress(len(found), total)
    return found


@dataclass(frozen=True)
class Figure:
    """A mean over seeds, and half the range between the largest and the smallest seed's mean."""

    mean: float
    spread: float

    def __str__(self) -> str:
        return f"{self.mean:.2f} ± {self.spread:.2f}"


def figure(values: dict[int, list[float]]) -> Figure:
    """Mean and spread of values by seed."""
    means = [float(np.mean(of_seed)) for of_seed in values.values()]
    return Figure(float(np.mean(means)), (max(means) - min(means)) / 2)


def by_seed(found: Sequence[Measurement], value: str, key: str) -> dict[int, list[float]]:
    """One number of each run (``psnr``, ``ssim`` or ``correlation`` of ``key``), by seed."""
    values: dict[int, list[float]] = {}
    for one in found:
        values.setdefault(one.seed, []).append(getattr(one, value)[key])
    return values


def gain(found: Sequence[Measurement], policy: str, over: str) -> Figure:
    """PSNR of the model's frames under a policy less that under another, sequence by sequence."""
    other = {one.sequence: one.psnr[MODEL] for one in found if one.policy == over}
    values: dict[int, list[float]] = {}
    for one in found:
        if one.policy == policy:
            values.setdefault(one.seed, []).append(one.psnr[MODEL] - other[one.sequence])
    return figure(values)


def model_gain(found: Sequence[Measurement], policy: str, over: str) -> Figure:
    """PSNR of the model less that of an interpolation, on the same samples of the same frames."""
    values: dict[int, list[float]] = {}
    for one in found:
        if one.policy == policy:
            values.setdefault(one.seed, []).append(one.paired - one.psnr[over])
    return figure(values)


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
