"""The demo drive on disk: JPEG files in folders S and U, and the metadata.csv beside them."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from ....plugin.errors import InputError
from ....plugin.progress import Progress, silent
from .plan import MISSING_IN_S, Combination, Drive, plan_drives
from .scene import build_scene, render_frame

SIZE = (352, 198)
IMAGES = (240, 360)
JPEG_QUALITY = 90
METADATA = "metadata.csv"
COLUMNS = (
    "filename",
    "split",
    "sequence",
    "frame_number",
    "time_of_day",
    "weather",
    "environment",
    "traffic",
    "missing_in_S",
)

_RECORD = "drive.json"
_RENDERER = 1
"""Raise it when the pictures change, so that an old folder is not taken for a new one."""


@dataclass(frozen=True)
class DriveSummary:
    """A demo drive on disk.

    Attributes
    ----------
    folder, metadata : Path
        Where it is, and its ``metadata.csv``.
    in_S, in_U : int
        Images of each part.
    missing : tuple of Combination
        What S lacks and U holds.
    missing_images : int
        How many images of U show one of those.
    sequences : int
        Sequences of consecutive frames.
    rendered : int
        Images written by this call; the others were there already.
    """

    folder: Path
    metadata: Path
    in_S: int  # noqa: N815
    in_U: int  # noqa: N815
    missing: tuple[Combination, ...]
    missing_images: int
    sequences: int
    rendered: int


def render_drive(
    folder: str | os.PathLike[str],
    *,
    seed: int = 51,
    size: tuple[int, int] = SIZE,
    images: tuple[int, int] = IMAGES,
    processes: int = 1,
    progress: Progress = silent,
) -> DriveSummary:
    """Render the demo drive, or what is missing of it.

    Parameters
    ----------
    folder : str or path-like
        Made if missing.  Gets ``S/``, ``U/`` and ``metadata.csv``, whose columns are
        :data:`COLUMNS`.
    seed : int
        Same seed, size and images: same bytes, whatever ``processes`` is.
    size : (int, int)
        Width and height in pixels, at least 64 x 36.
    images : (int, int)
        Images of S and of U.  A quarter of U shows what S lacks.
    processes : int
        Worker processes.  Above 1, a script must guard its entry with ``__name__``.
    progress : callable of (done, total), optional
        Called once a sequence; it may raise to stop, and a later call continues.

    Returns
    -------
    DriveSummary

    Raises
    ------
    InputError
        Too few images, too small a size, a folder that holds another drive or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> summary = render_drive(tempfile.mkdtemp(), size=(64, 36), images=(12, 32))
    >>> summary.in_S, summary.in_U, summary.missing_images
    (12, 32, 8)
    """
    if size[0] < 64 or size[1] < 36:
        raise InputError(f"A picture of the demo drive is at least 64 x 36 pixels, not {size}.")
    if processes < 1:
        raise InputError(f"At least one process has to render, not {processes}.")
    folder = Path(folder)
    drives = plan_drives(images, seed)
    total = sum(drive.frames for drive in drives)
    with _writing_to(folder):
        _claim(folder, {"renderer": _RENDERER, "seed": seed, "size": [*size], "images": [*images]})
        for split in ("S", "U"):
            (folder / split).mkdir(exist_ok=True)
        done = rendered = 0
        for drive, new in _rendered(drives, folder, size, processes):
            done, rendered = done + drive.frames, rendered + new
            progress(done, total)
        table = io.StringIO(newline="")
        writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for drive in drives:
            writer.writerows(_row(drive, index) for index in range(drive.frames))
        _replace(folder / METADATA, table.getvalue().encode())
    in_U = [drive for drive in drives if drive.split == "U"]
    return DriveSummary(
        folder=folder,
        metadata=folder / METADATA,
        in_S=images[0],
        in_U=images[1],
        missing=MISSING_IN_S,
        missing_images=sum(drive.frames for drive in in_U if drive.missing_in_S),
        sequences=len(drives),
        rendered=rendered,
    )


def _rendered(
    drives: tuple[Drive, ...], folder: Path, size: tuple[int, int], processes: int
) -> Iterator[tuple[Drive, int]]:
    """Each drive once its files are there, with the number of new ones."""
    render = partial(_render_sequence, folder=folder, size=size)
    incomplete = []
    for drive in drives:
        if all((folder / _filename(drive, i)).exists() for i in range(drive.frames)):
            yield drive, 0
        else:
            incomplete.append(drive)
    if processes == 1 or len(incomplete) < 2:
        for drive in incomplete:
            yield drive, render(drive)
        return
    # spawn: the caller may run threads (FiftyOne does), which a fork would copy half-way
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    try:
        jobs = {pool.submit(render, drive): drive for drive in incomplete}
        for job in as_completed(jobs):
            yield jobs[job], job.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _render_sequence(drive: Drive, folder: Path, size: tuple[int, int]) -> int:
    """Render the frames of a drive that are not there yet; how many those were."""
    scene = build_scene(drive)
    new = 0
    for index in range(drive.frames):
        path = folder / _filename(drive, index)
        if path.exists():
            continue
        encoded = io.BytesIO()
        render_frame(scene, index, size).save(encoded, "JPEG", quality=JPEG_QUALITY)
        _replace(path, encoded.getvalue())
        new += 1
    return new


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
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / _RECORD
    wanted = json.dumps(drive)
    if record.exists():
        if record.read_text(encoding="utf-8") != wanted:
            raise InputError(
                f"{folder} holds a demo drive of another seed, size, number of images or version: "
                "delete it, or choose another folder."
            )
    else:
        _replace(record, wanted.encode())


def _replace(path: Path, data: bytes) -> None:
    """Write whole or not at all."""
    partial_file = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial_file.write_bytes(data)
        os.replace(partial_file, path)
    finally:
        partial_file.unlink(missing_ok=True)


@contextmanager
def _writing_to(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written ({error.strerror or error}): free space or choose another "
            "folder."
        ) from error
