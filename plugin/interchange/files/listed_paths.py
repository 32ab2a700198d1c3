"""Paths that stand in a list or table: where their files are here, or why they are nowhere.

A relative path counts from the folder of the list.  Backslashes are read as separators, and signs
such as ``%20`` as what they stand for, where a file is there then: tables travel from Windows, and
through web pages.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

from ...errors import InputError
from .file_names import as_on_disk, is_utf8

ADDRESS = "cloud or web links"
WINDOWS = "Windows paths"
BACKSLASHES = "backslashed paths"
MISSING = "missing files"
BLANK = "blank names"

MOST_ENCODED = 3
"""Times that signs of a path may have been encoded as in ``%2520``."""

REMOTE = (
    "Remote paths are not read: mount the storage on this machine or download the files, and give "
    "their path here."
)
"""What to do about an address, for a sentence that names it."""

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_MADE_ABSOLUTE = re.compile(r"/(s3|gs|az|abfss?|wasbs?|hdfs|https?):/")
"""An address that a program took for a path below the folder it ran in, as FiftyOne does."""
_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def is_remote(path: str | os.PathLike[str]) -> bool:
    """Whether a path that is no file here is an address of elsewhere.

    >>> is_remote("s3://bucket/a.png"), is_remote("/work/s3:/bucket/a.png"), is_remote("/a:/b.png")
    (True, True, False)
    """
    text = os.fspath(path)
    local = text.lower().startswith("file://")
    return not local and bool(_ADDRESS.match(text) or _MADE_ABSOLUTE.search(text))


def gone(path: str | os.PathLike[str]) -> str:
    """What to say of a file that is not there."""
    if is_remote(path):
        return f"{os.fspath(path)} is not on this machine. {REMOTE}"
    return f"{os.fspath(path)} does not exist: was it moved or deleted?"


def without_scheme(path: str) -> str:
    """The path that a ``file:`` address of this machine names; any other as it is.

    >>> without_scheme("file:///our%20drives/a.png"), without_scheme("s3://bucket/a.png")
    ('/our drives/a.png', 's3://bucket/a.png')
    """
    if not path.lower().startswith("file://"):
        return path
    return unquote(re.sub(r"^file://(localhost)?", "", path, flags=re.IGNORECASE))


def local_path(given: str | os.PathLike[str]) -> Path:
    """A path that was given for a file or folder, of this machine, with ``~`` expanded.

    Raises
    ------
    InputError
        An address such as ``s3://…``, which would make a folder called ``s3:``; a null character,
        bytes that are no text, or a user that is not here.
    """
    text = without_scheme(os.fspath(given))
    if _ADDRESS.match(text):
        raise InputError(f"{text} is an address. {REMOTE}")
    if "\0" in text or not is_utf8(text):
        raise InputError(f"{text!r} is not a path: it holds characters that are not text.")
    try:
        return Path(as_on_disk("", str(Path(text).expanduser())))
    except RuntimeError:
        raise InputError(f"{text} starts with a user that is not on this machine.") from None


def locate(
    name: str, folder: str | os.PathLike[str], encoded: int = MOST_ENCODED
) -> tuple[str, str]:
    r"""Absolute path of a file that a list in ``folder`` names; and why it cannot be used, or "".

    The reason is a noun in the plural, to be counted.

    >>> locate("s3://bucket/a.png", "/data")
    ('s3://bucket/a.png', 'cloud or web links')
    >>> locate(r"C:\drive\a.png", "/data")[1], locate("no/such.png", "/data")
    ('Windows paths', ('/data/no/such.png', 'missing files'))
    """
    if not name.strip():
        return os.path.abspath(folder), BLANK
    name = without_scheme(name)
    if _ADDRESS.match(name):
        return name, ADDRESS
    path = os.path.abspath(as_on_disk(folder, os.path.expanduser(name)))
    if os.path.lexists(path):
        return path, "" if os.path.exists(path) else MISSING
    if _DRIVE.match(name):
        return name, WINDOWS
    if "\\" in name:
        with_slashes, reason = locate(name.replace("\\", "/"), folder)
        return (path, BACKSLASHES) if reason else (with_slashes, "")
    if encoded and (decoded := unquote(name)) != name and "\0" not in decoded:
        found, reason = locate(decoded, folder, encoded - 1)
        return (path, MISSING) if reason else (found, "")
    return path, MISSING
