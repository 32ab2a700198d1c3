"""How fast picks are: MaxHerding, weighted picks, constraints and the curve, beside plain loops.

    python -m gapsphere.scripts.bench.picks
    python -m gapsphere.scripts.bench.picks --samples 2000 --dimension 64 --picks 100  # seconds

CPU seconds on one thread.  *blocked numpy* is MaxHerding that computes every gain in blocks for
every pick; each of its picks costs the same, so a few are timed and multiplied.  Everything else
is timed in turns within one process, ratios are taken within a turn.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from numpy.typing import NDArray

from ...plugin.coverage.constraints import Constraints
from ...plugin.coverage.curve import curve
from ...plugin.coverage.distances import nearest_distance
from ...plugin.coverage.herding import max_herding
from ...plugin.coverage.kcenter import k_center_greedy
from ...plugin.coverage.picks import select
from .coverage_data import KINDS, unit_rows
from .timing import Clock, in_child, spread, turned

Array = NDArray[np.float32]


def main() -> None:
    """Print the tables, or measure where the parent asks for it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=1024)
    parser.add_argument("--picks", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--child", choices=KINDS)
    options = parser.parse_args()
    sizes = (options.samples, options.dimension, options.picks, options.turns)
    if options.child:
        print(json.dumps(measure(options.child, *sizes)))
        return
    names = ("samples", "dimension", "picks", "turns")
    arguments = [f"--{name}={size}" for name, size in zip(names, sizes, strict=True)]
    n, d, k, turns = sizes
    print(f"U={n} S={n // 4} d={d} k={k}; CPU seconds, median of {turns} turns [range]")
    for kind in (KINDS[0], KINDS[2]):
        seconds = in_child("gapsphere.scripts.bench.picks", *arguments, "--child", kind)
        print(f"\n## {kind}")
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
    rows = unit_rows(n + n // 4, dimension, kind)
    S, U = rows[: n // 4], rows[n // 4 :]
    d0 = nearest_distance(U, S, metric="euclidean").distance.astype(np.float64)
    drives = (np.arange(n) // 100).tolist()
    cap = Constraints(drives=drives, max_per_group=10)
    apart = Constraints(drives=drives, times=np.arange(n) % 100, min_apart=5.0, forbidden=0.01)
    picks = k_center_greedy(None, U, k, d0)[0]
    parts = {
        "kcenter": lambda: k_center_greedy(None, U, k, d0),
        "novelty": lambda: select(None, U, k, d0, policy="novelty"),
        "cap a drive": lambda: select(None, U, k, d0, constraints=cap),
        "apart and forbidden": lambda: select(None, U, k, d0, constraints=apart),
        "curve": lambda: curve(U, picks, d0, delta=0.2),
        "herding": lambda: max_herding(None, U, k, d0),
    }
    clock = Clock()
    seconds: dict[str, list[float]] = {name: [] for name in parts}
    for turn in range(turns):
        for name in turned(list(parts), turn):
            seconds[name].append(clock.time(parts[name]))
    seconds["blocked numpy"] = [clock.time(lambda: blocked_pick(U, d0))]
    return seconds


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
