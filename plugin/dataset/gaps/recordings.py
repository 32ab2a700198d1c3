"""Recordings among the files to load become their frames, each recording one drive.

A drive is called by the folder and file of its recording, so that ``day1/front.mp4`` and
``day2/front.mp4`` are two.  The bytes decide what is the same recording: one that was renamed or
moved goes on where its frames are, and a copy adds nothing.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import fiftyone as fo

from ...embeddings.video import extract_frames, fingerprint
from ...errors import GapsphereError
from ...interchange.left_out import LeftOut
from ..store import places
from ..store.names import FRAME_NUMBER, SEQUENCE
from .sources import Listing, video_names

log = logging.getLogger(__name__)

TIMESTAMP = "timestamp"
UNREADABLE = "unreadable recordings"
REPEATED = "repeated recordings"

_PATH = "path"
_FRAME = re.compile(r"(?P<stem>.*-(?P<print>[0-9a-f]{8}))_\d{6,}\.(jpg|png)")

Row = dict[str, Any]


@dataclass(frozen=True)
class _Home:
    """Where the frames of a recording are or go; ``stem`` begins their names."""

    folder: Path
    stem: str
    drive: str


def with_frames(
    dataset: fo.Dataset, listings: Mapping[str, Listing], frames_per_second: float
) -> dict[str, Listing]:
    """Put the frames of each recording in its place, with the cells of its row.

    A recording that cannot be read is left out; GapsphereError where there is nothing else.
    """
    videos = list(dict.fromkeys(video for each in listings.values() for video in each.videos))
    if not videos:
        return dict(listings)
    alone = sum(len(each.paths) for each in listings.values()) == 1
    left_out, frames = LeftOut(), dict[str, list[Row]]()
    prints = _fingerprints(videos, left_out, alone)
    first = {of: video for video, of in reversed(prints.items())}
    left_out.add(REPEATED, *[video for video, of in prints.items() if first[of] != video])
    for of, home in _homes(dataset, first).items():
        try:
            frames[of] = _frames(first[of], home, frames_per_second)
        except GapsphereError as error:
            if alone:
                raise
            log.warning("%s", error)
            left_out.add(UNREADABLE, first[of])
    replaced = {
        role: _replaced(listing, {video: frames.get(of, []) for video, of in prints.items()})
        for role, listing in listings.items()
    }
    next(iter(replaced.values())).left_out.update([left_out])
    return replaced


def _fingerprints(videos: list[str], left_out: LeftOut, alone: bool) -> dict[str, str]:
    found = {}
    for video in videos:
        try:
            found[video] = fingerprint(video)
        except GapsphereError as error:
            if alone:
                raise
            log.warning("%s", error)
            left_out.add(UNREADABLE, video)
    return found


def _homes(dataset: fo.Dataset, videos: Mapping[str, str]) -> dict[str, _Home]:
    """Folder, stem and drive by fingerprint; what has frames in the dataset keeps all three."""
    known: dict[str, _Home] = {}
    drives: dict[str, str] = {}
    if dataset.has_field(SEQUENCE):
        for path, label in zip(*dataset.values(["filepath", SEQUENCE]), strict=True):
            folder, name = os.path.split(path)
            if isinstance(label, str):
                drives[os.path.basename(folder)] = label
                if frame := _FRAME.fullmatch(name):
                    known[frame["print"]] = _Home(Path(folder), frame["stem"], label)
    homes = {of: known[of] for of in videos if of in known}
    folders = {of: _folder(video) for of, video in videos.items() if of not in homes}
    names = video_names(
        [videos[of] for of, folder in folders.items() if folder not in drives], set(drives.values())
    )
    for of, folder in folders.items():
        drive = drives.get(folder) or names[videos[of]]
        stem = f"{Path(videos[of]).stem}-{of}"
        homes[of] = _Home(places.frames(dataset, folder), stem, drive)
    return homes


def _folder(video: str) -> str:
    digest = hashlib.blake2b(os.fsencode(video), digest_size=4).hexdigest()
    return f"{Path(video).stem}-{digest}"


def _frames(video: str, home: _Home, frames_per_second: float) -> list[Row]:
    found = extract_frames(video, home.folder, fps=frames_per_second, stem=home.stem)
    return [
        {
            _PATH: str(Path(frame.path).resolve()),
            SEQUENCE: home.drive,
            FRAME_NUMBER: frame.frame_number,
            TIMESTAMP: frame.seconds,
        }
        for frame in found
    ]


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
