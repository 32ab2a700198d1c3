"""The messages of an MCAP recording, whatever state the file is in, in little memory.

The file is read once from front to back, one chunk at a time (https://mcap.dev/spec).  Its index
says only which topics there are and which chunks to pass over; where there is none, a first pass
looks for the topics.  What stands there is not believed: a chunk is unpacked up to the size it
claims and that size is bounded, and what is cut off, damaged or packed in an unknown way costs that
part alone.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import lz4.frame
import zstandard
from mcap import records
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError

from ...errors import ImageError
from ...progress import Progress, silent

CHUNK_LIMIT = 128 << 20
"""Bytes of one chunk or message at most, packed and unpacked; writers use some MB."""
SUMMARY_LIMIT = 256 << 20
SCHEMA_LIMIT = 1 << 20

_MAGIC = b"\x89MCAP0\r\n"
_HEAD = struct.Struct("<BQ")
_MESSAGE = struct.Struct("<HIQQ")
_CHUNK = struct.Struct("<QQQII")
_FOOTER = len(_MAGIC) + _HEAD.size + 20
_CHANNEL_OP, _SCHEMA_OP, _MESSAGE_OP, _CHUNK_OP = 4, 3, 5, 6
_FOOTER_OP, _CHUNK_INDEX_OP, _STATISTICS_OP, _DATA_END_OP = 2, 8, 11, 15


@dataclass(frozen=True)
class Topic:
    """A channel of messages: ``encoding`` of the messages, and what the schema says of them."""

    name: str
    encoding: str
    schema: str = ""
    schema_encoding: str = ""
    schema_data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Entry:
    """One message; ``time`` in ns since the recorder's epoch, 0 where none was written."""

    topic: Topic
    time: int
    data: bytes


class McapFile:
    """An MCAP file whose topics are known; :meth:`messages` reads it.

    ``problems`` are sentences on what could not be read so far; ``start`` is the time of its first
    message in ns.

    Raises
    ------
    ImageError
        It cannot be read, or is no MCAP file.
    """

    def __init__(self, path: Path, progress: Progress = silent) -> None:
        self.path = path
        self.problems: dict[str, None] = {}
        self.start: int | None = None
        self.indexed = False
        self._channels: dict[int, Topic] = {}
        self._schemas: dict[int, Any] = {}
        self._held: dict[int, set[int]] = {}
        try:
            with path.open("rb") as file:
                if file.read(len(_MAGIC)) != _MAGIC:
                    raise ImageError(
                        f"{path} is not an MCAP recording: its first bytes are of another kind."
                    )
                self._size = path.stat().st_size
                self._read_summary(file)
            if not self.indexed:
                for _ in self._entries(lambda _: False, progress):
                    pass
        except OSError as error:
            raise ImageError(f"{path} cannot be read ({error.strerror or error}).") from error

    @property
    def topics(self) -> list[Topic]:
        """Every topic once, by name."""
        by_name = {topic.name: topic for topic in self._channels.values()}
        return [by_name[name] for name in sorted(by_name)]

    def messages(self, names: Container[str], progress: Progress = silent) -> Iterator[Entry]:
        """The messages of the topics called so, in the order of the file."""
        try:
            yield from self._entries(lambda topic: topic.name in names, progress)
        except OSError as error:
            self._note(f"cannot be read further ({error.strerror or error})")

    def _note(self, problem: str) -> None:
        self.problems[f"{self.path.name} {problem}."] = None

    def _read_summary(self, file: IO[bytes]) -> None:
        """Topics, start and the topics of each chunk; nothing where the file has no sound index."""
        file.seek(max(self._size - _FOOTER, 0))
        end = file.read()
        if len(end) != _FOOTER or end[-len(_MAGIC) :] != _MAGIC or end[0] != _FOOTER_OP:
            return
        start = int(struct.unpack_from("<Q", end, _HEAD.size)[0])
        length = self._size - _FOOTER - start
        if not len(_MAGIC) <= start < self._size or not 0 < length <= SUMMARY_LIMIT:
            return
        file.seek(start)
        chunks: dict[int, set[int]] = {}
        channels: set[int] = set()
        try:
            for opcode, content in _inside(memoryview(file.read(length))):
                if opcode == _CHUNK_INDEX_OP:
                    index = _parsed("ChunkIndex", content)
                    chunks[index.chunk_start_offset] = set(index.message_index_offsets)
                elif opcode == _STATISTICS_OP:
                    known = _parsed("Statistics", content)
                    self.start = known.message_start_time or None
                    channels = set(known.channel_message_counts)
                else:
                    self._define(opcode, content)
        except _DAMAGE:
            self._channels, self._schemas = {}, {}
            return
        held = channels.union(*chunks.values())
        self.indexed = bool(held) and held <= set(self._channels)
        self._held = chunks if self.indexed else {}

    def _entries(self, wanted: Callable[[Topic], bool], progress: Progress) -> Iterator[Entry]:
        with self.path.open("rb") as file:
            file.seek(len(_MAGIC))
            while True:
                at = file.tell()
                head = file.read(_HEAD.size)
                if len(head) < _HEAD.size:
                    self._note("has no end: it was cut off or is still being written")
                    return
                opcode, length = _HEAD.unpack(head)
                if opcode in (_DATA_END_OP, _FOOTER_OP):
                    return
                after = at + _HEAD.size + length
                if not opcode or after > self._size:
                    what = "is cut off" if opcode else "is damaged"
                    self._note(f"{what} after {at:,} of {self._size:,} bytes")
                    return
                progress(at, self._size)
                yield from self._record(file, opcode, length, at, wanted)
                file.seek(after)

    def _record(
        self,
        file: IO[bytes],
        opcode: int,
        length: int,
        at: int,
        wanted: Callable[[Topic], bool],
    ) -> Iterator[Entry]:
        if opcode not in (_SCHEMA_OP, _CHANNEL_OP, _MESSAGE_OP, _CHUNK_OP):
            return
        if opcode == _CHUNK_OP and self._may_pass(at, wanted):
            return
        if length > CHUNK_LIMIT:
            self._note(f"has a part of {length:,} bytes at byte {at:,}, which is not read")
            return
        try:
            if opcode == _CHUNK_OP:
                content = self._unpacked(file.read(length))
                for inner, part in _inside(content) if content is not None else ():
                    yield from self._one(inner, part, wanted)
            else:
                yield from self._one(opcode, memoryview(file.read(length)), wanted)
        except _DAMAGE:
            self._note(f"is damaged at byte {at:,}: that part is left out")

    def _may_pass(self, at: int, wanted: Callable[[Topic], bool]) -> bool:
        held = self._held.get(at)
        return bool(held) and not any(wanted(self._channels[channel]) for channel in held or ())

    def _one(
        self, opcode: int, content: memoryview, wanted: Callable[[Topic], bool]
    ) -> Iterator[Entry]:
        if opcode != _MESSAGE_OP:
            self._define(opcode, content)
            return
        channel, _, logged, published = _MESSAGE.unpack_from(content)
        time = logged or published
        if self.start is None and time:
            self.start = time
        topic = self._channels.get(channel)
        if topic is not None and wanted(topic):
            yield Entry(topic, time, bytes(content[_MESSAGE.size :]))

    def _define(self, opcode: int, content: memoryview) -> None:
        if opcode == _SCHEMA_OP and len(content) <= SCHEMA_LIMIT:
            schema = _parsed("Schema", content)
            self._schemas[schema.id] = schema
        elif opcode == _CHANNEL_OP:
            channel = _parsed("Channel", content)
            schema = self._schemas.get(channel.schema_id)
            about = () if schema is None else (schema.name, schema.encoding, schema.data)
            self._channels[channel.id] = Topic(channel.topic, channel.message_encoding, *about)

    def _unpacked(self, chunk: bytes) -> memoryview | None:
        """What a chunk holds; None, with a note, where it cannot be unpacked."""
        *_, size, digest, name_length = _CHUNK.unpack_from(chunk)
        name_end = _CHUNK.size + name_length
        packing = str(chunk[_CHUNK.size : name_end], "utf-8")
        (length,) = struct.unpack_from("<Q", chunk, name_end)
        packed = memoryview(chunk)[name_end + 8 : name_end + 8 + length]
        if packing not in _UNPACK:
            self._note(f"has parts packed or encrypted as {packing!r}, which cannot be read")
            return None
        if size > CHUNK_LIMIT:
            self._note(f"has a part that would unpack to {size:,} bytes, which is not read")
            return None
        content = _UNPACK[packing](packed, size)
        if len(content) != size or len(packed) != length:
            raise ValueError("another size than claimed")
        if digest and zlib.crc32(content) != digest:
            raise ValueError("another checksum")
        return memoryview(content)


def _inside(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    at = 0
    while at < len(content):
        opcode, length = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        if at + length > len(content):
            raise ValueError("a record is longer than its chunk")
        yield opcode, content[at : at + length]
        at += length


def _parsed(kind: str, content: memoryview) -> Any:
    return getattr(records, kind).read(ReadDataStream(BytesIO(content)))


def _zstd(packed: memoryview, size: int) -> bytes:
    try:
        unpacker = zstandard.ZstdDecompressor(max_window_size=CHUNK_LIMIT)
        return bytes(unpacker.stream_reader(packed).read(size + 1))
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def _lz4(packed: memoryview, size: int) -> bytes:
    return bytes(lz4.frame.LZ4FrameDecompressor().decompress(packed, max_length=size + 1))


_UNPACK: dict[str, Callable[[memoryview, int], Any]] = {
    "": lambda packed, _: packed,
    "zstd": _zstd,
    "lz4": _lz4,
}


_DAMAGE = (struct.error, ValueError, RuntimeError, EOFError, McapError)
