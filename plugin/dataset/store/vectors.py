"""Vectors between samples and arrays: the samples are the only source of truth.

Reading goes in blocks into one preallocated array, so that the peak is that array and one block;
FiftyOne's own ``values`` would hold every vector twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ...errors import DimensionError, InputError, NotFiniteError
from ...progress import Progress, silent
from . import fields
from .database import counted
from .samples import Samples, dataset_of, flat

READ_BLOCK = 8192
UNIT_TOLERANCE = 1e-4
COPYING = "copying"
"""In the inputs of a running record: vectors of before and of now may stand side by side."""
NUMBERS = (fo.FloatField, fo.IntField)


@dataclass(frozen=True)
class Vectors:
    """Vectors of the samples that have one.

    ``ids`` (n,) sample ids in view order; ``matrix`` float32 (n, d); ``missing`` counts the samples
    of the view without a vector.
    """

    ids: list[str]
    matrix: NDArray[np.float32]
    missing: int = 0

    def digest(self) -> str:
        """Fingerprint of ids and values: two equal digests mean the same input."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        digest = hashlib.blake2b("".join(self.ids).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(self.matrix).data)
        return digest.hexdigest()


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
        return Vectors([], np.empty((0, 0), np.float32), missing)
    dataset, matrix = dataset_of(samples), None
    found: list[str] = []
    for start in range(0, len(ids), READ_BLOCK):
        block = ids[start : start + READ_BLOCK]
        block_ids, rows = flat(dataset).select(block, ordered=False).values(["id", field])
        place = {sample_id: position for position, sample_id in enumerate(block_ids)}
        for sample_id in block:
            row = rows[place[sample_id]] if sample_id in place else None
            if row is None:
                missing += 1
                continue
            row = _vector(row, sample_id, field)
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
    if matrix is None:
        return Vectors([], np.empty((0, 0), np.float32), missing)
    vectors = Vectors(found, matrix[: len(found)], missing)
    _check(vectors, field, unit)
    return vectors


def _vector(row: Any, sample_id: str, field: str) -> NDArray[np.float32]:
    try:
        vector = np.asarray(row, np.float32)
    except (TypeError, ValueError):
        vector = np.empty((0, 0), np.float32)
    if vector.ndim != 1 or not vector.size:
        raise DimensionError(f"Sample {sample_id} has a {field!r} that is not a list of numbers.")
    return vector


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


def _check(vectors: Vectors, field: str, unit: bool) -> None:
    norms = np.sqrt(np.einsum("ij,ij->i", vectors.matrix, vectors.matrix, dtype=np.float64))
    bad = np.flatnonzero(~np.isfinite(norms))
    if bad.size:
        raise NotFiniteError(
            f"{bad.size} samples have NaN or infinity in {field!r}, the first is "
            f"{vectors.ids[bad[0]]}. Clear their {field!r} and embed again."
        )
    if unit:
        off = np.flatnonzero(np.abs(norms - 1) > UNIT_TOLERANCE)
        if off.size:
            raise NotFiniteError(
                f"{off.size} samples have a {field!r} that is not of unit length, the first is "
                f"{vectors.ids[off[0]]}. Import them with the encoder `field`, which normalises."
            )
