"""What verdicts and picks find on the demo drive, for several seeds.

    python -m gapsphere.scripts.bench.demo [--seeds 51 52 53 54 55] [--folder build/demo_seeds]

For each seed the drive is rendered and embedded, and a frame of U is a gap if it is beyond the
threshold of S's drives at the level.  Printed are, for each seed, how many of the combinations that
S lacks are among the gaps, the gaps among frames of known and of missing combinations, and how many
missing combinations the first picks show; then the gaps of each missing combination over all seeds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from ...plugin.coverage.nearest.distances import leave_one_out, nearest_distance
from ...plugin.coverage.picks.kcenter import k_center_greedy
from ...plugin.coverage.verdict import frame_threshold
from ...plugin.embeddings.extract import extract
from ...plugin.encoders.protocol import Encoder
from ...plugin.encoders.registry import load_encoder
from ..demo.drive import combinations_found, read_metadata, render_drive

SEEDS = (51, 52, 53, 54, 55)
PICKS = (10, 25, 50)
LEAST_FOUND = 7


def main() -> int:
    """Print the tables; exit code 1 if gaps miss combinations or false ones are above the level."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--level", type=float, default=0.1, help="rate of false gaps [0.1]")
    parser.add_argument("--encoder", default="packaged", help="[packaged]")
    parser.add_argument("--folder", type=Path, help="keep the drives here, one folder a seed")
    options = parser.parse_args()
    encoder = load_encoder(options.encoder)
    gaps: dict[str, list[bool]] = defaultdict(list)
    print(f"{encoder.name}, level {options.level}")
    print("seed  drives  threshold  combinations  false gaps     true gaps      first 10, 25, 50")
    with tempfile.TemporaryDirectory() as temporary:
        found = [
            judge(
                (options.folder or Path(temporary)) / str(seed), seed, options.level, encoder, gaps
            )
            for seed in options.seeds
        ]
    known = np.array(gaps.pop(""))
    print(f"\nfalse gaps over all seeds: {_share(known)}")
    for combination, of in sorted(gaps.items()):
        print(f"{combination:18}  {_share(np.array(of))}")
    reached = min(found) >= LEAST_FOUND and known.mean() <= options.level
    print("the goal is reached" if reached else "THE GOAL IS NOT REACHED")
    return int(not reached)


def judge(
    folder: Path, seed: int, level: float, encoder: Encoder, gaps: dict[str, list[bool]]
) -> int:
    """Print a seed's row and add its frames to ``gaps``; missing combinations among the gaps.

    ``gaps`` says for each frame of a missing combination whether it is one; "" is all others.
    """
    render_drive(folder, seed=seed)
    rows = read_metadata(folder / "metadata.csv")
    vectors: list[np.ndarray] = []
    paths = [(row["filename"], str(folder / row["filename"])) for row in rows]
    extract(paths, encoder, lambda _, batch: vectors.append(batch))
    matrix, owned = np.concatenate(vectors), np.array([row["split"] == "S" for row in rows])
    S, U = matrix[owned], matrix[~owned]
    drives = [row["sequence"] for row in rows if row["split"] == "S"]
    threshold = frame_threshold(leave_one_out(S, sequences=drives), drives, level)
    gap = nearest_distance(U, S).distance > threshold
    pool = [row for row in rows if row["split"] == "U"]
    missing = np.array([row["missing_in_S"] == "1" for row in pool])
    for row, one in zip(pool, gap.tolist(), strict=True):
        shown = (row["time_of_day"], row["weather"], row["environment"])
        gaps[" ".join(shown) if row["missing_in_S"] == "1" else ""].append(one)

    names = np.array([row["filename"] for row in pool])
    among = combinations_found(rows, names[gap].tolist())
    order = k_center_greedy(S, U, max(PICKS))[0]
    firsts = [combinations_found(rows, names[order[:count]].tolist()) for count in PICKS]
    print(
        f"{seed:4}  {len(set(drives)):6}  {threshold:9.3f}  "
        f"{f'{len(among.combinations)} of {among.missing}':12}  {_share(gap[~missing]):13}  "
        f"{_share(gap[missing]):13}  {', '.join(str(len(first.combinations)) for first in firsts)}",
        flush=True,
    )
    return len(among.combinations)


def _share(of: np.ndarray) -> str:
    return f"{of.sum():3} = {100 * of.mean():.1f} %"


if __name__ == "__main__":
    sys.exit(main())
