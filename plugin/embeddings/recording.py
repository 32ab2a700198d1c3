"""Camera frames out of an MCAP recording, at a given rate, each with its camera, time and place.

Time is cut into slots of ``1/fps`` from the recording's first message on, and each camera gives the
first frame of a slot, so that a clock that jumps costs only frames of slots that had one.  The name
of a file holds the recording, the topic and the number of the message: a second run writes only
what is missing.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from ..coverage.words import counted
from ..errors import ArtifactError, ImageError, InputError
from ..interchange.files.left_out import LeftOut
from ..interchange.recordings.camera_messages import DAMAGE, Kind, Message, kind_of_topic, reader
from ..interchange.recordings.mcap_file import Entry, McapFile, Topic
from ..progress import Progress, silent
from .recorded_pictures import NotUsed, Picture, Pictures
from .video import FrameFile, fingerprint, write_frame

FIX_SECONDS = 5.0
"""A place counts for a frame at most this long before or after it: 70 m at 50 km/h."""
JUMP_SECONDS = 1.0
"""A time that goes back further than this is said: messages are often a little out of order."""

UNKNOWN_ENCODING = "topics of an unknown encoding"
TWICE = "repeated topics"
DAMAGED = "damaged messages"

_CALENDAR = 10**18, 4 * 10**18
"""Nanoseconds between which a time is one of the calendar, not since some start: 2001 to 2096."""
_TRANSPORT = re.compile(r"/(compressed|image_compressed|h264|h265|ffmpeg)$")


@dataclass(frozen=True)
class RecordedFrame(FrameFile):
    """A frame on disk; ``seconds`` since the recording's start, NaN where it has no time.

    ``recorded_at`` is None where the clock is not the calendar's; ``longitude`` and ``latitude`` in
    degrees are None where no place is known within :data:`FIX_SECONDS`.
    """

    topic: str = ""
    recorded_at: datetime | None = None
    longitude: float | None = None
    latitude: float | None = None


@dataclass(frozen=True)
class Recording:
    """The frames, camera by camera; what was left out; sentences on what is wrong."""

    frames: list[RecordedFrame]
    left_out: LeftOut
    problems: list[str]


def extract_recording(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    fps: float = 1.0,
    topics: str = "",
    stem: str | None = None,
    progress: Progress = silent,
) -> Recording:
    """Write the camera frames of an MCAP file as image files and list them.

    Parameters
    ----------
    path
        An MCAP file with topics of compressed or raw images or of video, from ROS 1, ROS 2 or in
        Foxglove's schemas.  Its positions (NavSatFix, LocationFix) give each frame the place
        nearest in time.  A compressed picture is written as it was recorded.
    folder
        Where the files go; made if missing.  Files of an earlier run are not written again.
    fps
        Frames a second of each camera; all where it has fewer.
    topics
        Cameras: topics or patterns such as ``/cam_*``, with commas between; all by default.
    stem
        What the names of the files begin with, in place of the recording's name and fingerprint.
    progress
        Called with the bytes read and the size of the file.

    Raises
    ------
    ImageError
        It is no MCAP file, or has no camera frame that can be used; the sentence lists its topics.
    InputError
        ``fps`` is not positive, ``topics`` match no camera, or the folder cannot be written.
    """
    if not (math.isfinite(fps) and fps > 0):
        raise InputError(f"The frame rate must be a positive number, not {fps}.")
    path = Path(path)
    stem = stem or f"{path.stem}-{fingerprint(path)}"
    file, left_out = McapFile(path, progress), LeftOut()
    cameras = {
        topic.name: _Camera(topic, Path(folder) / f"{stem}_{_slug(topic.name)}", fps, left_out)
        for topic in _chosen(file, topics, left_out)
    }
    places = {each.name: _Places(each) for each in file.topics if kind_of_topic(each) == "location"}
    for entry in file.messages({*cameras, *places}, progress):
        if entry.topic.name in places:
            places[entry.topic.name].add(entry)
        else:
            cameras[entry.topic.name].add(entry, file.start or 0)
    problems = list(file.problems)
    frames: list[RecordedFrame] = []
    best = max(places.values(), key=len, default=None)
    for camera in cameras.values():
        camera.end(file.start or 0)
        problems += camera.problems()
        frames += camera.frames if best is None else best.placed(camera.frames, camera.times)
    if not frames:
        left = [f"{str(left_out).capitalize()}."] if left_out else []
        raise ImageError(" ".join([f"{path} has no frame that can be used.", *problems, *left]))
    return Recording(frames, left_out, problems)


def _chosen(file: McapFile, asked: str, left_out: LeftOut) -> list[Topic]:
    """The cameras asked for; of pictures sent raw and compressed, the compressed ones."""
    kinds: dict[Topic, Kind | None] = {topic: kind_of_topic(topic) for topic in file.topics}
    cameras = [topic for topic, kind in kinds.items() if kind not in (None, "location")]
    if not cameras:
        names = ", ".join(f"{topic.name} ({topic.schema or '?'})" for topic in file.topics[:20])
        said = f"{file.path} has no camera topic; its topics: {names or 'none'}."
        raise ImageError(" ".join([said, *file.problems]))
    patterns = [word.strip() for word in asked.split(",") if word.strip()] or ["*"]
    chosen = [
        topic for topic in cameras if any(fnmatchcase(topic.name, pattern) for pattern in patterns)
    ]
    if not chosen:
        names = ", ".join(topic.name for topic in cameras)
        raise InputError(f"{file.path} has no camera topic {asked!r}; its cameras: {names}.")
    packed = {_TRANSPORT.sub("", topic.name) for topic in chosen if kinds[topic] != "raw"}
    twice = [topic for topic in chosen if kinds[topic] == "raw" and topic.name in packed]
    left_out.add(TWICE, *[topic.name for topic in twice])
    return [topic for topic in chosen if topic not in twice]


@dataclass
class _Camera:
    """The frames of one topic as they come; ``stem`` begins the paths of their files."""

    topic: Topic
    stem: Path
    fps: float
    left_out: LeftOut
    frames: list[RecordedFrame] = field(default_factory=list)
    times: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pictures = Pictures()
        self._count = self._latest = self._back = 0
        self._slots: set[int] = set()
        self._waiting: dict[int, int] = {}
        self._read: Callable[[bytes], Message] | None = None
        try:
            self._read = reader(self.topic)
        except ArtifactError:
            self.left_out.add(UNKNOWN_ENCODING, self.topic.name)

    def add(self, entry: Entry, start: int) -> None:
        """Take the frames that a message completes."""
        if self._read is None:
            return
        number, self._count = self._count, self._count + 1
        try:
            message = self._read(entry.data)
            self._waiting[number] = self._seen(entry.time or message.stamp)
            self._keep(self._pictures.of(number, message), start)
        except NotUsed as left:
            self._leave(str(left), number)
        except (*DAMAGE, ArtifactError):
            self._leave(DAMAGED, number)

    def end(self, start: int) -> None:
        """Take the frames that wait in a video decoder."""
        self._keep(self._pictures.end(), start)

    def problems(self) -> list[str]:
        """A sentence on each thing that is wrong with the topic as a whole."""
        damaged = self._pictures.damaged
        untimed = sum(math.isnan(frame.seconds) for frame in self.frames)
        said = {
            f"{counted(damaged, 'video packet')} could not be decoded": damaged,
            f"the time goes back by up to {self._back / 1e9:.0f} s, and of frames of one moment "
            "only the first is used": self._back,
            f"{counted(untimed, 'frame', 'has|have')} no time: all are used": untimed,
        }
        return [
            f"{self.topic.name}: {sentence}." for sentence, happened in said.items() if happened
        ]

    def _seen(self, time: int) -> int:
        if time and self._latest - time > JUMP_SECONDS * 1e9:
            self._back = max(self._back, self._latest - time)
        self._latest = max(self._latest, time)
        return time

    def _keep(self, pictures: Iterable[Picture], start: int) -> None:
        for picture in pictures:
            time = self._waiting.pop(picture.number, 0)
            slot = math.floor((time - start) / 1e9 * self.fps + 1e-6)
            if time and slot in self._slots:
                continue
            path = Path(f"{self.stem}_{picture.number:06d}{picture.suffix}")
            if not path.exists():
                write_frame(picture.content(), path)
            if time:
                self._slots.add(slot)
            self.frames.append(
                RecordedFrame(
                    path,
                    picture.number,
                    round((time - start) / 1e9, 6) if time else math.nan,
                    self.topic.name,
                    _calendar(time),
                )
            )
            self.times.append(time)

    def _leave(self, reason: str, number: int) -> None:
        self._waiting.pop(number, None)
        self.left_out.add(reason, f"{self.stem.name}_{number:06d}")


class _Places:
    """Where the recorder was, by one receiver."""

    def __init__(self, topic: Topic) -> None:
        self._read: Callable[[bytes], Message] | None = None
        self._times, self._degrees = array("q"), array("d")
        try:
            self._read = reader(topic)
        except ArtifactError:
            return  # a place is an extra: its absence shows in the samples

    def add(self, entry: Entry) -> None:
        if self._read is None:
            return
        try:
            message = self._read(entry.data)
            longitude, latitude = (float(message.fields[n]) for n in ("longitude", "latitude"))
        except (*DAMAGE, ArtifactError):
            return
        known = abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude or longitude)
        if known and message.fields.get("status", 0) >= 0:  # -1: the receiver had no fix
            self._times.append(entry.time or message.stamp)
            self._degrees.extend((longitude, latitude))

    def __len__(self) -> int:
        return len(self._times)

    def placed(self, frames: list[RecordedFrame], times: list[int]) -> list[RecordedFrame]:
        """Each frame with the place nearest in time."""
        if not len(self):
            return frames
        order = np.argsort(self._times, kind="stable")
        known = np.asarray(self._times, np.int64)[order]
        degrees = np.asarray(self._degrees).reshape(-1, 2)[order]
        asked = np.asarray(times, np.int64)
        after = np.searchsorted(known, asked).clip(1 if len(known) > 1 else 0, len(known) - 1)
        before = (after - 1).clip(0)
        nearer = np.abs(asked - known[before]) <= np.abs(known[after] - asked)
        nearest = np.where(nearer, before, after)
        near = (np.abs(known[nearest] - asked) <= FIX_SECONDS * 1e9) & (asked != 0)
        return [
            replace(frame, longitude=float(place[0]), latitude=float(place[1])) if close else frame
            for frame, place, close in zip(frames, degrees[nearest], near, strict=True)
        ]


def _calendar(time: int) -> datetime | None:
    if not _CALENDAR[0] <= time <= _CALENDAR[1]:
        return None
    return datetime.fromtimestamp(time / 1e9, timezone.utc)


def _slug(topic: str) -> str:
    """A topic as part of a file name; one that would read like another gets a digest."""
    name = re.sub(r"[^A-Za-z0-9_]+", "-", topic).strip("-")[:60] or "topic"
    if topic == "/" + name.replace("-", "/"):
        return name
    return f"{name}-{hashlib.blake2b(topic.encode(), digest_size=2).hexdigest()}"
