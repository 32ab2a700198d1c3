"""The demo drive on disk: JPEG files in folders S and U, and the metadata.csv beside them."""

from __future__ import annotations

import csv
import io
import json
import os
from functools import partial
from pathlib import Path

from ....plugin.errors import ArtifactError, InputError
from ....plugin.interchange.files.checked import write_text, write_whole
from ....plugin.progress import Progress, silent
from .plan import Drive, plan_drives
from .scene import build_scene, render_frame

SIZE = (352, 198)
IMAGES = (240, 360)
JPEG_QUALITY = 90
METADATA = "metadata.csv"

_RECORD = "drive.json"
_RENDERER = 2
"""Raise it when the pictures change, so that an old folder is not taken for a new one."""


def render_drive(
    folder: str | os.PathLike[str],
    *,
    seed: int = 51,
    size: tuple[int, int] = SIZE,
    images: tuple[int, int] = IMAGES,
    progress: Progress = silent,
) -> int:
    """Render the demo drive, or what is missing of it.

    Parameters
    ----------
    folder : str or path-like
        Created if missing.  Gets ``S/``, ``U/`` and ``metadata.csv``; the same seed, size and
        images give the same bytes.
    size : (int, int)
        Width and height in pixels, at least 64 x 36.
    images : (int, int)
        Images of S and of U.  A quarter of U shows what S lacks.
    progress : callable of (done, total), optional
        Called once a sequence; it may raise to stop, and a later call continues.

    Returns
    -------
    int
        Images written by this call; the others were there already.

    Raises
    ------
    InputError
        Too few images, too small a size, a folder that holds another drive or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> render_drive(tempfile.mkdtemp(), size=(64, 36), images=(12, 32))
    44
    """
    if size[0] < 64 or size[1] < 36:
        raise InputError(f"A picture of the demo drive is at least 64 x 36 pixels, not {size}.")
    folder = Path(folder)
    drives = plan_drives(images, seed)
    rendered = done = 0
    try:
        _claim(folder, {"renderer": _RENDERER, "seed": seed, "size": [*size], "images": [*images]})
        for drive in drives:
            rendered += _render_sequence(drive, folder, size)
            done += drive.frames
            progress(done, sum(images))
        rows = [_row(drive, index) for drive in drives for index in range(drive.frames)]
        table = io.StringIO(newline="")
        writer = csv.DictWriter(table, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(folder / METADATA, table.getvalue())
    except ArtifactError as error:
        raise InputError(str(error)) from error
    return rendered


def _render_sequence(drive: Drive, folder: Path, size: tuple[int, int]) -> int:
    """Render the frames of a drive that are not there yet; how many those were."""
    missing = [i for i in range(drive.frames) if not (folder / _filename(drive, i)).exists()]
    if missing:
        scene = build_scene(drive)
        for index in missing:
            picture = render_frame(scene, index, size)
            write_whole(
                folder / _filename(drive, index),
                partial(picture.save, format="JPEG", quality=JPEG_QUALITY),
            )
    return len(missing)


def _filename(drive: Drive, index: int) -> str:
    return f"{drive.split}/{drive.name}_{index:03}.jpg"


def _row(drive: Drive, index: int) -> dict[str, str | int]:
    return {
        "filename": _filename(drive, index),
        "split": drive.split,
        "sequence": drive.name,
        "frame_number": index,
        **drive.combination._asdict(),
        "traffic": drive.traffic,
        "missing_in_S": int(drive.missing_in_S),
    }


def _claim(folder: Path, drive: dict[str, object]) -> None:
    """Note which drive the folder holds, and refuse to mix two."""
    record = folder / _RECORD
    wanted = json.dumps(drive)
    if not record.exists():
        if (folder / METADATA).exists():
            raise InputError(
                f"{folder} holds a {METADATA} that is not the demo's and would be replaced: choose "
                "another folder."
            )
        write_text(record, wanted)
    elif record.read_text(encoding="utf-8") != wanted:
        raise InputError(
            f"{folder} holds a demo drive of another seed, size, number of images or version: "
            "delete it, or choose another folder."
        )
