"""What a verdict with a level costs beside the distances that coverage needs anyway.

    python -m gapsphere.scripts.bench.verdict_cost
    python -m gapsphere.scripts.bench.verdict_cost --samples 2000 --turns 3  # seconds

Half of the samples are S, in drives of some hundred frames.  *by the book* is both products in
blocks, and the nearest by the largest similarity of each row; *distances* are the same, exact, with
a quantile, as the first version had them and in today's way.  *verdicts* adds the threshold at a
level, the weighted percentile, p-values and the table of drives, *support* also what lies within δ,
*novelty* the second score: all that compute_coverage says.  CPU seconds on one thread, in turns
within one process; ratios within a turn.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from numpy.typing import NDArray

from ...plugin.coverage.criterion import choose_threshold, own_distances, within_distances
from ...plugin.coverage.drives import drive_table
from ...plugin.coverage.nearest.distances import leave_one_out, nearest_distance
from ...plugin.coverage.novelty import novelty
from ...plugin.coverage.support import SupportTally
from ...plugin.coverage.verdict import drive_numbers
from ...plugin.coverage.yardstick import Yardstick
from .timing import Clock, in_child, spread, turned

Array = NDArray[np.float32]
FRAMES = 320


def main() -> None:
    """Print the ratios, or measure where the parent asks for it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=1024)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--child", action="store_true")
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.samples, options.dimension, options.turns)))
        return
    sizes = [f"--{name}={getattr(options, name)}" for name in ("samples", "dimension", "turns")]
    seconds = in_child("gapsphere.scripts.bench.verdict_cost", *sizes, "--child")
    print(f"{options.samples} x {options.dimension}, half of them S; CPU s, {options.turns} turns")
    print(f"{'':12} {'seconds':>18}  {'beside by the book':>24}  {'beside distances':>24}")
    for name, taken in seconds.items():
        beside = (100 * (np.array(taken) / seconds[base] - 1) for base in list(seconds)[:2])
        shares = "  ".join(f"{spread(more.tolist(), 1) + ' %':>24}" for more in beside)
        print(f"{name:12} {spread(taken, 2):>18}  {shares}")


def measure(samples: int, dimension: int, turns: int) -> dict[str, list[float]]:
    """CPU seconds of each part in each turn."""
    owned, pool, drives = made(samples, dimension)
    parts = {
        "by the book": lambda: by_the_book(owned, pool, drives),
        "distances": lambda: distances(owned, pool, drives),
        "verdicts": lambda: verdicts(owned, pool, drives),
        "+ support": lambda: verdicts(owned, pool, drives, support=True),
        "+ novelty": lambda: verdicts(owned, pool, drives, support=True, score=True),
    }
    clock = Clock()
    seconds: dict[str, list[float]] = {name: [] for name in parts}
    distances(owned[:512], pool[:512], drives[:512])
    for turn in range(turns):
        for name in turned(list(parts), turn):
            seconds[name].append(clock.time(parts[name]))
    return seconds


def made(samples: int, dimension: int) -> tuple[Array, Array, list[str]]:
    """Unit rows of S and of U, and the drive of each row of S, frames of a drive alike."""
    rng = np.random.default_rng(51)
    half = samples // 2
    count = -(-half // FRAMES)
    drives = [f"drive {i}" for i in np.arange(half) * count // half]
    number = np.arange(half) * count // half
    centres = rng.standard_normal((count, dimension), dtype=np.float32)
    sides = []
    for _ in range(2):
        rows = centres[number] + rng.standard_normal((half, dimension), dtype=np.float32)
        sides.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    return sides[0], sides[1], drives


def by_the_book(owned: Array, pool: Array, drives: list[str]) -> None:
    """The nearest of U in S and of S in its other drives, by the largest similarity."""
    number = drive_numbers(drives)
    for queries in (owned, pool):
        for start in range(0, len(queries), 512):
            similarity = queries[start : start + 512] @ owned.T
            if queries is owned:
                similarity[number[start : start + 512, None] == number] = -np.inf
            nearest = similarity.argmax(axis=1)
            1 - similarity[np.arange(len(similarity)), nearest]


def distances(owned: Array, pool: Array, drives: list[str]) -> None:
    """Distances and a quantile, as the first version had them."""
    inside = leave_one_out(owned, sequences=drives)
    delta = np.quantile(inside, 0.99)
    distance = nearest_distance(pool, owned).distance
    Yardstick.of(inside).percentile(distance)
    np.count_nonzero(distance > delta)


def verdicts(
    owned: Array, pool: Array, drives: list[str], *, support: bool = False, score: bool = False
) -> None:
    """All that ``compute_coverage`` says of U, with novelty where ``score`` asks for it."""
    own = own_distances(owned, drives)
    assert own is not None
    threshold = choose_threshold(owned, own, [])
    tally = SupportTally(pool, owned, own.drive, threshold.delta, "cosine")
    distance = nearest_distance(pool, owned, also=tally if support else None).distance
    scale = Yardstick.of(own.distance, own.drive)
    scale.percentile(distance)
    codes = threshold.verdicts(distance)
    drive_table(own, drives, distance, drives, codes, float(scale.distance(50.0)))
    within_distances(owned, own)
    if score:
        novelty(pool, owned)


if __name__ == "__main__":
    main()
