"""A copy of a field of vectors on this machine's disk, mapped in place of being read.

The field is the truth wherever it is written.  A row of the copy counts where its mark is the one
that the server has just made of the stored value (:mod:`.marks`), so that a vector changed by
anyone, a deleted sample, a cloned or renamed dataset and another encoder are noticed by eight bytes
a sample; what differs is read from the database.  A row's mark is made of the very bytes that the
row was read or written from, never taken from elsewhere.

The copy only costs speed where it is missing: a disk that is full or cannot be written to, or a
file that is damaged, is said in the log.  Vectors that the database gives at once have none.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Protocol

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ....coverage.words import counted
from ....errors import ArtifactError, InputError, MismatchError
from ....progress import Progress, silent
from ....vectors.sample_ids import pack_ids
from ....vectors.table import Table
from .. import places
from ..fiftyone_internals import collection, database, view_ids
from ..samples import flat
from . import stored
from .marks import Seen, has_mark, mark_of

logger = logging.getLogger(__name__)

SMALL = 4 << 20
"""Bytes of vectors that the database gives in a fraction of a second."""
IN_MEMORY = 64 << 20
"""Bytes of vectors up to which a matrix that is to be filled is in memory."""
GROWS_BY = 16 << 20
"""Bytes of vectors that are gathered before they are written to the disk."""
_NOWHERE = Path(os.devnull)
_NAME = re.compile(r"\w{1,80}")
Rows = NDArray[np.float32]
Marks = NDArray[np.int64]


class Grow(Protocol):
    """Adds vectors that have just been written, with the marks of that, to the copy."""

    def __call__(self, ids: Sequence[str], marks: Marks | None, rows: Rows) -> None: ...


def rows(
    dataset: fo.Dataset,
    field: str,
    ids: Sequence[str],
    marks: Marks,
    progress: Progress = silent,
    seen: Seen | None = None,
) -> Rows:
    """Vectors of the samples that have these marks, float32 (n, d), in order; read-only.

    Where the copy holds them side by side they are mapped, otherwise it holds them so from now on,
    unless they are a small part of it.  Where the marks were ``seen``, it is told what was read.

    Raises
    ------
    MismatchError
        A sample has lost its vector since the marks were made.
    DimensionError
        Two vectors are of different length.
    """
    folder, packed = _folder(dataset, field), pack_ids(ids)
    table = Table(folder or _NOWHERE)
    held = table.rows(packed, marks)
    mapped = table.slice(held)
    if mapped is not None:
        return mapped
    missing = np.flatnonzero(held < 0)
    wanted = [ids[at] for at in missing.tolist()]
    if len(wanted) < len(ids):
        dimension = table.dimension or 0
    else:
        dimension = _dimension(dataset, field, wanted)

    def fill(matrix: Rows, their: Marks) -> None:
        table.take(held, matrix)
        their[:] = marks
        read = 0
        if seen is not None:
            seen.read(field, wanted)
        for place, sample_id, value in stored.values(dataset, field, wanted, progress):
            at = missing[place]
            stored.put(stored.vector(value, sample_id, field), matrix[at], sample_id, field)
            if not has_mark(value, int(marks[at])):
                their[at] = mark_of(value)
            read += 1
        if read < len(wanted):
            raise MismatchError(
                f"{counted(len(wanted) - read, 'sample')} lost {field!r} while being read: "
                "run it again."
            )

    size = len(ids) * dimension * np.dtype(np.float32).itemsize
    if folder and size >= SMALL and 2 * len(ids) >= len(table.counting()):
        try:
            made = table.add(packed, dimension, fill).matrix
            _tidy(dataset, table)
            return made
        except (ArtifactError, OSError) as error:
            logger.warning("Vectors of %s are read into memory: %s", dataset.name, error)
    matrix = np.empty((len(ids), dimension), np.float32)
    fill(matrix, np.empty(len(ids), np.int64))
    matrix.flags.writeable = False
    return matrix


def there(dataset: fo.Dataset, field: str) -> bool:
    """Whether there is a copy of the field."""
    folder = _folder(dataset, field)
    return folder is not None and folder.is_dir()


@contextmanager
def growing(dataset: fo.Dataset, field: str, count: int, dimension: int) -> Iterator[Grow]:
    """While ``count`` vectors are made and written, add them to the copy as they come."""
    size = dimension * np.dtype(np.float32).itemsize
    waiting: list[tuple[Sequence[str], Marks, Rows]] = []
    folder = _folder(dataset, field)
    works = folder is not None and count * size >= SMALL

    def write() -> None:
        nonlocal works
        ids, marks, matrices = zip(*waiting, strict=True)
        waiting.clear()
        try:
            packed = pack_ids([each for part in ids for each in part])
            table.append(packed, np.concatenate(marks), np.concatenate(matrices))
        except (ArtifactError, OSError) as error:
            works = False
            logger.warning("No copy of %r is kept on this disk: %s", field, error)

    def grow(ids: Sequence[str], marks: Marks | None, rows: Rows) -> None:
        if works and marks is not None and len(ids):
            waiting.append((ids, marks, rows))
            if sum(len(part) for part, _, _ in waiting) * size >= GROWS_BY:
                write()

    table = Table(folder if works and folder else _NOWHERE)
    try:
        yield grow
    finally:
        if waiting:
            write()


def room(dataset: fo.Dataset, shape: tuple[int, int]) -> Rows:
    """A matrix to fill, float32: where it would take much memory, in a file that has no name."""
    size = shape[0] * shape[1] * np.dtype(np.float32).itemsize
    if size > IN_MEMORY:
        try:
            folder = places.vectors(dataset)
            folder.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=folder) as file:
                # A full disk is met here and not as a fault of a mapped page.
                os.posix_fallocate(file.fileno(), 0, size)
                return np.memmap(file, np.float32, "r+", shape=shape)
        except (InputError, OSError) as error:
            logger.warning("Vectors of %s are read into memory: %s", dataset.name, error)
    return np.empty(shape, np.float32)


def forget(dataset: fo.Dataset, field: str) -> bool:
    """Delete the copy; whether there was one."""
    folder = _folder(dataset, field)
    if folder is None or not folder.is_dir():
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _folder(dataset: fo.Dataset, field: str) -> Path | None:
    name = field if _NAME.fullmatch(field) else hashlib.blake2b(field.encode()).hexdigest()[:32]
    try:
        return places.vectors(dataset) / name
    except InputError as error:
        logger.warning("%s", error)
        return None


def _dimension(dataset: fo.Dataset, field: str, ids: Sequence[str]) -> int:
    for _, sample_id, value in stored.values(dataset, field, ids[:1]):
        return len(stored.vector(value, sample_id, field))
    raise MismatchError(f"Sample {ids[0]} lost its {field!r} while it was read: run it again.")


def _tidy(dataset: fo.Dataset, table: Table) -> None:
    """Drop rows that no longer count, of samples that are gone too; and copies of no dataset."""
    most = collection(dataset).estimated_document_count()
    table.compact(view_ids(flat(dataset)) if 2 * len(table.counting()) > 3 * most else None)
    home = places.vectors(dataset).parent
    folders = [folder for folder in home.iterdir() if folder.is_dir()]
    # Asked after the folders were seen: a dataset is older than its folder.
    alive = {str(key) for key in database().datasets.distinct("_id")}
    for folder in folders:
        if folder.name not in alive:
            with suppress(OSError):
                shutil.rmtree(folder)
