"""Whether gap cards keep the demo drive's missing combinations apart, and name them rightly.

    python -m gapsphere.scripts.bench.cards [--seeds 51 52 53 54 55] [--folder build/demo_seeds]
    python -m gapsphere.scripts.bench.cards --csv drive/metadata.csv   # cards of real images

For each seed the drive is rendered and embedded, and the gaps at the level are grouped.  Printed
are how many of the combinations that S lacks

* ``gaps``: have three gaps or more (``--least``), without which there is no card;
* ``kept``: are most of a card, and the lowest share that a card's most frequent combination has
  (``purity``): metadata takes no part in the grouping;
* ``named``: are named by one of the first ten cards so that the name holds for images of this
  missing combination alone and for no image of S, every column of the table being offered;

besides, ``owned``: cards that are most of a kind that S has; the cards whose attributes are said
to lie outside S, with the lowest share of images that do lie outside all but 1 % of it, and outside
all of it; and the cards that hold in most of 20 runs with drives of S drawn anew.  Exit code 1
where not all combinations are kept and named.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...plugin.cards.card import Card, Fill, make_cards
from ...plugin.cards.columns import Column, terms_of
from ...plugin.cards.group import LEAST, SINGLE, group_gaps, joining_distance
from ...plugin.cards.stability import NO_GAP, bootstrap_runs, stability
from ...plugin.coverage.criterion import GAP, choose_threshold, own_distances
from ...plugin.coverage.named.channel import Numbers
from ...plugin.coverage.named.contrasts import own_range
from ...plugin.coverage.nearest.distances import nearest_distance
from ...plugin.coverage.novelty import novelty
from ...plugin.coverage.support import support
from ...plugin.coverage.words import counted
from ...plugin.coverage.yardstick import Yardstick
from ...plugin.embeddings.attributes import WORDS
from ...plugin.embeddings.extract import extract
from ...plugin.encoders.protocol import Encoder
from ...plugin.encoders.registry import load_encoder
from ..demo.drive import render_drive

SEEDS = (51, 52, 53, 54, 55)
FIRST, RUNS, PURE = 10, 20, 0.8
SHOWN = ("time_of_day", "weather", "environment")
Array = NDArray[Any]
Row = dict[str, str]


@dataclass(frozen=True)
class Scene:
    """Vectors, table rows and attributes of S and of U, in the order of the table."""

    owned: Array
    pool: Array
    ours: list[Row]
    theirs: list[Row]
    attributes: list[Numbers]

    @classmethod
    def read(cls, table: Path, encoder: Encoder) -> Scene:
        """Embed the images of a table and measure their attributes."""
        with table.open(newline="") as file:
            rows = list(csv.DictReader(file))
        parts: list[Array] = []
        measured: list[Any] = []
        extract(
            [(row["filename"], str(table.parent / row["filename"])) for row in rows],
            encoder,
            lambda _, batch: parts.append(batch),
            keep_attributes=lambda _, batch: measured.extend(batch),
        )
        matrix, mine = np.concatenate(parts), np.array([row["split"] == "S" for row in rows])
        numbers = []
        for name, (below, above, of) in WORDS.items():
            values = np.array([each[name] for each in measured])
            numbers.append(Numbers(name, values[mine], values[~mine], below, above, of))
        return cls(
            matrix[mine],
            matrix[~mine],
            [row for row in rows if row["split"] == "S"],
            [row for row in rows if row["split"] == "U"],
            numbers,
        )

    @property
    def drives(self) -> tuple[list[str], list[str]]:
        """The drive of each image of S and of U."""
        return [row["sequence"] for row in self.ours], [row["sequence"] for row in self.theirs]

    def columns(self) -> list[Column]:
        """All columns of the table, numbers as numbers."""
        return [
            Column(
                name,
                *([_value(row[name]) for row in side] for side in (self.ours, self.theirs)),
            )
            for name in self.ours[0]
        ]


@dataclass(frozen=True)
class Found:
    """The cards of a scene, and the quantity that would cover a gap as S covers itself."""

    cards: list[Card]
    gaps: Array
    wanted: int
    standing: str


def main() -> int:
    """Print the tables; exit code 1 if the goal is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--level", type=float, default=0.1, help="rate of false gaps [0.1]")
    parser.add_argument("--least", type=int, default=LEAST, help=f"images of a card [{LEAST}]")
    parser.add_argument("--encoder", default="packaged", help="[packaged]")
    parser.add_argument("--folder", type=Path, help="keep the drives here, one folder a seed")
    parser.add_argument("--csv", type=Path, help="print the cards of these images instead")
    options = parser.parse_args()
    encoder = load_encoder(options.encoder)
    if options.csv:
        scene = Scene.read(options.csv, encoder)
        show(find(scene, options.level), options.level)
        return 0
    print(f"{encoder.name}, level {options.level}; of 8 combinations that S lacks")
    print("seed  cards  owned  single  gaps  kept  named  purity  attributes: cards, outside  held")
    with tempfile.TemporaryDirectory() as temporary:
        reached = [
            judge(options.folder or Path(temporary), seed, options.level, encoder, options.least)
            for seed in options.seeds
        ]
    print("the goal is reached" if all(reached) else "THE GOAL IS NOT REACHED")
    return int(not all(reached))


def find(scene: Scene, level: float, least: int = LEAST) -> Found:
    """Gaps and their cards, as a user would get them."""
    own_drives, drives = scene.drives
    own = own_distances(scene.owned, own_drives)
    if own is None:
        raise SystemExit("S has one image.")
    threshold = choose_threshold(scene.owned, own, [], alpha=level)
    distance = nearest_distance(scene.pool, scene.owned).distance
    gap = threshold.verdicts(distance, novelty(scene.pool, scene.owned)) == GAP
    yard = Yardstick.of(own.distance, own.drive)
    card = np.full(len(gap), NO_GAP)
    card[gap] = group_gaps(scene.pool[gap], joining_distance(yard), least=least).card
    held = []
    if own.drives > 1 and threshold.basis == "level":
        held = stability(
            card, bootstrap_runs(scene.owned, own_drives, scene.pool, level, runs=RUNS)
        )
    near = support(scene.owned, scene.owned, own_drives, threshold.delta)[0]
    cards = make_cards(
        scene.owned,
        scene.pool,
        card,
        distance,
        yard,
        own_drives,
        drives,
        terms=terms_of(scene.columns(), own_drives, drives).terms,
        attributes=scene.attributes,
        held=held,
        alpha=level,
    )
    alone = counted(int((card == SINGLE).sum()), "single image")
    grouped = counted(len(cards), "card")
    standing = f"{int(gap.sum())} gaps ({threshold.basis}): {grouped} and {alone}"
    return Found(cards, gap, int(np.median(near)), standing)


def judge(folder: Path, seed: int, level: float, encoder: Encoder, least: int = LEAST) -> bool:
    """Print a seed's row; whether all combinations are kept apart and named."""
    render_drive(folder / str(seed), seed=seed)
    scene = Scene.read(folder / str(seed) / "metadata.csv", encoder)
    found = find(scene, level, least)
    shown = [tuple(row[field] for field in SHOWN) for row in scene.theirs]
    missing = {
        what for what, row in zip(shown, scene.theirs, strict=True) if row["missing_in_S"] == "1"
    }
    counts = Counter(what for what, gap in zip(shown, found.gaps, strict=True) if gap)
    enough = {what for what in missing if counts[what] >= least}
    tops = [Counter(shown[row] for row in card.rows).most_common(1)[0] for card in found.cards]
    purity = min(top[1] / len(card.rows) for top, card in zip(tops, found.cards, strict=True))
    kept = {top[0] for top in tops} & missing
    owned = sum(top[0] not in missing for top in tops)
    named = {
        top[0]
        for top, card in list(zip(tops, found.cards, strict=True))[:FIRST]
        if top[0] in missing and is_named(card.name.values, top[0], scene.ours, scene.theirs)
    }
    single = int(found.gaps.sum()) - sum(len(card.rows) for card in found.cards)
    held = sum(card.held is not None and 2 * card.held.held > RUNS for card in found.cards)
    print(
        f"{seed:4}  {len(found.cards):5}  {owned:5}  {single:6}  {len(enough):4}  {len(kept):4}  "
        f"{len(named):5}  {purity:6.2f}  {outside(found.cards, scene):26}  {held}",
        flush=True,
    )
    return len(kept) == len(named) == len(missing) and purity >= PURE


def is_named(
    values: Sequence[str], what: tuple[str, ...], ours: Sequence[Row], theirs: Sequence[Row]
) -> bool:
    """Whether a name's values hold for one missing combination alone, and for no image of S."""
    parts = [part.strip("`").split("` = ") for part in values]
    if not parts or any(len(part) != 2 for part in parts):
        return False

    def holds(row: Row) -> bool:
        return all(row[field] == value for field, value in parts)

    among = {
        tuple(row[field] for field in SHOWN)
        for row in theirs
        if row["missing_in_S"] == "1" and holds(row)
    }
    told = any(field in SHOWN for field, _ in parts)
    return told and among == {what} and not any(map(holds, ours))


def outside(cards: Sequence[Card], scene: Scene) -> str:
    """Cards with attributes, and the lowest share of images outside 99 % and all of S."""
    values = {each.name: each for each in scene.attributes}
    shares = []
    for card in cards:
        for one in card.attributes:
            ours = np.asarray(values[one.attribute].owned, np.float64)
            mine = np.asarray(values[one.attribute].pool, np.float64)[card.rows]
            beyond = own_range(ours, scene.drives[0]).outside(mine).mean()
            all_of_it = ((mine < ours.min()) | (mine > ours.max())).mean()
            shares.append((beyond, all_of_it))
    told = sum(bool(card.attributes) for card in cards)
    if not shares:
        return f"{told}"
    lowest = np.min(shares, axis=0)
    return f"{told}, {lowest[0]:.2f} and {lowest[1]:.2f}"


def show(found: Found, level: float) -> None:
    """Print cards as a person would read them."""
    print(found.standing)
    for number, card in enumerate(found.cards, start=1):
        effect = "" if card.effect is None else f", {card.effect:.2g} x the usual distance"
        print(
            f"{number}. {card.title}: {counted(len(card.rows), 'image')} of "
            f"{counted(card.drives)}{effect}"
        )
        for sentence in card.sentences(level):
            print(f"   {sentence}")
        print(f"   {Fill(len(card.rows), card.drives, found.wanted)}")


def _value(text: str) -> str | int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None


if __name__ == "__main__":
    sys.exit(main())
