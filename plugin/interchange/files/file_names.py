"""Names of files that came in a table: joined to a folder only where they stay inside it.

One name has several spellings in Unicode: macOS takes letters apart that keyboards put together
(NFD, NFC), Korean syllables and accents among them.  A file is found under either.
"""

from __future__ import annotations

import os
import re
import unicodedata
from functools import lru_cache
from pathlib import PurePath


def unsafe(name: str) -> str:
    r"""Why a relative file name may not be joined to a folder, or "" where it may.

    What Windows would read as a way out counts on every system: tables travel.

    >>> unsafe("plots/0001.jpg"), unsafe("..\\secret.jpg")
    ('', 'leads out of the folder')
    """
    if not name.strip():
        return "is empty"
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in name):
        return "holds a control character"
    if name[0] in "/\\" or re.match(r"[A-Za-z]:", name):
        return "is an absolute path"
    # Windows drops dots and spaces at the end: '.. ' and '...' are ways up as well
    parts = [part.strip() for part in re.split(r"[/\\]", name)]
    if any(len(part) > 1 and not part.strip(". ") for part in parts):
        return "leads out of the folder"
    return ""


def is_utf8(path: str) -> bool:
    """Whether a text can be stored: names that are bytes of another encoding cannot."""
    return path.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in path)


def as_on_disk(folder: str | os.PathLike[str], name: str) -> str:
    """The path of a name below a folder, each part spelled as the disk has it, if it does.

    >>> as_on_disk("/", "etc/hosts")
    '/etc/hosts'
    """
    path = os.fspath(folder)
    if name.isascii() or os.path.lexists(os.path.join(path, name)):
        return os.path.join(path, name)
    for part in PurePath(name).parts:
        spelled = (part, *(unicodedata.normalize(form, part) for form in ("NFC", "NFD")))
        paths = [os.path.join(path, each) for each in spelled]
        path = next(filter(os.path.lexists, paths), paths[0])
    return path


class RealPaths:
    """The path of a file with the links among its folders followed; a file's own link is not.

    The same file in a folder that was linked or named in another way has the same real path.

    >>> real = RealPaths()
    >>> real("/usr/../etc/hosts").endswith("/etc/hosts")
    True
    """

    def __init__(self) -> None:
        self._folder = lru_cache(maxsize=1 << 16)(_real)

    def __call__(self, path: str) -> str:
        folder, name = os.path.split(path)
        return os.path.join(self._folder(folder), name)


def _real(folder: str) -> str:
    return folder if "\0" in folder else os.path.realpath(folder)  # no such folder is anywhere


_DIGEST = re.compile(r"(^|-)[0-9a-f]{30,}(\.\w+)*$")
"""DVC puts the first two of the digits into the folder's name."""


class Folder:
    """A folder that names are resolved in, links followed.

    >>> Folder("/data").resolve("../etc/passwd")
    (None, 'leads out of the folder')
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.path.realpath(path)
        self._real = RealPaths()

    def resolve(self, name: str) -> tuple[str | None, str]:
        """Absolute path of a name and "", or None and the reason."""
        reason = unsafe(name)
        if reason:
            return None, reason
        joined = os.path.normpath(as_on_disk(self.path, name))
        real = self._real(joined)
        if os.path.islink(real):
            real = os.path.realpath(real)
        inside = real.startswith(self.path.rstrip(os.sep) + os.sep)
        if not inside and not _is_stored(real, self.path):
            return None, "is a link that leads out of the folder"
        return joined, ""


def _is_stored(real: str, folder: str) -> bool:
    """Whether a link leads to where version control and model hubs keep contents.

    Hubs keep ``blobs`` beside ``snapshots``; DVC, Git LFS and git-annex name a file by its digest.
    """
    cache, snapshots, _ = folder.partition(f"{os.sep}snapshots{os.sep}")
    if snapshots and real.startswith(os.path.join(cache, "blobs", "")):
        return True
    return bool(_DIGEST.search(os.path.basename(real)))
