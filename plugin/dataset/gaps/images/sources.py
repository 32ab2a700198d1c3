"""What a user points at becomes a list of image files: folder, glob, list, JSON, CSV, video.

Nothing is opened here but the lists themselves, so a million images are a directory walk.  What a
folder, glob or list holds and is not used is counted by its reason.
"""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import fiftyone as fo

from ....errors import ArtifactError, EmptySetError, InputError
from ....interchange.files.checked import LIST_LIMIT, kind_of, read_json, refuse_no_file
from ....interchange.files.file_names import as_on_disk, is_utf8
from ....interchange.files.left_out import LeftOut
from ....interchange.files.listed_paths import REMOTE, is_remote, local_path, locate, without_scheme
from ....interchange.files.walk import FOREIGN_NAME, Walk, ending_reason, walk
from ....interchange.tables.columns import shown
from .pattern import Pattern
from .table import FILENAME, SPLIT, kept_names, read_table

MCAP = ".mcap"
IMAGE_SUFFIXES = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm",
    ".pgm", ".jp2", ".avif",
))  # fmt: skip
VIDEO_SUFFIXES = frozenset((
    ".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".ts", ".flv",
    ".h264", ".hevc", MCAP,
))  # fmt: skip
UNLIKE = "unmatched names"
BAGS = {".bag": "ROS 1", ".db3": "ROS 2 in SQLite"}
Source = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


@dataclass(frozen=True)
class Listing:
    """Images and videos in order, absolute; columns beside them, one cell a file.

    ``left_out``: what was met on the way and is neither.  ``absent``: paths that are listed and
    cannot be used here, with the reason.  ``named``: columns that a table gave.
    """

    paths: list[str]
    columns: dict[str, list[Any]] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    left_out: LeftOut = field(default_factory=LeftOut)
    notes: list[str] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    named: frozenset[str] = frozenset()

    @property
    def videos(self) -> list[str]:
        """Those of ``paths`` that are recordings: videos and MCAP files."""
        return [path for path in self.paths if is_video(path) and path not in self.absent]


def list_images(source: Source, dataset: fo.Dataset | None = None) -> Listing:
    """Files that ``source`` names: a folder (searched below), glob, JSON list, recording, or paths.

    A path given by name is listed whatever its ending; a folder, also one in a list or
    matched by a glob, gives what looks like an image or a video by its ending.  What a glob calls
    by the name of a field, ``{sequence}``, becomes a column for ``dataset``.

    Raises
    ------
    InputError
        The path does not exist, what was given names no file, or a field of a glob is one that
        samples or a step keep for themselves.
    EmptySetError
        Nothing in it looks like an image or a video.
    ArtifactError
        A JSON file is not a list of paths.
    """
    if isinstance(source, fo.Dataset | fo.DatasetView):
        raise InputError(
            "Images are loaded from files, and samples of FiftyOne were given: tag_samples makes "
            "samples S and U that are in the dataset already; for those of another one pass their "
            "files (samples.values('filepath'))."
        )
    if not isinstance(source, str | os.PathLike):
        given = list(source) if isinstance(source, Iterable) else [source]
        for each in given:
            if not isinstance(each, str | os.PathLike):
                raise InputError(
                    f"{type(each).__name__} values name no file: give a folder, a glob or paths."
                )
        return _listing(given, "the list")
    text = os.path.expanduser(without_scheme(os.fspath(source)))
    text = text if is_remote(text) else as_on_disk("", text)
    if os.path.isdir(text):
        return _listing([text], text)
    if os.path.isfile(text):
        _refuse_bag(text)
        if not text.lower().endswith(".json"):
            return _listing([text], text)
        return _listing(_json_list(text), text, folder=os.path.dirname(os.path.abspath(text)))
    if is_remote(text):
        raise InputError(f"{text} is an address. {REMOTE}")
    refuse_no_file(text)
    pattern = Pattern.of(text)
    for name in kept_names(dataset).intersection(pattern.fields) if pattern.fields else ():
        raise InputError(
            f"{text}: {name!r} is kept for something else; give the field another name, such as "
            "{sequence} for the drive."
        )
    if glob.has_magic(pattern.glob):
        return _matched(pattern, text)
    raise InputError(f"{text} does not exist.")


def is_video(path: str) -> bool:
    """Whether a file is a recording, a video or MCAP file, by its ending."""
    return os.path.splitext(path)[1].lower() in VIDEO_SUFFIXES


def is_mcap(path: str) -> bool:
    """Whether a file is an MCAP recording by its ending."""
    return path.lower().endswith(MCAP)


def list_csv(
    path: str | os.PathLike[str], dataset: fo.Dataset | None = None
) -> tuple[Listing, Listing]:
    """S and U of a CSV with ``filename`` (relative to the CSV) and ``split`` (S or U).

    Columns become values of the fields that ``dataset`` has.  Rows whose ``split`` is neither are
    refused: guessing would put images in the wrong set.
    """
    file = local_path(path)
    table = read_table(file, dataset, required=(FILENAME, SPLIT))
    names = table.columns[FILENAME]
    splits = [str(split or "") for split in table.columns[SPLIT]]
    for row, name, split in zip(table.numbers, names, splits, strict=True):
        if not name or split.upper() not in ("S", "U"):
            raise ArtifactError(
                f"{file}, row {row}: filename {shown(str(name or ''))} with split {shown(split)}; "
                f"a filename and a split of S or U are expected."
            )
    folder = os.path.dirname(os.path.abspath(file))  # a link is not followed: names count from here
    paths, reasons = zip(*[locate(str(name), folder) for name in names], strict=True)
    absent = {path: why for path, why in zip(paths, reasons, strict=True) if why}
    columns = {k: v for k, v in table.columns.items() if k not in (FILENAME, SPLIT)}
    understood = Counter(map(_understood, map(str, names), paths, reasons))
    notes = [*table.notes, *_notes(understood), *_repeated(paths, table.numbers, columns)]

    def part(split: str) -> Listing:
        rows = [row for row, value in enumerate(splits) if value.upper() == split]
        return Listing(
            [paths[row] for row in rows],
            {name: [cells[row] for row in rows] for name, cells in columns.items()},
            table.renamed,
            notes=notes,
            absent={paths[row]: absent[paths[row]] for row in rows if paths[row] in absent},
            named=frozenset(columns),
        )

    return part("S"), part("U")


SLASHED = "paths whose backslashes were read as slashes"
SPELLED = "paths whose letters the disk has in another form of Unicode (NFC, NFD)"
DECODED = "paths in which %20 and the like were decoded"


def _understood(name: str, path: str, reason: str) -> str:
    """How a name was read where the file has another one, "" elsewhere."""
    if reason or name.lower().startswith("file:"):
        return ""
    if "\\" in name and "\\" not in path:
        return SLASHED
    if "%" in name and os.path.basename(name) != os.path.basename(path):
        return DECODED
    if name.isascii():
        return ""
    spelled = {part for part in PurePath(name).parts if not part.isascii()}
    return "" if spelled.issubset(PurePath(path).parts) else SPELLED


def _notes(understood: Mapping[str, int]) -> list[str]:
    how = (SLASHED, SPELLED, DECODED)
    return [f"{each}: {understood[each]}" for each in how if understood.get(each)]


def _repeated(
    paths: Sequence[str], numbers: Sequence[int], columns: Mapping[str, Sequence[Any]]
) -> list[str]:
    """A note for files that stand in several rows, of which the first counts."""
    first: dict[str, int] = {}
    again, differ = 0, []
    for row, path in enumerate(paths):
        at = first.setdefault(path, row)
        names = [name for name, cells in columns.items() if cells[row] != cells[at]]
        again += at != row
        if names:
            place = f"rows {numbers[at]} and {numbers[row]}: {', '.join(names)}"
            differ.append(f"{os.path.basename(path)} ({place})")
    if not again:
        return []
    said = f"; {len(differ)} differ: {', '.join(differ[:3])}" if differ else ""
    return [f"rows of a file that an earlier row has, which counts: {again}{said}"]


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


def _refuse_bag(path: str) -> None:
    """Say what to do with a recording that is no MCAP file."""
    ending = os.path.splitext(path)[1].lower()
    if ending in BAGS:
        raise InputError(
            f"{path} is a recording of {BAGS[ending]}, which is not read: turn it into MCAP first "
            f"({'mcap convert IN OUT.mcap' if ending == '.bag' else 'ros2 bag convert'})."
        )


def _json_list(text: str) -> list[str]:
    document = read_json(Path(text), limit=LIST_LIMIT)
    if not isinstance(document, list) or not all(isinstance(item, str) for item in document):
        raise ArtifactError(f"{text} has to be a JSON list of image paths.")
    return document


def _listing(
    given: Iterable[str | os.PathLike[str]],
    source: str,
    left_out: LeftOut | None = None,
    folder: str = "",
    cells: Mapping[str, Mapping[str, Any]] | None = None,
) -> Listing:
    """What was given by name, and what the folders among it hold; each path once.

    ``cells`` of columns, by what was given.
    """
    found, left_out, absent = dict[str, str](), left_out or LeftOut(), dict[str, str]()
    understood = Counter[str]()
    for each in (os.fspath(one) for one in given):
        path, reason = locate(each, folder)
        if reason:
            absent[path] = reason
        understood[_understood(each, path, reason)] += 1
        inside = Walk([path]) if reason else _below(path)
        for file in inside.files:
            found.setdefault(file, each)
        left_out.update([inside.left_out])
    if not found:
        said = f"; {left_out}" if left_out else ""
        raise EmptySetError(
            f"{source} holds no image: looked for {', '.join(sorted(IMAGE_SUFFIXES))}{said}."
        )
    rows = [cells[each] for each in found.values()] if cells else []
    columns = {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
    return Listing(
        list(found),
        columns,
        left_out=left_out,
        notes=_notes(understood),
        absent=absent,
        named=frozenset(columns),
    )


def _matched(pattern: Pattern, text: str) -> Listing:
    """What a glob matches; one that names an ending, such as ``*.raw``, is taken at its word."""
    ending = os.path.splitext(pattern.glob)[1]
    at_its_word = ending and not glob.has_magic(ending)
    kept, left_out = dict[str, Mapping[str, Any]](), LeftOut()
    for path in sorted(glob.glob(pattern.glob, recursive=True)):
        reason = "" if at_its_word else ending_reason(path, IMAGE_SUFFIXES | VIDEO_SUFFIXES)
        values = pattern.values(path)
        if reason and not os.path.isdir(path):
            left_out.add(reason, path)
        elif values is None:
            left_out.add(UNLIKE, path)
        else:
            kept[path] = values
    return _listing(kept, text, left_out, cells=kept)


def _below(path: str) -> Walk:
    kind = kind_of(path)
    if kind == "folders":
        return walk(path, IMAGE_SUFFIXES | VIDEO_SUFFIXES)
    reason = kind if is_utf8(path) else FOREIGN_NAME
    return Walk([], LeftOut({reason: [path]})) if reason else Walk([path])
