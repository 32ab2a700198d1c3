"""Vectors between samples and arrays: the samples are the only source of truth.

Reading goes in blocks into one preallocated array, so that the peak is that array and one block;
FiftyOne's own ``values`` would hold every vector twice.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ....errors import DimensionError, InputError, MismatchError, NotFiniteError
from ....progress import Progress, silent
from ..database import counted
from ..fields import fields
from ..fiftyone_internals import stored_values
from ..samples import Samples, dataset_of, flat
from .marks import marks_of

READ_BLOCK = 8192
UNIT_TOLERANCE = 1e-4
COPYING = "copying"
"""In the inputs of a running record: vectors of before and of now may stand side by side."""
NUMBERS = (fo.FloatField, fo.IntField)
MARK = "marks:"
"""Before a digest of marks (:mod:`~.marks`); one of all numbers has nothing before it."""
_NPY = b"\x93NUMPY\x01\x00"
_kinds: dict[bytes, tuple[np.dtype[Any], tuple[int, ...]]] = {}
"""Type and shape of arrays by their header, few since vectors of a dataset are alike."""
_NOTHING = np.empty((0, 0), np.float32)


class Vectors:
    """Vectors of the samples that have one.

    ``ids`` (n,) sample ids in view order; ``matrix`` float32 (n, d), which may be given as what
    reads it; ``missing`` counts the samples of the view without a vector.  ``marks`` int64 (n,) are
    those of stored vectors (:mod:`~.marks`): they tell without reading whether one has changed.
    """

    def __init__(
        self,
        ids: list[str],
        matrix: NDArray[np.float32] | Callable[[], NDArray[np.float32]],
        missing: int = 0,
        marks: NDArray[np.int64] | None = None,
    ) -> None:
        self.ids, self.missing, self.marks, self._matrix = ids, missing, marks, matrix

    @cached_property
    def matrix(self) -> NDArray[np.float32]:
        """The numbers, read when they are first asked for."""
        found, self._matrix = self._matrix, _NOTHING
        return found() if callable(found) else found

    def digest(self) -> str:
        """Fingerprint of ids and values: two equal digests mean the same input."""
        return self.whole_digest if self.marks is None else self._digest

    @cached_property
    def _digest(self) -> str:
        digest = hashlib.blake2b("".join(self.ids).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(self.marks).data)
        return MARK + digest.hexdigest()

    @cached_property
    def whole_digest(self) -> str:
        """The digest of every number, which records of earlier versions hold."""
        digest = hashlib.blake2b("".join(self.ids).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(self.matrix).data)
        return digest.hexdigest()


def find(
    samples: Samples, field: str, *, like: Vectors | None = None, progress: Progress = silent
) -> Vectors:
    """The vectors of ``field``, unit rows, known by their marks and read when they are asked for.

    Raises
    ------
    MismatchError
        When they are read: a sample has lost its vector since.
    DimensionError, NotFiniteError
        When they are read, as in :func:`read`, or where those ``like`` which they should be are
        not.
    """
    samples = flat(samples)
    if not samples.has_field(field):
        return Vectors([], _NOTHING, counted(samples))
    found, dataset = marks_of(samples, field), dataset_of(samples)
    there = found.there[:, 0]
    packed = found.ids[there].tobytes()
    ids = [packed[at : at + 12].hex() for at in range(0, len(packed), 12)]

    def numbers() -> NDArray[np.float32]:
        listed, matrix = _rows(dataset, field, ids, np.empty, progress)
        if len(listed) < len(ids):
            raise MismatchError(
                f"{len(ids) - len(listed)} samples lost their {field!r} while they were read: run "
                "it again."
            )
        _check(listed, matrix, field, unit=True)
        if like is not None and like.matrix.shape[1] != matrix.shape[1]:
            raise DimensionError(
                f"{field!r} has {like.matrix.shape[1]} numbers in S and {matrix.shape[1]} in U: "
                "embed both with one encoder."
            )
        return matrix

    missing = int((~there).sum())
    return Vectors(ids, numbers if ids else _NOTHING, missing, found.marks[there, 0])


def read(
    samples: Samples,
    field: str,
    *,
    progress: Progress = silent,
    unit: bool = False,
    allocate: Callable[[tuple[int, int], Any], NDArray[np.float32]] = np.empty,
) -> Vectors:
    """Read the vectors of ``field`` into one array.

    Parameters
    ----------
    unit
        Also require unit rows.
    allocate
        Makes the array, of a shape and a dtype; default in memory.

    Raises
    ------
    DimensionError
        Two samples have vectors of different length.
    NotFiniteError
        A vector holds NaN or infinity, or ``unit`` is asked for and a row is not.
    """
    samples = flat(samples)
    ids = samples.exists(field).values("id") if samples.has_field(field) else []
    missing = counted(samples) - len(ids)
    if not ids:
        return Vectors([], _NOTHING, missing)
    found, matrix = _rows(dataset_of(samples), field, ids, allocate, progress)
    _check(found, matrix, field, unit)
    return Vectors(found, matrix, missing + len(ids) - len(found))


def _rows(
    dataset: fo.Dataset,
    field: str,
    ids: Sequence[str],
    allocate: Callable[[tuple[int, int], Any], NDArray[np.float32]],
    progress: Progress,
) -> tuple[list[str], NDArray[np.float32]]:
    """Vectors of these samples, those left out that have none."""
    matrix: NDArray[np.float32] | None = None
    found: list[str] = []
    for start in range(0, len(ids), READ_BLOCK):
        block = ids[start : start + READ_BLOCK]
        rows = stored_values(dataset, field, block)
        for sample_id in block:
            value = rows.get(sample_id)
            if value is None:
                continue
            row = _vector(value, sample_id, field)
            if matrix is None:
                matrix = allocate((len(ids), len(row)), np.float32)
            if len(row) != matrix.shape[1]:
                raise DimensionError(
                    f"Sample {sample_id} has a {field!r} of {len(row)} numbers where others have "
                    f"{matrix.shape[1]}: two encoders are mixed. Clear the field and embed again."
                )
            matrix[len(found)] = row
            found.append(sample_id)
        progress(min(start + READ_BLOCK, len(ids)), len(ids))
    return found, _NOTHING if matrix is None else matrix[: len(found)]


def _vector(row: Any, sample_id: str, field: str) -> NDArray[np.float32]:
    try:
        vector = _array(row) if isinstance(row, bytes) else np.asarray(row, np.float32)
    except (TypeError, ValueError):
        vector = np.empty((0, 0), np.float32)
    if vector.ndim != 1 or not vector.size:
        raise DimensionError(f"Sample {sample_id} has a {field!r} that is not a list of numbers.")
    return vector


def _array(stored: bytes) -> NDArray[Any]:
    """A stored array as numpy has it, which takes most of its time to read the header anew."""
    data = zlib.decompress(stored)
    end = 10 + int.from_bytes(data[8:10], "little")
    kind = _kinds.get(data[:end])
    if kind is None:
        array = np.load(io.BytesIO(data), allow_pickle=False)
        if data.startswith(_NPY) and array.flags.c_contiguous:
            _kinds[data[:end]] = array.dtype, array.shape
        return np.asarray(array, np.float32)
    return np.frombuffer(data, kind[0], offset=end).reshape(kind[1])


def refuse_other_kinds(samples: Samples, field: str) -> None:
    """InputError where a field holds something else than vectors."""
    found = samples.get_field(field)
    if isinstance(found, fo.ListField):
        if found.field is None or isinstance(found.field, NUMBERS):
            return
        inside = type(found.field).__name__.removesuffix("Field").lower()
        kind = f"lists of {inside}"
    elif isinstance(found, fo.VectorField | fo.ArrayField):
        return
    else:
        kind = f"{type(found).__name__.removesuffix('Field').lower()} values"
    raise InputError(f"{field!r} holds {kind}, not vectors: name a field with vectors.")


def write(dataset: fo.Dataset, field: str, ids: Sequence[str], matrix: NDArray[np.float32]) -> None:
    """Write one vector a sample, in blocks; the field is declared on first use."""
    declare(dataset, field)
    for start in range(0, len(ids), READ_BLOCK):
        block = slice(start, start + READ_BLOCK)
        values = dict(zip(ids[block], np.asarray(matrix[block], np.float32), strict=True))
        dataset.set_values(field, values, key_field="id", progress=False)


def declare(dataset: fo.Dataset, field: str, description: str | None = None) -> None:
    """Make ``field`` a vector field, so that the sidebar does not list its numbers."""
    fields.declare(dataset, field, fo.VectorField, description)


def _check(ids: Sequence[str], matrix: NDArray[np.float32], field: str, unit: bool) -> None:
    norms = np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64))
    bad = np.flatnonzero(~np.isfinite(norms))
    if bad.size:
        raise NotFiniteError(
            f"{bad.size} samples have NaN or infinity in {field!r}, the first is "
            f"{ids[bad[0]]}. Clear their {field!r} and embed again."
        )
    if unit:
        off = np.flatnonzero(np.abs(norms - 1) > UNIT_TOLERANCE)
        if off.size:
            raise NotFiniteError(
                f"{off.size} samples have a {field!r} that is not of unit length, the first is "
                f"{ids[off[0]]}. Import them with the encoder `field`, which normalises."
            )
