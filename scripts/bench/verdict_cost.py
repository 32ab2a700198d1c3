"""What a verdict with a level costs beside the distances that coverage needs anyway.

    python -m gapsphere.scripts.bench.verdict_cost
    python -m gapsphere.scripts.bench.verdict_cost --frames 5000  # two drives: provisional
    python -m gapsphere.scripts.bench.verdict_cost --samples 2000 --turns 3  # seconds

Half of the samples are S, in drives of some hundred frames.  *first version* is coverage before
there were verdicts: both products in blocks, all that is near the largest similarity of a row
settled in float64, and a quantile.  *by the book* leaves the settling out.  *distances* are those
of the first version in today's way.  *verdicts* adds the threshold at a level, the weighted
percentile, p-values and the table of drives, *support* also what lies within δ, *novelty* the
second score: all that compute_coverage says.  CPU seconds on one thread, in turns within one
process; ratios within a turn.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from numpy.typing import NDArray

from ...plugin.coverage.criterion import choose_threshold, own_distances, within_distances
from ...plugin.coverage.drives import drive_table
from ...plugin.coverage.nearest.distances import leave_one_out, nearest_distance
from ...plugin.coverage.nearest.rows import TIE, squared_distance_of_pairs
from ...plugin.coverage.novelty import novelty
from ...plugin.coverage.support import SupportTally
from ...plugin.coverage.verdict import drive_numbers
from ...plugin.coverage.yardstick import Yardstick
from .timing import Clock, in_child, spread, turned

Array = NDArray[np.float32]


def main() -> None:
    """Print the ratios, or measure where the parent asks for it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=1024)
    parser.add_argument("--frames", type=int, default=320, help="of a drive, about [320]")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--child", action="store_true")
    options = parser.parse_args()
    if options.child:
        sides = made(options.samples, options.dimension, options.frames)
        print(json.dumps(measure(*sides, options.turns)))
        return
    sizes = [f"--{name}={of}" for name, of in vars(options).items() if name != "child"]
    seconds = in_child("gapsphere.scripts.bench.verdict_cost", *sizes, "--child")
    print(f"{options.samples} x {options.dimension}, half of them S; CPU s, {options.turns} turns")
    bases = list(seconds)[:3]
    print(f"{'':13} {'seconds':>18}" + "".join(f"  {f'beside {base}':>24}" for base in bases))
    for name, taken in seconds.items():
        beside = (100 * (np.array(taken) / seconds[base] - 1) for base in bases)
        shares = "".join(f"  {spread(more.tolist(), 1) + ' %':>24}" for more in beside)
        print(f"{name:13} {spread(taken, 2):>18}{shares}")


def measure(owned: Array, pool: Array, drives: list[str], turns: int) -> dict[str, list[float]]:
    """CPU seconds of each part in each turn."""
    parts = {
        "first version": lambda: by_the_book(owned, pool, drives, settled=True),
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


def made(samples: int, dimension: int, frames: int) -> tuple[Array, Array, list[str]]:
    """Unit rows of S and of U, and the drive of each row of S, frames of a drive alike."""
    rng = np.random.default_rng(51)
    half = samples // 2
    count = -(-half // frames)
    drives = [f"drive {i}" for i in np.arange(half) * count // half]
    number = np.arange(half) * count // half
    centres = rng.standard_normal((count, dimension), dtype=np.float32)
    sides = []
    for _ in range(2):
        rows = centres[number] + rng.standard_normal((half, dimension), dtype=np.float32)
        sides.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    return sides[0], sides[1], drives


def by_the_book(owned: Array, pool: Array, drives: list[str], *, settled: bool = False) -> None:
    """The nearest of U in S and of S in its other drives, by the largest similarity."""
    number, found = drive_numbers(drives), []
    for queries in (owned, pool):
        distance = np.empty(len(queries))
        for start in range(0, len(queries), 512):
            rows = slice(start, start + 512)
            similarity = queries[rows] @ owned.T
            if queries is owned:
                similarity[number[rows, None] == number] = -np.inf
            if settled:
                distance[rows] = settle(queries[rows], owned, similarity)
            else:
                nearest = similarity.argmax(axis=1)
                distance[rows] = 1 - similarity[np.arange(len(similarity)), nearest]
        found.append(distance)
    np.count_nonzero(found[1] > np.quantile(found[0], 0.99))


def settle(queries: Array, owned: Array, similarity: Array) -> NDArray[np.float64]:
    """Distance to the nearest among all that float32 cannot tell from it."""
    contends = similarity >= (similarity.max(axis=1) - np.float32(TIE))[:, None]
    every, first = np.arange(len(queries)), contends.argmax(axis=1)
    squared = squared_distance_of_pairs(queries, every, owned, first)
    contends[every, first] = False
    for row in np.flatnonzero(contends.any(axis=1)):
        others = np.flatnonzero(contends[row])
        rows = np.full(len(others), row)
        rival = squared_distance_of_pairs(queries, rows, owned, others).min()
        squared[row] = min(squared[row], rival)
    return squared / 2


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
