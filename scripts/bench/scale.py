"""What a Ray cluster computes, loses and costs.

    python -m gapsphere.scripts.bench.scale kills                # at random moments
    python -m gapsphere.scripts.bench.scale stream --rows 10000000  # against 100,000
    python -m gapsphere.scripts.bench.scale cost --images 400    # of 100 million frames

*kills* runs steps in turn on a local cluster of two nodes and kills a worker, or now and then a
node, with -9 at a random moment of each run; the result has to be that of this process, bit for
bit.  *stream* makes rows where they are needed, so that U is never anywhere as a whole, and prints
the rate, the peak memory of all processes and whether a shard computed here is the same.  *cost*
measures what one core does here and computes the rest, each assumption a line; ``--images`` is the
rate of one GPU.
"""

from __future__ import annotations

import argparse
import random
import re
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from PIL import Image

from ...plugin.coverage.nearest.distances import closest, nearest_distance
from ...plugin.coverage.picks import far_cover
from ...plugin.coverage.picks.kcenter import k_center_greedy
from ...plugin.coverage.support import nearest_and_support
from ...plugin.embeddings import extract
from ...plugin.embeddings.extract import extract_with
from ...plugin.encoders import opening
from ...plugin.engine.engine import LOCAL, Engine, gathered, opened
from ...plugin.progress import Progress, silent
from ...plugin.projection.place import Reducer
from ...plugin.settings.steps import EmbeddingParams
from ...tests.support.made_rows import frames
from ...tests.support.ray_cluster import two_nodes

MIB = 1 << 20


class Made:
    """Rows ``start`` to ``stop`` of an endless drive, made when they are asked for."""

    def __init__(self, start: int, stop: int, dimension: int) -> None:
        self.start, self.stop, self.dimension = start, stop, dimension

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, rows: slice) -> Made:
        return Made(self.start + rows.start, self.start + rows.stop, self.dimension)

    def array(self) -> NDArray[np.float32]:
        """Float32 (n, d) unit rows."""
        return frames(len(self), self.dimension, seed=self.start + 1)


def made_and_closest(
    made: Made, owned: NDArray[np.float32], progress: Progress = silent
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What is nearest to rows that are made here."""
    return closest(made.array(), owned, memory_mb=256, progress=progress)


Found = list[Any]
"""What a step gave, to be compared bit by bit."""


def _distances(options: argparse.Namespace) -> Callable[[Engine], Found]:
    owned, pool = frames(options.owned, 64), frames(options.rows, 64, seed=1)
    drive = np.arange(len(owned)) // 40

    def found(engine: Engine) -> Found:
        near, counts, drives = nearest_and_support(pool, owned, drive, 0.4, engine=engine)
        return [near.distance, near.index, counts, drives]

    return found


def _picks(options: argparse.Namespace) -> Callable[[Engine], Found]:
    far_cover.CREW_BYTES = options.rows // 4 * 256  # four actors
    owned, pool = frames(options.owned, 64), frames(options.rows, 64, seed=1)
    d0 = nearest_distance(pool, owned, metric="euclidean").distance
    return lambda engine: list(k_center_greedy(None, pool, 300, d0, engine=engine))


def _places(options: argparse.Namespace) -> Callable[[Engine], Found]:
    fitted = Reducer(frames(30_000, 64), frames(30_000, 3, seed=2), np.zeros(3))
    pool = frames(options.rows, 64, seed=1)
    return lambda engine: list(fitted.place(pool, engine=engine))


def _embeddings(options: argparse.Namespace) -> Callable[[Engine], Found]:
    dice, folder = np.random.default_rng(0), Path(options.folder)
    items = [(str(at), str(folder / f"{at}.jpg")) for at in range(options.images)]
    for _, path in items:
        small = dice.integers(0, 256, (9, 16, 3), np.uint8)
        Image.fromarray(small).resize((320, 180), Image.Resampling.BICUBIC).save(path)
    settings = EmbeddingParams(encoder="packaged").model_dump()
    extract.BATCHES_A_SHARD = 4
    torch.set_num_threads(1)  # as an encoder of Ray's has: sums of more threads end in other bits

    def found(engine: Engine) -> Found:
        came: list[Any] = []
        with engine.keeping(opening.named, [settings], gpu=False) as kept:
            extract_with(kept, items, lambda *batch: came.extend(batch), batch_size=4)
        return came

    return found


STEPS = {
    "distances": _distances,
    "K-Center": _picks,
    "placement": _places,
    "embeddings": _embeddings,
}


SAID = {True: "the same bits", False: "ANOTHER RESULT"}


def _equal(found: Found, here: Found) -> bool:
    return all(np.array_equal(*both) for both in zip(found, here, strict=True))


def kills(options: argparse.Namespace) -> None:
    dice, same, of = random.Random(options.seed), 0, {}
    with (
        TemporaryDirectory() as options.folder,
        two_nodes() as cluster,
        opened("ray", cluster.address) as engine,
    ):
        print(f"S {options.owned}, U {options.rows} x 64, {options.images} images")
        for name in options.steps:
            found = STEPS[name](options)
            here, started = found(LOCAL), time.perf_counter()
            equal = _equal(found(engine), here)
            of[name] = found, here, time.perf_counter() - started
            print(f"{name}: undisturbed {of[name][2]:.1f} s, {SAID[equal]}", flush=True)
        for trial in range(options.trials):
            name = options.steps[trial % len(of)]
            found, here, usual = of[name]
            after, node = dice.uniform(0, usual), trial % 5 == 4
            killed: list[str] = []

            def kill(after: float = after, node: bool = node, said: Any = killed) -> None:
                time.sleep(after)
                if node:
                    cluster.kill_node()
                    said.append("node")
                else:
                    said.append(_kill_worker(dice))

            killer = threading.Thread(target=kill)
            killer.start()
            started = time.perf_counter()
            equal = _equal(found(engine), here)
            taken = time.perf_counter() - started
            killer.join()
            same += equal
            print(
                f"{trial + 1:3}: {name}, {killed[0]} killed after {after:4.1f} s, "
                f"{taken:5.1f} s, {SAID[equal]}",
                flush=True,
            )
            if node:
                cluster.add_node()
    print(f"{same} of {options.trials} the same")


def _kill_worker(dice: random.Random) -> str:
    """End with -9 a worker of Ray's below this process, one at work where there is one."""
    titles = {}
    for process in psutil.Process().children(recursive=True):
        try:
            titles[process] = process.cmdline()[0]
        except (psutil.Error, IndexError):
            continue
    # A node's agents are called so too, and a node ends with them.
    workers = [p for p, title in titles.items() if re.match(r"ray::(?!\w*Agent)", title)]
    # An actor that waits has the name of its class alone.
    busy = [p for p in workers if "IDLE" not in titles[p] and re.search(r"call|make", titles[p])]
    if not workers:
        return "no worker"
    dice.choice(busy or workers).kill()
    return "busy worker" if busy else "idle worker"


def stream(options: argparse.Namespace) -> None:
    owned, whole = (
        frames(options.owned, options.dimension),
        Made(0, options.rows, options.dimension),
    )
    size = 4 * options.dimension
    with _peak() as peak, opened("ray", options.address) as engine:
        said = time.perf_counter()

        def progress(done: int, total: int) -> None:
            nonlocal said
            if time.perf_counter() - said > 30:
                said = time.perf_counter()
                print(f"{done:,} of {total:,}, {done / (said - started):,.0f} rows/s", flush=True)

        started = time.perf_counter()
        squared, index = gathered(
            engine, made_and_closest, [whole], [owned], bytes_a_row=size, progress=progress
        )
        seconds = time.perf_counter() - started
    rate = options.rows / seconds
    work = 2 * rate * options.owned * options.dimension / 1e9
    print(
        f"{options.rows:,} x {options.dimension} against {options.owned:,}: {seconds:,.0f} s, "
        f"{rate:,.0f} rows/s, {work:,.0f} GFLOP/s; peak {peak() / 1024:.1f} GiB of all processes"
    )
    rows = int((1 << 24) / size)
    first = made_and_closest(whole[slice(0, min(rows, options.rows))], owned)
    same = [np.array_equal(a, b[: len(a)]) for a, b in zip(first, (squared, index), strict=True)]
    print(f"the first shard computed here: {'the same bits' if all(same) else 'ANOTHER RESULT'}")
    if options.rows < 10_000_000:
        print(f"at this rate 10,000,000 rows take {10_000_000 / rate / 3600:.1f} h")


@contextmanager
def _peak() -> Any:
    """Most memory, in MiB, that this process and those below it had; shared pages count once."""
    most, done = [0.0], threading.Event()

    def look() -> None:
        while not done.wait(0.5):
            held = 0.0
            for process in [here, *here.children(recursive=True)]:
                try:
                    memory = process.memory_info()
                    held += memory.rss - memory.shared
                except psutil.Error:
                    continue
            shm = psutil.disk_usage("/dev/shm").used
            most[0] = max(most[0], (held + shm) / MIB)

    here = psutil.Process()
    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield lambda: most[0]
    finally:
        done.set()
        watcher.join()


def cost(options: argparse.Namespace) -> None:
    owned = frames(20_000, options.dimension)
    pool = frames(2_000, options.dimension, seed=1)
    drive = np.arange(len(owned)) // 40
    rates = []
    for _ in range(3):
        started = time.process_time()
        nearest_and_support(pool, owned, drive, 0.1)
        rates.append(len(pool) * len(owned) * options.dimension / (time.process_time() - started))
    rate = sorted(rates)[1]
    n, m, d = options.frames, options.owned, options.dimension
    network = 10e9 / 8
    core_hours = 1 / 3600 / options.cores
    gpu_hours = 1 / 3600 / options.gpus
    print(f"{n:,} candidates, {m:,} owned, {d} numbers; {options.gpus} GPUs, {options.cores} cores")
    print("assumptions")
    _line("one core, distances with support, measured now", f"{rate / 1e9:.1f} G multiply-adds/s")
    _line("cores scale as one does, and are as fast as this one", "not measured")
    _line("one GPU, distances", "not used: they are computed on the cores")
    images = f"{options.images:,.0f} images/s" if options.images else "not given: --images"
    _line("one GPU, the network alone", images)
    _line("images are decoded as fast as GPUs take them", "not measured")
    _line("the head sends rows over one 10 Gbit/s port", f"{network / 1e9:.2f} GB/s")
    print("time")
    _line(
        "embeddings, an encoder of the engine on each GPU",
        _hours(n / options.images * gpu_hours if options.images else 0),
    )
    _line("distances from U to S, with support", _hours(n * m * d / rate * core_hours))
    _line("S against itself", _hours(m * m * d / rate * core_hours))
    _line("rows of U through the head's port", _hours(4 * n * d / network / 3600))
    print("memory")
    _line("S, once on each node", f"{4 * m * d / 1e9:.1f} GB")
    _line("U under way, two shards a core", f"{2 * options.cores * 16 * MIB / 1e9:.1f} GB")
    _line("U on the head's disk", f"{4 * n * d / 1e12:.2f} TB")
    _line("results on the head, 32 bytes a row", f"{32 * n / 1e9:.1f} GB")


def _line(what: str, value: str) -> None:
    print(f"  {what:52} {value}")


def _hours(hours: float) -> str:
    if not hours:
        return "unknown"
    return f"{hours:,.2f} h" if hours > 0.05 else f"{3600 * hours:,.0f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(dest="part", required=True)
    named: dict[str, Callable[[argparse.Namespace], None]] = {
        "kills": kills, "stream": stream, "cost": cost,
    }  # fmt: skip
    made = {name: parts.add_parser(name) for name in named}
    made["kills"].add_argument("--trials", type=int, default=20)
    made["kills"].add_argument("--seed", type=int, default=0)
    made["kills"].add_argument("--owned", type=int, default=4_000)
    made["kills"].add_argument("--rows", type=int, default=600_000)
    made["kills"].add_argument("--images", type=int, default=400)
    made["kills"].add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    made["stream"].add_argument("--owned", type=int, default=100_000)
    made["stream"].add_argument("--rows", type=int, default=10_000_000)
    made["stream"].add_argument("--dimension", type=int, default=256)
    made["stream"].add_argument("--address", help="of a cluster; by default Ray is started here")
    made["cost"].add_argument("--frames", type=int, default=100_000_000)
    made["cost"].add_argument("--owned", type=int, default=100_000)
    made["cost"].add_argument("--dimension", type=int, default=1024)
    made["cost"].add_argument("--gpus", type=int, default=8)
    made["cost"].add_argument("--cores", type=int, default=64)
    made["cost"].add_argument("--images", type=float, help="images/s of one GPU (bench.encoder)")
    options = parser.parse_args()
    named[options.part](options)


if __name__ == "__main__":
    main()
