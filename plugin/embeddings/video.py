"""Video files to frame files, at a given rate.

FFmpeg (through PyAV) decodes; this module decides which frames to keep, turns them upright, and
names them so that a second run adds only what is missing.  A name holds the video's own name, a
short fingerprint of its bytes, so that two recordings of one name never mix in a folder, and the
frame's number in the video.
"""

from __future__ import annotations

import hashlib
import io
import logging
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image

from ..errors import ArtifactError, ImageError, InputError
from ..interchange.files.checked import kind_of, write_whole
from ..interchange.files.listed_paths import gone
from ..progress import Progress, silent

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_log = logging.getLogger(__name__)

JPEG_QUALITY = 95

_FINGERPRINT_BYTES = 1 << 20
_QUARTER_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}
_EARLY_END_SECONDS = 0.5


@dataclass(frozen=True)
class FrameFile:
    """One frame on disk: its file, its number in the video (from 0), and when it was shown."""

    path: Path
    frame_number: int
    seconds: float


def extract_frames(
    video: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    fps: float | None = None,
    suffix: Literal[".jpg", ".png"] = ".jpg",
    stem: str | None = None,
    progress: Progress = silent,
) -> list[FrameFile]:
    """Write the frames of a video as image files and list them.

    Parameters
    ----------
    video : str or path-like
        Its first video stream counts.
    folder : str or path-like
        Where the files go; made if missing.  Files of an earlier run stay and are not written
        again.  Each file appears whole or not at all.
    fps : float, optional
        Frames a second of video time to keep: the first frame at or after each multiple of
        ``1/fps``.  All of them by default, and when the video has fewer.
    suffix : {".jpg", ".png"}
        JPEG of quality 95, or lossless.
    stem : str, optional
        What the names of the files begin with, in place of the video's own name and fingerprint.
    progress : callable of (done, total), optional
        Called once a decoded frame; ``total`` is what the file claims, or its duration gives.

    Returns
    -------
    list of FrameFile
        In order of time, files of earlier runs included.  Rotation metadata (phones) is applied.
        If the video breaks off or is damaged half-way, the frames before that, with a warning
        through ``logging``.

    Raises
    ------
    ImageError
        The video is missing, empty, not a video, or has no frame that can be decoded.
    InputError
        ``fps`` is not positive, or the folder cannot be written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import av, numpy as np
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with av.open(str(folder / "drive.mp4"), "w") as container:
    ...     stream = container.add_stream("mpeg4", rate=10)
    ...     stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
    ...     for _ in range(10):
    ...         black = np.zeros((16, 32, 3), np.uint8)
    ...         container.mux(stream.encode(av.VideoFrame.from_ndarray(black, format="rgb24")))
    ...     container.mux(stream.encode())
    >>> frames = extract_frames(folder / "drive.mp4", folder / "frames", fps=5)
    >>> [(frame.frame_number, frame.seconds) for frame in frames]
    [(0, 0.0), (2, 0.2), (4, 0.4), (6, 0.6), (8, 0.8)]
    """
    import av

    if fps is not None and not (math.isfinite(fps) and fps > 0):
        raise InputError(f"The frame rate must be a positive number, not {fps}.")
    video, folder = Path(video), Path(folder)
    stem = stem or f"{video.stem}-{fingerprint(video)}"
    frames: list[FrameFile] = []
    try:
        with av.open(str(video)) as container:
            stream = _video_stream(video, container)
            claimed = stream.frames or _by_duration(stream, container)
            for number, seconds, frame in _timed_frames(stream, container):
                progress(number + 1, max(claimed, number + 1))
                if fps is not None and seconds < _next_time(frames, fps) - 1e-6:
                    continue
                path = folder / f"{stem}_{number:06d}{suffix}"
                if not path.exists():
                    write_frame(encoded(_upright(frame), suffix), path)
                frames.append(FrameFile(path, number, round(seconds, 6)))
            _warn_if_it_ended_early(video, stream, frames, fps)
    except av.FFmpegError as error:
        if not frames:
            raise ImageError(
                f"{video} cannot be decoded as a video ({error.strerror or error}): it is "
                "truncated, damaged or of another kind."
            ) from error
        _log.warning(
            "%s is damaged after %.1f s (%s); the frames before that are used.",
            video,
            frames[-1].seconds,
            error.strerror or error,
        )
    if not frames:
        raise ImageError(f"{video} has no frame that can be decoded: it is truncated or damaged.")
    return frames


def fingerprint(video: str | os.PathLike[str]) -> str:
    """Eight hex digits of the file's size and first bytes: the same wherever the file lies.

    Raises
    ------
    ImageError
        The file is missing, empty, cannot be read, or is a pipe or the like.
    """
    kind = kind_of(os.fspath(video))
    if kind:
        raise ImageError(f"{video} is a {kind.removesuffix('s')}, not a video.")
    try:
        with open(video, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size == 0:
                raise ImageError(f"{video} is empty (0 bytes): copy it again from its source.")
            start = stream.read(_FINGERPRINT_BYTES)
    except FileNotFoundError as error:
        raise ImageError(gone(video)) from error
    except OSError as error:
        raise ImageError(f"{video} cannot be read ({error.strerror or error}).") from error
    return hashlib.sha256(size.to_bytes(8, "little") + start).hexdigest()[:8]


def _video_stream(video: Path, container: InputContainer) -> VideoStream:
    name = container.format.name
    if name.endswith("_pipe") or name == "image2":  # FFmpeg's readers of single pictures
        raise ImageError(f"{video} is an image, not a video: load it as it is.")
    if name == "tty" or not container.streams.video:  # FFmpeg takes any text for ANSI art
        raise ImageError(f"{video} has no video stream: leave it out.")
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    return stream


def _by_duration(stream: VideoStream, container: InputContainer) -> int:
    """Frames that the duration holds: Matroska, of which WebM is one kind, counts none."""
    return round((container.duration or 0) / 1_000_000 * (stream.average_rate or 0))


def _timed_frames(
    stream: VideoStream, container: InputContainer
) -> Iterator[tuple[int, float, VideoFrame]]:
    rate = float(stream.average_rate or 25)
    first: float | None = None
    for number, frame in enumerate(container.decode(stream)):
        time = number / rate if frame.time is None else frame.time
        first = time if first is None else first
        yield number, time - first, frame


def _next_time(frames: list[FrameFile], fps: float) -> float:
    if not frames:
        return 0.0
    return (math.floor(frames[-1].seconds * fps + 1e-6) + 1) / fps


def _upright(frame: VideoFrame) -> Image.Image:
    image: Image.Image = frame.to_image()
    # FFmpeg gives the counter-clockwise angle that the display matrix asks for, as Pillow turns.
    turn = _QUARTER_TURNS.get(round(frame.rotation) % 360)
    return image if turn is None else image.transpose(turn)


def encoded(image: Image.Image, suffix: str) -> bytes:
    """A picture as JPEG of quality 95, or as PNG.

    Pillow does not look whether all it wrote arrived: straight to a disk that fills up, it would
    leave a frame cut off and say nothing.
    """
    options: dict[str, Any] = (
        {"format": "PNG"}
        if suffix == ".png"
        else {"format": "JPEG", "quality": JPEG_QUALITY, "subsampling": 0}
    )
    content = io.BytesIO()
    image.save(content, **options)
    return content.getvalue()


def write_frame(content: bytes, path: Path) -> None:
    """Write a frame whole; InputError where there is no room or no permission."""
    try:
        write_whole(path, lambda file: file.write(content), durable=False)
    except ArtifactError as error:
        cause = error.__cause__
        raise InputError(
            f"{path} cannot be written ({getattr(cause, 'strerror', None) or cause}): free space "
            "or choose another folder."
        ) from cause


def _warn_if_it_ended_early(
    video: Path, stream: VideoStream, frames: list[FrameFile], fps: float | None
) -> None:
    if stream.duration is None or stream.time_base is None or not frames:
        return
    claimed = float(stream.duration * stream.time_base)
    reached = frames[-1].seconds + (1.0 / fps if fps is not None else 0.0)
    if reached < claimed - _EARLY_END_SECONDS:
        _log.warning(
            "%s ends after %.1f of the %.1f seconds it claims: it is truncated; the frames before "
            "that are used.",
            video,
            frames[-1].seconds,
            claimed,
        )
