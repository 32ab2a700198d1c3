"""What client and server say to each other, as JSON: ``{"type": ..., "payload": {...}}``.

A session is one WebSocket.  The client opens it with ``session_start``, gets ``session_start_ack``
and the first ``uv_coordinates`` at once, and sends a ``frame_data`` per frame; each is answered by
``uv_coordinates`` for a later frame.  Pixels may carry their own UV, or name the coordinates that
they were read at (the ``coordinates_id`` of that message) and send values alone, which is half of
the traffic.  :mod:`.binary` has the same two messages in bytes; all others
are always JSON.  Nothing here knows a socket.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, NoReturn, cast, get_args

import numpy as np
from numpy.typing import NDArray

from ...errors import GapsphereError, MessageError
from ..frames.coords import (
    Pixels,
    Resolution,
    pixels_of,
    resolution_from_wire,
    resolution_to_wire,
    uv_of,
)
from ..frames.samples import Samples, make_samples

PROTOCOL_VERSION = 1

Encoding = Literal["json", "binary", "binary16"]
"""``binary`` sends coordinates as coded gaps, ``binary16`` as pairs of 16 bits."""

LARGEST_ID = 2**32 - 1


class Code(str, Enum):
    """Why the server says no."""

    INVALID_MESSAGE = "INVALID_MESSAGE"
    INVALID_SESSION = "INVALID_SESSION"
    INVALID_FRAME_DATA = "INVALID_FRAME_DATA"
    UNKNOWN_MODEL = "UNKNOWN_MODEL"
    NO_SESSION = "NO_SESSION"
    SESSION_EXPIRED = "SESSION_EXPIRED"
    SERVER_OVERLOAD = "SERVER_OVERLOAD"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    RATE_LIMITED = "RATE_LIMITED"
    MODEL_ERROR = "MODEL_ERROR"
    TIMEOUT = "TIMEOUT"


@dataclass(frozen=True)
class SessionStart:
    """What a client asks for.  ``sampling`` overrides settings of the server for this session."""

    resolution: Resolution
    checkpoint_key: str | None = None
    encoding: Encoding = "json"
    sampling: dict[str, Any] = field(default_factory=dict)
    feedback: bool = False
    frames: bool = False


@dataclass(frozen=True)
class Heartbeat:
    """A sign of life; ``timestamp`` comes back as it was sent."""

    timestamp: float | None = None


@dataclass(frozen=True)
class FrameData:
    """One frame's samples.  ``pixels`` None: they were read at the coordinates of that id.

    ``values`` (n,) or (n, 3) in 0..255; ``state`` (s,) or None; ``timestamp`` in seconds, the
    client's own clock, or None.
    """

    frame_id: int
    values: NDArray[Any]
    pixels: Pixels | None = None
    coordinates_id: int | None = None
    state: NDArray[np.float32] | None = None
    timestamp: float | None = None

    def samples(self, asked: Pixels | None, resolution: Resolution) -> Samples:
        """Checked samples; ``asked`` are the pixels behind ``coordinates_id``.

        Raises
        ------
        MessageError
            INVALID_FRAME_DATA, with what is wrong with them.
        """
        pixels = self.pixels if self.pixels is not None else asked
        if pixels is None:
            raise MessageError(
                Code.INVALID_FRAME_DATA,
                f"Frame {self.frame_id} names the coordinates {self.coordinates_id}, which are not "
                f"among the last ones sent; send UV with the pixels.",
            )
        try:
            return make_samples(pixels, self.values, resolution, self.state)
        except GapsphereError as error:
            raise MessageError(
                Code.INVALID_FRAME_DATA, f"Frame {self.frame_id}: {error}"
            ) from error


@dataclass(frozen=True)
class UvCoordinates:
    """Where to sample from ``target_frame_id`` on; drawn from what ``source_frame_id`` showed.

    Two answers may name one target, when the loop is slower than the client, so coordinates have
    numbers of their own: ``coordinates_id``.
    """

    target_frame_id: int
    pixels: Pixels
    coordinates_id: int = 0
    source_frame_id: int | None = None


def read_envelope(text: str) -> tuple[str, dict[str, Any]]:
    """Type and payload of a JSON message.

    Raises
    ------
    MessageError
        INVALID_MESSAGE: not JSON, NaN or infinity in it, not of the two-part form.

    Examples
    --------
    >>> read_envelope('{"type": "heartbeat", "payload": {"timestamp": 1.5}}')
    ('heartbeat', {'timestamp': 1.5})
    """
    try:
        message = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise MessageError(Code.INVALID_MESSAGE, f"The message is not JSON: {error}.") from error
    kind = message.get("type") if isinstance(message, dict) else None
    payload = message.get("payload", {}) if isinstance(message, dict) else None
    if not isinstance(kind, str) or not isinstance(payload, dict):
        raise MessageError(
            Code.INVALID_MESSAGE, 'A message is {"type": "...", "payload": {...}} and nothing else.'
        )
    return kind, payload


def read_session_start(payload: dict[str, Any]) -> SessionStart:
    """A client's wishes, checked as far as this side can: models and limits are the server's.

    Raises
    ------
    MessageError
        INVALID_SESSION.
    """
    known = {"resolution", "checkpoint_key", "encoding", "sampling", "feedback", "frames"}
    # Clients of the first form of this protocol send names of their own; only ours are read.
    given = {name: value for name, value in payload.items() if name in known and value is not None}
    if "resolution" not in given:
        raise MessageError(Code.INVALID_SESSION, "session_start needs resolution: [width, height].")
    size = given.pop("resolution")
    if not isinstance(size, list) or any(isinstance(side, bool) for side in size):
        raise MessageError(
            Code.INVALID_SESSION, f"A resolution is [width, height], not {_short(size)}."
        )
    try:
        resolution = resolution_from_wire(size)
    except GapsphereError as error:
        raise MessageError(Code.INVALID_SESSION, str(error)) from error
    kinds = {"checkpoint_key": str, "sampling": dict, "feedback": bool, "frames": bool}
    for name, kind in kinds.items():
        if not isinstance(given.get(name, kind()), kind):
            raise MessageError(
                Code.INVALID_SESSION, f"{name} in session_start cannot be {_short(given[name])}."
            )
    if given.get("encoding", "json") not in get_args(Encoding):
        choices = ", ".join(get_args(Encoding))
        raise MessageError(
            Code.INVALID_SESSION, f"An encoding is {choices}, not {_short(given['encoding'])}."
        )
    return SessionStart(resolution, **given)


def read_heartbeat(payload: dict[str, Any]) -> Heartbeat:
    """A heartbeat; anything but a number as its time is an INVALID_MESSAGE."""
    return Heartbeat(_number(payload, "timestamp", Code.INVALID_MESSAGE))


def read_frame_data(payload: dict[str, Any], resolution: Resolution) -> FrameData:
    """A frame's samples: ``pixels`` of u, v, value, or ``values`` with ``coordinates_id``.

    Raises
    ------
    MessageError
        INVALID_FRAME_DATA: an entry is missing, no number, or outside the frame.

    Examples
    --------
    >>> pixel = {"u": 0.25, "v": 0.75, "value": 9}
    >>> read_frame_data({"frame_id": 3, "pixels": [pixel]}, (2, 2)).pixels.tolist()
    [2]
    """
    frame_id = read_id(payload, "frame_id")
    if "resolution" in payload and payload["resolution"] != resolution_to_wire(resolution):
        raise _bad(
            frame_id,
            f"its resolution {_short(payload['resolution'])} is not the session's "
            f"{resolution_to_wire(resolution)}; start a new session for another one",
        )
    pixels, rows = payload.get("pixels"), payload.get("values")
    where, coordinates_id = None, None
    if isinstance(pixels, list) and rows is None:
        try:
            uv = np.array([(pixel["u"], pixel["v"]) for pixel in pixels], np.float64).reshape(-1, 2)
            rows = [pixel["value"] for pixel in pixels]
            where = pixels_of(uv, resolution)
        except GapsphereError as error:
            raise MessageError(Code.INVALID_FRAME_DATA, f"Frame {frame_id}: {error}") from error
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise _bad(frame_id, "each pixel is {u, v, value} with numbers") from error
    elif isinstance(rows, list) and pixels is None:
        coordinates_id = read_id(payload, "coordinates_id")
    else:
        raise _bad(frame_id, "it needs either pixels, or values with a coordinates_id")
    if "num_pixels" in payload and payload["num_pixels"] != len(rows):
        raise _bad(frame_id, f"it says num_pixels and brings {len(rows)}")
    return FrameData(
        frame_id,
        _numbers(rows, frame_id, "values"),
        where,
        coordinates_id,
        None
        if payload.get("state_vector") is None
        else _numbers(payload["state_vector"], frame_id, "state_vector").astype(np.float32),
        _number(payload, "timestamp", Code.INVALID_FRAME_DATA),
    )


def read_id(payload: dict[str, Any], name: str) -> int:
    """A frame number of 32 bits."""
    value = payload.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_ID:
        raise MessageError(
            Code.INVALID_FRAME_DATA,
            f"{name} is a whole number from 0 to {LARGEST_ID}, not {_short(value)}.",
        )
    return value


def write(kind: str, payload: dict[str, Any]) -> str:
    """A JSON message; NaN and infinity, which JSON has no word for, become null.

    Examples
    --------
    >>> write("heartbeat_ack", {"timestamp": float("nan")})
    '{"type":"heartbeat_ack","payload":{"timestamp":null}}'
    """
    message = {"type": kind, "payload": payload}
    try:
        return json.dumps(message, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_finite(message), separators=(",", ":"), allow_nan=False)


def write_uv(message: UvCoordinates, resolution: Resolution) -> str:
    """``uv_coordinates`` as the seed has it, pixel centres in full precision."""
    uv = uv_of(message.pixels, resolution).tolist()
    payload = {
        "target_frame_id": message.target_frame_id,
        "coordinates_id": message.coordinates_id,
        "source_frame_id": message.source_frame_id,
        "coordinates": [{"u": u, "v": v} for u, v in uv],
    }
    return write("uv_coordinates", payload)


def read_uv(payload: dict[str, Any], resolution: Resolution) -> UvCoordinates:
    """What :func:`write_uv` wrote, for a client in Python."""
    uv = np.array([(point["u"], point["v"]) for point in payload["coordinates"]], np.float64)
    return UvCoordinates(
        payload["target_frame_id"],
        pixels_of(uv, resolution),
        payload["coordinates_id"],
        payload["source_frame_id"],
    )


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
    return write("frame_data", payload)


def write_error(error: MessageError, **details: Any) -> str:
    """``error`` with its code, its sentence and details."""
    code = Code(error.code).value
    return write("error", {"code": code, "message": str(error), "details": details})


def write_reconstruction(frame_id: int, png: bytes) -> str:
    """``reconstruction``: the rebuilt frame as a PNG, which loses nothing."""
    text = base64.b64encode(png).decode("ascii")
    return write("reconstruction", {"frame_id": frame_id, "png": text})


def read_reconstruction(payload: dict[str, Any]) -> tuple[int, bytes]:
    """Frame number and PNG, for a client in Python."""
    return payload["frame_id"], base64.b64decode(payload["png"])


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def _number(payload: dict[str, Any], name: str, code: Code) -> float | None:
    value = payload.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e300:
        raise MessageError(code, f"{name} is a number, not {_short(value)}.")
    return float(value)


def _numbers(rows: Any, frame_id: int, name: str) -> NDArray[np.float64]:
    """Numbers, or rows of as many numbers each; no text that looks like numbers, no true."""
    if isinstance(rows, list):
        try:
            array = np.array(rows)
        except (ValueError, OverflowError):
            array = np.array(None)
        if array.dtype.kind in "iuf" or array.size == 0:
            return cast(NDArray[np.float64], array.astype(np.float64))
    raise _bad(frame_id, f"{name} must be numbers, one or three to each pixel")


def _bad(frame_id: int, why: str) -> MessageError:
    return MessageError(Code.INVALID_FRAME_DATA, f"Frame {frame_id} cannot be used: {why}.")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
