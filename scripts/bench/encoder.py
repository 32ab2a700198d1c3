"""How fast the encoders are, against what the machine's matrix product allows.

Needs torch, transformers, safetensors, Pillow and numpy; neither pydantic nor FiftyOne, so a
checkout installed with ``--no-deps`` is enough on a bare GPU machine.  For each encoder it
prints images a second through the network alone, with the pixels' way to the device, and with
decoding; the arithmetic rate beside that of a large matrix product, in turns; and peak memory.
Where FiftyOne imports, the same images also go through ``dataset.compute_embeddings`` with the same
network.  InternViT gets random weights: the time does not depend on their values.

Rates are per CPU second on a CPU and per second of the clock on a GPU.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from PIL import Image

from ...plugin.embeddings.extract import extract
from ...plugin.encoders.device import choose_device
from ...plugin.encoders.registry import load_encoder
from .networks import INTERNVIT, flops_per_image, write_dinov2, write_internvit
from .timing import Clock

ENCODERS = ("internvl-300m", "internvl-6b", "dinov2-small", "packaged")
SIZE = (1280, 720)
SECONDS = 5.0
"""Of each measurement."""


@dataclass
class Rate:
    """Work and the matrix product in turns: the FLOP of one run of each, seconds by turn."""

    flops: float
    product_flops: float
    work: list[float] = field(default_factory=list)
    product: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        rate, most = self.flops / median(self.work), self.product_flops / median(self.product)
        turns = zip(self.work, self.product, strict=True)
        shares = [100 * self.flops / self.product_flops * b / a for a, b in turns]
        return (
            f"{rate / 1e9:8.0f} of {most / 1e9:.0f} "
            f"= {median(shares):5.1f} % of the matrix product "
            f"[{min(shares):.0f}..{max(shares):.0f}]"
        )


def in_turns(
    clock: Clock,
    works: dict[str, tuple[Callable[[], object], float]],
    size: int,
    dtype: torch.dtype,
) -> dict[str, Rate]:
    """Run each of ``works`` (what to run, its FLOP) and a matrix product by turns.

    The product of each turn is repeated until it took as long as the work did; at least three
    turns, and more while :data:`SECONDS` a piece of work last.
    """
    left, right = (torch.randn(size, size, device=clock.device).to(dtype) for _ in range(2))
    one = clock.best(lambda: left @ right, 0.5)
    rates = {name: Rate(flops, 2 * size**3) for name, (_, flops) in works.items()}
    for work, _ in works.values():
        work()
    stop, turns = time.perf_counter() + SECONDS * len(works), 0
    while turns < 3 or time.perf_counter() < stop:
        turns += 1
        for name, (work, _) in works.items():
            rate = rates[name]
            rate.work.append(clock.time(work))
            repeats = max(1, round(rate.work[-1] / one))
            rate.product.append(clock.time(lambda: left @ right, repeats))
    return rates


def write_images(folder: Path, count: int) -> list[Path]:
    """Write JPEG files with about the detail of a photograph."""
    rng = np.random.default_rng(0)
    width, height = SIZE
    paths = []
    for i in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (height // 24, width // 24, 3), np.uint8))
        image = np.asarray(coarse.resize(SIZE, Image.Resampling.BICUBIC), np.int16)
        image = image + rng.normal(0, 6, (height, width, 1)).astype(np.int16)
        paths.append(folder / f"{i:05}.jpg")
        Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(paths[-1], quality=90)
    return paths


def load(name: str, options: argparse.Namespace, scratch: Path) -> Any:
    common = {"precision": options.precision, "device": options.device}
    if name == "packaged":
        return load_encoder("packaged", **common)
    if name == "dinov2-small":
        return load_encoder("transformers", model_path=write_dinov2(scratch / name), **common)
    folder = write_internvit(scratch / name, INTERNVIT[name])
    started = time.perf_counter()
    encoder = load_encoder("internvl", model_path=folder, **common)
    print(f"  checkpoint read, checked and hashed in {time.perf_counter() - started:.1f} s")
    return encoder


def peak_memory(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{torch.cuda.max_memory_allocated(device) / 1e9:.2f} GB on the device"
    return (
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB of the process so far"
    )


def bench(name: str, options: argparse.Namespace, paths: list[Path], scratch: Path) -> None:
    print(f"\n{name}")
    encoder = load(name, options, scratch)
    device, clock = encoder.device, Clock(str(encoder.device))
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    batch_size = min(options.batch, len(paths))
    one = flops_per_image(encoder)
    size = 8192 if device.type == "cuda" else 2048

    prepared = [encoder.prepare(Image.open(path).convert("RGB")) for path in paths[:batch_size]]
    batch = np.stack(prepared)
    print(
        f"  {encoder.precision} on {device}, batch {batch_size}, {torch.get_num_threads()} threads"
        f"; {one / 1e9:.1f} GFLOP an image"
    )
    chunks = options.chunk or [encoder.chunk[device.type]]
    with torch.inference_mode():
        works: dict[str, tuple[Callable[[], object], float]] = {}
        for chunk in sorted({min(chunk, batch_size) for chunk in chunks}):
            part = torch.from_numpy(batch[:chunk]).to(device)
            pixels = encoder.pixels.normalise(part, encoder.dtype)
            run = partial(encoder.features, pixels)
            works[f"network alone, {chunk} at a time"] = (run, one * chunk)
        encoder.chunk = {**encoder.chunk, device.type: chunks[-1]}
        works["embed (pixels in, vectors out)"] = (lambda: encoder.embed(batch), one * batch_size)
        rates = in_turns(clock, works, size, encoder.dtype)
        # Decoding alone: what one core can feed.
        decode = Clock().best(
            lambda: [encoder.prepare(Image.open(p).convert("RGB")) for p in paths[:16]], 1.0
        ) / len(paths[:16])
        items = [(str(i), str(path)) for i, path in enumerate(paths)]
        start_clock, start_cpu = time.perf_counter(), time.process_time()
        result = extract(
            items,
            encoder,
            lambda _ids, _rows: None,
            batch_size=batch_size,
            num_workers=options.workers,
        )
        whole_clock = (time.perf_counter() - start_clock) / result.done
        whole_cpu = (time.process_time() - start_cpu) / result.done
    print(f"  matrix product {size}^3 in turns with the network; GFLOP/{clock.unit} of both:")
    for label, rate in rates.items():
        images = rate.flops / one / median(rate.work)
        print(f"  {label:<32} {images:9.2f} images/{clock.unit} {rate}")
    print(f"  {'decode and resize':<32} {1 / decode:9.2f} images/CPU s")
    print(
        f"  {'files in, vectors out':<32} {1 / whole_clock:9.2f} images/s, "
        f"{1 / whole_cpu:.2f} images/CPU s (decoding in {options.workers} threads; "
        f"waited {result.waiting:.2f} s of {result.seconds:.2f} s for images)"
    )
    print(f"  {'peak memory':<32} {peak_memory(device)}")
    if options.fiftyone and importlib.util.find_spec("fiftyone") is not None:
        against_fiftyone(encoder, paths, batch_size, options)


def against_fiftyone(
    encoder: Any, paths: list[Path], batch_size: int, options: argparse.Namespace
) -> None:
    """The same network on the same files through FiftyOne's own loop, vectors to a field in both.

    The two take turns, the order reversed each time, and the best of each counts.
    """
    import fiftyone as fo
    import fiftyone.core.models as fom

    from ...plugin.dataset.store.vectors import vectors

    # FiftyOne's data loader wants torchvision; without it FiftyOne reads images one by one.
    loader = importlib.util.find_spec("torchvision") is not None
    bases = (fom.Model, fom.EmbeddingsMixin, *([fom.TorchModelMixin] if loader else []))

    def embed_all(_model: Any, images: Any) -> np.ndarray:
        if not loader:
            images = np.stack([encoder.prepare(Image.fromarray(image)) for image in images])
        rows: np.ndarray = encoder.embed(np.asarray(images))
        return rows

    # Our encoder as FiftyOne wants a model: where it can, its preprocessing runs in the loader.
    model = type(
        "Same",
        bases,
        {
            "media_type": "image",
            "has_embeddings": True,
            "ragged_batches": False,
            "preprocess": False,
            "transforms": staticmethod(lambda image: torch.from_numpy(encoder.prepare(image))),
            "embed_all": embed_all,
        },
    )()

    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=str(path)) for path in paths], progress=False)
    ids = dataset.values("id")
    items = list(zip(ids, map(str, paths), strict=True))

    def write(batch: list[str], rows: np.ndarray) -> None:
        vectors.write(dataset, "ours", batch, rows)

    def ours() -> None:
        extract(
            items,
            encoder,
            write,
            batch_size=batch_size,
            num_workers=options.workers,
        )

    def theirs() -> None:
        workers = {"num_workers": options.workers} if loader else {}
        dataset.compute_embeddings(
            model, embeddings_field="theirs", batch_size=batch_size, progress=False, **workers
        )

    best = {ours: (float("inf"), 0.0), theirs: (float("inf"), 0.0)}
    try:
        for work in (ours, theirs, theirs, ours, ours, theirs):
            start, cpu = time.perf_counter(), _cpu_with_children()
            work()
            taken = (time.perf_counter() - start, _cpu_with_children() - cpu)
            best[work] = min(best[work], taken)
        a, b = (np.stack(dataset.values(field)) for field in ("ours", "theirs"))
    finally:
        dataset.delete()
    how = "its data loader" if loader else "one image at a time, no torchvision"
    print(f"  against dataset.compute_embeddings ({how})")
    for label, work in (("ours, vectors to samples", ours), ("FiftyOne's", theirs)):
        clock, cpu = best[work]
        print(
            f"  {label:<32} {len(paths) / clock:9.2f} images/s, {len(paths) / cpu:.2f} images/CPU s"
        )
    print(
        f"  {'':<32} ours takes {best[ours][0] / best[theirs][0]:.2f} of its time, largest "
        f"difference of a vector {np.abs(a - b).max():.1e}"
    )


def _cpu_with_children() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, kinds))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--encoder",
        nargs="+",
        choices=ENCODERS,
        metavar="NAME",
        default=["internvl-300m", "dinov2-small", "packaged"],
        help=f"which of {', '.join(ENCODERS)}",
    )
    parser.add_argument("--device", help="cuda, cuda:1, mps or cpu; CUDA if there is one")
    parser.add_argument(
        "--precision",
        choices=("fp32", "bf16", "fp16"),
        help="left out, what the device multiplies natively",
    )
    parser.add_argument("--batch", type=int, help="images a batch (256 on a GPU, 4 on a CPU)")
    parser.add_argument(
        "--chunk",
        type=int,
        nargs="+",
        help="images of one forward pass, several to compare; left out, the encoder's own",
    )
    parser.add_argument("--count", type=int, help="images in all (2048 on a GPU, 8 on a CPU)")
    parser.add_argument(
        "--workers", type=int, default=min(16, os.cpu_count() or 1), help="decoding threads"
    )
    parser.add_argument("--threads", type=int, help="torch's CPU threads")
    parser.add_argument(
        "--no-fiftyone",
        dest="fiftyone",
        action="store_false",
        help="leave dataset.compute_embeddings out",
    )
    options = parser.parse_args()

    device = choose_device(options.device)
    gpu = device.type == "cuda"
    options.batch = options.batch or (256 if gpu else 4)
    options.count = options.count or (2048 if gpu else 8)
    if options.threads:
        torch.set_num_threads(options.threads)
    name = torch.cuda.get_device_name(device) if gpu else "CPU"
    print(f"torch {torch.__version__} on {name}, {torch.get_num_threads()} CPU threads")
    with tempfile.TemporaryDirectory(prefix="gapsphere-bench-") as temporary:
        scratch = Path(temporary)
        found = write_images(scratch, min(options.count, 64))
        paths = [found[i % len(found)] for i in range(options.count)]
        for encoder in options.encoder:
            bench(encoder, options, paths, scratch)


if __name__ == "__main__":
    main()
