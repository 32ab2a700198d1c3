"""What vectors on samples cost: ``python -m gapsphere.scripts.bench.dataset --samples 100000``.

Fills a temporary dataset, writes one vector a sample in batches, reads all of them back into one
array, and prints seconds, rates and what reading added to its process's peak memory, beside
FiftyOne's own ``values``.  Then the images: headers read and samples added per minute.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from gapsphere.plugin.dataset.gaps.images.load import load_images
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.scripts.bench.timing import forget_peak, memory
from PIL import Image

READS = ("one array", "FiftyOne's values and np.stack")


@contextmanager
def timed(label: str, count: int) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    print(f"{label:<40}{seconds:8.2f} s {count / seconds:10,.0f} a second", flush=True)


def read(name: str, how: str) -> None:
    """Read every vector of a dataset in a process of its own, whose peak memory counts."""
    import fiftyone as fo

    dataset = fo.load_dataset(name)
    dataset.values("id")
    forget_peak()
    before = memory("VmRSS")
    with timed(f"read, {how}", len(dataset)):
        if how == "one array":
            matrix = vectors.read(dataset, "embedding").matrix
        else:
            matrix = np.stack(dataset.values("embedding"))
    grown = memory("VmHWM") - before
    print(
        f"{'':<40}peak memory {grown / 2**20:,.0f} MB, {grown / matrix.nbytes:.2f} of the array's"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=1024)
    parser.add_argument("--images", type=int, default=2_000)
    parser.add_argument("--read", nargs=2, metavar=("HOW", "DATASET"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        return read(options.read[1], options.read[0])

    import fiftyone as fo

    n, d = options.samples, options.dimension
    matrix = np.random.default_rng(0).standard_normal((n, d), np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    print(f"{n:,} x {d} float32: {matrix.nbytes / 2**20:,.0f} MB")
    dataset = fo.Dataset()
    try:
        dataset.add_samples((fo.Sample(f"/{i}.jpg") for i in range(n)), progress=False)
        ids = dataset.values("id")

        for batch in (8, 64, 512):
            with timed(f"write, {batch} samples a batch", n):
                for start in range(0, n, batch):
                    part = slice(start, start + batch)
                    vectors.write(dataset, "embedding", ids[part], matrix[part])
        for how in READS:
            command = [sys.executable, "-m", __spec__.name, "--read", how, dataset.name]
            subprocess.run(command, check=True)
    finally:
        dataset.delete()

    with tempfile.TemporaryDirectory() as folder:
        for index in range(options.images):
            Image.new("RGB", (480, 360), (index % 256, 90, 60)).save(f"{folder}/{index:06d}.jpg")
        dataset = fo.Dataset()
        try:
            with timed("load_images (headers and samples)", options.images):
                load_images(dataset, str(Path(folder)))
        finally:
            dataset.delete()


if __name__ == "__main__":
    main()
