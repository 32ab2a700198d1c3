"""Temporary files and folders whose names say whose they are, so that none is left for good.

A process that is killed leaves what it was writing.  The next one that writes to the same folder
removes it, where the name says that a process of this machine made it that has ended.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
import shutil
from contextlib import suppress
from pathlib import Path

import psutil

_LEFT = re.compile(r"(?:\..*\.|\.partial-)?gapsphere_([0-9a-f]{8})_(\d+)_\w+")


def prefix(start: str = "") -> str:
    """Beginning of a temporary name of this process, after ``start``.

    >>> prefix(".a.png.").startswith(".a.png.gapsphere_")
    True
    """
    return f"{start}gapsphere_{_digits()}_{os.getpid()}_"


@functools.cache
def sweep(folder: Path) -> None:
    """Remove what ended processes of this machine left in a folder; looked at once a process."""
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            found = _LEFT.fullmatch(entry.name)
            if found is None or found[1] != _digits() or psutil.pid_exists(int(found[2])):
                continue
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)


def machine() -> str:
    """Where process numbers mean the same: the host's name, and the container's numbering."""
    numbering = ""
    with suppress(OSError):
        numbering = os.readlink("/proc/self/ns/pid")
    return f"{platform.node()}/{numbering}"


@functools.cache
def _digits() -> str:
    return hashlib.blake2b(machine().encode(), digest_size=4).hexdigest()
