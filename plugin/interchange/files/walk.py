"""The one walk through a user's folders: which files are in them, and what is left out and why.

Links are followed: drives are linked into folders, and hubs and version control lay out folders of
nothing but links.  A folder or file that is reached twice counts once, under its own name where it
has one inside the folder, so that a circle ends.  No file is opened, and none but a link is looked
at beyond what the folder says, so a million files are a directory walk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from .checked import kind_of
from .file_names import is_utf8
from .left_out import LeftOut

FOREIGN_NAME = "non-UTF-8 names"
UNREADABLE = "unreadable folders"
HIDDEN = "hidden names"
NO_ENDING = "unknown endings"
BROKEN_LINK = "broken links"
TWICE = "repeated files"
FOLDER_TWICE = "repeated folders"
AROUND = "circular links"

_ENDING = re.compile(r"\.[^\W\d_]\w{0,8}|\.\d[^\W\d_]\w{0,7}")


@dataclass
class Walk:
    """Files found, sorted, as they are named below the folder; and what was left out."""

    files: list[str] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)


def walk(folder: str | os.PathLike[str], endings: Collection[str]) -> Walk:
    """List the files in ``folder`` and below it whose ending, in any case, is one of ``endings``.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> drive = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("a.PNG", "b.png", "c.dng"):
    ...     _ = (drive / name).write_bytes(b"")
    >>> found = walk(drive, {".png"})
    >>> [os.path.basename(path) for path in found.files], found.left_out.counts
    (['a.PNG', 'b.png'], {'.dng': 1})
    """
    return _Walker(frozenset(endings)).run(os.path.abspath(folder))


def ending_reason(path: str, endings: Collection[str]) -> str:
    """Why a file is left out by its ending, or "" where it is one of ``endings``.

    >>> ending_reason("p.HEIC", {".jpg"}), ending_reason("drive.0001", {".jpg"})
    ('.heic', 'unknown endings')
    """
    ending = os.path.splitext(path)[1].lower()
    if ending in endings:
        return ""
    return ending if _ENDING.fullmatch(ending) else NO_ENDING


class _Walker:
    """Real folders first, links after them: who has a place of its own keeps it."""

    def __init__(self, endings: Collection[str]) -> None:
        self._endings = endings
        self._found = Walk()
        self._seen: set[str] = set()
        self._folders: set[str] = set()
        self._linked: list[str] = []
        self._linked_files: list[str] = []

    def run(self, folder: str) -> Walk:
        self._tree(folder)
        around = os.path.join(os.path.realpath(folder), "")
        while self._linked:
            linked = sorted(self._linked)
            self._linked = []
            for each in linked:
                if around.startswith(os.path.join(os.path.realpath(each), "")):
                    self._found.left_out.add(AROUND, each)
                else:
                    self._tree(each)
        for path in sorted(self._linked_files):
            real = os.path.realpath(path)
            if real in self._seen:
                self._found.left_out.add(TWICE, path)
            else:
                self._seen.add(real)
                self._found.files.append(path)
        self._found.files.sort()
        return self._found

    def _tree(self, top: str) -> None:
        waiting = [(top, os.path.realpath(top))]
        while waiting:
            path, real = waiting.pop()
            if real in self._folders:
                self._found.left_out.add(FOLDER_TWICE, path)
                continue
            self._folders.add(real)
            try:
                with os.scandir(path) as entries:
                    folders = [entry for entry in entries if self._enter(entry, real)]
            except OSError:
                self._found.left_out.add(UNREADABLE, path)
                continue
            waiting += [(entry.path, os.path.join(real, entry.name)) for entry in folders]

    def _enter(self, entry: os.DirEntry[str], folder: str) -> bool:
        """Note a file; True for a folder to go into."""
        try:
            is_folder = entry.is_dir()
            is_file = entry.is_file()
            is_link = entry.is_symlink()
        except OSError:
            is_folder, is_file, is_link = False, False, True
        reason = self._reason(entry, is_folder, is_file)
        if reason:
            self._found.left_out.add(reason, entry.path)
        elif is_folder and not is_link:
            return True
        elif is_folder:
            self._linked.append(entry.path)
        elif is_link:
            self._linked_files.append(entry.path)
        else:
            self._seen.add(os.path.join(folder, entry.name))
            self._found.files.append(entry.path)
        return False

    def _reason(self, entry: os.DirEntry[str], is_folder: bool, is_file: bool) -> str:
        if not is_utf8(entry.path):
            return FOREIGN_NAME
        if entry.name.startswith("."):
            return HIDDEN
        if is_folder:
            return ""
        if not is_file:
            return kind_of(entry.path) or BROKEN_LINK
        return ending_reason(entry.name, self._endings)
