"""Whether verdicts hold the level they state, by simulation and on real drives.

    python -m gapsphere.scripts.bench.verdicts --figure docs/reliability.svg
    python -m gapsphere.scripts.bench.verdicts --runs 40 --drives 2 9  # seconds
    python -m gapsphere.scripts.bench.verdicts --score novelty
    python -m gapsphere.scripts.bench.verdicts --csv drive/metadata.csv  # real drives alone

Simulated drives differ by a random effect and wander as an autocorrelated path of 20 to 120 frames
in eight dimensions, laid onto the unit sphere; a novel drive is one that is moved by six standard
deviations.  In each run one more drive of the known kind and one novel drive are asked about.  The
realised rate of false gaps has to stay at the level or below (within 1.64 standard errors) in every
cell; beside it are the power, and the same for the old rule (the 0.99 quantile of all frames).
Novelty promises twice the level (jackknife+), and is held to that.

The rotations let each day drive in turn play the new drive of a known kind; dusk is missing.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...plugin.coverage.nearest.distances import leave_one_out, nearest_distance
from ...plugin.coverage.novelty import left_out_novelty, novelty
from ...plugin.coverage.verdict import (
    drive_p_values,
    drives_needed,
    frame_threshold,
    provisional_threshold,
    stretches,
)
from ...plugin.encoders.pooling import Pooling

Array = NDArray[Any]
DRIVES, LEVELS = (2, 5, 9, 19, 39, 79), (0.05, 0.1, 0.2)
SHIFT, CORRELATION, LATENT, DIMENSION = 6.0, 0.95, 8, 16


@dataclass
class Rates:
    """Shares of a rule, one number a run: false gaps, and gaps of the novel drive."""

    false: list[float] = field(default_factory=list)
    power: list[float] = field(default_factory=list)

    def add(self, known: Any, novel: Any) -> None:
        """Take in one run: booleans of the known and of the novel drive."""
        self.false.append(float(np.mean(known)))
        self.power.append(float(np.mean(novel)))

    @property
    def error(self) -> float:
        """Standard error of the rate of false gaps."""
        return float(np.std(self.false, ddof=1) / np.sqrt(len(self.false)))

    def __str__(self) -> str:
        return f"{np.mean(self.false):.3f} ± {self.error:.3f} {np.mean(self.power):5.2f}"


def main() -> int:
    """Print the tables; exit code 1 where a cell does not hold its level."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=400, help="runs a row [400]")
    parser.add_argument("--drives", type=int, nargs="+", default=DRIVES)
    parser.add_argument("--score", choices=["nearest", "novelty"], default="nearest")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw the reliability figure")
    parser.add_argument("--csv", type=Path, help="real drives with sequence and time_of_day")
    parser.add_argument("--pooling", choices=["mean", "rows"], help="of the CSV's images [rows]")
    options = parser.parse_args()
    if options.csv:
        rotate(options.csv, options.pooling)
        return 0
    bound = 1 if options.score == "nearest" else 2
    broken, above, table = 0, 0, {}
    print(f"{options.score}: false gaps ± standard error, and power, of {options.runs} runs")
    print("drives level  frame threshold            drive p-value              old rule")
    for m in options.drives:
        table[m] = simulate(m, options.runs, options.score)
        for alpha in LEVELS:
            frame, drive = table[m]["frame", alpha], table[m]["drive", alpha]
            rules = frame, drive
            held = all(np.mean(r.false) <= bound * alpha + 1.64 * r.error for r in rules)
            broken += not held
            above += any(np.mean(r.false) > alpha + 1.64 * r.error for r in rules)
            silent = "  too few drives: cannot say" if m < drives_needed(alpha) else ""
            verdict = "" if held else "  NOT HELD"
            print(f"{m:6} {alpha:5}  {frame}      {drive}      {table[m]['old']}{silent}{verdict}")
    if options.figure:
        draw(table, options.figure)
    promised = "its level" if bound == 1 else "twice its level, which is what novelty promises"
    print(f"{'every cell holds' if not broken else f'{broken} cells do not hold'} {promised}")
    if bound > 1:
        print(f"{above} of {len(LEVELS) * len(table)} are above the level itself")
    return int(broken > 0)


def simulate(m: int, runs: int, score: str) -> dict[Any, Rates]:
    """Rates of each rule and level with m drives of S."""
    rates: dict[Any, Rates] = {"old": Rates()}
    rates |= {(rule, alpha): Rates() for rule in ("frame", "drive") for alpha in LEVELS}
    for run in range(runs):
        rng = np.random.default_rng([51, m, run])
        owned, drives = unit_drives(rng, m)
        (known, _), (novel, _) = unit_drives(rng, 1), unit_drives(rng, 1, shift=SHIFT)
        if score == "nearest":
            inside = leave_one_out(owned, sequences=drives)
            new, far = (nearest_distance(part, owned).distance for part in (known, novel))
        else:
            inside = left_out_novelty(owned, drives)
            new, far = novelty(known, owned), novelty(novel, owned)
        pool = np.concatenate([new, far]), [0] * len(new) + [1] * len(far)
        p = drive_p_values(inside, drives, *pool)
        old = np.quantile(inside, 0.99)
        rates["old"].add(new > old, far > old)
        for alpha in LEVELS:
            threshold = frame_threshold(inside, drives, alpha)
            rates["frame", alpha].add(new > threshold, far > threshold)
            rates["drive", alpha].add(p[0] <= alpha, p[1] <= alpha)
    return rates


def unit_drives(
    rng: np.random.Generator, count: int, *, shift: float = 0.0
) -> tuple[Array, list[int]]:
    """Frames of some drives as unit rows, float32, and the drive of each."""
    rows, drives = [], []
    for drive in range(count):
        frames = int(rng.integers(20, 121))
        path = np.empty((frames, LATENT))
        path[0] = rng.normal(size=LATENT)
        steps = np.sqrt(1 - CORRELATION**2) * rng.normal(size=(frames, LATENT))
        for i in range(1, frames):
            path[i] = CORRELATION * path[i - 1] + steps[i]
        away = rng.normal(size=LATENT)
        place = rng.normal(size=LATENT) + shift * away / np.linalg.norm(away)
        frame = np.full((frames, DIMENSION), 0.0)
        frame[:, 0], frame[:, 1 : 1 + LATENT] = 10.0, path + place
        frame[:, 1 + LATENT :] = 0.1 * rng.normal(size=(frames, DIMENSION - 1 - LATENT))
        rows.append(frame / np.linalg.norm(frame, axis=1, keepdims=True))
        drives += [drive] * frames
    return np.concatenate(rows).astype(np.float32), drives


def draw(table: dict[int, dict[Any, Rates]], path: Path) -> None:
    """The reliability figure: the level that was asked for, and the rate that was realised."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.rcParams.update({"svg.hashsalt": "gapsphere", "svg.fonttype": "none", "font.size": 9})
    figure, axes = plt.subplots(1, 2, figsize=(7.5, 3.4), sharey=True, layout="constrained")
    for axis, rule, title in zip(
        axes,
        ("frame", "drive"),
        ("frames beyond the threshold", "drives with p <= level"),
        strict=True,
    ):
        axis.plot([0, 0.25], [0, 0.25], color="#888", linewidth=1, label="level asked for")
        for m, rates in table.items():
            false = [np.mean(rates[rule, alpha].false) for alpha in LEVELS]
            error = [rates[rule, alpha].error for alpha in LEVELS]
            axis.errorbar(
                LEVELS, false, error, marker="o", markersize=3, capsize=2, label=f"m = {m}"
            )
        axis.set(title=title, xlabel="level", xlim=(0, 0.25), ylim=(-0.01, 0.25))
    axes[0].set_ylabel("realised rate of false gaps")
    axes[1].legend(frameon=False, loc="upper left", fontsize=8)
    figure.savefig(path, metadata={"Date": None})
    print(path)


def rotate(path: Path, pooling: Pooling | None) -> None:
    """Rotations of real drives: scores, the provisional rule, and what brightness says."""
    vectors, sequence, time = embedded(path, pooling)
    day = sorted(set(sequence[time == "day"]))
    print("new day drive  score    AUC of dusk  provisional rule: false, power")
    for null in day:
        owned, known, dusk = (time == "day") & (sequence != null), sequence == null, time == "dusk"
        parts = stretches(sequence[owned].tolist())
        for name, all_scores, inside in _scores(vectors, owned, parts):
            limit = provisional_threshold(inside)
            new, far = all_scores[known], all_scores[dusk]
            print(
                f"{null:13}  {name:7}  {_auc(far, new):11.3f}  "
                f"{np.mean(new > limit):.2f}, {np.mean(far > limit):.2f}"
            )


def _scores(
    vectors: Array, owned: Array, parts: Array | None
) -> Iterator[tuple[str, Array, Array]]:
    S = vectors[owned]
    if parts is None:
        raise SystemExit("S has fewer than 30 frames: no provisional rule.")
    yield "nearest", nearest_distance(vectors, S).distance, leave_one_out(S, sequences=parts)
    yield "novelty", novelty(vectors, S), left_out_novelty(S, parts)


def embedded(path: Path, pooling: Pooling | None) -> tuple[Array, Array, Array]:
    """Vectors of the packaged encoder, sequence and time of day of a table's images."""
    from ...plugin.embeddings.images import open_rgb
    from ...plugin.encoders.registry import load_encoder

    encoder = load_encoder("packaged", pooling=pooling)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    vectors = []
    for start in range(0, len(rows), 8):
        part = [open_rgb(path.parent / row["filename"]) for row in rows[start : start + 8]]
        vectors.append(encoder.embed(np.stack([encoder.prepare(image) for image in part])))
    sequence, time = (np.array([row[name] for row in rows]) for name in ("sequence", "time_of_day"))
    return np.concatenate(vectors), sequence, time


def _auc(high: Array, low: Array) -> float:
    """Probability that a value of ``high`` is above one of ``low``, ties counted half."""
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([high, low]))[: len(high)]
    return float((ranks.sum() - len(high) * (len(high) + 1) / 2) / (len(high) * len(low)))


if __name__ == "__main__":
    sys.exit(main())
