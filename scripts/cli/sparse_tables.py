"""The tables of sparse sampling: which policy and which rebuild is best, with how few pixels.

    gapsphere sparse evaluate build/sparse/doom.npz build/sparse/vtest.npz --output build/sparse

Sequences are dealt out to two seeds in turn, so a spread (±, half the range of the seeds' means)
holds other sequences and another sampler seed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...plugin.progress import Reporter, quiet
from ...plugin.settings.sparse import SparseParams
from ...plugin.sparse.frames.samples import samples_of
from ...plugin.sparse.loop.loop import SamplingLoop
from ...plugin.sparse.measure import evaluate as ev
from ...plugin.sparse.network.model import SparsePixelTransformer
from .say import say

Frames = NDArray[np.uint8]
CURVES = (ev.RANDOM, ev.JITTER, ev.BLUE, ev.SEED, ev.DISPERSION)
COUNTS = (250, 350, 1000)
REBUILDS = ("model", "linear", "natural", "nearest", "telea", "navier-stokes")


class Curves(NamedTuple):
    """Lines of (count, PSNR): of policies with the model, of rebuilds on dispersion's samples."""

    policies: dict[str, list[tuple[int, float]]]
    rebuilds: dict[str, list[tuple[int, float]]]


def print_tables(
    model: SparsePixelTransformer,
    films: dict[str, Frames],
    *,
    plan: ev.Plan,
    counts: Sequence[int] = COUNTS,
    output: Path | None = None,
    report: Reporter = quiet,
) -> None:
    """Measure and print everything; with ``output``, also draw PSNR against the sample count."""
    curves = {}
    for name, frames in films.items():
        policies = report(f"{name}: policies")
        done = ev.measure_all(model, ev.POLICIES, frames, plan, progress=policies)
        rows, size = len(frames), frames.shape[2:]
        say(f"\n## {name}: {rows} sequences of {size[1]} x {size[0]}, {plan.count} samples")
        print_policies(done)
        print_rebuilds(done)
        print_correlations(done)
        curves[name] = curve(model, frames, plan, counts, done, report(f"{name}: sample counts"))
        print_curve(curves[name])
        print_memory(model, frames, plan, done, report(f"{name}: memory"))
    print_speed(model, next(iter(films.values()))[0], plan)
    if output is not None:
        say(f"\n{draw(curves, output / 'psnr_by_count.png')}")


def print_policies(runs: pd.DataFrame) -> None:
    """Where pixels go: the model's PSNR and SSIM under each policy."""
    say(f"\n{'policy':28}" + _header(["PSNR", "over random", "over jitter", "SSIM"]))
    for name in (policy.name for policy in ev.POLICIES):
        quality = ev.figure(runs.loc[name, f"psnr.{ev.MODEL}"])
        alike = ev.figure(runs.loc[name, f"ssim.{ev.MODEL}"])
        random, jitter = (ev.gain(runs, name, over) for over in ("random", "jitter"))
        say(
            f"{name:28}{quality!s:>15}{random!s:>15}{jitter!s:>15}"
            f"{f'{alike.mean:.3f} ± {alike.spread:.3f}':>15}"
        )


def print_rebuilds(runs: pd.DataFrame) -> None:
    """How frames are rebuilt: every rebuild from the same samples of the same frames."""
    say(f"\n{'same samples: model, and model less':36}" + _header(REBUILDS[1:]))
    for name in (policy.name for policy in ev.POLICIES):
        gains = "".join(f"{ev.model_gain(runs, name, over)!s:>15}" for over in REBUILDS[1:])
        say(f"{name:28}{runs.loc[name, 'paired'].mean():8.2f}{gains}")


def print_correlations(runs: pd.DataFrame) -> None:
    """Spearman correlation of each signal with the absolute error, under two policies."""
    say(f"\n{'Spearman with |error|':28}" + _header(ev.SIGNALS))
    for name in ("random", "dispersion"):
        found = [ev.figure(runs.loc[name, f"correlation.{signal}"]) for signal in ev.SIGNALS]
        say(f"{name:28}" + "".join(f"{value!s:>15}" for value in found))


def curve(
    model: SparsePixelTransformer,
    frames: Frames,
    plan: ev.Plan,
    counts: Sequence[int],
    done: pd.DataFrame,
    progress: ev.Progress,
) -> Curves:
    """PSNR at each count, of policies and of rebuilds; the count of ``done`` is not run again."""
    found = {plan.count: done}
    for number, count in enumerate(counts):
        whole = replace(plan, count=count)
        bare = replace(whole, classical=(), each=plan.frames)
        others = [policy for policy in CURVES if policy is not ev.DISPERSION]
        parts = [
            ev.measure_all(model, others, frames, bare),
            ev.measure_all(model, [ev.DISPERSION], frames, whole),
        ]
        found[count] = pd.concat(parts).sort_index()
        progress(number + 1, len(counts))
    # All on the frames that every rebuild was measured on.
    rebuilt = {how: "paired" if how == ev.MODEL else f"psnr.{how}" for how in REBUILDS}

    def line(policy: str, column: str) -> list[tuple[int, float]]:
        return [(n, float(runs.loc[policy, column].mean())) for n, runs in sorted(found.items())]

    return Curves(
        {policy.name: line(policy.name, f"psnr.{ev.MODEL}") for policy in CURVES},
        {how: line(ev.DISPERSION.name, column) for how, column in rebuilt.items()},
    )


def print_curve(curves: Curves) -> None:
    """PSNR by count, and how many samples dispersion needs for the quality of others."""
    points = curves.policies
    counts = [count for count, _ in points["random"]]
    say(f"\n{'PSNR by samples':28}" + "".join(f"{count:>10}" for count in counts))
    for name, line in points.items():
        say(f"{name:28}" + "".join(f"{quality:10.2f}" for _, quality in line))
    say(f"\n{'the same, of dispersion':28}" + "".join(f"{count:>10}" for count in counts))
    for name, line in curves.rebuilds.items():
        say(f"{name:28}" + "".join(f"{quality:10.2f}" for _, quality in line))
    middle = 500 if 500 in counts else counts[len(counts) // 2]
    for other in ("random", "jitter", "blue noise"):
        needed = ev.count_for(points["dispersion"], dict(points[other])[middle])
        fewer = f"{needed:.0f} samples, {100 * (1 - needed / middle):.0f} % fewer"
        fewer = "outside the counts measured" if np.isnan(needed) else fewer
        say(f"dispersion as good as {other} with {middle}: {fewer}")


def print_memory(
    model: SparsePixelTransformer,
    frames: Frames,
    plan: ev.Plan,
    done: pd.DataFrame,
    progress: ev.Progress,
) -> None:
    """What remembering earlier frames adds, with and without revisits."""
    policies = [
        replace(ev.DISPERSION, name="no revisits"),
        replace(ev.DISPERSION, name="revisits", sampler=ev.AdaptiveSampler()),
    ]
    remembering = replace(plan, memory=24, classical=(), each=plan.frames)
    runs = ev.measure_all(model, policies, frames, remembering, progress=progress)
    quality = f"psnr.{ev.MODEL}"
    for policy in policies:
        gains = runs.loc[policy.name, quality] - done.loc["dispersion", quality]
        worst = gains.idxmin()
        say(
            f"memory of 24 frames, {policy.name}: {ev.figure(gains)} dB, worst sequence "
            f"{gains[worst]:+.2f} dB, to {runs.loc[(policy.name, *worst), quality]:.1f}"
        )


def print_speed(model: SparsePixelTransformer, frames: Frames, plan: ev.Plan) -> None:
    """Frames a second through the whole loop, and the processor time of one, in both precisions."""
    import torch

    say(
        f"\nwhole loop, {frames.shape[2]} x {frames.shape[1]}, {plan.count} samples, memory of 24, "
        f"{torch.get_num_threads()} threads, median [quickest..slowest tenth]"
    )
    for use_amp, name in ((False, "fp32"), (True, "training.use_amp=true")):
        params = SparseParams(sample_count=plan.count, use_amp=use_amp)
        loop = SamplingLoop(model, ev.AdaptiveSampler(), params)
        state = loop.start(frames.shape[1:3])
        wall, processor = [], []
        for frame in np.concatenate([frames, frames, frames])[..., None]:
            samples = samples_of(frame, state.pixels)
            began = time.perf_counter(), time.process_time()
            state = loop.step(samples, state).state
            wall.append(time.perf_counter() - began[0])
            processor.append(time.process_time() - began[1])
        # The first frames are without a memory.
        slow, real, quick = 1 / np.quantile(wall[12:], [0.9, 0.5, 0.1])
        say(
            f"  {name:24s} {real:5.1f} [{quick:.1f}..{slow:.1f}] frames a second, "
            f"{1000 * np.median(processor[12:]):.0f} CPU ms a frame"
        )


def draw(curves: dict[str, Curves], path: Path) -> Path:
    """PSNR against the sample count: a column a film, policies above and rebuilds below."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, len(curves), figsize=(5 * len(curves), 8), squeeze=False)
    for column, (film, found) in zip(panels.T, curves.items(), strict=True):
        titles = f"{film}: samplers, the model's frame", f"{film}: rebuilds of dispersion's samples"
        for panel, title, lines in zip(column, titles, found, strict=True):
            for name, points in lines.items():
                panel.plot(*zip(*points, strict=True), marker="o", label=name)
            panel.set(title=title, xlabel="samples a frame", ylabel="PSNR, dB")
            panel.set_xscale("log")
            ticks = [count for count, _ in points]
            panel.set_xticks(ticks, [str(count) for count in ticks])
            panel.minorticks_off()
            panel.grid(alpha=0.3)
    for row in panels:
        row[0].legend(loc="lower right")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    pyplot.close(figure)
    return path


def _header(names: Sequence[str]) -> str:
    return "".join(f"{name:>15}" for name in names)
