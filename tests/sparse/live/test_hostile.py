"""What a hostile client does costs nobody else anything, and leaves nothing behind."""

import asyncio
import base64
import socket
import time

import numpy as np
import psutil
import pytest
from gapsphere.plugin.errors import MessageError
from gapsphere.plugin.sparse.frames import nearest
from gapsphere.plugin.sparse.live import binary, protocol
from gapsphere.plugin.sparse.live.protocol import FrameData, UvCoordinates
from gapsphere.plugin.sparse.live.serve import ending_quietly
from gapsphere.plugin.sparse.network import interpolation
from gapsphere.plugin.sparse.sampling import halftone
from gapsphere.tests.support.waiting import PATIENCE

SIZE = (32, 32)


# Harm ---------------------------------------------------------------------------------------------


def open_socket(address, extra=b""):
    """A bare socket after the WebSocket handshake, to misbehave below any library."""
    host, port = address.removeprefix("http://").split(":")
    bare = socket.socket()
    bare.settimeout(PATIENCE)
    bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    bare.connect((host, int(port)))
    key = base64.b64encode(b"0123456789abcdef")
    bare.sendall(
        b"GET /ws/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: " + key + b"\r\n" + extra + b"\r\n"
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += bare.recv(1024)
    assert b" 101 " in answer.split(b"\r\n")[0]
    return bare, answer


def hear_the_end(bare):
    """Read until the server closes; False if it does not."""
    bare.settimeout(PATIENCE)
    try:
        while bare.recv(1 << 16):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


HEAD = b"\x82\xff"  # a masked binary message whose length follows in 64 bits
MASK = b"\0\0\0\0"


@pytest.mark.parametrize("fragments", [1, 1000])
def test_100_megabytes_are_not_stored_and_end_that_client_alone(look, address, frames, fragments):
    process = psutil.Process()
    with look.bystander(address, frames):
        bare, _ = open_socket(address)
        before = process.memory_info().rss
        size = (100 << 20) // fragments
        with bare:
            try:
                for number in range(fragments):
                    first, last = number == 0, number == fragments - 1
                    bare.sendall(bytes([2 * first | 0x80 * last, 0xFF]) + size.to_bytes(8, "big"))
                    bare.sendall(MASK)
                    for start in range(0, size, 1 << 20):
                        bare.sendall(bytes(min(1 << 20, size - start)))
            except OSError:
                pass  # the server has hung up, as it should
            assert hear_the_end(bare)
        assert process.memory_info().rss - before < 50 << 20


def test_compression_is_not_accepted_so_nothing_unpacks(address):
    bare, answer = open_socket(address, b"Sec-WebSocket-Extensions: permessage-deflate\r\n")
    bare.close()
    assert b"extensions" not in answer.lower()


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff" * 50,
        HEAD + (2**63 - 1).to_bytes(8, "big") + MASK + b"half a message",
        b"\x81\x82" + MASK + b"\xff\xfe",  # text that is no UTF-8
        b"\x81\x05" + b"plain",  # not masked
    ],
)
def test_bytes_that_are_no_websocket_harm_nobody(look, address, frames, sent):
    with look.bystander(address, frames):
        bare, _ = open_socket(address)
        with bare:
            bare.sendall(sent)
            bare.shutdown(socket.SHUT_WR)
            assert hear_the_end(bare)


def test_a_client_that_reads_nothing_is_let_go_and_holds_up_nobody(look, serve, frames):
    with serve(send_seconds=0.5, max_fps=1000) as address, look.bystander(address, frames):
        before = look.metric(address, "connections")
        bare, _ = open_socket(address)
        start = protocol.write("session_start", {"resolution": [256, 256], "frames": True})
        frame = np.random.default_rng(0).integers(0, 256, (256 * 256, 1), dtype=np.uint8)
        send(bare, start.encode(), text=True)
        assert look.until(lambda: look.metric(address, "connections") == before + 1)
        pixels = np.arange(0, 256 * 256, 13)
        for number in range(200):
            data = FrameData(number, frame[pixels], pixels)
            try:
                send(bare, binary.write_frame(data))
            except OSError:
                break  # let go
            time.sleep(0.1)
            if look.metric(address, "connections") == before:
                break
        assert look.until(lambda: look.metric(address, "connections") == before)
        assert look.until(lambda: not is_held(bare))
        bare.close()


def is_held(bare):
    """Whether the server, which runs in this process, still has the other end of a socket."""
    here = bare.getsockname()
    return any(
        found.raddr == here and found.status == "ESTABLISHED"
        for found in psutil.Process().net_connections("tcp")
    )


@pytest.mark.parametrize("sent", [b"", b"GET /ws/stream HTTP/1.1\r\nHost: 127"])
def test_a_client_that_never_finishes_its_request_is_let_go(serve, sent, monkeypatch):
    monkeypatch.setattr("gapsphere.plugin.sparse.live.serve.HTTP_SECONDS", 0.5)
    with serve() as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as bare:
            bare.sendall(sent)
            assert hear_the_end(bare)


def send(bare, data, *, text=False):
    length = len(data)
    head = bytes([0x81 if text else 0x82])
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 1 << 16:
        head += b"\xfe" + length.to_bytes(2, "big")
    else:
        head += b"\xff" + length.to_bytes(8, "big")
    bare.sendall(head + MASK + data)


def test_work_on_one_clients_frame_never_holds_what_the_others_threads_need():
    """A second of 20,000 pixels of blue noise was a second in which nobody was answered."""
    modules = nearest, interpolation, halftone
    made = [each for module in modules for each in vars(module).values() if is_compiled(each)]
    assert len(made) > 5
    assert all(each.targetoptions["nogil"] for each in made)


def is_compiled(each):
    return hasattr(each, "targetoptions")


@pytest.mark.parametrize("encoding", ["json", "binary"])
def test_a_frame_of_more_samples_than_the_server_takes_is_refused(look, serve, frames, encoding):
    """Whose pixels they are: ours are few enough, but a client may send any."""
    with serve(max_samples=100) as address, look.join(address, encoding=encoding) as client:
        for count in (101, 100):
            every = UvCoordinates(0, np.arange(count))
            client.send_frame(count, frames[0], uv=every, echo=True)
            if count > 100:
                assert look.error(client) == "INVALID_FRAME_DATA"
        assert client.read("uv_coordinates").source_frame_id == 100


def test_no_error_is_as_long_as_what_it_is_about():
    payload = {"frame_id": 1, "pixels": [], "num_pixels": ["x" * 100_000]}
    with pytest.raises(MessageError) as told:
        protocol.read_frame_data(payload, SIZE)
    assert len(str(told.value)) < 200


def test_lies_nan_and_halves_are_told_and_the_same_client_goes_on(look, address, frames):
    with look.bystander(address, frames), look.join(address, encoding="binary") as client:
        data = FrameData(0, frames[0].reshape(-1, 1)[client.uv.pixels], client.uv.pixels)
        whole = binary.write_frame(data)
        lies = bytearray(whole)
        lies[13:17] = (2**31).to_bytes(4, "little")
        nan = FrameData(0, data.values, data.pixels, state=np.array([np.nan], np.float32))
        hostile = [
            whole[: len(whole) // 2],
            bytes(lies),
            binary.write_frame(nan),
            '{"type": "frame_data", "payload": {"frame_id": 0, "values": [NaN]}}',
        ]
        codes = []
        for message in hostile:
            client.socket.send(message)
            codes.append(look.error(client))
        assert codes == ["INVALID_FRAME_DATA"] * 3 + ["INVALID_MESSAGE"]
        assert client.step(0, frames[0]).target_frame_id == 1


def test_connecting_over_and_over_leaves_nothing_behind(look, address, frames):
    with look.bystander(address, frames):
        for number in range(60):
            bare, _ = open_socket(address)
            if number % 2:
                send(
                    bare,
                    protocol.write("session_start", {"resolution": [8, 8]}).encode(),
                    text=True,
                )
            bare.close()
        assert look.until(lambda: look.metric(address, "connections") == 1)
        assert len(look.sessions(address)) == 1


@pytest.mark.parametrize("closing", [True, False])
def test_a_request_that_the_closing_server_cancels_is_no_error(closing):
    async def forever(_scope, _receive, _send):
        await asyncio.sleep(3600)

    async def cancelled():
        task = asyncio.create_task(ending_quietly(forever, lambda: closing)({}, None, None))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(cancelled()) is not closing
