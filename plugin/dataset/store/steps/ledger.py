"""What a run saw and found of every sample, kept as one binary beside the record of its step.

It counts only together with the record of the run that wrote it: without that, or where it cannot
be read, a step does everything anew.
"""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
from collections.abc import Sequence
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray
from pymongo.errors import PyMongoError

from ....vectors.sample_ids import pack_ids, places
from .. import binaries
from ..fiftyone_internals import dataset_id
from ..names import Names
from ..runs import Record
from .step import Step

logger = logging.getLogger(__name__)

Columns = dict[str, NDArray[Any]]


def keep(step: Step, columns: Columns) -> None:
    """Keep what this run saw and found, in place of what runs before did."""
    filename = _filename(step.dataset, step.names, step.name)
    binaries.replace(step.dataset, filename, columns, token=step.token)


def find(dataset: fo.Dataset, names: Names, record: Record | None) -> Columns | None:
    """The columns that go with a record; None where there are none, or it is not complete."""
    if record is None or record.running or not record.token:
        return None
    return last(dataset, names, record.step, record.token)


def last(dataset: fo.Dataset, names: Names, step: str, token: str = "") -> Columns | None:
    """The columns of the last run of a step that came to its end, or of the one with that token.

    Since then another run may have been interrupted: they tell what was, and no result.
    """
    files = binaries.bucket().find({"filename": _filename(dataset, names, step)})
    for file in files.sort("uploadDate", -1):
        if token and file.metadata.get("token") != token:
            continue
        try:
            with np.load(io.BytesIO(file.read()), allow_pickle=False) as read:
                return dict(read)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, PyMongoError):
            logger.warning("What %s saw of %s cannot be read", step, dataset.name)
    return None


def _filename(dataset: fo.Dataset, names: Names, step: str) -> str:
    return f"ledger/{step}/{dataset_id(dataset)}/{names.suffix}"


def ids(of: Sequence[str]) -> NDArray[np.bytes_]:
    """Sample ids as a column has them, (n,)."""
    return np.array(of, "S24")


def rows(
    kept: NDArray[np.bytes_], marks: NDArray[np.int64], now: Sequence[str], now_marks: NDArray[Any]
) -> NDArray[np.int64]:
    """The row of then of each sample, -1 where it is new or its mark is another, int64 (n,)."""
    found = places(pack_ids(kept), pack_ids(now))
    return np.where((found >= 0) & (marks[found] == now_marks), found, -1)


def labels(drives: Sequence[str | None]) -> NDArray[np.int64]:
    """A number for each drive's name; 0 for none, which is a drive of its own, int64 (n,)."""
    number: dict[str | None, int] = {None: 0}
    for label in drives:
        if label not in number:
            said = hashlib.blake2b(str(label).encode(), digest_size=8).digest()
            number[label] = int.from_bytes(said, "little", signed=True)
    return np.array([number[label] for label in drives], np.int64)
