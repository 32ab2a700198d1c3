"""Vectors as the database holds them: each one zlib around numpy's own format, or a list."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import fiftyone as fo
import numpy as np
from fiftyone.core.utils import serialize_numpy_array
from numpy.typing import NDArray

from ....errors import DimensionError
from ....progress import Progress, silent
from ..fiftyone_internals import set_binaries, stored_values
from .marks import mark_of

BLOCK = 8192
"""Samples of one command to the database."""
UNPACKED_LIMIT = 16 << 20
"""Bytes of one unpacked vector at most, which a sample can hold as a list too."""
NUMBERS = "biuf"
"""Kinds of arrays that are vectors: a complex number would lose a part, a date is none."""
_NPY = b"\x93NUMPY\x01\x00"
_kinds: dict[bytes, tuple[np.dtype[Any], tuple[int, ...]]] = {}
"""Type and shape of arrays by their header, few since vectors of a dataset are alike."""


def values(
    dataset: fo.Dataset, field: str, ids: Sequence[str], progress: Progress = silent
) -> Iterator[tuple[int, str, Any]]:
    """Place, id and stored value of each sample that has one, in order, a block in memory."""
    for start in range(0, len(ids), BLOCK):
        block = ids[start : start + BLOCK]
        found = stored_values(dataset, field, block)
        for at, sample_id in enumerate(block, start):
            if found.get(sample_id) is not None:
                yield at, sample_id, found[sample_id]
        progress(min(start + BLOCK, len(ids)), len(ids))


def vector(value: Any, sample_id: str, field: str) -> NDArray[Any]:
    """The vector of a stored value, in the type that it has there.

    Raises
    ------
    DimensionError
        It is no list of numbers.
    """
    try:
        row = _array(value) if isinstance(value, bytes) else np.asarray(value)
    except (EOFError, TypeError, ValueError, zlib.error):
        row = np.empty((0, 0))
    if row.ndim != 1 or not row.size or row.dtype.kind not in NUMBERS:
        raise DimensionError(
            f"Sample {sample_id} has a value in {field!r} that is not a list of numbers."
        )
    return row


def put(row: NDArray[Any], into: NDArray[np.float32], sample_id: str, field: str) -> None:
    """Write a vector where it goes.

    Raises
    ------
    DimensionError
        It is of another length.
    """
    if len(row) != len(into):
        raise DimensionError(
            f"Sample {sample_id} has a vector of {len(row)} numbers in {field!r} where others have "
            f"{len(into)}: two encoders are mixed. Clear the vectors of one, and embed again."
        )
    with np.errstate(over="ignore"):  # whoever checks the rows names what is beyond float32
        into[:] = row


def write(
    dataset: fo.Dataset, field: str, ids: Sequence[str], matrix: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Write one vector a sample, in blocks; the mark of each, int64 (n,)."""
    marks = np.empty(len(ids), np.int64)
    for start in range(0, len(ids), BLOCK):
        part = slice(start, start + BLOCK)
        block = [serialize_numpy_array(row) for row in matrix[part]]
        set_binaries(dataset, field, dict(zip(ids[part], block, strict=True)))
        marks[part] = [mark_of(value) for value in block]
    return marks


def _array(stored: bytes) -> NDArray[Any]:
    """A stored array as numpy has it, which takes most of its time to read the header anew."""
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(stored, UNPACKED_LIMIT)
    if not unpacker.eof:
        raise ValueError("cut off, or more than a vector")
    end = 10 + int.from_bytes(data[8:10], "little")
    kind = _kinds.get(data[:end])
    if kind is None:
        array = np.load(io.BytesIO(data), allow_pickle=False)
        if data.startswith(_NPY) and array.flags.c_contiguous:
            _kinds[data[:end]] = array.dtype, array.shape
        return np.asarray(array)
    return np.frombuffer(data, kind[0], offset=end).reshape(kind[1])
