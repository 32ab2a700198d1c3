"""Two rounds on the demo drive: what a team that labels its picks and drives again sees.

    python -m gapsphere.scripts.bench.rounds [--seed 51] [--picks 50]

The drive is rendered and its gaps are found: the first round.  A Visual Spec of the card with most
images is written.  Then the picks go into S, as if they had been labelled, and the candidates of a
later drive (another seed) come into U: the second round.  Printed are the rounds with what was
closed, opened and left, and how the spec judges the images of the later drive.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from pathlib import Path

from ...tests.support.servers import start_database


def main() -> int:
    """Print the two rounds; 1 where nothing was closed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=51)
    parser.add_argument("--picks", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        server = start_database(Path(name) / "database")
        try:
            return two_rounds(Path(name), options.seed, options.picks)
        finally:
            server.terminate()
            server.wait()


def two_rounds(folder: Path, seed: int, picks: int) -> int:
    """Both rounds on a dataset of their own."""
    import fiftyone as fo

    from ...plugin.dataset import api
    from ..demo.drive import render_drive

    dataset = fo.Dataset("rounds")
    render_drive(folder / "first", seed=seed)
    api.load_images(dataset, csv=str(folder / "first" / "metadata.csv"), progress=False)
    print(api.find_gaps(dataset, k=picks, progress=False), end="\n\n")
    cards = api.summarize_gaps(dataset, progress=False).found
    if not cards:
        print("No gap card, so nothing to follow.")
        return 1
    largest = max(cards, key=lambda card: card.images)
    wanted, spec = f"card:{largest.number}", folder / "spec.zip"
    print(api.export_visual_spec(dataset, str(spec), candidates=wanted, progress=False), end="\n\n")

    labelled = dataset.match_tags("kcenter").values("id")
    dataset.select(labelled).tag_samples("S")
    dataset.select(labelled).untag_samples("U")
    known = set(dataset.values("id"))
    render_drive(folder / "later", seed=seed + 1000)
    api.load_images(dataset, csv=str(_candidates(folder / "later")), progress=False)
    new = dataset.exclude(list(known))
    api.find_gaps(dataset, k=picks, progress=False)
    found = api.rounds(dataset)
    print(found, end="\n\n")
    print(f"The later drive against the spec of {largest.title!r}:")
    print(api.check_spec(str(spec), new, progress=False))
    changes = found.rounds[-1].changes
    return int(changes is None or not changes.closed)


def _candidates(folder: Path) -> Path:
    """The table of a drive without its images of S."""
    with open(folder / "metadata.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "U"]
    for row in rows:  # another day's recordings, whatever the seed called them
        row["sequence"] = f"later {row['sequence']}"
    path = folder / "candidates.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


if __name__ == "__main__":
    sys.exit(main())
