"""Messages of one camera become pictures: compressed ones as they are, raw and video decoded.

A picture is encoded only if it is asked for, since most are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..interchange.recordings.camera_messages import Message
from .images import MAX_PIXELS
from .video import encoded

DEPTH = "depth images"
NO_PICTURE = "messages without a known picture"

CODECS = {"h264": "h264", "h265": "hevc", "hevc": "hevc", "vp9": "vp9", "av1": "av1"}
_DEPTHS = ("16UC1", "32FC1", "16SC1")
_SUFFIXES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png"}


class NotUsed(Exception):  # noqa: N818  leaving out is no error
    """A message without a picture of ours; its text is the reason, for the counts."""


@dataclass(frozen=True)
class Picture:
    """The picture of message ``number``; ``content`` makes the bytes of its file."""

    number: int
    suffix: str
    content: Callable[[], bytes]


class Pictures:
    """The pictures of one topic; ``damaged`` counts video packets that could not be decoded."""

    def __init__(self) -> None:
        self.damaged = 0
        self._decoder: Any = None

    def of(self, number: int, message: Message) -> Iterator[Picture]:
        """Pictures that are complete now; video may hold one back until the next message.

        Raises
        ------
        NotUsed
            The message holds depth, or a picture of an unknown kind.
        ValueError
            It is damaged.
        """
        fields = message.fields
        if "encoding" in fields:
            if str(fields["encoding"]).upper() in _DEPTHS:
                raise NotUsed(DEPTH)
            check_raw(fields)
            yield Picture(number, ".jpg", lambda: encoded(raw_image(fields), ".jpg"))
            return
        data, form = bytes(fields["data"]), str(fields["format"])
        suffix = _suffix(data)
        codec = CODECS.get(form.lower().replace(".", "").partition(";")[0].strip())
        if "compresseddepth" in form.lower() or form.partition(";")[0].upper() in _DEPTHS:
            raise NotUsed(DEPTH)
        if suffix:
            yield Picture(number, suffix, lambda: data)
        elif codec:
            yield from self._decoded(codec, number, data)
        else:
            raise NotUsed(NO_PICTURE)

    def end(self) -> Iterator[Picture]:
        """Pictures that the video decoder still holds."""
        if self._decoder is not None:
            yield from self._frames(None)

    def _decoded(self, codec: str, number: int, data: bytes) -> Iterator[Picture]:
        import av

        if self._decoder is None:
            self._decoder = av.CodecContext.create(codec, "r")
            self._decoder.thread_type = "SLICE"  # frame threads would hold back one frame each
        packet = av.Packet(data)
        packet.pts = packet.dts = number
        packet.time_base = Fraction(1)
        yield from self._frames(packet)

    def _frames(self, packet: Any) -> Iterator[Picture]:
        import av

        try:
            for frame in self._decoder.decode(packet):
                content = partial(encoded, frame.to_image(), ".jpg")
                yield Picture(int(frame.pts or 0), ".jpg", content)
        except av.FFmpegError:
            self.damaged += 1


def check_raw(fields: Mapping[str, Any]) -> None:
    """Whether a raw image holds what it claims.

    Raises
    ------
    NotUsed
        Its encoding is unknown.
    ValueError
        It is larger than any picture, or shorter than it claims.
    """
    known = _RAW.get(str(fields["encoding"]).lower())
    if known is None:
        raise NotUsed(NO_PICTURE)
    width, height, step = (int(fields[name]) for name in ("width", "height", "step"))
    row = width * known.bytes_a_pixel
    if not 0 < width * height <= MAX_PIXELS or step < row:
        raise ValueError(f"{width} x {height} pixels in rows of {step} bytes")
    if len(fields["data"]) < step * (height - 1) + row:
        raise ValueError("the picture is cut off")


def raw_image(fields: Mapping[str, Any]) -> Image.Image:
    """A checked raw image as 8-bit RGB or grey.

    >>> fields = dict(width=1, height=1, step=3, encoding="bgr8", data=bytes([1, 2, 3]))
    >>> raw_image(fields).getpixel((0, 0))
    (3, 2, 1)
    """
    known = _RAW[str(fields["encoding"]).lower()]
    width, height, step = (int(fields[name]) for name in ("width", "height", "step"))
    row = width * known.bytes_a_pixel
    data = np.frombuffer(fields["data"], np.uint8)
    rows = np.lib.stride_tricks.as_strided(data, (height, row), (step, 1), writeable=False)
    return Image.fromarray(np.ascontiguousarray(known.pixels(rows, width)))


@dataclass(frozen=True)
class _Raw:
    bytes_a_pixel: int
    pixels: Callable[[NDArray[np.uint8], int], NDArray[np.uint8]]


def _channels(*order: int, of: int) -> _Raw:
    return _Raw(of, lambda rows, width: rows.reshape(len(rows), width, of)[:, :, list(order)])


def _high_bytes(rows: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    return rows.reshape(len(rows), width, 2)[:, :, 1]


def _yuv(luma: int) -> _Raw:
    """Two pixels share a pair of colours; ``luma`` is where the first of their brightnesses is."""

    def pixels(rows: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
        pairs = rows[:, : width // 2 * 4].reshape(len(rows), -1, 4)
        bright = pairs[:, :, luma::2].reshape(len(rows), -1)
        colours = pairs[:, :, 1 - luma :: 2].repeat(2, axis=1)
        joined = np.dstack([bright, colours[:, :, 0], colours[:, :, 1]])
        return np.asarray(Image.fromarray(joined, "YCbCr").convert("RGB"))

    return _Raw(2, pixels)


_GREY = _Raw(1, lambda rows, _: rows)
_RAW = {
    "rgb8": _channels(0, 1, 2, of=3), "bgr8": _channels(2, 1, 0, of=3),
    "8uc3": _channels(2, 1, 0, of=3), "rgba8": _channels(0, 1, 2, of=4),
    "bgra8": _channels(2, 1, 0, of=4), "8uc4": _channels(2, 1, 0, of=4),
    "mono8": _GREY, "8uc1": _GREY, "mono16": _Raw(2, _high_bytes),
    "yuv422": _yuv(1), "uyvy": _yuv(1), "yuv422_yuy2": _yuv(0), "yuyv": _yuv(0),
}  # fmt: skip


def _suffix(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    return next((suffix for magic, suffix in _SUFFIXES.items() if data.startswith(magic)), "")
