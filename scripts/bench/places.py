"""Whether the verdict of a place is that of an image which would lie there.

    python -m gapsphere.scripts.bench.places                      # the demo drive
    python -m gapsphere.scripts.bench.places --csv drive/metadata.csv --delta-level 0.34

Images of U are held out, a fifth at a time in whole stretches of ten frames, and the sphere is laid
out without them.  Each is then placed on it, and the place asked for its verdict, which knows
nothing of the image; printed is how often that is the image's own verdict.  Where S has too few
drives for the level, ``--delta-level`` takes δ at a level that they do hold.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...plugin.coverage.criterion import NAMES, choose_threshold, own_distances
from ...plugin.coverage.nearest.distances import nearest_distance
from ...plugin.coverage.novelty import novelty
from ...plugin.coverage.verdict import frame_threshold
from ...plugin.coverage.yardstick import Yardstick
from ...plugin.embeddings.extract import extract
from ...plugin.encoders.registry import load_encoder
from ...plugin.projection.search_space import SearchSpace
from ...plugin.projection.umap3d import fit_sphere
from ...plugin.projection.verdict import Judged, place_verdict
from ..demo.drive import render_drive

Array = NDArray[Any]
FOLDS, STRETCH = 5, 10


def main() -> None:
    """Print how often places and images agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--csv", type=Path, help="images with split and sequence [demo drive]")
    parser.add_argument("--level", type=float, default=0.1)
    parser.add_argument("--delta-level", type=float, help="take δ at this level, as a user would")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = options.csv
        if table is None:
            render_drive(Path(folder), seed=51)
            table = Path(folder) / "metadata.csv"
        vectors, rows = embedded(table)
    owned = np.array([row["split"] == "S" for row in rows])
    drives = [row["sequence"] for row in rows]
    agree: Counter[tuple[str, str]] = Counter()
    stretch = np.arange((~owned).sum()) // STRETCH
    fold = np.random.default_rng(51).permutation(int(stretch.max()) + 1)[stretch] % FOLDS
    pool = np.flatnonzero(~owned)
    for number in range(FOLDS):
        agree += compare(vectors, owned, drives, pool[fold == number], options)
    print("image's own   its place says")
    for (own, place), count in sorted(agree.items()):
        print(f"{own:12}  {place:12}  {count:4}")
    said = {pair: count for pair, count in agree.items() if pair[1] in ("gap", "covered")}
    said = {pair: count for pair, count in said.items() if pair[0] in ("gap", "covered")}
    same = sum(count for (own, place), count in said.items() if own == place)
    total = sum(said.values())
    share = f"{100 * same / total:.1f} %" if total else "none"
    print(f"where both say gap or covered: {share} of {total} agree")
    same = sum(count for (own, place), count in agree.items() if own == place)
    total = sum(count for (_, place), count in agree.items() if place != "empty")
    print(f"of all that lie beside an image: {100 * same / total:.1f} % of {total} agree")


def embedded(table: Path) -> tuple[Array, list[dict[str, str]]]:
    """Vectors of the packaged encoder, and the rows of the table."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    parts: list[Array] = []
    items = [(row["filename"], str(table.parent / row["filename"])) for row in rows]
    extract(items, load_encoder("packaged"), lambda _, batch: parts.append(batch))
    return np.concatenate(parts), rows


def compare(
    vectors: Array, owned: Array, drives: list[str], held: Array, options: argparse.Namespace
) -> Counter[tuple[str, str]]:
    """Verdicts of held-out images and of the places where they would lie, counted in pairs."""
    S, labels = vectors[owned], [d for d, of in zip(drives, owned, strict=True) if of]
    own = own_distances(S, labels)
    assert own is not None
    given = None
    if options.delta_level is not None:
        given = frame_threshold(own.distance, own.drive, options.delta_level)
    threshold = choose_threshold(S, own, [], alpha=options.level, given=given)
    distance = np.full(len(vectors), np.nan, np.float32)
    new = np.full(len(vectors), np.nan, np.float32)
    distance[~owned] = nearest_distance(vectors[~owned], S).distance
    new[~owned] = novelty(vectors[~owned], S)
    kept = np.setdiff1d(np.arange(len(vectors)), held)
    fitted = fit_sphere(vectors[kept])
    space = SearchSpace(
        sphere=fitted.sphere,
        owned=owned[kept],
        dist=distance[kept],
        percentile=np.full(len(kept), np.nan),
        novelty=new[kept],
        verdicts=np.where(owned[kept], 2, threshold.verdicts(distance[kept], new[kept])),
        threshold=threshold,
        yardstick=Yardstick.of(own.distance, own.drive),
        embeddings=lambda: vectors[kept],
    )
    places = fitted.reducer.place(vectors[held]).sphere
    codes = threshold.verdicts(distance[held], new[held])
    judged = Judged.of(space, None)
    found: Counter[tuple[str, str]] = Counter()
    for code, place, vector in zip(codes.tolist(), places, vectors[held], strict=True):
        verdict = place_verdict(space, judged, place.tolist(), "both", space.sketch().of(vector))
        found[NAMES[code], verdict.status] += 1
    return found


if __name__ == "__main__":
    main()
