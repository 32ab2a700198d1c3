"""The dataset in this folder, as Gapsphere 0.1.0 of commit 1de3682 made it.

``python make.py FOLDER`` with that commit's package on the path and a database of its own; nothing
of it is made again by today's code, which only has to open it.
"""

import os
import sys
from pathlib import Path

import fiftyone as fo
import gapsphere
import numpy as np
from PIL import Image

SIZE = (48, 36)
RANDOM = np.random.default_rng(20251125)


def scene(sky: tuple[int, int, int], ground: tuple[int, int, int]) -> Image.Image:
    """A sky, a road that narrows, and a little of chance."""
    pixels = np.empty((SIZE[1], SIZE[0], 3), np.float64)
    horizon = int(RANDOM.integers(12, 20))
    pixels[:horizon], pixels[horizon:] = sky, ground
    for row in range(horizon, SIZE[1]):
        half = 2 + (row - horizon) * 20 // (SIZE[1] - horizon)
        pixels[row, 24 - half : 24 + half] = 90
    shade = RANDOM.uniform(0.85, 1.15)
    return Image.fromarray(np.clip(pixels * shade, 0, 255).astype(np.uint8))


def vector(path: str) -> np.ndarray:
    """Colours of a 2x2 thumbnail, 12 numbers."""
    with Image.open(path) as image:
        small = np.asarray(image.resize((2, 2), Image.Resampling.BOX), np.float64)
    return (small.reshape(-1) / 255 + 0.05).astype(np.float32)


def main(folder: Path) -> None:
    images = folder.parent / "images"
    kinds = {
        "owned/day": ((140, 180, 230), (90, 130, 80)),
        "owned/rain": ((150, 150, 155), (80, 95, 80)),
        "pool/day": ((140, 180, 230), (90, 130, 80)),
        "pool/dusk": ((120, 60, 50), (40, 35, 45)),
    }
    for kind, colours in kinds.items():
        (images / kind).parent.mkdir(parents=True, exist_ok=True)
        for number in range(6):
            scene(*colours).save(images / f"{kind}_{number}.png", optimize=True)
    dataset = fo.Dataset("made-by-0.1.0")
    gapsphere.load_images(dataset, str(images / "owned"), str(images / "pool"), progress=False)
    dataset.add_sample_field("colours", fo.VectorField)
    dataset.set_values("colours", [vector(path) for path in dataset.values("filepath")])
    for suffix, k in (("", 4), ("b", 3)):
        found = gapsphere.find_gaps(
            dataset,
            encoder="field",
            model_path="colours",
            k=k,
            n_neighbors=5,
            suffix=suffix,
            progress=False,
        )
        print(found)
    gaps = dataset.match({"is_gap": True})
    print(gapsphere.export_visual_spec(gaps, os.environ["SPEC"], progress=False))
    dataset.export(str(folder), dataset_type=fo.types.FiftyOneDataset)


main(Path(sys.argv[1]))
