"""How fast picks are: MaxHerding, weighted picks, constraints and the curve, beside plain loops.

    python -m gapsphere.scripts.bench.picks
    python -m gapsphere.scripts.bench.picks --samples 2000 --dimension 64 --picks 100  # seconds
    python -m gapsphere.scripts.bench.picks curve      # 100,000 x 768, S = 25,000, 1,000 picks
    python -m gapsphere.scripts.bench.picks memory     # of herding, as multiples of the matrix

CPU seconds on one thread.  δ is the 0.9 quantile of distances to S, so that a tenth of U are gaps;
*support, most refused* has a radius within which few images have another.  ``town`` is video, one
frame a second, where the frame before or after has to be near as well.  ``curve`` times what
select_candidates does, the distances to S and the greedy, and the curve after it; *all lines* are
those of ``budget_curve``, with 20 random orders.  *blocked numpy*
is MaxHerding that computes every gain in blocks for every pick; each of its picks costs the same,
so a few are timed and multiplied.  Everything else is timed in turns within one process, ratios are
taken within a turn.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from numpy.typing import NDArray

from ...plugin.coverage.nearest.distances import nearest_distance
from ...plugin.coverage.picks.budget import budget_lines
from ...plugin.coverage.picks.company import Support
from ...plugin.coverage.picks.constraints import Constraints
from ...plugin.coverage.picks.curve import curve
from ...plugin.coverage.picks.herding import max_herding
from ...plugin.coverage.picks.kcenter import k_center_greedy
from ...plugin.coverage.picks.select import select
from ...plugin.coverage.support import support
from .coverage_data import FRAMES, KINDS, unit_rows, video
from .timing import Clock, forget_peak, in_child, memory, spread, turned

VIDEO = "town"
Array = NDArray[np.float32]


def main() -> None:
    """Print the tables, or measure where the parent asks for it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "part", nargs="?", choices=["policies", "curve", "memory"], default="policies"
    )
    parser.add_argument("--samples", type=int)
    parser.add_argument("--dimension", type=int)
    parser.add_argument("--picks", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--child", choices=[*KINDS, VIDEO])
    options = parser.parse_args()
    usual = (100_000, 768) if options.part == "curve" else (20_000, 1024)
    sizes = (
        options.samples or usual[0],
        options.dimension or usual[1],
        options.picks,
        options.turns,
    )
    if options.child:
        part = {"policies": measure, "curve": measure_curve, "memory": measure_memory}
        print(json.dumps(part[options.part](options.child, *sizes)))
        return
    names = ("samples", "dimension", "picks", "turns")
    arguments = [options.part, *(f"--{n}={size}" for n, size in zip(names, sizes, strict=True))]
    n, d, k, turns = sizes
    print(f"U={n} S={n // 4} d={d} k={k}; CPU seconds, median of {turns} turns [range]")
    for kind in (KINDS[0], KINDS[2], *([VIDEO] if options.part == "policies" else [])):
        seconds = in_child("gapsphere.scripts.bench.picks", *arguments, "--child", kind)
        print(f"\n## {kind}")
        if options.part == "memory":
            for name, (peak,) in seconds.items():
                print(f"{name:22}{peak:.2f} of the matrix at its peak, the matrix itself counted")
            continue
        if options.part == "curve":
            picks = np.array(seconds["distances to S"]) + seconds["kcenter"]
            for name, taken in seconds.items():
                ratio = spread((100 * np.array(taken) / picks).tolist(), 1)
                print(f"{name:22}{spread(taken, 2):>24}  {ratio:>22} % of the picks")
            continue
        plain, blocked = np.array(seconds["kcenter"]), seconds.pop("blocked numpy")
        for name, taken in seconds.items():
            ratio = spread((np.array(taken) / plain).tolist(), 2)
            print(f"{name:22}{spread(taken, 2):>24}  {ratio:>22} x kcenter")
        once = blocked[0] * k
        herding = [once / value for value in seconds["herding"]]
        print(f"blocked numpy {once:.0f} s ({k} picks of {blocked[0]:.2f} s each)")
        print(f"herding is {spread(herding, 0)} times faster")


def measure(kind: str, n: int, dimension: int, k: int, turns: int) -> dict[str, list[float]]:
    """CPU seconds of each part in each turn; S is known by its distances."""
    frames, lasting = (FRAMES, True) if kind == VIDEO else (100, False)
    total = n + n // 4
    rows = video(total, dimension, kind, 1.0) if lasting else unit_rows(total, dimension, kind)
    S, U = rows[: n // 4], rows[n // 4 :]
    d0 = nearest_distance(U, S, metric="euclidean").distance.astype(np.float64)
    drive, times = np.divmod(np.arange(n // 4, total), frames)
    drives = drive.tolist()
    cap = Constraints(drives=drives, max_per_group=10)
    apart = Constraints(drives=drives, times=times, min_apart=5.0, forbidden=0.01)
    delta = float(np.quantile(d0, 0.9) ** 2 / 2)
    near, few = (Support(3, radius, 0.0, 0.01, lasting) for radius in (delta, 0.05))
    company = Constraints(drives=drives, times=times, support=near)
    alone = Constraints(drives=drives, times=times, support=few)
    picks = k_center_greedy(None, U, k, d0)[0]
    parts = {
        "kcenter": lambda: k_center_greedy(None, U, k, d0),
        "novelty": lambda: select(None, U, k, d0, policy="novelty"),
        "cap a drive": lambda: select(None, U, k, d0, constraints=cap),
        "apart and forbidden": lambda: select(None, U, k, d0, constraints=apart),
        "support": lambda: select(None, U, k, d0, constraints=company),
        "support, most refused": lambda: select(None, U, k, d0, constraints=alone),
        "curve": lambda: curve(U, picks, d0, delta=delta),
        "herding": lambda: max_herding(None, U, k, d0),
    }
    clock = Clock()
    seconds: dict[str, list[float]] = {name: [] for name in parts}
    for turn in range(turns):
        for name in turned(list(parts), turn):
            seconds[name].append(clock.time(parts[name]))
    seconds["blocked numpy"] = [clock.time(lambda: blocked_pick(U, d0))]
    return seconds


def measure_curve(kind: str, n: int, dimension: int, k: int, turns: int) -> dict[str, list[float]]:
    """CPU seconds of the picks and of their curve, S being read."""
    rows = unit_rows(n + n // 4, dimension, kind)
    S, U = rows[: n // 4], rows[n // 4 :]
    names = ("distances to S", "kcenter", "curve", "curve with support", "all lines")
    seconds: dict[str, list[float]] = {name: [] for name in names}
    clock = Clock()
    for _ in range(turns):
        started = clock.now()
        d0 = nearest_distance(U, S, metric="euclidean").distance.astype(np.float64)
        measured = clock.now()
        picks = k_center_greedy(None, U, k, d0)[0]
        picked = clock.now()
        delta = float(np.quantile(d0, 0.9) ** 2 / 2)
        curve(U, picks, d0, delta=delta)
        drawn = clock.now()
        near = support(U, S, ["S"] * len(S), delta)[0]
        counted = clock.now()
        curve(U, picks, d0, delta=delta, support=near)
        supported = clock.now()
        budget_lines(U, picks, d0, drives=(np.arange(n) // 100).tolist(), delta=delta)
        compared = clock.now()
        spent = (
            measured - started,
            picked - measured,
            drawn - picked,
            supported - counted,
            compared - supported,
        )
        for name, one in zip(names, spent, strict=True):
            seconds[name].append(one)
    return seconds


def measure_memory(kind: str, n: int, dimension: int, k: int, _: int) -> dict[str, list[float]]:
    """Peak memory of herding and the matrix, as a multiple of the matrix."""
    U = unit_rows(n, dimension, kind)
    d0 = np.full(n, np.sqrt(2))  # S has nothing in common with any of U
    max_herding(None, U[:1000], 10, d0[:1000])  # what a first call loads
    forget_peak()
    before = memory("VmRSS")
    max_herding(None, U, k, d0)
    return {"herding": [1 + (memory("VmHWM") - before) / U.nbytes]}


def blocked_pick(U: Array, d0: NDArray[np.float64]) -> int:
    """One pick of MaxHerding by the book: all gains, in blocks that fit the memory."""
    near = np.exp(-(d0**2)).astype(np.float32)
    gains = np.empty(len(U))
    for start in range(0, len(U), 256):
        similarity = np.exp(2 * (U[start : start + 256] @ U.T) - 2)
        gains[start : start + 256] = np.maximum(similarity - near, 0).mean(axis=1)
    return int(gains.argmax())


if __name__ == "__main__":
    main()
