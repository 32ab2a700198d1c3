"""Which of the demo drive's missing combinations ``find_gaps`` names, and why not the others.

    python -m gapsphere.scripts.bench.demo_cards [--seeds 51 52 53 54 55] [--level 0.1]
        [--folder build/demo_seeds]

The whole way of a user: each seed's drive is rendered, loaded with its table and searched with the
packaged encoder, in a database of its own.  Printed are the first ten cards, each with its images,
the share of its most frequent combination (``purity``) and whether its name holds for this missing
combination alone; how many of the 8 are named; and of each that is not, how many of its images are
gaps, how many of those are single images, and where its images stand among the distances inside S
(``percentile``: a gap lies beyond ``1 - level``, as far as drives of S support it), and what their
nearest images of S show.  Then the metadata columns are removed, cards are made again, and it is
printed how many combinations are most of a card, and how purely.  Exit code 1 where one is not
named.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...tests.support.servers import start_database
from .cards import FIRST, SEEDS, SHOWN, is_named

COLUMNS = (*SHOWN, "traffic", "missing_in_S", "split", "filename")
"""What is removed; `sequence` and `frame_number` stay, which say what drives are."""


def main() -> int:
    """Print each seed; 1 where a combination is not named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--level", type=float, default=0.1, help="rate of false gaps [0.1]")
    parser.add_argument("--folder", type=Path, help="keep the drives here, one folder a seed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        server = start_database(Path(name) / "database")
        try:
            drives = options.folder or Path(name)
            rows = [named(drives.resolve(), seed, options.level) for seed in options.seeds]
        finally:
            server.terminate()
            server.wait()
    said = ", ".join(f"{count} of {total}" for count, _, _, total in rows)
    apart = ", ".join(f"{kept} of {total}" for _, kept, _, total in rows)
    purest = min(purity for _, _, purity, _ in rows)
    print(f"named by the first {FIRST} cards: {said}")
    print(f"with the metadata columns removed, kept apart: {apart}, purity {purest:.2f} at least")
    return int(any(count < total for count, _, _, total in rows))


def named(folder: Path, seed: int, level: float) -> tuple[int, int, float, int]:
    """Print a seed's cards.

    Returns how many missing combinations are named, how many cards without metadata keep apart, how
    purely, and how many there are.
    """
    import fiftyone as fo

    from ...plugin.dataset import api
    from ...plugin.dataset.gaps.cards.card_records import SINGLE_IMAGES
    from ..demo.drive import read_metadata, render_drive

    table = folder / str(seed) / "metadata.csv"
    render_drive(table.parent, seed=seed)
    rows = read_metadata(table)
    dataset = fo.Dataset(f"seed {seed}")
    api.load_images(dataset, csv=str(table), progress=False)
    found = api.find_gaps(dataset, alpha=level, progress=False).carded
    about = {str(table.parent / row["filename"]): row for row in rows}
    fields = ["filepath", "gap_card", "is_gap", "dist_percentile", "nearest_S"]
    theirs_of = dataset.match_tags("U")
    samples = list(zip(*theirs_of.values(fields), strict=True))
    file_of = dict(zip(*dataset.values(["id", "filepath"]), strict=True))
    ours = [row for row in rows if row["split"] == "S"]
    theirs = [about[path] for path, *_ in samples]
    what = [_shown(row) for row in theirs]
    missing = sorted({w for w, row in zip(what, theirs, strict=True) if row["missing_in_S"] == "1"})
    print(f"seed {seed}: {str(found).splitlines()[0]}")
    right = set()
    for card in found.found[:FIRST]:
        counts = Counter(
            w for w, (_, key, *_) in zip(what, samples, strict=True) if key == card.key
        )
        top, images = counts.most_common(1)[0]
        values = card.name.get("values", ())
        alone = top in missing and is_named(values, top, ours, theirs)
        right |= {top} if alone else set()
        by = f" ({card.gaps} gaps), by metadata" if card.by_metadata else ""
        print(
            f"  {card.number:2}. {card.title}: {card.images} images{by}, purity "
            f"{images / card.images:.2f}, {'right' if alone else 'not named: ' + ' '.join(top)}"
        )
    for one in missing:
        if one not in right:
            mine = [sample for w, sample in zip(what, samples, strict=True) if w == one]
            beside = Counter(_shown(about[file_of[str(nearest)]]) for *_, nearest in mine)
            print("  not named:", _reason(one, mine, beside))
    dataset.delete_sample_fields([name for name in COLUMNS if dataset.has_sample_field(name)])
    api.summarize_gaps(dataset, card_runs=0, progress=False)
    cards: dict[str, Counter[tuple[str, ...]]] = {}
    for one, key in zip(what, theirs_of.values("gap_card"), strict=True):
        if key not in (None, SINGLE_IMAGES):
            cards.setdefault(key, Counter())[one] += 1
    tops = [(*counts.most_common(1)[0], counts.total()) for counts in cards.values()]
    kept = {top for top, _, _ in tops} & set(missing)
    purity = min(images / total for _, images, total in tops)
    print(
        f"  {len(right)} of {len(missing)} named; without metadata {len(cards)} cards keep "
        f"{len(kept)} apart, purity {purity:.2f} at least",
        flush=True,
    )
    return len(right), len(kept), purity, len(missing)


def _shown(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row[field] for field in SHOWN)


def _reason(
    one: tuple[str, ...], mine: Sequence[Any], beside: Mapping[tuple[str, ...], int]
) -> str:
    cards = Counter(key for _, key, is_gap, *_ in mine if is_gap)
    percentile = np.array([sample[3] for sample in mine])
    middle, highest = np.median(percentile), percentile.max()
    nearest = sorted(beside.items(), key=lambda pair: -pair[1])
    return (
        f"{' '.join(one)}: {len(mine)} images, {sum(cards.values())} of them gaps ("
        f"{', '.join(f'{count} in {key!r}' for key, count in cards.most_common()) or 'no card'}); "
        f"percentile {middle:.1f} in the middle, {highest:.1f} at most; nearest images of S: "
        + ", ".join(f"{count} {' '.join(what)}" for what, count in nearest)
    )


if __name__ == "__main__":
    sys.exit(main())
