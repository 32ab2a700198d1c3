"""What attributes add to embedding: ``python -m gapsphere.scripts.bench.attributes``.

Embeds the same images on samples of a temporary dataset with the packaged encoder, with and without
attributes, in turns; prints CPU seconds of this process an image (decoding, network, writing) and
the extra time, taken within each turn.  ``--images`` names photographs in place of drawn ones.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from .timing import Clock, spread, turned


def draw(folder: Path, count: int, size: tuple[int, int]) -> None:
    """JPEG files with about the detail of a photograph."""
    rng = np.random.default_rng(0)
    for index in range(count):
        coarse = rng.integers(0, 256, (size[1] // 24, size[0] // 24, 3), np.uint8)
        smooth = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))
        noisy = smooth + rng.normal(0, 6, (size[1], size[0], 1))
        image = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
        image.save(folder / f"{index:05}.jpg", quality=90)


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", help="folder or glob of images; default: drawn ones")
    parser.add_argument("--count", type=int, default=96, help="drawn images, or at most so many")
    parser.add_argument("--size", type=int, nargs=2, default=(480, 360), metavar=("W", "H"))
    parser.add_argument("--turns", type=int, default=7)
    options = parser.parse_args()

    import fiftyone as fo
    from gapsphere.plugin.dataset.gaps.images.load import load_images
    from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings, open_encoder
    from gapsphere.plugin.settings.steps import EmbeddingParams

    encoder, dataset, clock = (
        open_encoder(EmbeddingParams(encoder="packaged")),
        fo.Dataset(),
        Clock(),
    )
    taken: dict[bool, list[float]] = {False: [], True: []}
    try:
        with tempfile.TemporaryDirectory() as folder:
            if not options.images:
                draw(Path(folder), options.count, tuple(options.size))
            load_images(dataset, options.images or folder)
            samples = dataset.limit(options.count)
            for turn in range(-1, options.turns):  # the first warms up and does not count
                for attributes in turned([False, True], turn):
                    suffix = "with" if attributes else "without"
                    if turn >= 0:  # the fields stay: they are declared once for a dataset
                        dataset.clear_sample_field(f"embedding_{suffix}")
                    params = EmbeddingParams(attributes=attributes, suffix=suffix)
                    start = clock.now()
                    result = compute_embeddings(samples, params, encoder=encoder)
                    if turn >= 0:
                        taken[attributes].append(1000 * (clock.now() - start) / result.done)
    finally:
        dataset.delete()
    extra = [100 * (more / less - 1) for less, more in zip(*taken.values(), strict=True)]
    print(f"{result.done} images, {options.turns} turns, CPU ms an image: median [range]")
    print(f"embedding without attributes   {spread(taken[False], 2)}")
    print(f"embedding with attributes      {spread(taken[True], 2)}")
    print(f"extra time                     {spread(extra, 1)} %")


if __name__ == "__main__":
    main()
