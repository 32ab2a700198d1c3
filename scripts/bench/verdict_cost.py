"""What a verdict with a level costs beside the distances that coverage needs anyway.

    python -m gapsphere.scripts.bench.verdict_cost
    python -m gapsphere.scripts.bench.verdict_cost --samples 2000 --turns 3  # seconds

Half of the samples are S, in drives of some hundred frames.  *before* is what the first version did
(distances to S, distances inside S, a quantile); *verdicts* adds the threshold at a level, the
weighted percentile, p-values and the table of drives, *support* also what lies within δ; novelty
is timed apart.  CPU seconds on one thread, in turns within one process; ratios within a turn.
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
    before = np.array(seconds["before"])
    for name, taken in seconds.items():
        extra = 100 * (np.array(taken) / before - (name != "novelty"))
        share = "" if name == "before" else f"  + {spread(extra.tolist(), 1)} % of before"
        print(f"{name:8} {spread(taken, 2)}{share}")


def measure(samples: int, dimension: int, turns: int) -> dict[str, list[float]]:
    """CPU seconds of each part in each turn."""
    owned, pool, drives = made(samples, dimension)
    parts = {
        "before": lambda: before(owned, pool, drives),
        "verdicts": lambda: verdicts(owned, pool, drives, support=False),
        "support": lambda: verdicts(owned, pool, drives, support=True),
        "novelty": lambda: novelty(pool, owned),
    }
    clock = Clock()
    seconds: dict[str, list[float]] = {name: [] for name in parts}
    before(owned[:512], pool[:512], drives[:512])
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


def before(owned: Array, pool: Array, drives: list[str]) -> None:
    """Distances and a quantile, as the first version had them."""
    inside = leave_one_out(owned, sequences=drives)
    delta = np.quantile(inside, 0.99)
    distance = nearest_distance(pool, owned).distance
    Yardstick.of(inside).percentile(distance)
    np.count_nonzero(distance > delta)


def verdicts(owned: Array, pool: Array, drives: list[str], *, support: bool) -> None:
    """All that ``compute_coverage`` says of U, without novelty."""
    own = own_distances(owned, drives)
    assert own is not None
    threshold = choose_threshold(owned, own, [])
    tally = SupportTally(pool, owned, own.drive, threshold.delta, "cosine")
    distance = nearest_distance(pool, owned, also=tally.add if support else None).distance
    scale = Yardstick.of(own.distance, own.drive)
    scale.percentile(distance)
    codes = threshold.verdicts(distance)
    drive_table(own, drives, distance, drives, codes, float(scale.distance(50.0)))
    within_distances(owned, own)


if __name__ == "__main__":
    main()
