"""Whether groups of images that lie within δ one by one can be told from what S has, as groups.

    python -m gapsphere.scripts.bench.group_evidence [--seeds 51 52 53 54 55] [--splits 10]

Gap cards group gaps only, so a missing combination whose images lie within δ has no card unless
metadata names it.  Tried here is evidence of a whole group.  The images of U that are in no card of
gaps are grouped as gaps are, and a group of three images and two drives is tested: each drive by
the median percentile of its images among the distances inside S, the drives of the group together
against as many drives of S and of the group, all ways or 999 (left-out distances within δ for
drives of S).  p-values of a run are adjusted by Holm; a group at the level would be a card.

Printed for each seed are the groups tested and the cards that would be made, and of each missing
combination that gaps do not keep the test of all its images (an *oracle*, which is given the group)
with how many of the owned kinds of U lie at least as far: by the distance to S, and by how much
nearer other candidates are than S (*beside*).  Then splits of the drives of owned kinds, half of
each kind to S, so that nothing is missing: in how many of them a card is made all the same.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...plugin.cards.group import group_gaps, joining_distance
from ...plugin.cards.naming import EXACT_WAYS, SAMPLED_WAYS
from ...plugin.cards.shown import holm
from ...plugin.coverage.criterion import own_distances
from ...plugin.coverage.nearest.distances import leave_one_out, nearest_distance
from ...plugin.coverage.verdict import drive_medians, frame_threshold
from ...plugin.coverage.yardstick import Yardstick
from ...plugin.encoders.registry import load_encoder
from ..demo.drive import render_drive
from .cards import SEEDS, SHOWN, Scene

ROUNDING = 1e-9
Array = NDArray[Any]


@dataclass(frozen=True)
class Group:
    """Images of U as rows, how many drives they are of, and the p-value after Holm."""

    rows: Array
    drives: int
    p: float


@dataclass(frozen=True)
class Tested:
    """Cards of gaps, as rows of U, and groups of the images that are in none."""

    cards: list[Array]
    groups: list[Group]


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--level", type=float, default=0.1, help="of a run's groups [0.1]")
    parser.add_argument("--splits", type=int, default=10, help="of each seed's drives [10]")
    parser.add_argument("--folder", type=Path, help="keep the drives here, one folder a seed")
    options = parser.parse_args()
    encoder, false, tested, kept_before, kept_after = load_encoder("packaged"), 0, 0, [], []
    with tempfile.TemporaryDirectory() as temporary:
        for seed in options.seeds:
            folder = (options.folder or Path(temporary)) / str(seed)
            render_drive(folder, seed=seed)
            scene = Scene.read(folder / "metadata.csv", encoder)
            before, after = show(scene, seed, options.level)
            kept_before.append(before)
            kept_after.append(after)
            for split in range(options.splits):
                groups = null(scene, np.random.default_rng((seed, split)), options.level)
                tested += len(groups)
                false += any(one.p <= options.level + ROUNDING for one in groups)
    runs = options.splits * len(options.seeds)
    print(
        f"kept by cards of gaps: {_listed(kept_before)}; with groups at the level as well: ", end=""
    )
    print(f"{_listed(kept_after)}, of 8")
    print(f"with nothing missing, a card of a group in {false} of {runs} splits ({tested} groups)")
    return 0


def grouped(
    owned: Array,
    pool: Array,
    owned_drives: Sequence[str],
    drives: Sequence[str],
    level: float,
) -> Tested:
    """Groups of the images of U that are in no card of gaps, with their p-values."""
    own = own_distances(owned, owned_drives)
    assert own is not None
    delta = frame_threshold(own.distance, own.drive, level)
    yard = Yardstick.of(own.distance, own.drive)
    distance, scale = nearest_distance(pool, owned).distance, joining_distance(yard)
    far = np.flatnonzero(distance > delta)
    gaps = group_gaps(pool[far], scale)
    cards = [far[gaps.rows(number)] for number in range(gaps.count)]
    rest = np.setdiff1d(np.arange(len(pool)), np.concatenate([far[:0], *cards]))
    card = group_gaps(pool[rest], scale)
    within = own.distance <= delta
    usual = _of_drives(yard.percentile(own.distance[within]), own.drive[within])
    of, percentile = np.asarray(drives), yard.percentile(distance)
    found = []
    for number in range(card.count):
        rows = rest[card.rows(number)]
        mine = _of_drives(percentile[rows], of[rows])
        if len(mine) > 1:
            found.append((rows, len(mine), p_together(usual, mine)))
    adjusted = holm({str(at): p for at, (*_, p) in enumerate(found)})
    groups = [Group(rows, count, adjusted[str(at)]) for at, (rows, count, _) in enumerate(found)]
    return Tested(cards, sorted(groups, key=lambda one: one.p))


def p_together(usual: Sequence[float] | Array, mine: Sequence[float] | Array) -> float:
    """The chance that as many drives, of S and the group alike, have so high a sum.

    Examples
    --------
    >>> p_together([1, 2, 3], [4, 5])
    0.1
    >>> p_together([1, 2, 9], [4, 5])
    0.5
    """
    both, count = np.concatenate([np.asarray(usual, float), np.asarray(mine, float)]), len(mine)
    reached = float(np.sum(mine)) - ROUNDING
    if comb(len(both), count) <= EXACT_WAYS:
        sums = np.array([both[list(way)].sum() for way in combinations(range(len(both)), count)])
        return float((sums >= reached).mean())
    random = np.random.default_rng(SEEDS[0])
    sums = np.array(
        [both[random.choice(len(both), count, replace=False)].sum() for _ in range(SAMPLED_WAYS)]
    )
    return float((1 + (sums >= reached).sum()) / (1 + SAMPLED_WAYS))


def show(scene: Scene, seed: int, level: float) -> tuple[int, int]:
    """Print a seed; how many combinations are kept before and with groups at the level."""
    own_drives, drives = scene.drives
    found = grouped(scene.owned, scene.pool, own_drives, drives, level)
    kind = np.array([" ".join(row[field] for field in SHOWN) for row in scene.theirs])
    missing = {k for k, row in zip(kind, scene.theirs, strict=True) if row["missing_in_S"] == "1"}
    # As judged in `bench.cards`: most of a card.
    kept = {_most(kind[rows])[0] for rows in found.cards} & missing
    made = [one for one in found.groups if one.p <= level + ROUNDING]
    print(
        f"seed {seed}: {len(kept)} of {len(missing)} kept by gaps; "
        f"{len(found.groups)} groups tested"
    )
    for one in made:
        top, count = _most(kind[one.rows])
        print(
            f"  a card: {len(one.rows)} images of {one.drives} drives, {count} of them {top} "
            f"({'missing' if top in missing else 'OWNED'}), p {one.p:.3f}"
        )
    scores = oracle_scores(scene)
    for lost in sorted(missing - kept):
        said = []
        for name, (usual, of) in scores.items():
            mine = {k: np.array([of[d] for d in _drives(kind, drives, k)]) for k in set(kind)}
            as_far = sum(mine[k].mean() >= mine[lost].mean() for k in mine if k not in missing)
            said.append(
                f"{name} p {p_together(usual, mine[lost]):.2f}, {as_far} of "
                f"{len(mine) - len(missing)} owned kinds as far"
            )
        print(f"  lost: {lost}, its group given: {'; '.join(said)}", flush=True)
    return len(kept), len(kept | ({_most(kind[one.rows])[0] for one in made} & missing))


def oracle_scores(scene: Scene) -> dict[str, tuple[Array, dict[Hashable, float]]]:
    """By each score the medians of the drives of S, and of each drive of U."""
    own_drives, drives = scene.drives
    own = own_distances(scene.owned, own_drives)
    assert own is not None
    yard = Yardstick.of(own.distance, own.drive)
    to_S = nearest_distance(scene.pool, scene.owned).distance
    among = leave_one_out(scene.pool, sequences=drives)
    ours = nearest_distance(scene.owned, scene.pool).distance
    pairs = {
        "distance": (yard.percentile(own.distance), yard.percentile(to_S)),
        "beside": (np.log(own.distance / ours), np.log(to_S / among)),
    }
    return {
        name: (_of_drives(mine, own_drives), drive_medians(theirs, drives))
        for name, (mine, theirs) in pairs.items()
    }


def null(scene: Scene, random: np.random.Generator, level: float) -> list[Group]:
    """Groups where nothing is missing: of the drives of each owned kind half are dealt to S."""
    owned_kind = np.array([row["missing_in_S"] != "1" for row in scene.theirs])
    matrix = np.concatenate([scene.owned, scene.pool[owned_kind]])
    rows = [*scene.ours, *(row for row in scene.theirs if row["missing_in_S"] != "1")]
    kind = {row["sequence"]: tuple(row[field] for field in SHOWN) for row in rows}
    dealt: set[str] = set()
    for one in sorted(set(kind.values())):
        drives = sorted(drive for drive, of in kind.items() if of == one)
        dealt |= set(random.permutation(drives)[: len(drives) // 2].tolist())
    drive = np.array([row["sequence"] for row in rows])
    mine = np.isin(drive, sorted(dealt))
    return grouped(
        matrix[mine], matrix[~mine], drive[mine].tolist(), drive[~mine].tolist(), level
    ).groups


def _of_drives(values: ArrayLike, drives: Any) -> Array:
    return np.array(list(drive_medians(values, drives).values()))


def _drives(kind: Array, drives: Sequence[str], one: str) -> list[str]:
    return list(dict.fromkeys(np.asarray(drives)[kind == one].tolist()))


def _most(kinds: Array) -> tuple[str, int]:
    return Counter(kinds.tolist()).most_common(1)[0]


def _listed(counts: Sequence[int]) -> str:
    return ", ".join(map(str, counts))


if __name__ == "__main__":
    sys.exit(main())
