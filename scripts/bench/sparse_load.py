"""How the live server holds up: many clients for a minute, hostile ones, and bytes on the wire.

    python -m gapsphere.scripts.bench.sparse_load wire
    python -m gapsphere.scripts.bench.sparse_load load --clients 16 --seconds 60
    python -m gapsphere.scripts.bench.sparse_load hostile

``load`` starts a server in a process of its own and gives each client a thread, which sends its
next frame as soon as the last one was answered; it prints the latency, the longest wait and the
server's memory.  ``hostile`` does to a server all that a client should not, 1,000 reconnections
and 100 MB in one message included, while well-behaved clients go on, and prints what those waited.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
from gapsphere.plugin.settings.serving import ServeParams
from gapsphere.plugin.settings.sparse import SparseParams
from gapsphere.plugin.sparse.live import binary, protocol
from gapsphere.plugin.sparse.live.client import Client
from gapsphere.plugin.sparse.live.process import ServerState, start_server, stop_server
from gapsphere.plugin.sparse.live.protocol import Encoding, FrameData, UvCoordinates
from gapsphere.plugin.sparse.sampling.sampler import Request
from gapsphere.plugin.sparse.sampling.uniform import UniformSampler
from numpy.typing import NDArray

RESOLUTION = (128, 128)
COUNT = 500
FPS = 30
SERVER_FRAME, CLIENT_FRAME = 4, 8  # a WebSocket's own header for 126 to 65,535 bytes, masked or not


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=["wire", "load", "hostile"])
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--encoding", choices=["binary", "binary16", "json"], default="binary")
    parser.add_argument("--workers", type=int, default=ServeParams().workers)
    parser.add_argument("--weights", type=Path, help="weights in place of the packaged ones")
    options = parser.parse_args()
    if options.what == "wire":
        wire()
        return 0
    models = "" if options.weights is None else f"default={options.weights.resolve()}"
    params = ServeParams(port=0, models=models, workers=options.workers, send_seconds=5)
    with tempfile.TemporaryDirectory() as folder:
        state = start_server(folder, params, SparseParams(sample_count=COUNT))
        try:
            if options.what == "load":
                return load(state, options.clients, options.seconds, options.encoding)
            return hostile(state)
        finally:
            stop_server(folder)


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
        ("binary16, UV sent back", "binary16", True),
        ("binary16, values alone", "binary16", False),
        ("binary, values alone (default)", "binary", False),
    ):
        frame = FrameData(8, values, pixels if echo else None, None if echo else 8)
        if encoding == "json":
            down = len(protocol.write_uv(asked, RESOLUTION))
            up = len(protocol.write_frame(frame, RESOLUTION))
        else:
            coding: binary.Coding = "uint16" if encoding == "binary16" else "rice"
            down = len(binary.write_uv(asked, coding=coding, resolution=RESOLUTION))
            up = len(binary.write_frame(frame, coding=coding, resolution=RESOLUTION))
        total = FPS * (down + SERVER_FRAME + up + CLIENT_FRAME)
        print(f"{name:34}{down:8}{up:8}{total / 1000:9.1f}{total / floor:9.2f}")
    every = RESOLUTION[0] * RESOLUTION[1]
    print(f"\nfloor: {floor / 1000:.1f} KB/s, log2 of C({every}, {COUNT}) bits")
    print("for an arbitrary choice of pixels, and 8 bits for each value.")


def load(state: ServerState, clients: int, seconds: float, encoding: Encoding) -> int:
    """Many clients at once; fails if one waits more than five seconds."""
    stop = threading.Event()
    workers = [_Player(state, number, encoding, stop) for number in range(clients)]
    server = psutil.Process(state.pid)
    for worker in workers:
        worker.start()
    memory, started = [], time.monotonic()
    cpu = sum(server.cpu_times()[:2])
    while time.monotonic() - started < seconds:
        time.sleep(min(1.0, seconds / 10))
        memory.append(server.memory_info().rss / 2**20)
    stop.set()
    for worker in workers:
        worker.join()
    cpu = sum(server.cpu_times()[:2]) - cpu
    failed = [worker.error for worker in workers if worker.error is not None]
    waits = np.concatenate([worker.waits for worker in workers])
    third = max(1, len(memory) // 3)
    early, late = np.median(memory[third : 2 * third]), np.median(memory[-third:])
    size = f"{COUNT} of {RESOLUTION[1]} x {RESOLUTION[0]} pixels"
    print(f"{clients} clients, {seconds:g} s, {encoding}, {size}")
    print(f"answers          {len(waits)} ({len(waits) / seconds:.1f} a second)")
    share = f"it had {cpu / seconds:.2f} of {psutil.cpu_count()} cores"
    print(f"server CPU       {1000 * cpu / len(waits):.1f} ms an answer; {share}")
    print(f"latency          {_spread(waits)}")
    per_client = [len(worker.waits) for worker in workers]
    print(f"answers a client {min(per_client)} to {max(per_client)}")
    print(f"memory           {early:.0f} MiB in the middle third, {late:.0f} MiB in the last")
    for error in failed:
        print(f"FAILED: {error!r}")
    return int(bool(failed) or waits.max() > 5 or late > 1.1 * early + 10)


def hostile(state: ServerState) -> int:
    """Everything a client should not do, one after the other, beside two that behave."""
    stop = threading.Event()
    workers = [_Player(state, number, "binary", stop) for number in range(2)]
    for worker in workers:
        worker.start()
    time.sleep(3)
    server = psutil.Process(state.pid)
    before = server.memory_info().rss
    print(f"{'harm':34}{'longest wait':>14}{'server memory':>15}")
    worst = 0.0
    for name, harm in _harms(state):
        marks = [len(worker.waits) for worker in workers]
        harm()
        time.sleep(1)
        waits = [
            w
            for worker, m in zip(workers, marks, strict=True)
            for w in worker.waits[max(0, m - 1) :]
        ]
        worst = max([worst, *waits])
        growth = (server.memory_info().rss - before) / 2**20
        print(f"{name:34}{1000 * max(waits, default=float('nan')):11.0f} ms{growth:+11.0f} MiB")
    stop.set()
    for worker in workers:
        worker.join()
    failed = [worker.error for worker in workers if worker.error is not None]
    for error in failed:
        print(f"FAILED: {error!r}")
    print(f"of all {sum(len(w.waits) for w in workers)} answers, none took more than {worst:.2f} s")
    return int(bool(failed) or worst > 5)


class _Player(threading.Thread):
    """A client that plays a moving picture, and notes how long each answer took."""

    def __init__(
        self, state: ServerState, number: int, encoding: Encoding, stop: threading.Event
    ) -> None:
        super().__init__(daemon=True)
        self.state, self.number, self.encoding, self.stop_when = state, number, encoding, stop
        self.waits: list[float] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with Client(self.state.address, RESOLUTION, encoding=self.encoding) as client:
                for frame_id, frame in enumerate(_film(self.number)):
                    if self.stop_when.is_set():
                        return
                    sent = time.perf_counter()
                    client.step(frame_id, frame)
                    self.waits.append(time.perf_counter() - sent)
        except BaseException as error:  # noqa: BLE001  shown at the end
            self.error = error


def _film(seed: int) -> Iterator[NDArray[np.uint8]]:
    """A textured square over smooth ground, for ever."""
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


def _harms(state: ServerState) -> list[tuple[str, Callable[[], None]]]:
    pixels = np.arange(0, RESOLUTION[0] * RESOLUTION[1], 33)
    values = np.zeros((len(pixels), 1), np.uint8)
    whole = binary.write_frame(FrameData(0, values, pixels), resolution=RESOLUTION)
    size = {"resolution": [RESOLUTION[1], RESOLUTION[0]]}
    start = protocol.write("session_start", size).encode()

    def messages(*sent: bytes | str) -> Callable[[], None]:
        def harm() -> None:
            with Client(state.address, RESOLUTION) as client:
                for message in sent * 50:
                    client.socket.send(message)
                    while client.receive()[0] != "error":
                        pass

        return harm

    def hundred_megabytes() -> None:
        with _bare(state) as bare, contextlib.suppress(OSError):
            bare.sendall(b"\x82\xff" + (100 << 20).to_bytes(8, "big") + bytes(4))
            for _ in range(100):
                bare.sendall(bytes(1 << 20))
            _until_closed(bare)

    def stall() -> None:
        with _bare(state) as bare, contextlib.suppress(OSError):
            wishes = protocol.write("session_start", {**size, "frames": True, "feedback": True})
            bare.sendall(_framed(wishes.encode(), text=True))
            for number in range(300):
                noise = np.random.default_rng(number).integers(0, 256, (len(pixels), 1), np.uint8)
                data = FrameData(number, noise, pixels)
                bare.sendall(_framed(binary.write_frame(data, resolution=RESOLUTION)))
                time.sleep(0.03)

    def half_a_frame() -> None:
        for _ in range(50):
            with _bare(state) as bare:
                bare.sendall(_framed(start, text=True) + _framed(whole)[:100])

    def garbage() -> None:
        for seed in range(50):
            with _bare(state) as bare, contextlib.suppress(OSError):
                bare.sendall(np.random.default_rng(seed).bytes(5000))

    def reconnect() -> None:
        for number in range(1000):
            with _bare(state) as bare:
                if number % 2:
                    bare.sendall(_framed(start, text=True))

    def flood() -> None:
        with Client(state.address, RESOLUTION) as client:
            for number in range(2000):
                client.send_frame(number, np.zeros((*RESOLUTION, 1), np.uint8))

    lie = whole[:12] + b"\x02" + (2**31).to_bytes(4, "little") + whole[17:]
    state_nan = FrameData(0, values, pixels, state=np.array([np.nan], np.float32))
    json_nan = '{"type":"frame_data","payload":{"frame_id":0,"pixels":[{"u":NaN,"v":0,"value":1}]}}'
    return [
        ("lies about sizes", messages(lie, whole[:40], whole + b"more")),
        ("sends NaN", messages(binary.write_frame(state_nan, resolution=RESOLUTION), json_nan)),
        ("sends half a frame and goes", half_a_frame),
        ("sends garbage", garbage),
        ("sends 100 MB in one message", hundred_megabytes),
        ("sends and never reads", stall),
        ("sends 2,000 frames at once", flood),
        ("reconnects 1,000 times", reconnect),
    ]


def _bare(state: ServerState) -> socket.socket:
    """A socket after the WebSocket handshake, to misbehave below any library."""
    host, port = state.address.removeprefix("http://").split(":")
    bare = socket.create_connection((host, int(port)), timeout=20)
    key = base64.b64encode(b"0123456789abcdef").decode()
    bare.sendall(
        f"GET /ws/stream HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += bare.recv(4096)
    return bare


def _framed(data: bytes, *, text: bool = False) -> bytes:
    head = bytes([0x81 if text else 0x82])
    if len(data) < 126:
        head += bytes([0x80 | len(data)])
    else:
        head += b"\xfe" + len(data).to_bytes(2, "big")
    return head + bytes(4) + data


def _until_closed(bare: socket.socket) -> None:
    while bare.recv(1 << 16):
        pass


def _spread(waits: NDArray[np.float64]) -> str:
    p50, p99 = np.quantile(waits, [0.5, 0.99])
    return f"p50 {1000 * p50:.0f} ms, p99 {1000 * p99:.0f} ms, longest {1000 * waits.max():.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
