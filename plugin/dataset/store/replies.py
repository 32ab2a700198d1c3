"""The server's replies as bytes: documents one after the other, none of them decoded.

The driver gives raw batches too, and makes an object of every document on the way: four
microseconds each, most of what a look at a dataset cost.  Here one step from length to length finds
them (the layout is BSON's, https://bsonspec.org), and of one size, as ids are, many at once.
"""

from __future__ import annotations

import struct
from typing import Any

import bson
import numpy as np

_CURSOR, _BATCHES = b"\x03cursor\0", (b"\x04nextBatch\0", b"\x04firstBatch\0")
_EMPTY = b"\x05\0\0\0\0"
_FEW = 100
"""Documents that are found one by one before it is known whether all are of one size."""
_length = struct.Struct("<i").unpack_from


def batch_of(reply: bytes | memoryview) -> dict[str, Any] | None:
    """A cursor's reply, its batch as one piece of bytes; None where it is laid out otherwise.

    >>> documents = [{"a": 1}, {"b": "two"}]
    >>> reply = bson.encode({"cursor": {"nextBatch": documents, "id": 7, "ns": "d.c"}, "ok": 1.0})
    >>> found = batch_of(reply)
    >>> bson.decode_all(found["cursor"]["nextBatch"][0]), found["cursor"]["id"], found["ok"]
    ([{'a': 1}, {'b': 'two'}], 7, 1.0)
    """
    inner = 4 + len(_CURSOR)  # where the cursor's document begins
    starts = {inner + 4 + len(name): name for name in _BATCHES}
    found = [at for at, name in starts.items() if reply[inner + 4 : at] == name]
    if not found or reply[4:inner] != _CURSOR:
        return None
    start = found[0]  # where the batch begins, an array
    end = start + _length(reply, start)[0]
    rest = bytearray(reply[:start]) + _EMPTY + reply[end:]
    for at in (0, inner):
        struct.pack_into("<i", rest, at, _length(rest, at)[0] - (end - start - len(_EMPTY)))
    said: dict[str, Any] = bson.decode(bytes(rest))
    documents = _joined(reply, start + 4, end - 1)
    said["cursor"][starts[start][1:-1].decode()] = [documents] if documents else []
    return said


def _joined(reply: bytes | memoryview, at: int, end: int) -> bytes:
    """The documents of an array without their numbers."""
    parts: list[bytes | memoryview] = []
    digits, more, count, alike = 1, 10, 0, True
    while at < end:
        if count == more:
            digits, more = digits + 1, 10 * more
        at += digits + 2  # the type, the number and its end
        size = _length(reply, at)[0]
        here = _of_one_size(reply, at, end, digits + 2, size, more - count) if alike else 1
        if here > 1:
            stride = digits + 2 + size
            rows = np.frombuffer(reply, np.uint8, here * stride, at - digits - 2)
            parts.append(rows.reshape(here, stride)[:, digits + 2 :].tobytes())
        else:
            parts.append(reply[at : at + size])
        alike = here >= _FEW or count < _FEW
        at += here * size + (here - 1) * (digits + 2)
        count += here
    return b"".join(parts)


def _of_one_size(
    reply: bytes | memoryview, at: int, end: int, head: int, size: int, most: int
) -> int:
    """How many documents of a size follow one another, ``head`` bytes before each; of ``most``."""
    most = min(most, (end - at + head) // (head + size))
    if most < _FEW:
        return 1
    rows = np.frombuffer(reply, np.uint8, most * (head + size), at - head).reshape(most, -1)
    sizes = rows[:, head : head + 4].copy().view("<i4")[:, 0]
    other = np.flatnonzero(sizes != size)
    return int(other[0]) if len(other) else most


def starts_of(documents: bytes) -> list[int]:
    """Where each of some documents begins.

    >>> starts_of(bson.encode({"a": 1}) + bson.encode({}) + bson.encode({}))
    [0, 12, 17]
    """
    at, found = 0, []
    while at < len(documents):
        found.append(at)
        at += _length(documents, at)[0]
    return found
