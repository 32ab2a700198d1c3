"""What a GPU makes of exact distances, support, K-Center and heatmaps, beside its matrix product.

    python -m gapsphere.scripts.bench.gpu               # S = 100,000, U = 1,000,000, d = 768
    python -m gapsphere.scripts.bench.gpu --owned 20000 --pool 100000 --parts distances

Distances start from rows in the processor's memory and end with distances there; they take turns
with a large product in float16, whose rate is the bound. Some of U is compared with what the
processor finds. A heatmap is attention rollout on an InternViT of the 300M size (random weights:
the time does not depend on them), beside the plain forward pass of the same batch.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from statistics import median
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray

from ...plugin.attention.rollout import FusedAttention
from ...plugin.attention.towers import Tower
from ...plugin.coverage.nearest import distances
from ...plugin.coverage.nearest.gpu.closest import closest_on_gpu
from ...plugin.coverage.nearest.gpu.within import within_on_gpu
from ...plugin.coverage.picks.kcenter import k_center_greedy
from ...plugin.coverage.support import support
from .coverage_data import FRAMES, unit_rows, video
from .networks import INTERNVIT, random_tower
from .timing import Clock, spread

CHECKED = 4_000
SIZE = 8192
KINDS = ("isotropic", "highway, 25 Hz")
DEVICE = "cuda"

nearest = partial(closest_on_gpu, device=DEVICE)
counted = partial(within_on_gpu, device=DEVICE)


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--owned", type=int, default=100_000)
    parser.add_argument("--pool", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=768)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--batch", type=int, default=16, help="images of a heatmap's pass")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("torch sees no CUDA GPU here; this bench needs one.")
    name = torch.cuda.get_device_name()
    print(f"{name}, torch {torch.__version__}, {os.cpu_count()} CPU cores")
    for part in options.parts:
        PARTS[part](options)


def print_distances(options: argparse.Namespace) -> None:
    """Seconds and arithmetic rate beside the product's, and whether the processor agrees."""
    m, n, d = options.owned, options.pool, options.dimension
    clock = Clock(DEVICE)
    print(f"\nnearest distances, S={m} U={n} d={d}; median of {options.turns} turns [range]")
    print(
        f"{'data':18}{'s':>22}{'TFLOP/s':>18}{'product':>18}{'share, %':>15}{'same shape':>13}"
        "  beside the processor"
    )
    for kind in KINDS:
        S, U = rows(m, d, kind, 0), rows(n, d, kind, 1)
        nearest(U[:70_000], S)
        seconds, rates, bounds, shares = [], [], [], []
        for _ in range(options.turns):
            seconds.append(clock.time(partial(nearest, U, S)))
            rates.append(2 * n * m * d / seconds[-1] / 1e12)
            bounds.append(product_rate(clock, (SIZE, SIZE, SIZE), seconds[-1]))
            shares.append(100 * rates[-1] / bounds[-1])
        same = product_rate(clock, (SIZE, m, d), median(seconds))
        print(
            f"{kind:18}{spread(seconds, 3):>22}{spread(rates, 0):>18}{spread(bounds, 0):>18}"
            f"{spread(shares, 0):>15}{same:>13.0f}  {agreement(U, S, median(seconds))}",
            flush=True,
        )


def product_rate(clock: Clock, shape: tuple[int, int, int], seconds: float) -> float:
    """TFLOP/s of a product (n, d) x (d, m) in float16, written out, for about as long."""
    n, m, d = shape
    left, right = torch.randn(n, d, device=DEVICE).half(), torch.randn(m, d, device=DEVICE).half()
    one = clock.best(lambda: left @ right.T, 0.05)
    return 2 * n * m * d / clock.time(lambda: left @ right.T, max(round(seconds / one), 1)) / 1e12


def agreement(U: NDArray[np.float32], S: NDArray[np.float32], seconds: float) -> str:
    """What the processor finds for some of U, and how long it would take for all."""
    some = U[:: max(len(U) // CHECKED, 1)]
    start = time.perf_counter()
    with patch.object(distances, "worth_a_gpu", lambda *_: False):
        squared, index = distances.closest(some, S)
    taken = (time.perf_counter() - start) * len(U) / len(some)
    found = nearest(some, S)
    same = np.mean(found[1] == index)
    apart = np.abs(found[0] - squared).max()
    return (
        f"{taken / seconds:.0f}x of its {os.cpu_count()} cores; {same:.2%} of {len(some)} the "
        f"same image, distances to {apart:.0e}"
    )


def print_support(options: argparse.Namespace) -> None:
    """Seconds of counting what of S lies within a radius, and whether the processor agrees."""
    m, n, d = options.owned, options.pool, options.dimension
    clock, drives = Clock(DEVICE), np.arange(m) // FRAMES
    print(f"\nsupport within the median distance, S={m} in {drives[-1] + 1} drives, U={n}")
    print(f"{'data':18}{'s':>22}  beside the processor")
    for kind in KINDS:
        S, U = rows(m, d, kind, 0), rows(n, d, kind, 1)
        some = U[:: max(n // CHECKED, 1)]
        squared = float(np.median(nearest(some, S)[0]))
        seconds = [
            clock.time(partial(counted, U, S, drives, squared)) for _ in range(options.turns)
        ]
        start = time.perf_counter()
        theirs = support(some, S, drives.tolist(), squared / 2)
        times = (time.perf_counter() - start) * n / len(some) / median(seconds)
        pairs = zip(counted(some, S, drives, squared), theirs, strict=True)
        same = all(np.array_equal(a, b) for a, b in pairs)
        print(
            f"{kind:18}{spread(seconds, 3):>22}  {times:.0f}x of its {os.cpu_count()} cores; "
            f"{'the same' if same else 'OTHER'} counts of {len(some)}",
            flush=True,
        )


def rows(count: int, dimension: int, kind: str, seed: int) -> NDArray[np.float32]:
    """Rows of that kind, made by all cores."""
    threads = os.cpu_count() or 1
    share = -(-count // threads // FRAMES) * FRAMES or FRAMES
    made = np.empty((count, dimension), np.float32)

    def make(first: int) -> None:
        part = made[first : first + share]
        number = 1000 * seed + first // share
        if kind == "isotropic":
            part[:] = unit_rows(len(part), dimension, kind, number)
        else:
            part[:] = video(len(part), dimension, "highway", 25.0, number)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(make, range(0, count, share)))
    return made


def print_kcenter(options: argparse.Namespace) -> None:
    """Seconds of K-Center as it is, on the processor, and of plain greedy on the GPU."""
    m, n, d, k = options.owned // 2, 2 * options.pool // 5, options.dimension, 1000
    print(f"\nK-Center, distances to S={m} given, U={n} k={k}; plain greedy reads all of U a pick")
    print(f"{'data':18}{'ours, processor, s':>20}{'greedy, GPU, s':>16}{'with upload':>13}")
    for kind in KINDS:
        S, U = rows(m, d, kind, 0), rows(n, d, kind, 1)
        distance = np.sqrt(nearest(U, S)[0])
        start = time.perf_counter()
        k_center_greedy(None, U, k, distance)
        ours = time.perf_counter() - start
        clock = Clock(DEVICE)
        start = clock.now()
        there = torch.from_numpy(U).to(DEVICE)
        near = torch.from_numpy((1 - distance**2 / 2).astype(np.float32)).to(DEVICE)
        loaded = clock.now()
        for _ in range(k):
            pick = near.argmin()
            near = torch.maximum(near, there @ there[pick])
            near[pick] = torch.inf
        end = clock.now()
        print(f"{kind:18}{ours:>20.2f}{end - loaded:>16.2f}{end - start:>13.2f}", flush=True)


def print_rollout(options: argparse.Namespace) -> None:
    """Images a second of the forward pass, of rollout and of its plain form; peak memory."""
    base = random_tower(INTERNVIT["internvl-300m"])
    encoder = replace(base.on(torch.device(DEVICE)), dtype=torch.bfloat16, precision="bf16")
    encoder.module.bfloat16()
    tower, clock, batch = Tower.of(encoder), Clock(DEVICE), options.batch
    side = encoder.pixels.height
    images = torch.randn(batch, 3, side, side, device=DEVICE).bfloat16()
    patches = encoder.patch_grid[0] * encoder.patch_grid[1]
    start = np.zeros((batch, patches + 1))
    start[:, 1:] = 1 / patches

    def row_vector() -> None:
        fused = FusedAttention(patches)
        with tower.watched(fused.add):
            encoder.features(images)
        fused.rollout(start)

    def full_matrices() -> None:
        eye = torch.eye(patches + 1, device=DEVICE)
        product = eye.repeat(batch, 1, 1)

        def multiply(scores: torch.Tensor) -> None:
            nonlocal product
            mixed = 0.5 * scores.mean(1, dtype=torch.float32) + 0.5 * eye
            product = (mixed / mixed.sum(-1, keepdim=True)) @ product

        with tower.watched(multiply):
            encoder.features(images)

    works: dict[str, Callable[[], object]] = {
        "forward pass": lambda: encoder.features(images),
        "row vector (ours)": row_vector,
        "full matrices": full_matrices,
    }
    print(f"\nheatmaps of InternViT-300M at {side} pixels, bf16, {batch} images a pass")
    print(f"{'':20}{'images/s':>20}{'x forward':>20}{'peak, GB':>10}")
    with torch.inference_mode():
        seconds: dict[str, list[float]] = {name: [] for name in works}
        peaks = {}
        for name, work in works.items():
            torch.cuda.reset_peak_memory_stats()
            work()
            peaks[name] = torch.cuda.max_memory_allocated() / 1e9
        for _ in range(options.turns):
            for name, work in works.items():
                seconds[name].append(clock.best(work, 0.5))
    for name, taken in seconds.items():
        times = [a / b for a, b in zip(taken, seconds["forward pass"], strict=True)]
        rate = [batch / one for one in taken]
        print(f"{name:20}{spread(rate, 0):>20}{spread(times, 2):>20}{peaks[name]:>10.2f}")


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "distances": print_distances,
    "support": print_support,
    "kcenter": print_kcenter,
    "rollout": print_rollout,
}


if __name__ == "__main__":
    main()
