"""Whether gap cards keep the demo drive's missing combinations apart, and name them rightly.

    python -m gapsphere.scripts.bench.cards [--seeds 51 52 53 54 55] [--folder build/demo_seeds]
    python -m gapsphere.scripts.bench.cards --csv drive/metadata.csv   # cards of real images

For each seed the drive is rendered and embedded, and the gaps at the level are grouped.  Printed
are how many of the combinations that S lacks

* ``gaps``: have three gaps or more (``--least``), without which there is no card;
* ``kept``: are most of a card of gaps, and the lowest share that a card's most frequent combination
  has (``purity``): metadata takes no part in the grouping, so these are the cards that there are
  with the metadata columns removed;
* ``named``: are named by one of the first ten cards so that the name holds for images of this
  missing combination alone and for no image of S, every column of the table being offered, to cards
  by metadata (``kinds``) as well;

besides, ``owned``: cards that are most of a kind that S has; ``extra``: kinds that are none of the
missing combinations; the cards whose attributes are said to lie outside S, with the lowest share of
images that do lie outside all but 1 % of it, and outside all of it; and the cards that hold in most
of 20 runs with drives of S drawn anew.  ``--coins`` adds three columns that mean nothing, anew for
each of so many rounds, and prints in how many a card is made of one.  Exit code 1 where not all
combinations are kept and named.
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

from ...plugin.cards.called import Called, call_cards
from ...plugin.cards.card import Card, Fill, make_cards
from ...plugin.cards.columns import Column, terms_of
from ...plugin.cards.group import LEAST, SINGLE, group_gaps, group_runs, joining_distance
from ...plugin.cards.stability import NO_GAP, drawn_runs, stability
from ...plugin.coverage.criterion import GAP, choose_threshold, own_distances
from ...plugin.coverage.named.findings import Numbers
from ...plugin.coverage.named.ranges import own_range
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
FIRST, RUNS, PURE, COINS = 10, 20, 0.8, 3
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
    """The cards of a scene, and the quantity that would cover a gap as S covers itself.

    ``grouped`` is the group of each image of U before metadata takes part.
    """

    cards: list[Card]
    gaps: Array
    grouped: Array
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
    parser.add_argument(
        "--coins", type=int, default=0, help="rounds with columns of no meaning [0]"
    )
    parser.add_argument("--csv", type=Path, help="print the cards of these images instead")
    options = parser.parse_args()
    encoder = load_encoder(options.encoder)
    if options.csv:
        scene = Scene.read(options.csv, encoder)
        show(find(scene, options.level), options.level)
        return 0
    print(f"{encoder.name}, level {options.level}; of 8 combinations that S lacks")
    print(
        "seed  cards  owned  single  gaps  kept  purity  kinds  extra  named  "
        "attributes: cards, outside  held"
    )
    with tempfile.TemporaryDirectory() as temporary:
        rows = [
            judge(options.folder or Path(temporary), seed, options, encoder)
            for seed in options.seeds
        ]
    total, kept, purity, named = (list(column) for column in zip(*rows, strict=True))
    print(f"named by the first {FIRST} cards: {_of(named, total)}")
    print(
        f"with the metadata columns removed, kept apart: {_of(kept, total)}, purity "
        f"{min(purity):.2f} at least"
    )
    reached = kept == named == total and min(purity) >= PURE
    print("the goal is reached" if reached else "THE GOAL IS NOT REACHED")
    return int(not reached)


def _of(counts: Sequence[int], totals: Sequence[int]) -> str:
    each = ", ".join(str(count) for count in counts)
    return f"{each} of {max(totals)}"


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
        drawn = drawn_runs(scene.owned, own_drives, scene.pool, level, runs=RUNS)
        held = stability(card, group_runs(scene.pool, *drawn))
    near = support(scene.owned, scene.owned, own_drives, threshold.delta)[0]
    called = call(scene, card, gap, scene.columns(), level)
    cards = make_cards(
        scene.owned,
        scene.pool,
        called.card,
        distance,
        yard,
        own_drives,
        drives,
        names=called.names,
        kinds=called.kinds,
        attributes=scene.attributes,
        held=held,
        alpha=level,
    )
    alone = counted(int((called.card == SINGLE).sum()), "single image")
    grouped = counted(len(called.names), "card")
    kinds = counted(called.lacking, "kind")
    standing = f"{int(gap.sum())} gaps ({threshold.basis}): {grouped} and {alone}; {kinds} besides"
    return Found(cards, gap, card, int(np.median(near)), standing)


def call(scene: Scene, card: Array, gap: Array, columns: Sequence[Column], level: float) -> Called:
    """Names of groups of gaps, and kinds by metadata, of these columns."""
    own_drives, drives = scene.drives
    terms = terms_of(columns, own_drives, drives).terms
    return call_cards(scene.owned, scene.pool, card, gap, own_drives, drives, terms, alpha=level)


def with_coins(scene: Scene, found: Found, rounds: int, level: float) -> int:
    """Rounds in which a kind is made of a column of no meaning: a word that each drive drew."""
    random, false = np.random.default_rng(SEEDS[0]), 0
    for _ in range(rounds):
        drawn = []
        for at in range(COINS):
            word = {
                drive: str(random.choice(list("abcdefgh")))
                for side in scene.drives
                for drive in side
            }
            drawn.append(
                Column(f"coin {at}", *([word[drive] for drive in side] for side in scene.drives))
            )
        made = call(scene, found.grouped, found.gaps, [*scene.columns(), *drawn], level).kinds
        false += any("`coin" in value for kind in made for value in kind.name.values)
    return false


def judge(
    folder: Path, seed: int, options: argparse.Namespace, encoder: Encoder
) -> tuple[int, int, float, int]:
    """Print a seed's row: how many combinations there are, are kept, how purely, and are named."""
    level, least = options.level, options.least
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
    grouped = [one for one in zip(tops, found.cards, strict=True) if not one[1].kind]
    purity = min(top[1] / len(card.rows) for top, card in grouped)
    kept = {top[0] for top, _ in grouped} & missing
    owned = sum(top[0] not in missing for top, _ in grouped)
    kinds = [one for one in zip(tops, found.cards, strict=True) if one[1].kind]
    extra = sum(top[0] not in missing or top[1] < len(card.rows) for top, card in kinds)
    named = {
        top[0]
        for top, card in list(zip(tops, found.cards, strict=True))[:FIRST]
        if top[0] in missing and is_named(card.name.values, top[0], scene.ours, scene.theirs)
    }
    single = int(found.gaps.sum()) - sum(card.gaps for card in found.cards)
    held = sum(card.held is not None and 2 * card.held.held > RUNS for card in found.cards)
    print(
        f"{seed:4}  {len(grouped):5}  {owned:5}  {single:6}  {len(enough):4}  {len(kept):4}  "
        f"{purity:6.2f}  {len(kinds):5}  {extra:5}  {len(named):5}  "
        f"{outside([card for _, card in grouped], scene):26}  {held}",
        flush=True,
    )
    if options.coins:
        false = with_coins(scene, found, options.coins, level)
        print(f"      a card of a column of no meaning: in {false} of {options.coins} rounds")
    return len(missing), len(kept), purity, len(named)


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
