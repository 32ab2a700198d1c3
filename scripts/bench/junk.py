"""How many of the picks are junk, where some of U is: black frames, noise, other pictures.

    python -m gapsphere.scripts.bench.junk [--seeds 51 52 53] [--folder build/demo_seeds]
    python -m gapsphere.scripts.bench.junk --csv drive/metadata.csv   # junk among real images

The demo drive of each seed is rendered and embedded, and so are pictures that show no road: black
frames with and without sensor noise, noise, flat colours, colour bars, text and discs.  A share of
U of them, at random, is put between frames of random drives, five draws a share; 1 % is what one
might meet, 10 % shows what happens where junk of one kind is frequent, as in a pool ten times as
large.  Printed are, over the draws, the junk among 50 picks of K-Center without and with
``support``, the junk that is listed under "look at these", and the frames listed besides.  Exit
code 1 where with 1 % more than one of 50 picks is junk, or some is not listed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ...plugin.coverage.criterion import choose_threshold, own_distances
from ...plugin.coverage.nearest.distances import nearest_distance
from ...plugin.coverage.picks.company import Support
from ...plugin.coverage.picks.constraints import Constraints
from ...plugin.coverage.picks.select import select
from ...plugin.encoders.protocol import Encoder
from ...plugin.encoders.registry import load_encoder
from ..demo.drive import render_drive
from .cards import Scene

SEEDS, SHARES, DRAWS = (51, 52, 53), (0.01, 0.1), 5
PICKS, LEAST, MOST = 50, 3, 1
SIZE = (352, 198)
Array = NDArray[Any]


def main() -> int:
    """Print the table; exit code 1 if the goal is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--encoder", default="packaged", help="[packaged]")
    parser.add_argument("--folder", type=Path, help="keep the drives here, one folder a seed")
    parser.add_argument("--csv", type=Path, help="put junk among these images instead")
    options = parser.parse_args()
    encoder = load_encoder(options.encoder)
    reached = True
    print(
        f"{encoder.name}; {PICKS} picks, support by {LEAST} images; least to most of {DRAWS} draws"
    )
    print("U                     junk     without  with support     listed  other frames listed")
    with tempfile.TemporaryDirectory() as temporary:
        for seed in [0] if options.csv else options.seeds:
            table = options.csv or (options.folder or Path(temporary)) / str(seed) / "metadata.csv"
            if not options.csv:
                render_drive(table.parent, seed=seed)
            name = options.csv.parent.name if options.csv else f"demo, seed {seed}"
            reached &= judge(name, Scene.read(table, encoder), encoder)
    print("the goal is reached" if reached else "THE GOAL IS NOT REACHED")
    return int(not reached)


def judge(name: str, scene: Scene, encoder: Encoder) -> bool:
    """Print a row for each share; whether the goal is reached with the first."""
    reached = True
    for share in SHARES:
        count = max(round(share * len(scene.pool)), 1)
        pictures = junk(count)
        vectors = np.concatenate(
            [
                encoder.embed(np.stack([encoder.prepare(one) for one in pictures[at : at + 8]]))
                for at in range(0, count, 8)
            ]
        )
        found = np.array([draw(scene, vectors, seed) for seed in range(DRAWS)])
        ranges = [f"{low}..{high}" for low, high in zip(found.min(0), found.max(0), strict=True)]
        without, picked, listed, other = ranges
        label = f"{len(scene.pool)} of {name}"
        print(
            f"{label:22}{count:4}  {without:>9}  {picked:>12}  {listed:>9}  {other:>9}", flush=True
        )
        if share == SHARES[0]:
            reached = bool((found[:, 1] <= MOST).all() and (found[:, 2] == count).all())
    return reached


def draw(scene: Scene, vectors: Array, seed: int) -> tuple[int, int, int, int]:
    """Junk among picks without and with support, junk listed, other frames listed."""
    random = np.random.default_rng(seed)
    owned_drives, drives = scene.drives
    drive_of = random.choice(sorted(set(drives)), len(vectors)).tolist()
    times = np.array([float(row.get("frame_number") or row["frame"]) for row in scene.theirs])
    between = [
        random.uniform(*np.quantile(times[np.array(drives) == drive], [0, 1])) for drive in drive_of
    ]
    U = np.concatenate([scene.pool, vectors]).astype(np.float32)
    own = own_distances(scene.owned, owned_drives)
    threshold = choose_threshold(
        scene.owned, own, lambda: nearest_distance(scene.pool, scene.owned).distance
    )
    support = Support.as_owned(LEAST, threshold.delta, scene.owned, owned_drives)
    kept: dict[str, Any] = {
        "drives": [*drives, *drive_of],
        "times": np.append(times, between),
        "forbidden": support.scale,
    }
    d0 = nearest_distance(U, scene.owned, metric="euclidean").distance
    plain = select(None, U, PICKS, d0, constraints=Constraints(**kept)).indices
    found = select(None, U, PICKS, d0, constraints=Constraints(**kept, support=support))
    first = len(scene.pool)  # junk comes last
    listed = int((found.look_at >= first).sum())
    return (
        int((plain >= first).sum()),
        int((found.indices >= first).sum()),
        listed,
        len(found.look_at) - listed,
    )


def junk(count: int, seed: int = 7) -> list[Image.Image]:
    """Pictures that show no road, one kind after the other."""
    random = np.random.default_rng(seed)
    kinds = (_black, _noise, _flat, _bars, _text, _discs)
    return [kinds[at % len(kinds)](random) for at in range(count)]


def _colour(random: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = random.integers(0, 256, 3).tolist()
    return red, green, blue


def _black(random: np.random.Generator) -> Image.Image:
    noise = random.choice([0.0, 1.5])
    pixels = np.clip(random.normal(noise, noise, (SIZE[1], SIZE[0], 3)), 0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def _noise(random: np.random.Generator) -> Image.Image:
    return Image.fromarray(random.integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8))


def _flat(random: np.random.Generator) -> Image.Image:
    return Image.new("RGB", SIZE, _colour(random))


def _bars(random: np.random.Generator) -> Image.Image:
    picture = _flat(random)
    for left in range(0, SIZE[0], 44):
        ImageDraw.Draw(picture).rectangle((left, 0, left + 44, SIZE[1]), fill=_colour(random))
    return picture


def _text(random: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", SIZE, "white")
    for top in range(8, SIZE[1], 12):
        line = "".join(map(chr, random.integers(97, 123, 52)))
        ImageDraw.Draw(picture).text((8, top), line, fill="black")
    return picture


def _discs(random: np.random.Generator) -> Image.Image:
    picture = _flat(random)
    for _ in range(12):
        x, y, radius = (int(v) for v in (*random.integers(0, SIZE), random.integers(10, 80)))
        box = (x - radius, y - radius, x + radius, y + radius)
        ImageDraw.Draw(picture).ellipse(box, fill=_colour(random))
    return picture


if __name__ == "__main__":
    sys.exit(main())
