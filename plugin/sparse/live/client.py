"""The other side of the wire, in Python: reads frames at the pixels that a server asks for.

It is what a game engine's client does, and what tests and the load script do.  One object is one
session; it blocks, and it knows nothing of the server but the two codecs.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import MessageError, MissingDependencyError
from ..frames.coords import Resolution, resolution_to_wire
from . import binary, protocol
from .protocol import Encoding, FrameData, UvCoordinates


class Client:
    """A session with a live server.

    Parameters
    ----------
    address : str
        ``http://host:port``, as the server prints it.
    resolution : (H, W)
    encoding : {"json", "binary", "binary16"}
    token : str, optional
    start : bool
        Start the session at once; else call :meth:`start`.
    wishes :
        More of ``session_start``: ``checkpoint_key``, ``sampling``, ``feedback``, ``frames``.

    Raises
    ------
    MissingDependencyError
        The package ``websockets`` is not installed.
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
        try:
            from websockets.sync.client import connect
        except ImportError as error:
            raise MissingDependencyError(
                'A client needs the package websockets: pip install "gapsphere[client]".'
            ) from error
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        url = address.replace("http", "ws", 1) + "/ws/stream"
        self.socket = connect(url, additional_headers=headers, max_size=None, close_timeout=1)
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
            self.socket.send(protocol.write_frame(message, self.resolution))
        else:
            coding: binary.Coding = "uint16" if self.encoding == "binary16" else "rice"
            data = binary.write_frame(message, coding=coding, resolution=self.resolution)
            self.socket.send(data)

    def say(self, kind: str, **payload: Any) -> None:
        """Send any JSON message."""
        self.socket.send(protocol.write(kind, payload))

    def receive(self, timeout: float | None = 20) -> tuple[str, Any]:
        """The next message as its type and what it holds.

        ``uv_coordinates`` hold a :class:`~.protocol.UvCoordinates`, ``reconstruction`` a frame
        number and a PNG, all others their payload.
        """
        message = self.socket.recv(timeout)
        if isinstance(message, bytes):
            if message[0] == binary.UV:
                return "uv_coordinates", binary.read_uv(message, self.resolution)
            return "reconstruction", binary.read_reconstruction(message)
        kind, payload = protocol.read_envelope(message)
        if kind == "uv_coordinates":
            return kind, protocol.read_uv(payload, self.resolution)
        if kind == "reconstruction":
            return kind, protocol.read_reconstruction(payload)
        return kind, payload

    def read(self, wanted: str, timeout: float | None = 20) -> Any:
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
