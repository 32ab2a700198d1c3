"""What cameras and GPS receivers write into a recording: pictures, video packets, places.

Messages of ROS 1, ROS 2 (CDR), and Foxglove's schemas as protobuf or JSON.  The fields of a ROS
message are read off its definition up to those that are needed; no code is made from a file, which
the usual ROS 1 decoder does.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ...errors import ArtifactError
from ..files.checked import LIST_LIMIT, parse_json
from .mcap_file import Topic

Kind = Literal["compressed", "raw", "video", "location"]

KINDS: dict[str, Kind] = {
    "sensor_msgs/CompressedImage": "compressed",
    "sensor_msgs/Image": "raw",
    "sensor_msgs/NavSatFix": "location",
    "foxglove.CompressedImage": "compressed",
    "foxglove.RawImage": "raw",
    "foxglove.CompressedVideo": "video",
    "foxglove.LocationFix": "location",
}
ENCODINGS = ("ros1", "cdr", "protobuf", "json")

_STAMPED = "time timestamp\nstring frame_id\n"
_LAYOUTS = {
    "sensor_msgs/CompressedImage": "Header header\nstring format\nuint8[] data",
    "sensor_msgs/Image": "Header header\nuint32 height\nuint32 width\nstring encoding\n"
    "uint8 is_bigendian\nuint32 step\nuint8[] data",
    "sensor_msgs/NavSatFix": "Header header\nNavSatStatus status\nfloat64 latitude\n"
    "float64 longitude",
    "foxglove.CompressedImage": f"{_STAMPED}uint8[] data\nstring format",
    "foxglove.CompressedVideo": f"{_STAMPED}uint8[] data\nstring format",
    "foxglove.RawImage": f"{_STAMPED}uint32 width\nuint32 height\nstring encoding\nuint32 step\n"
    "uint8[] data",
    "foxglove.LocationFix": f"{_STAMPED}float64 latitude\nfloat64 longitude",
}
"""Where a file brings no definition of its own, or one in IDL."""
_NEEDED = {
    "compressed": ("format", "data"),
    "video": ("format", "data"),
    "raw": ("width", "height", "encoding", "step", "data"),
    "location": ("latitude", "longitude"),
}
_NUMBERS = {
    "bool": "B", "byte": "B", "char": "B", "uint8": "B", "int8": "b", "uint16": "H", "int16": "h",
    "uint32": "I", "int32": "i", "uint64": "Q", "int64": "q", "float32": "f", "float64": "d",
}  # fmt: skip
_FIELD = re.compile(r"([^\s#]+)\s+(\w+)(?:\s+[^=\s].*)?$")
"""Type and name, then a default or a comment; what has an equals sign is a constant."""

DAMAGE = (struct.error, ValueError, LookupError, TypeError, AttributeError, binascii.Error)
"""What a message that is not what it says may raise, beside :class:`ArtifactError`."""


@dataclass(frozen=True)
class Message:
    """Fields of one message that were asked for; ``stamp`` in ns by the sender's clock, or 0."""

    fields: dict[str, Any]
    stamp: int = 0


def kind_of_topic(topic: Topic) -> Kind | None:
    """What a topic carries, by the name of its schema; None for anything else.

    >>> kind_of_topic(Topic("/cam", "cdr", "sensor_msgs/msg/CompressedImage"))
    'compressed'
    """
    return KINDS.get(_schema(topic))


def reader(topic: Topic) -> Callable[[bytes], Message]:
    """A function that reads the messages of a topic whose kind is known.

    Raises
    ------
    ArtifactError
        The encoding of its messages is unknown, or its schema is damaged.
    """
    kind = kind_of_topic(topic)
    if kind is None or topic.encoding not in ENCODINGS:
        raise ArtifactError(f"{topic.name} has messages encoded as {topic.encoding!r}.")
    needed = _NEEDED[kind]
    if topic.encoding == "json":
        return lambda data: _from_json(data, needed)
    if topic.encoding == "protobuf":
        return _protobuf_reader(topic, needed)
    layout = _layout(topic, needed)
    return lambda data: _from_ros(data, layout, cdr=topic.encoding == "cdr")


def _schema(topic: Topic) -> str:
    return topic.schema.replace("/msg/", "/").replace("foxglove_msgs/", "foxglove.")


def _layout(topic: Topic, needed: tuple[str, ...]) -> list[tuple[str, str]]:
    """Types and names of a message's fields, as far as the last one needed."""
    text = _LAYOUTS[_schema(topic)]
    if topic.schema_encoding in ("ros1msg", "ros2msg") and topic.schema_data.strip():
        text = topic.schema_data.decode("utf-8", "replace").partition("\n===")[0]
    fields = [match.groups() for line in text.splitlines() if (match := _FIELD.match(line.strip()))]
    names = [name for _, name in fields]
    missing = [name for name in needed if name not in names]
    if missing:
        raise ArtifactError(f"{topic.name}: {topic.schema} has no field {missing[0]!r}.")
    last = max(names.index(name) for name in needed)
    return [(kind, name) for kind, name in fields[: last + 1]]


class _Wire:
    """The bytes of a ROS message; in CDR a number stands at a multiple of its size."""

    def __init__(self, data: bytes, cdr: bool) -> None:
        self._data, self._cdr, self._at, self._start = data, cdr, 0, 0
        self._order, self._widest = "<", 8
        if cdr:
            form = data[1]  # 0 and 1: CDR; 6 and 7: the same of XCDR2
            if data[0] or form not in (0, 1, 6, 7):
                raise ValueError(f"CDR of the form {form} is not known")
            self._order = "<" if form & 1 else ">"
            self._widest = 4 if form > 1 else 8
            self._at = self._start = 4

    def number(self, code: str) -> Any:
        size = struct.calcsize(code)
        if self._cdr:
            self._at += -(self._at - self._start) % min(size, self._widest)
        (value,) = struct.unpack_from(self._order + code, self._data, self._at)
        self._at += size
        return value

    def block(self) -> bytes:
        length = self.number("I")
        end = self._at + length
        if end > len(self._data):
            raise ValueError("a field is longer than its message")
        found, self._at = self._data[self._at : end], end
        return found

    def text(self) -> str:
        return self.block().rstrip(b"\0").decode("utf-8", "replace")

    def time(self) -> int:
        seconds, nanoseconds = self.number("I"), self.number("I")
        return int(seconds) * 10**9 + int(nanoseconds)

    def field(self, kind: str) -> Any:
        kind = kind.rpartition("/")[2].partition("<=")[0]
        if kind in _NUMBERS:
            return self.number(_NUMBERS[kind])
        if kind == "string":
            return self.text()
        if kind in ("uint8[]", "byte[]", "char[]"):
            return self.block()
        if kind in ("time", "Time"):
            return self.time()
        if kind == "Header":
            if not self._cdr:
                self.number("I")
            stamp = self.time()
            self.text()
            return stamp
        if kind == "NavSatStatus":
            status = self.number("b")
            self.number("H")
            return status
        raise ValueError(f"a field of type {kind} is not known")


def _from_ros(data: bytes, layout: list[tuple[str, str]], *, cdr: bool) -> Message:
    wire = _Wire(data, cdr)
    fields = {name: wire.field(kind) for kind, name in layout}
    return Message(fields, fields.get("header", fields.get("timestamp", 0)))


def _from_json(data: bytes, needed: tuple[str, ...]) -> Message:
    document = parse_json(data, "a message", limit=LIST_LIMIT)
    fields = {name: document[name] for name in needed}
    if "data" in fields:
        fields["data"] = base64.b64decode(fields["data"], validate=True)
    stamp = document.get("timestamp")
    if not isinstance(stamp, dict):
        return Message(fields)
    return Message(fields, int(stamp.get("sec", 0)) * 10**9 + int(stamp.get("nsec", 0)))


def _protobuf_reader(topic: Topic, needed: tuple[str, ...]) -> Callable[[bytes], Message]:
    from google.protobuf.message import DecodeError
    from mcap.exceptions import McapError
    from mcap.records import Schema
    from mcap_protobuf.decoder import DecoderFactory

    schema = Schema(1, topic.schema_data, topic.schema_encoding, topic.schema)
    try:
        parse = DecoderFactory().decoder_for(topic.encoding, schema)
    except (McapError, DecodeError, TypeError, ValueError, LookupError, RecursionError) as error:
        raise ArtifactError(f"{topic.name} has a damaged schema ({error}).") from error
    if parse is None:
        raise ArtifactError(f"{topic.name} has protobuf messages and no schema for them.")

    def read(data: bytes) -> Message:
        try:
            found = parse(data)
        except DecodeError as error:
            raise ValueError(str(error)) from error
        stamp = getattr(found, "timestamp", None)
        at = 0 if stamp is None else stamp.seconds * 10**9 + stamp.nanos
        return Message({name: getattr(found, name) for name in needed}, at)

    return read
