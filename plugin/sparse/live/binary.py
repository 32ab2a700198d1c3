"""``frame_data`` and ``uv_coordinates`` in bytes: what 500 pixels cost at the least.

Coordinates are a set, so they are sent in ascending order as the gaps between pixel numbers, each
gap in Rice's code: its last ``k`` bits as they are, the rest in unary (Rice, 1979).  500 of 16,384
pixels then take some 415 bytes, where the entropy of an arbitrary such set is 403 and pairs of
16-bit UV take 2,000.  The client answers with one byte a pixel in that same order and the id of
the coordinates, not with the coordinates.

All numbers are little-endian; bits are packed from the highest down.  A coordinate block is ::

    u8 coding   0: none, 1: (u, v) pairs of u16, floor(u * 65536), 2: Rice
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
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import MessageError
from ..frames.coords import Pixels, Resolution, quantise, restore
from .protocol import LARGEST_ID, Code, FrameData, UvCoordinates

Coding = Literal["rice", "uint16"]

FRAME, UV, RECONSTRUCTION = 1, 2, 3
_FRAME = struct.Struct("<BBIIH")
_UV = struct.Struct("<BBIII")
_RECONSTRUCTION = struct.Struct("<BBI")
_BLOCK = struct.Struct("<BI")
_NONE, _UINT16, _RICE = 0, 1, 2
_RGB, _TIMESTAMP = 1, 2
_MOST_LOW_BITS = 32


def write_uv(message: UvCoordinates, *, coding: Coding = "rice", resolution: Resolution) -> bytes:
    """``uv_coordinates``; with Rice's code the pixels must be ascending, as a loop gives them."""
    source = LARGEST_ID if message.source_frame_id is None else message.source_frame_id
    head = _UV.pack(UV, 0, message.target_frame_id, message.coordinates_id, source)
    return head + _block(message.pixels, coding, resolution)


def read_uv(data: bytes, resolution: Resolution) -> UvCoordinates:
    """What :func:`write_uv` wrote.

    Examples
    --------
    >>> sent = UvCoordinates(7, np.array([0, 3]))
    >>> read_uv(write_uv(sent, resolution=(2, 2)), (2, 2)).pixels.tolist()
    [0, 3]
    """
    reader = _Reader(data)
    kind, _, target, number, source = reader.take(_UV)
    if kind != UV:
        raise _bad("it is no uv_coordinates")
    pixels, _ = _read_block(reader, resolution)
    reader.end()
    if pixels is None:
        raise _bad("it has no coordinates")
    return UvCoordinates(target, pixels, number, None if source == LARGEST_ID else source)


def write_frame(message: FrameData, *, coding: Coding = "rice", resolution: Resolution) -> bytes:
    """``frame_data``; pixels and values in one order, ascending for Rice's code."""
    values = np.ascontiguousarray(message.values, np.uint8)
    state = np.empty(0, "<f4") if message.state is None else message.state.astype("<f4")
    flags = _RGB * (values.ndim == 2 and values.shape[1] == 3)
    flags |= _TIMESTAMP * (message.timestamp is not None)
    coordinates_id = message.coordinates_id or 0
    head = _FRAME.pack(FRAME, flags, message.frame_id, coordinates_id, len(state))
    if message.pixels is None:
        block = _BLOCK.pack(_NONE, len(values))
    else:
        block = _block(message.pixels, coding, resolution)
    tail = b"" if message.timestamp is None else struct.pack("<d", message.timestamp)
    return head + block + values.tobytes() + state.tobytes() + tail


def read_frame_data(data: bytes, resolution: Resolution) -> FrameData:
    """What :func:`write_frame` wrote, from a client that need not mean well.

    Raises
    ------
    MessageError
        INVALID_FRAME_DATA: another kind of message, or not exactly the bytes that its counts call
        for.
    """
    reader = _Reader(data)
    kind, flags, frame_id, coordinates_id, entries = reader.take(_FRAME)
    if kind != FRAME or flags & ~(_RGB | _TIMESTAMP):
        raise _bad("it is no frame_data of this version")
    pixels, count = _read_block(reader, resolution)
    channels = 3 if flags & _RGB else 1
    values = np.frombuffer(reader.bytes(count * channels), np.uint8).reshape(count, channels)
    state = np.frombuffer(reader.bytes(4 * entries), "<f4").astype(np.float32)
    timestamp = None
    if flags & _TIMESTAMP:
        (timestamp,) = struct.unpack("<d", reader.bytes(8))
        if not math.isfinite(timestamp):
            raise _bad("its timestamp is no number")
    reader.end()
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


def read_reconstruction(data: bytes) -> tuple[int, bytes]:
    """Frame number and PNG."""
    reader = _Reader(data)
    kind, _, frame_id = reader.take(_RECONSTRUCTION)
    if kind != RECONSTRUCTION:
        raise _bad("it is no reconstruction")
    return frame_id, data[_RECONSTRUCTION.size :]


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
    """Pixel numbers, and how many bytes of ``data`` they took.

    Raises
    ------
    MessageError
        INVALID_FRAME_DATA: fewer numbers in ``data`` than ``count``.
    """
    # No number takes less than a bit: what lies cannot make us unpack more than it sent.
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
    """Bytes that an arbitrary set of ``count`` pixels needs at the least: log2 C(H W, count) / 8.

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

    def end(self) -> None:
        if self.at != len(self.data):
            raise _bad(f"{len(self.data) - self.at} bytes are left over")


def _block(pixels: Pixels, coding: Coding, resolution: Resolution) -> bytes:
    if coding == "uint16":
        codes: NDArray[np.uint16] = quantise(pixels, resolution)
        return _BLOCK.pack(_UINT16, len(pixels)) + codes.astype("<u2").tobytes()
    k, bits = rice(pixels)
    return _BLOCK.pack(_RICE, len(pixels)) + bytes([k]) + bits


def _read_block(reader: _Reader, resolution: Resolution) -> tuple[Pixels | None, int]:
    coding, count = reader.take(_BLOCK)
    every = resolution[0] * resolution[1]
    if count > every:
        raise _bad(f"it claims {count} pixels of a frame that has {every}")
    if coding == _NONE:
        return None, count
    if coding == _UINT16:
        codes = np.frombuffer(reader.bytes(4 * count), "<u2").reshape(count, 2)
        return restore(codes, resolution), count
    if coding != _RICE:
        raise _bad(f"nobody knows the coding {coding}")
    k = reader.bytes(1)[0]
    pixels, taken = unrice(reader.data[reader.at :], k, count)
    reader.at += taken
    if count and pixels[-1] >= every:
        raise _bad(f"a pixel lies outside the {every} of the frame")
    return pixels, count


def _bad(why: str) -> MessageError:
    return MessageError(Code.INVALID_FRAME_DATA, f"A binary message cannot be used: {why}.")
