"""How far saving again moves a print: ``python -m gapsphere.scripts.bench.copies IMAGES``.

Beside it, how far the print of one file is from that of the next by name: frames of a drive, which
have to stay apart.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...plugin.embeddings.images import open_rgb
from ...plugin.report.copies import LEVELS, SIDE, picture_print

CHANGES = [(95, 1.0), (75, 1.0), (50, 1.0), (30, 1.0), (85, 0.5), (80, 2.0)]
SUFFIXES = (".jpg", ".jpeg", ".png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=Path)
    parser.add_argument("--every", type=int, default=20, help="save every so many-th image again")
    options = parser.parse_args()
    paths = sorted(p for p in options.images.rglob("*") if p.suffix.lower() in SUFFIXES)
    last, apart = None, []
    moved: dict[tuple[int, float], list[float]] = {change: [] for change in CHANGES}
    for number, path in enumerate(paths):
        image = open_rgb(path)
        here = _brightness(image)
        if last is not None:
            apart.append(float(np.abs(here - last).mean()))
        last = here
        for quality, scale in CHANGES if number % options.every == 0 else ():
            again = _brightness(_saved(image, quality, scale))
            moved[quality, scale].append(float(np.abs(again - here).mean()))
    for (quality, scale), levels in moved.items():
        print(
            f"JPEG {quality}, size x {scale:g}: {np.mean(levels):.2f} levels on average, "
            f"{max(levels):.2f} at most, of {len(levels)} images"
        )
    near = float(np.mean(np.array(apart) <= LEVELS))
    print(f"next file by name: {100 * near:.1f} % within {LEVELS:g} level, of {len(apart)} pairs")


def _brightness(image: Image.Image) -> NDArray[np.int16]:
    return picture_print(image)[: SIDE * SIDE].astype(np.int16)


def _saved(image: Image.Image, quality: int, scale: float) -> Image.Image:
    size = round(image.width * scale), round(image.height * scale)
    content = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(content, "JPEG", quality=quality)
    return Image.open(content)


if __name__ == "__main__":
    main()
