"""The messages between client and server, as JSON: ``{"type": ..., "payload": {...}}``.

A session is one WebSocket.  The client opens it with ``session_start``, gets ``session_start_ack``
and the first ``uv_coordinates`` at once, and sends a ``frame_data`` per frame; each is answered by
``uv_coordinates`` for a later frame.  Pixels may carry their own UV, or name the coordinates that
they were read at (the ``coordinates_id`` of that message) and send values alone, which halves the
traffic.  :mod:`.binary` has the same two messages in bytes; all others are always JSON.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from enum import Enum
from operator import itemgetter
from typing import Annotated, Any, ClassVar, Literal, NoReturn, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from typing_extensions import Self

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

Encoding = Literal["json", "binary"]
LARGEST_ID = 2**32 - 1
Id = Annotated[int, Field(ge=0, le=LARGEST_ID)]
"""A number of a frame or of coordinates, in 32 bits."""


class Code(str, Enum):
    """Why the server refuses."""

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


class _Payload(BaseModel):
    """What a client may send.

    Other names are ignored: clients of the protocol's first form send some of their own.
    """

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)
    code: ClassVar[Code] = Code.INVALID_MESSAGE

    @classmethod
    def read(cls, payload: dict[str, Any]) -> Self:
        """The checked payload, null as not given; MessageError with its first mistake."""
        try:
            return cls.model_validate({k: v for k, v in payload.items() if v is not None})
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            given = "" if first["type"] == "missing" else f", not {_short(first['input'])}"
            raise MessageError(cls.code, f"{name}: {first['msg']}{given}.") from error
        except GapsphereError as error:
            raise MessageError(cls.code, str(error)) from error


class SessionStart(_Payload):
    """What a client asks for, as far as it can be checked without the server's models and limits.

    ``sampling`` overrides settings of the server for this session.
    """

    code = Code.INVALID_SESSION

    resolution: Annotated[Resolution, BeforeValidator(resolution_from_wire)]
    checkpoint_key: str | None = None
    encoding: Encoding = "json"
    sampling: dict[str, Any] = Field(default_factory=dict)
    feedback: bool = False
    frames: bool = False


class Heartbeat(_Payload):
    """A sign of life; ``timestamp`` comes back as it was sent."""

    timestamp: float | None = None


class _Frame(_Payload):
    """The JSON form of ``frame_data``; its numbers are checked as arrays."""

    code = Code.INVALID_FRAME_DATA

    frame_id: Id
    coordinates_id: Id | None = None
    resolution: Any = None
    num_pixels: Any = None
    timestamp: float | None = None
    pixels: list[Any] | None = None
    values: list[Any] | None = None
    state_vector: list[Any] | None = None


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
        """Checked samples or MessageError; ``asked`` are the pixels behind ``coordinates_id``."""
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

    Two answers can have one target when the loop is slower than the client, so coordinates have
    numbers of their own: ``coordinates_id``.
    """

    target_frame_id: int
    pixels: Pixels
    coordinates_id: int = 0
    source_frame_id: int | None = None


def read_envelope(text: str) -> tuple[str, dict[str, Any]]:
    """Type and payload of a JSON message.

    MessageError (INVALID_MESSAGE): not JSON, NaN or infinity in it, not of the two-part form.

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


def read_frame_data(payload: dict[str, Any], resolution: Resolution) -> FrameData:
    """A frame's samples: ``pixels`` of u, v, value, or ``values`` with ``coordinates_id``.

    MessageError (INVALID_FRAME_DATA): an entry is missing, not a number, or outside the frame.

    Examples
    --------
    >>> pixel = {"u": 0.25, "v": 0.75, "value": 9}
    >>> read_frame_data({"frame_id": 3, "pixels": [pixel]}, (2, 2)).pixels.tolist()
    [2]
    """
    frame = _Frame.read(payload)
    rows, where = frame.values, None
    if frame.resolution not in (None, resolution_to_wire(resolution)):
        raise _bad(
            frame.frame_id,
            f"its resolution {_short(frame.resolution)} is not the session's "
            f"{resolution_to_wire(resolution)}; start a new session for another one",
        )
    if frame.pixels is not None and rows is None:
        try:
            pairs = list(map(itemgetter("u", "v"), frame.pixels))
            rows = list(map(itemgetter("value"), frame.pixels))
        except (KeyError, TypeError) as error:
            raise _bad(frame.frame_id, "each pixel is {u, v, value} with numbers") from error
        points = _numbers(pairs, frame.frame_id, "u and v must be numbers")
        try:
            where = pixels_of(points if pairs else np.empty((0, 2)), resolution)
        except GapsphereError as error:
            raise MessageError(_Frame.code, f"Frame {frame.frame_id}: {error}") from error
    elif rows is None or frame.pixels is not None or frame.coordinates_id is None:
        raise _bad(frame.frame_id, "it needs either pixels, or values with a coordinates_id")
    if frame.num_pixels not in (None, len(rows)):
        told = _short(frame.num_pixels)
        raise _bad(frame.frame_id, f"num_pixels is {told}, but it has {len(rows)}")
    each = "values must be numbers, one or three for each pixel"
    values, state = _numbers(rows, frame.frame_id, each), None
    if frame.state_vector is not None:
        entries = _numbers(frame.state_vector, frame.frame_id, "state_vector must be numbers")
        state = entries.astype(np.float32)
    coordinates_id = frame.coordinates_id if where is None else None
    return FrameData(frame.frame_id, values, where, coordinates_id, state, frame.timestamp)


def write(kind: str, payload: dict[str, Any]) -> str:
    """A JSON message; NaN and infinity, which JSON cannot express, become null.

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
    """``uv_coordinates``: pixel centres in full precision."""
    uv = uv_of(message.pixels, resolution).tolist()
    payload = {
        "target_frame_id": message.target_frame_id,
        "coordinates_id": message.coordinates_id,
        "source_frame_id": message.source_frame_id,
        "coordinates": [{"u": u, "v": v} for u, v in uv],
    }
    return write("uv_coordinates", payload)


def write_error(error: MessageError) -> str:
    """``error`` with its code and its sentence; no error has details."""
    code = Code(error.code).value
    return write("error", {"code": code, "message": str(error), "details": {}})


def write_reconstruction(frame_id: int, png: bytes) -> str:
    """``reconstruction``: the rebuilt frame as a PNG, which loses nothing."""
    text = base64.b64encode(png).decode("ascii")
    return write("reconstruction", {"frame_id": frame_id, "png": text})


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _numbers(rows: list[Any], frame_id: int, needed: str) -> NDArray[np.float64]:
    """Numbers, or rows of equally many numbers; neither text that looks like numbers nor true."""
    try:
        array = np.array(rows)
    except (ValueError, OverflowError):
        array = np.array(None)
    if array.dtype.kind in "iuf" or array.size == 0:
        return cast(NDArray[np.float64], array.astype(np.float64))
    raise _bad(frame_id, needed)


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
