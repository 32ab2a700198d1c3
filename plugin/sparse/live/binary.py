"""``frame_data`` and ``uv_coordinates`` in bytes, close to the fewest possible.

Coordinates are a set, so they are sent in ascending order as the gaps between pixel numbers, each
gap in Rice's code: its last ``k`` bits as they are, the rest in unary (Rice, 1979).  The client
answers with one byte a pixel in that same order and the id of the coordinates, not with the
coordinates.

All numbers are little-endian; bits are packed from the highest down.  A coordinate block is ::

    u8 coding   0: values without coordinates, 2: Rice
    u32 count
    [u8 k, then count * k low bits, then the unary parts (n zeros and a one), padded]  if Rice

and the messages are ::

    frame_data      u8 1, u8 flags (1: RGB, 2: timestamp), u32 frame_id, u32 coordinates_id,
                    u16 state entries, block, u8 values (count or count x 3),
                    f32 state entries, [f64 timestamp]
    uv_coordinates  u8 2, u8 0, u32 target_frame_id, u32 coordinates_id, u32 source_frame_id, block
    reconstruction  u8 3, u8 0, u32 frame_id, PNG

where a ``source_frame_id`` of 2**32 - 1 means none.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

import numpy as np

from ...errors import MessageError
from ..frames.coords import Pixels, Resolution
from .protocol import LARGEST_ID, Code, FrameData, UvCoordinates

FRAME, UV, RECONSTRUCTION = 1, 2, 3
_FRAME = struct.Struct("<BBIIH")
_UV = struct.Struct("<BBIII")
_RECONSTRUCTION = struct.Struct("<BBI")
_BLOCK = struct.Struct("<BI")
_NONE, _RICE = 0, 2
_RGB, _TIMESTAMP = 1, 2
_MOST_LOW_BITS = 32


def write_uv(message: UvCoordinates) -> bytes:
    """``uv_coordinates``; the pixels must be ascending, as a loop gives them."""
    source = LARGEST_ID if message.source_frame_id is None else message.source_frame_id
    head = _UV.pack(UV, 0, message.target_frame_id, message.coordinates_id, source)
    return head + _block(message.pixels)


def write_frame(message: FrameData) -> bytes:
    """``frame_data``; pixels and values in one order, ascending."""
    values = np.ascontiguousarray(message.values, np.uint8)
    state = np.empty(0, "<f4") if message.state is None else message.state.astype("<f4")
    flags = _RGB * (values.ndim == 2 and values.shape[1] == 3)
    flags |= _TIMESTAMP * (message.timestamp is not None)
    coordinates_id = message.coordinates_id or 0
    head = _FRAME.pack(FRAME, flags, message.frame_id, coordinates_id, len(state))
    pixels = message.pixels
    block = _BLOCK.pack(_NONE, len(values)) if pixels is None else _block(pixels)
    tail = b"" if message.timestamp is None else struct.pack("<d", message.timestamp)
    return head + block + values.tobytes() + state.tobytes() + tail


def read_frame_data(data: bytes, resolution: Resolution) -> FrameData:
    """What :func:`write_frame` wrote, from a client that may be hostile.

    MessageError (INVALID_FRAME_DATA) for another kind of message, or other than exactly the bytes
    that its counts call for.
    """
    reader = _Reader(data)
    kind, flags, frame_id, coordinates_id, entries = reader.take(_FRAME)
    if kind != FRAME or flags & ~(_RGB | _TIMESTAMP):
        raise _bad("it is not a frame_data message of this version")
    pixels, count = _read_block(reader, resolution)
    channels = 3 if flags & _RGB else 1
    values = np.frombuffer(reader.bytes(count * channels), np.uint8).reshape(count, channels)
    state = np.frombuffer(reader.bytes(4 * entries), "<f4").astype(np.float32)
    timestamp = None
    if flags & _TIMESTAMP:
        (timestamp,) = struct.unpack("<d", reader.bytes(8))
        if not math.isfinite(timestamp):
            raise _bad("its timestamp is not a number")
    if reader.at != len(data):
        raise _bad(f"{len(data) - reader.at} bytes are left over")
    return FrameData(
        frame_id,
        values,
        pixels,
        coordinates_id if pixels is None else None,
        state if entries else None,
        timestamp,
    )


def write_reconstruction(frame_id: int, png: bytes) -> bytes:
    """``reconstruction``: a frame number and a PNG."""
    return _RECONSTRUCTION.pack(RECONSTRUCTION, 0, frame_id) + png


def rice(pixels: Pixels) -> tuple[int, bytes]:
    """Ascending, different pixel numbers as ``(k, bits)``, with the ``k`` that takes the fewest.

    Examples
    --------
    >>> k, bits = rice(np.array([2, 3, 9]))
    >>> unrice(bits, k, 3)[0].tolist()
    [2, 3, 9]
    """
    numbers = np.asarray(pixels, np.int64)
    gaps = numbers - np.append(np.int64(-1), numbers[:-1]) - 1
    if len(gaps) and gaps.min() < 0:
        raise ValueError("Rice's code takes ascending and different pixels.")
    sizes = [len(gaps) * (k + 1) + int((gaps >> k).sum()) for k in range(_MOST_LOW_BITS)]
    k = int(np.argmin(sizes))
    places = np.arange(k - 1, -1, -1)
    low = ((gaps[:, None] >> places) & 1).ravel()
    ends = np.cumsum((gaps >> k) + 1)
    unary = np.zeros(int(ends[-1]) if len(ends) else 0, np.uint8)
    unary[ends - 1] = 1
    return k, np.packbits(np.concatenate([low.astype(np.uint8), unary])).tobytes()


def unrice(data: bytes, k: int, count: int) -> tuple[Pixels, int]:
    """``count`` pixel numbers, and how many bytes they took; MessageError for fewer numbers."""
    # No number takes less than a bit, so a false count cannot make us unpack more than was sent.
    if k >= _MOST_LOW_BITS or count * (k + 1) > 8 * len(data):
        raise _bad("it is shorter than its counts")
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    low = bits[: count * k].reshape(count, k).astype(np.int64) @ (1 << np.arange(k - 1, -1, -1))
    ends = np.flatnonzero(bits[count * k :])[:count]
    if len(ends) < count:
        raise _bad("it is shorter than its counts")
    if not count:
        return np.empty(0, np.int64), 0
    high = np.diff(ends, prepend=-1) - 1
    pixels = np.cumsum(((high << k) | low) + 1) - 1
    return pixels, -(-(count * k + int(ends[-1]) + 1) // 8)


def entropy_floor(count: int, resolution: Resolution) -> float:
    """Fewest bytes for an arbitrary set of ``count`` pixels: log2 C(H W, count) / 8.

    Examples
    --------
    >>> round(entropy_floor(500, (128, 128)))
    403
    """
    every = resolution[0] * resolution[1]
    choices = math.lgamma(every + 1) - math.lgamma(count + 1) - math.lgamma(every - count + 1)
    return choices / math.log(2) / 8


@dataclass
class _Reader:
    """Takes bytes off the front; asking for more than there are is the sender's error."""

    data: bytes
    at: int = 0

    def bytes(self, count: int) -> bytes:
        part = self.data[self.at : self.at + count]
        if len(part) < count:
            raise _bad("it is shorter than its counts")
        self.at += count
        return part

    def take(self, layout: struct.Struct) -> tuple[int, ...]:
        return layout.unpack(self.bytes(layout.size))


def _block(pixels: Pixels) -> bytes:
    k, bits = rice(pixels)
    return _BLOCK.pack(_RICE, len(pixels)) + bytes([k]) + bits


def _read_block(reader: _Reader, resolution: Resolution) -> tuple[Pixels | None, int]:
    coding, count = reader.take(_BLOCK)
    every = resolution[0] * resolution[1]
    if count > every:
        raise _bad(f"it has {count} pixels of a frame that has {every}")
    if coding == _NONE:
        return None, count
    if coding != _RICE:
        raise _bad(f"unknown coding {coding}")
    k = reader.bytes(1)[0]
    pixels, taken = unrice(reader.data[reader.at :], k, count)
    reader.at += taken
    if count and pixels[-1] >= every:
        raise _bad(f"a pixel is outside the {every} of the frame")
    return pixels, count


def _bad(why: str) -> MessageError:
    return MessageError(Code.INVALID_FRAME_DATA, f"A binary message cannot be used: {why}.")
