"""What a user points at becomes a list of image files: folder, glob, list, JSON, CSV, video.

Nothing is opened here but the lists themselves, so a million images are a directory walk.
"""

from __future__ import annotations

import glob
import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from ...errors import ArtifactError, EmptySetError, InputError
from ..store.names import FRAME_NUMBER
from .table import FILENAME, SPLIT, Cell, read_table

IMAGE_SUFFIXES = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm",
    ".pgm", ".jp2", ".avif",
))  # fmt: skip
VIDEO_SUFFIXES = frozenset((
    ".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".ts", ".flv",
    ".h264", ".hevc",
))  # fmt: skip
Source = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


@dataclass(frozen=True)
class Listing:
    """Image files in order, absolute; typed columns beside them, one cell a file."""

    paths: list[str]
    columns: dict[str, list[Cell]] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    videos: list[str] = field(default_factory=list)


def list_images(source: Source) -> Listing:
    """Files that ``source`` names: a folder (searched below), glob, JSON list, video, or paths.

    A path given by name is taken as it is, whatever its ending; a folder gives what looks like an
    image or a video by its ending.

    Raises
    ------
    InputError
        The path does not exist.
    EmptySetError
        Nothing in it looks like an image or a video.
    ArtifactError
        A JSON file is not a list of paths.
    """
    if not isinstance(source, str | os.PathLike):
        return _split_videos([os.path.abspath(path) for path in source], "the list")
    text = os.path.expanduser(os.fspath(source))
    if os.path.isdir(text):
        return _split_videos(sorted(_walk(text)), text)
    if os.path.isfile(text):
        if text.lower().endswith(".json"):
            return _split_videos(_json_list(Path(text)), text)
        return _split_videos([os.path.abspath(text)], text)
    if glob.has_magic(text):
        found = sorted(glob.glob(text, recursive=True))
        return _split_videos([os.path.abspath(p) for p in found if os.path.isfile(p)], text)
    raise InputError(f"{text} does not exist.")


def list_csv(path: str | os.PathLike[str]) -> tuple[Listing, Listing]:
    """S and U of a CSV with ``filename`` (relative to the CSV) and ``split`` (S or U).

    Rows whose ``split`` is neither are refused: guessing would put images in the wrong set.
    """
    file = Path(path).expanduser()
    table = read_table(file, required=(FILENAME, SPLIT))
    names, splits = table.columns[FILENAME], table.columns[SPLIT]
    for row, (name, split) in enumerate(zip(names, splits, strict=True), start=2):
        if not name or split not in ("S", "U"):
            raise ArtifactError(
                f"{file}, row {row}: filename {name!r} with split {split!r}; "
                f"a filename and a split of S or U are expected."
            )
    folder = file.resolve().parent
    paths = [os.path.normpath(folder / str(name)) for name in names]
    columns = {k: v for k, v in table.columns.items() if k not in (FILENAME, SPLIT)}
    for cell in columns.get(FRAME_NUMBER, []):
        if cell is not None and (isinstance(cell, bool) or not isinstance(cell, int)):
            raise ArtifactError(f"{file}: frame number {cell!r} is not a whole number.")

    def part(split: str) -> Listing:
        rows = [row for row, value in enumerate(splits) if value == split]
        return Listing(
            [paths[row] for row in rows],
            {name: [cells[row] for row in rows] for name, cells in columns.items()},
            table.renamed,
        )

    return part("S"), part("U")


def video_names(videos: Iterable[str], taken: Collection[str] = ()) -> dict[str, str]:
    """A name for each video: its folder and file, and more folders where others have that name.

    Parameters
    ----------
    videos
        Absolute paths.
    taken
        Names of other videos.

    Examples
    --------
    >>> names = video_names(["/a/day1/front.mp4", "/b/day1/front.mp4", "/b/day2/front.mp4"])
    >>> list(names.values())
    ['a/day1/front.mp4', 'b/day1/front.mp4', 'day2/front.mp4']
    """
    parts = {video: PurePath(video).parts for video in videos}
    names = dict.fromkeys(parts, "")
    for length in range(2, max(map(len, parts.values()), default=0) + 1):
        tails = {video: PurePath(*each[-length:]).as_posix() for video, each in parts.items()}
        shared = Counter(tails.values())
        for video, tail in tails.items():
            whole = length >= len(parts[video])
            if not names[video] and (whole or (shared[tail] == 1 and tail not in taken)):
                names[video] = tail
    return names


def _walk(folder: str) -> Iterable[str]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            ending = os.path.splitext(name)[1].lower()
            if not name.startswith(".") and ending in IMAGE_SUFFIXES | VIDEO_SUFFIXES:
                yield os.path.abspath(os.path.join(root, name))


def _json_list(path: Path) -> list[str]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(document, list) or not all(isinstance(item, str) for item in document):
        raise ArtifactError(f"{path} has to be a JSON list of image paths.")
    folder = path.resolve().parent
    return [os.path.normpath(folder / os.path.expanduser(item)) for item in document]


def _split_videos(paths: Sequence[str], source: str) -> Listing:
    if not paths:
        raise EmptySetError(
            f"{source} holds no image: looked for {', '.join(sorted(IMAGE_SUFFIXES))}."
        )
    listing = Listing([])
    for path in dict.fromkeys(paths):
        video = os.path.splitext(path)[1].lower() in VIDEO_SUFFIXES
        (listing.videos if video else listing.paths).append(path)
    return listing
