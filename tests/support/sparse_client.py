"""A live client in Python, for the tests and the load script, and how it reads and writes."""

from __future__ import annotations

import base64
import struct
from types import TracebackType
from typing import Any

import numpy as np
from gapsphere.plugin.errors import MessageError
from gapsphere.plugin.sparse.frames.coords import Resolution, pixels_of, resolution_to_wire, uv_of
from gapsphere.plugin.sparse.live import binary, protocol
from gapsphere.plugin.sparse.live.protocol import Encoding, FrameData, UvCoordinates
from numpy.typing import ArrayLike, NDArray
from websockets.sync.client import connect

from .waiting import PATIENCE


class Client:
    """A session with a live server.

    Parameters
    ----------
    address : str
        ``http://host:port``, as the server prints it.
    resolution : (H, W)
    encoding : {"json", "binary"}
    token : str, optional
    start : bool
        Start the session at once; else call :meth:`start`.
    wishes :
        More of ``session_start``: ``checkpoint_key``, ``sampling``, ``feedback``, ``frames``.

    Raises
    ------
    MessageError
        The server refused the session.
    """

    def __init__(
        self,
        address: str,
        resolution: Resolution,
        *,
        encoding: Encoding = "binary",
        token: str | None = None,
        start: bool = True,
        **wishes: Any,
    ) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        url = address.replace("http", "ws", 1) + "/ws/stream"
        self.socket = connect(
            url, additional_headers=headers, max_size=None, open_timeout=PATIENCE, close_timeout=1
        )
        self.resolution, self.encoding = resolution, encoding
        self.uv = UvCoordinates(0, np.empty(0, np.int64))
        self.session: dict[str, Any] = {}
        try:
            self.welcome: dict[str, Any] = self.read("connection_ack")
            if start:
                self.start(**wishes)
        except BaseException:
            self.socket.close()
            raise

    def start(self, **wishes: Any) -> None:
        """Start a session, in place of the one there was."""
        size = resolution_to_wire(self.resolution)
        self.say("session_start", **{"resolution": size, "encoding": self.encoding, **wishes})
        self.session = self.read("session_start_ack")
        self.uv = self.read("uv_coordinates")

    def step(
        self,
        frame_id: int,
        frame: NDArray[np.uint8],
        *,
        echo: bool = False,
        state: ArrayLike | None = None,
    ) -> UvCoordinates:
        """Send what the server asked of a frame (H, W, C); returns what it asks for next."""
        self.send_frame(frame_id, frame, echo=echo, state=state)
        self.uv = self.read("uv_coordinates")
        return self.uv

    def send_frame(
        self,
        frame_id: int,
        frame: NDArray[np.uint8],
        *,
        uv: UvCoordinates | None = None,
        echo: bool = False,
        state: ArrayLike | None = None,
    ) -> None:
        """Send without waiting; ``echo`` sends the coordinates along, not only their id."""
        uv = uv or self.uv
        values = frame.reshape(-1, frame.shape[-1])[uv.pixels]
        message = FrameData(
            frame_id,
            values,
            uv.pixels if echo else None,
            None if echo else uv.coordinates_id,
            None if state is None else np.asarray(state, np.float32),
        )
        if self.encoding == "json":
            self.socket.send(write_frame(message, self.resolution))
        else:
            self.socket.send(binary.write_frame(message))

    def say(self, kind: str, **payload: Any) -> None:
        """Send any JSON message."""
        self.socket.send(protocol.write(kind, payload))

    def receive(self, timeout: float | None = PATIENCE) -> tuple[str, Any]:
        """The next message as its type and what it holds.

        ``uv_coordinates`` hold a ``UvCoordinates``, ``reconstruction`` a frame
        number and a PNG, all others their payload.
        """
        message = self.socket.recv(timeout)
        if isinstance(message, bytes):
            if message[0] == binary.UV:
                return "uv_coordinates", read_uv_bytes(message)
            return "reconstruction", read_picture_bytes(message)
        kind, payload = protocol.read_envelope(message)
        if kind == "uv_coordinates":
            return kind, read_uv(payload, self.resolution)
        if kind == "reconstruction":
            return kind, (payload["frame_id"], base64.b64decode(payload["png"]))
        return kind, payload

    def read(self, wanted: str, timeout: float | None = PATIENCE) -> Any:
        """What the next message of a type holds; others are passed over.

        Raises
        ------
        MessageError
            An error came in its place.
        """
        while True:
            kind, held = self.receive(timeout)
            if kind == wanted:
                return held
            if kind == "error":
                raise MessageError(held["code"], held["message"])

    def close(self) -> None:
        """End the session."""
        self.socket.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def write_frame(message: FrameData, resolution: Resolution) -> str:
    """``frame_data`` for a client in Python: with UV if it has pixels, else values alone."""
    payload: dict[str, Any] = {"frame_id": message.frame_id}
    rows = message.values.tolist()
    if message.pixels is None:
        payload |= {"coordinates_id": message.coordinates_id, "values": rows}
    else:
        uv = uv_of(message.pixels, resolution).tolist()
        payload["pixels"] = [
            {"u": u, "v": v, "value": value} for (u, v), value in zip(uv, rows, strict=True)
        ]
    if message.state is not None:
        payload["state_vector"] = message.state.tolist()
    if message.timestamp is not None:
        payload["timestamp"] = message.timestamp
    return protocol.write("frame_data", payload)


def read_uv(payload: dict[str, Any], resolution: Resolution) -> UvCoordinates:
    """What :func:`write_uv` wrote, for a client in Python."""
    uv = np.array([(point["u"], point["v"]) for point in payload["coordinates"]], np.float64)
    return UvCoordinates(
        payload["target_frame_id"],
        pixels_of(uv, resolution),
        payload["coordinates_id"],
        payload["source_frame_id"],
    )


def read_uv_bytes(data: bytes) -> UvCoordinates:
    """``uv_coordinates`` in bytes, as the protocol's text describes them."""
    kind, _, target, number, source, coding, count, k = struct.unpack_from("<BBIIIBIB", data)
    assert (kind, coding) == (2, 2)
    pixels, taken = binary.unrice(data[20:], k, count)
    assert len(data) == 20 + taken
    return UvCoordinates(target, pixels, number, None if source == protocol.LARGEST_ID else source)


def read_picture_bytes(data: bytes) -> tuple[int, bytes]:
    """Frame number and PNG of a ``reconstruction`` in bytes."""
    kind, _, frame_id = struct.unpack_from("<BBI", data)
    assert kind == 3
    return frame_id, data[6:]
