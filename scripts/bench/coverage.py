"""How fast coverage is: K-Center against public packages and plain numpy, distances against sgemm.

    pip install "gapsphere[bench]"       # the peers: fpsample k-center lightly-mundig ...
    python -m gapsphere.scripts.bench.coverage          # the full table
    python -m gapsphere.scripts.bench.coverage --methods gapsphere numpy  # a third of the time
    python -m gapsphere.scripts.bench.coverage --quick  # seconds: small, numpy as the only peer

Every run is its own process with one thread for every library; times are CPU seconds of the
selection alone, after a small warm-up and without conversions.  The methods take turns within a
round, ratios are taken within a round, and medians over the rounds are printed with their range.
Each selection is replayed in float64: regret 0 means that every pick was the farthest.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .coverage_data import KINDS, regret, unit_rows
from .coverage_methods import EVERY_ROUND, METHODS
from .timing import Clock, in_child, spread, turned


@dataclass
class Timings:
    """CPU seconds of one method by round, and the worst regret of its selections."""

    seconds: dict[int, float] = field(default_factory=dict)
    regret: float = 0.0
    problem: str = ""


def main() -> None:
    """Print every table, or time one method where the parent asks for it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, numpy only")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--child", nargs=3, metavar=("METHOD", "FOLDER", "K"))
    options = parser.parse_args()
    if options.child:
        run_child(options.child[0], Path(options.child[1]), int(options.child[2]))
        return
    n, owned, pool, dimension, k = (20_000, 5_000, 25_000, 1024, 1000)
    methods = ["gapsphere", *(m for m in options.methods if m != "gapsphere")]
    kinds: tuple[str, ...] = KINDS
    if options.quick:
        n, owned, pool, dimension, k = (2_000, 300, 2_000, 64, 100)
        methods, kinds = ["gapsphere", "numpy"], KINDS[:1]
    print(f"CPU seconds on one thread, d={dimension}, median of {options.rounds} rounds [range]")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for kind in kinds:
            print(f"\n## K-Center, no S, {kind}: U={n} k={k}")
            np.save(scratch / "U.npy", unit_rows(n, dimension, kind))
            compare(methods, scratch, k, options.rounds)
        for kind in kinds:
            rows = unit_rows(owned + pool, dimension, kind)
            print(f"\n## Distances to S, {kind}: S={owned} U={pool}")
            np.save(scratch / "S.npy", rows[:owned])
            np.save(scratch / "U.npy", rows[owned:])
            print_step(child("distance step", scratch, k))
            for picks in (k // 10, k):
                print(f"\n## K-Center, distances given, {kind}: S={owned} U={pool} k={picks}")
                compare(["gapsphere", "numpy"], scratch, picks, options.rounds)
            (scratch / "d0.npy").unlink()
    print(
        "\nOther work on the machine shares its caches and memory bandwidth: numpy and the peers "
        "read\nall of U a pick and suffer most, so ratios grow with the load.  A range wider than "
        "a fifth of its\nmedian wants a quieter machine; the regrets do not depend on any of this."
    )


def compare(methods: list[str], scratch: Path, k: int, rounds: int) -> None:
    """Let the methods take turns and print their table."""
    U = np.load(scratch / "U.npy")
    d0 = np.load(scratch / "d0.npy") if (scratch / "d0.npy").exists() else None
    results = {name: Timings() for name in methods}
    for turn in range(rounds):
        for name in turned(methods, turn):
            timings = results[name]
            if timings.problem or (turn and name not in EVERY_ROUND):
                continue
            answer = child(name, scratch, k)
            if "problem" in answer:
                timings.problem = answer["problem"]
                continue
            timings.seconds[turn] = answer["seconds"]
            picks = np.load(scratch / "picks.npy")
            timings.regret = max(timings.regret, regret(U, picks, d0))
    print_table(results)


def print_table(results: dict[str, Timings]) -> None:
    """One line a method: seconds, how many times slower than ours, regret."""
    ours = results["gapsphere"].seconds
    print(f"{'method':16}{'seconds':>26}{'times ours':>24}{'regret':>10}{'runs':>6}")
    for name, timings in results.items():
        if timings.problem:
            print(f"{name:16}{timings.problem:>26}")
            continue
        seconds = list(timings.seconds.values())
        ratios = [value / ours[turn] for turn, value in timings.seconds.items()]
        print(
            f"{name:16}{spread(seconds, 3):>26}{spread(ratios, 1):>24}"
            f"{timings.regret:>10.1e}{len(seconds):>6}"
        )


def print_step(step: dict) -> None:
    """The distance step beside the bound that the same run's matrix product sets."""
    print(
        f"nearest_distance {step['nearest']:.3f} s; its products alone at this run's sgemm rate of "
        f"{step['rate']:.0f} GFLOP/s {step['bound']:.3f} s: {step['bound'] / step['nearest']:.0%} "
        f"of the bound.\nSelection only, without these distances, k={step['k']}: "
        f"{step['selection']:.3f} s against {step['nearest'] + step['steps']:.3f} s for distances "
        "and steps."
    )


def child(name: str, scratch: Path, k: int) -> dict:
    """Run one method in a process of its own."""
    answer: dict = in_child(__spec__.name, "--child", name, str(scratch), str(k))
    return answer


def run_child(name: str, scratch: Path, k: int) -> None:
    """Time one method and print JSON; picks go to a file."""
    U = np.load(scratch / "U.npy")
    if name == "distance step":
        print(json.dumps(time_distance_step(np.load(scratch / "S.npy"), U, k, scratch)))
        return
    d0 = np.load(scratch / "d0.npy") if (scratch / "d0.npy").exists() else None
    try:
        METHODS[name](U[:500].copy(), None if d0 is None else d0[:500])(5)
    except ImportError:
        print(json.dumps({"problem": "not installed"}))
        return
    run = METHODS[name](U, d0)
    cpu = Clock()
    start = cpu.now()
    picks = run(k)
    seconds = cpu.now() - start
    np.save(scratch / "picks.npy", picks)
    print(json.dumps({"seconds": seconds}))


def time_distance_step(S: np.ndarray, U: np.ndarray, k: int, scratch: Path) -> dict:
    """Distances, sgemm and selection in one process; leaves ``d0.npy`` for the greedy steps."""
    from gapsphere.plugin.coverage.nearest.distances import nearest_distance
    from gapsphere.plugin.coverage.picks.kcenter import k_center_greedy

    cpu = Clock()
    square = U[: min(2048, len(U))]
    square @ square.T
    rate = max(
        2 * len(square) ** 2 * U.shape[1] / cpu.time(lambda: square @ square.T) for _ in range(5)
    )
    found = nearest_distance(U[:500], S, metric="euclidean")
    start = cpu.now()
    found = nearest_distance(U, S, metric="euclidean")
    nearest = cpu.now() - start
    np.save(scratch / "d0.npy", found.distance)
    return {
        "nearest": nearest,
        "rate": rate / 1e9,
        "bound": 2 * len(S) * len(U) * U.shape[1] / rate,
        "steps": cpu.time(lambda: k_center_greedy(S, U, k, found.distance)),
        "selection": cpu.time(lambda: k_center_greedy(S, U, k)),
        "k": k,
    }


if __name__ == "__main__":
    main()
