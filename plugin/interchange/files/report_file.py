"""Where a report goes: a file whose ending says what it is, or a folder that gives it a name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ...errors import ArtifactError, InputError
from .listed_paths import local_path


def report_path(output: str, stem: str, endings: Iterable[str], *, replace: bool = False) -> Path:
    """The path, checked; in a folder it is ``stem`` with the first ending, numbered until free.

    Raises
    ------
    InputError
        The ending is none of ``endings``, or the folder of the file does not exist.
    ArtifactError
        The file exists and is not to be replaced.
    """
    path, known = local_path(output), list(endings)
    if path.is_dir():
        number = 1
        while (free := path / f"{stem}{f'-{number}' if number > 1 else ''}{known[0]}").exists():
            number += 1
        return free
    if path.suffix.lower() not in known:
        raise InputError(f"{path} must end in {', '.join(known)}, which decides what is written.")
    if not path.parent.is_dir():
        raise InputError(f"The folder {path.parent} of {path.name} does not exist; make it first.")
    if path.exists() and not replace:
        raise ArtifactError(
            f"{path} is there already; choose another name, or replace it: `replace_file`, on the "
            "command line --replace-file."
        )
    return path


def report_folder(folder: str) -> Path:
    """The folder, made where it is missing: before the work whose results it gets.

    Raises
    ------
    InputError
        It cannot be made, or not be written to.
    """
    path = local_path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {path} cannot be made: {error.strerror}.") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise InputError(f"The folder {path} cannot be written to: name another one.")
    return path
