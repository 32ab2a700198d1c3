"""Recordings among the files to load become their frames, each recording one drive.

A drive is called by the folder and file of its recording, so that ``day1/front.mp4`` and
``day2/front.mp4`` are two; all cameras of an MCAP file are one.  The bytes decide what is the same
recording: one that was renamed or moved goes on where its frames are, and a copy adds nothing.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import fiftyone as fo

from ....embeddings.video import extract_frames, fingerprint
from ....errors import Cancelled, GapsphereError, MissingDependencyError
from ....progress import Progress, silent
from ...store import places
from ...store.names import FRAME_NUMBER, SEQUENCE
from .sources import Listing, is_mcap, video_names

TIMESTAMP = "timestamp"
CAMERA = "camera"
RECORDED_AT = "recorded_at"
LOCATION = "location"
UNREADABLE = "unreadable recordings"
REPEATED = "repeated recordings"

_PATH = "path"
_FRAME = re.compile(r"(?P<camera>(?P<stem>.*-(?P<print>[0-9a-f]{8}))(_.+)?)_\d{6,}\.(jpg|png|webp)")

Row = dict[str, Any]


@dataclass(frozen=True)
class _Home:
    """Where the frames of a recording are or go; ``stem`` begins their names."""

    folder: Path
    stem: str
    drive: str


def with_frames(
    dataset: fo.Dataset,
    listings: Mapping[str, Listing],
    frames_per_second: float,
    camera_topics: str = "",
    progress: Progress = silent,
) -> dict[str, Listing]:
    """Put the frames of each recording in its place, with the cells of its row.

    A recording that cannot be read is left out; GapsphereError where there is nothing else.
    """
    videos = list(dict.fromkeys(video for each in listings.values() for video in each.videos))
    if not videos:
        return dict(listings)
    found = Listing([])
    alone = sum(len(each.paths) for each in listings.values()) == 1
    prints = _fingerprints(videos, found, alone)
    first = {of: video for video, of in reversed(prints.items())}
    found.left_out.add(REPEATED, *[video for video, of in prints.items() if first[of] != video])
    frames: dict[str, list[Row]] = {}
    homes, there = _homes(dataset, first)
    for of, home in homes.items():
        try:
            if is_mcap(first[of]):
                given = frames_per_second, camera_topics
                frames[of] = _recorded(first[of], home, *given, found, progress)
            else:
                frames[of] = _frames(first[of], home, frames_per_second, progress)
        except Cancelled:
            raise
        except GapsphereError as error:
            if alone:
                raise
            _leave_out(found, first[of], error)
            continue
        frames[of] += _others(frames[of], there, home.drive)
    of_video = {video: frames.get(of, []) for video, of in prints.items()}
    replaced = {role: _replaced(listing, of_video) for role, listing in listings.items()}
    owned = next(iter(replaced.values()))
    owned.left_out.update([found.left_out])
    owned.notes.extend(found.notes)
    return replaced


def _leave_out(found: Listing, video: str, error: GapsphereError) -> None:
    found.left_out.add(UNREADABLE, video)
    found.notes.append(str(error))


def _fingerprints(videos: list[str], found: Listing, alone: bool) -> dict[str, str]:
    prints = {}
    for video in videos:
        try:
            prints[video] = fingerprint(video)
        except GapsphereError as error:
            if alone:
                raise
            _leave_out(found, video, error)
    return prints


def _others(frames: list[Row], there: Mapping[str, list[str]], drive: str) -> list[Row]:
    """Frames of the same cameras that came at another rate: they go where the recording goes."""
    taken = {os.path.basename(row[_PATH]) for row in frames}
    cameras = {frame["camera"] for name in taken if (frame := _FRAME.fullmatch(name))}
    paths = [path for camera in sorted(cameras) for path in there.get(camera, ())]
    return [{_PATH: path, SEQUENCE: drive} for path in paths if os.path.basename(path) not in taken]


def _homes(
    dataset: fo.Dataset, videos: Mapping[str, str]
) -> tuple[dict[str, _Home], dict[str, list[str]]]:
    """Folder, stem and drive by fingerprint; what has frames in the dataset keeps all three.

    And the frames that are there, by camera.
    """
    known: dict[str, _Home] = {}
    there: dict[str, list[str]] = {}
    drives: dict[str, str] = {}
    if dataset.has_field(SEQUENCE):
        for path, label in zip(*dataset.values(["filepath", SEQUENCE]), strict=True):
            folder, name = os.path.split(path)
            if isinstance(label, str):
                drives[os.path.basename(folder)] = label
                if frame := _FRAME.fullmatch(name):
                    known[frame["print"]] = _Home(Path(folder), frame["stem"], label)
                    there.setdefault(frame["camera"], []).append(path)
    homes = {of: known[of] for of in videos if of in known}
    folders = {of: _folder(video) for of, video in videos.items() if of not in homes}
    names = video_names(
        [videos[of] for of, folder in folders.items() if folder not in drives], set(drives.values())
    )
    for of, folder in folders.items():
        drive = drives.get(folder) or names[videos[of]]
        stem = f"{Path(videos[of]).stem}-{of}"
        homes[of] = _Home(places.frames(dataset, folder), stem, drive)
    return homes, there


def _folder(video: str) -> str:
    digest = hashlib.blake2b(os.fsencode(video), digest_size=4).hexdigest()
    return f"{Path(video).stem}-{digest}"


def _frames(video: str, home: _Home, fps: float, progress: Progress) -> list[Row]:
    found = extract_frames(video, home.folder, fps=fps, stem=home.stem, progress=progress)
    return [
        {
            _PATH: str(Path(frame.path).resolve()),
            SEQUENCE: home.drive,
            FRAME_NUMBER: frame.frame_number,
            TIMESTAMP: frame.seconds,
        }
        for frame in found
    ]


def _recorded(
    video: str, home: _Home, fps: float, topics: str, found: Listing, progress: Progress
) -> list[Row]:
    try:
        from ....embeddings.recording import extract_recording
    except ImportError as error:
        raise MissingDependencyError(
            f"{video} needs a reader of MCAP files: pip install mcap mcap-protobuf-support."
        ) from error
    recording = extract_recording(
        video, home.folder, fps=fps, topics=topics, stem=home.stem, progress=progress
    )
    found.left_out.update([recording.left_out])
    found.notes.extend(recording.problems)
    return [
        {
            _PATH: str(Path(frame.path).resolve()),
            SEQUENCE: home.drive,
            FRAME_NUMBER: frame.frame_number,
            TIMESTAMP: None if math.isnan(frame.seconds) else frame.seconds,
            CAMERA: frame.topic,
            RECORDED_AT: frame.recorded_at,
            LOCATION: _point(frame.longitude, frame.latitude),
        }
        for frame in recording.frames
    ]


def _point(longitude: float | None, latitude: float | None) -> fo.GeoLocation | None:
    return None if longitude is None else fo.GeoLocation(point=[longitude, latitude])


def _replaced(listing: Listing, frames: Mapping[str, list[Row]]) -> Listing:
    """Each recording by its frames; what its row says of the drive wins over its name."""
    rows: list[Row] = []
    recordings = set(listing.videos)
    for number, path in enumerate(listing.paths):
        row = {name: cells[number] for name, cells in listing.columns.items()}
        if path not in recordings:
            rows.append({**row, _PATH: path})
        for frame in frames.get(path, []):
            drive = row.get(SEQUENCE) or frame[SEQUENCE]
            rows.append({**row, **frame, SEQUENCE: drive})
    names = dict.fromkeys(name for row in rows for name in row if name != _PATH)
    return replace(
        listing,
        paths=[row[_PATH] for row in rows],
        columns={name: [row.get(name) for row in rows] for name in names},
    )
