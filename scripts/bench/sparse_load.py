"""How the live server holds up: many clients for a minute, and bytes on the wire.

    python -m gapsphere.scripts.bench.sparse_load wire
    python -m gapsphere.scripts.bench.sparse_load load --clients 16 --seconds 60

``load`` starts ``gapsphere sparse serve``; each client sends its next frame as soon as the last one
was answered.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
from gapsphere.plugin.settings.serving import ServeParams
from gapsphere.plugin.sparse.live import binary, protocol
from gapsphere.plugin.sparse.live.protocol import Encoding, FrameData, UvCoordinates
from gapsphere.plugin.sparse.sampling.sampler import Request
from gapsphere.plugin.sparse.sampling.uniform import UniformSampler
from gapsphere.tests.support.sparse_client import Client, write_frame
from numpy.typing import NDArray

RESOLUTION = (128, 128)
COUNT = 500
FPS = 30
SERVER_FRAME, CLIENT_FRAME = 4, 8  # a WebSocket's own header for 126 to 65,535 bytes, masked or not


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=["wire", "load"])
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--encoding", choices=["binary", "json"], default="binary")
    parser.add_argument("--workers", type=int, default=ServeParams().workers)
    parser.add_argument("--weights", type=Path, help="weights in place of the packaged ones")
    options = parser.parse_args()
    if options.what == "wire":
        wire()
        return 0
    settings = [
        "server.port=0",
        f"server.workers={options.workers}",
        "server.send_seconds=5",
        f"sampling.default_sample_count={COUNT}",
    ]
    if options.weights is not None:
        settings.append(f"server.models=default={options.weights.resolve()}")
    with serving(*settings) as (address, server):
        return load(address, server, options.clients, options.seconds, options.encoding)


@contextlib.contextmanager
def serving(*settings: str) -> Iterator[tuple[str, psutil.Process]]:
    """Address and process of a ``gapsphere sparse serve``, until the block ends."""
    command = [sys.executable, "-m", "gapsphere.scripts.cli.main", "sparse", "serve", *settings]
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            found = re.search(r"http://[^;]+", process.stdout.readline() if process.stdout else "")
            if found is None:
                process.wait()
                log.seek(0)
                raise SystemExit(f"The server did not start: {log.read()}")
            yield found.group(), psutil.Process(process.pid)
        finally:
            process.terminate()


def wire() -> None:
    """Bytes a second of each form, both ways, beside the entropy of the choice and the values."""
    random = np.random.default_rng(0)
    pixels = UniformSampler("random").draw(Request(COUNT, RESOLUTION), random).pixels
    values = random.integers(0, 256, (COUNT, 1), dtype=np.uint8)
    floor = FPS * (binary.entropy_floor(COUNT, RESOLUTION) + COUNT)
    print(f"{COUNT} of {RESOLUTION[1]} x {RESOLUTION[0]} pixels, {FPS} frames a second, both ways,")
    print("headers of the WebSocket included (1 KB = 1,000 bytes):\n")
    print(f"{'form':34}{'down':>8}{'up':>8}{'KB/s':>9}{'x floor':>9}")
    asked = UvCoordinates(8, pixels, 8, 7)
    for name, encoding, echo in (
        ("json, UV sent back (the seed's)", "json", True),
        ("json, values alone", "json", False),
        ("binary, UV sent back", "binary", True),
        ("binary, values alone (default)", "binary", False),
    ):
        frame = FrameData(8, values, pixels if echo else None, None if echo else 8)
        if encoding == "json":
            down = len(protocol.write_uv(asked, RESOLUTION))
            up = len(write_frame(frame, RESOLUTION))
        else:
            down, up = len(binary.write_uv(asked)), len(binary.write_frame(frame))
        total = FPS * (down + SERVER_FRAME + up + CLIENT_FRAME)
        print(f"{name:34}{down:8}{up:8}{total / 1000:9.1f}{total / floor:9.2f}")
    every = RESOLUTION[0] * RESOLUTION[1]
    print(f"\nfloor: {floor / 1000:.1f} KB/s, log2 of C({every}, {COUNT}) bits")
    print("for an arbitrary choice of pixels, and 8 bits for each value.")


def load(
    address: str, server: psutil.Process, clients: int, seconds: float, encoding: Encoding
) -> int:
    """Many clients at once; fails if one waits more than five seconds."""
    until = time.monotonic() + seconds
    memory, before = [], sum(server.cpu_times()[:2])
    with ThreadPoolExecutor(clients) as pool:
        playing = [pool.submit(_play, address, n, encoding, until) for n in range(clients)]
        while time.monotonic() < until:
            time.sleep(min(1.0, seconds / 10))
            memory.append(server.memory_info().rss / 2**20)
    by_client = [client.result() for client in playing]
    cpu = sum(server.cpu_times()[:2]) - before
    waits = np.concatenate(by_client)
    third = max(1, len(memory) // 3)
    early, late = np.median(memory[third : 2 * third]), np.median(memory[-third:])
    p50, p99, longest = 1000 * np.quantile(waits, [0.5, 0.99, 1])
    size = f"{COUNT} of {RESOLUTION[1]} x {RESOLUTION[0]} pixels"
    print(f"{clients} clients, {seconds:g} s, {encoding}, {size}")
    print(f"answers          {len(waits)} ({len(waits) / seconds:.1f} a second)")
    share = f"it had {cpu / seconds:.2f} of {psutil.cpu_count()} cores"
    print(f"server CPU       {1000 * cpu / len(waits):.1f} ms an answer; {share}")
    print(f"latency          p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest {longest:.0f} ms")
    print(f"answers a client {min(map(len, by_client))} to {max(map(len, by_client))}")
    print(f"memory           {early:.0f} MiB in the middle third, {late:.0f} MiB in the last")
    return int(waits.max() > 5 or late > 1.1 * early + 10)


def _play(address: str, seed: int, encoding: Encoding, until: float) -> list[float]:
    waits = []
    with Client(address, RESOLUTION, encoding=encoding) as client:
        for frame_id, frame in enumerate(_film(seed)):
            sent = time.monotonic()
            if sent > until:
                break
            client.step(frame_id, frame)
            waits.append(time.monotonic() - sent)
    return waits


def _film(seed: int) -> Iterator[NDArray[np.uint8]]:
    """A textured square over smooth ground, without end."""
    random = np.random.default_rng(seed)
    height, width = RESOLUTION
    y, x = np.mgrid[:height, :width]
    texture = random.integers(0, 256, RESOLUTION)
    ground = 90 + 60 * np.sin(x / 20) * np.cos(y / 30)
    t = 0
    while True:
        across = (32 + 2 * t) % width
        inside = (abs(y - height // 2) < 30) & (abs(x - across) < 30)
        shot = np.where(inside, np.roll(texture, 2 * t, 1), ground)
        yield np.rint(shot).astype(np.uint8)[..., None]
        t += 1


if __name__ == "__main__":
    sys.exit(main())
