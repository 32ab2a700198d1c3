"""Vectors between samples and arrays: the samples are the only source of truth.

What many steps start from is mapped from a copy on the disk (:mod:`~.mapped`); all else is read in
blocks into one array, where FiftyOne's own ``values`` would hold every vector twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import accumulate

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ....coverage import words
from ....errors import DimensionError, InputError, NotFiniteError
from ....progress import Progress, silent
from ....vectors.sample_ids import id_words
from ..database import counted
from ..fields import fields
from ..samples import Samples, dataset_of, flat
from . import mapped, stored
from .marks import Seen, marks_of

FEW = 500
"""Vectors that are read at once wherever they lie."""
UNIT_TOLERANCE = 1e-4
COPYING = "copying"
"""In the inputs of a running record: vectors of before and of now may stand side by side."""
NUMBERS = (fo.FloatField, fo.IntField)
MARK = "marks:"
"""Before a digest of marks (:mod:`~.marks`); one of all numbers has nothing before it."""
_NOTHING = np.empty((0, 0), np.float32)
Allocate = Callable[[tuple[int, int]], NDArray[np.float32]]


def memory(shape: tuple[int, int]) -> NDArray[np.float32]:
    """Room for vectors, in memory."""
    return np.empty(shape, np.float32)


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
        found = self._matrix() if callable(self._matrix) else self._matrix
        self._matrix = _NOTHING
        return found

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
    samples: Samples,
    field: str,
    *,
    order: Sequence[str] | None = None,
    unit: bool = True,
    progress: Progress = silent,
) -> Vectors:
    """The vectors of ``field``, known by their marks and read when they are asked for, read-only.

    Parameters
    ----------
    order
        Ids of the samples that are wanted, in the order that is wanted; default all, as they come.
    unit
        Also require unit rows.

    Raises
    ------
    MismatchError
        When they are read: a sample has lost its vector since.
    DimensionError, NotFiniteError
        When they are read, as in :func:`read`.
    """
    sought = _Sought.of(samples, field, unit)
    return (sought if order is None else sought.ordered(order)).vectors(progress)


def find_sets(
    owned: Samples,
    pool: Samples,
    field: str,
    progress: Progress = silent,
    seen: Seen | None = None,
) -> tuple[Vectors, Vectors]:
    """The vectors of S and of U as :func:`find` finds them, parts of one matrix.

    Raises
    ------
    DimensionError
        When they are read: those of S have another length than those of U.
    """
    parts = [_Sought.of(samples, field, unit=True, seen=seen) for samples in (owned, pool)]
    sizes = [len(part.ids) for part in parts]
    if not all(sizes):
        return parts[0].vectors(progress), parts[1].vectors(progress)

    @cache
    def both() -> NDArray[np.float32]:
        try:
            return parts[0].beside(parts[1]).read(progress)
        except DimensionError as error:
            lengths = [part.read(progress).shape[1] for part in parts]
            raise DimensionError(
                f"{field!r} has {lengths[0]} numbers in S and {lengths[1]} in U: embed both with "
                "one encoder."
            ) from error

    return (
        parts[0].vectors(progress, lambda: both()[: sizes[0]]),
        parts[1].vectors(progress, lambda: both()[sizes[0] :]),
    )


@dataclass(frozen=True, eq=False)
class _Sought:
    """Samples that have a vector, with its mark, and how many others there are."""

    dataset: fo.Dataset
    field: str
    ids: list[str]
    marks: NDArray[np.int64]
    missing: int
    unit: bool
    seen: Seen | None = None

    @classmethod
    def of(cls, samples: Samples, field: str, unit: bool, seen: Seen | None = None) -> _Sought:
        samples, dataset = flat(samples), dataset_of(samples)
        if not samples.has_field(field):
            return cls(dataset, field, [], np.empty(0, np.int64), counted(samples), unit)
        found = marks_of(samples, field, seen=seen)
        there = found.there[:, 0]
        ids = id_words(found.ids[there])
        return cls(dataset, field, ids, found.marks[there, 0], int((~there).sum()), unit, seen)

    def beside(self, other: _Sought) -> _Sought:
        """Both, one after the other."""
        marks = np.concatenate([self.marks, other.marks])
        return replace(self, ids=self.ids + other.ids, marks=marks)

    def ordered(self, ids: Sequence[str]) -> _Sought:
        """Of these samples, in their order, those that have a vector."""
        row = {sample_id: at for at, sample_id in enumerate(self.ids)}
        rows = [row[sample_id] for sample_id in ids if sample_id in row]
        wanted = [self.ids[at] for at in rows]
        return replace(self, ids=wanted, marks=self.marks[rows], missing=len(ids) - len(rows))

    def read(self, progress: Progress) -> NDArray[np.float32]:
        """The vectors; read from the database alone where their copy is not sound."""
        what = self.dataset, self.field, self.ids, self.marks, progress, self.seen
        matrix = mapped.rows(*what)
        try:
            _check(self.ids, matrix, self.field, self.unit)
        except NotFiniteError:
            if not mapped.forget(self.dataset, self.field):
                raise
            matrix = mapped.rows(*what)
            _check(self.ids, matrix, self.field, self.unit)
        return matrix

    def vectors(
        self, progress: Progress, matrix: Callable[[], NDArray[np.float32]] | None = None
    ) -> Vectors:
        if not self.ids:
            return Vectors([], _NOTHING, self.missing, self.marks)
        return Vectors(self.ids, matrix or (lambda: self.read(progress)), self.missing, self.marks)


def read(
    samples: Samples,
    field: str,
    *,
    progress: Progress = silent,
    unit: bool = False,
    allocate: Allocate = memory,
) -> Vectors:
    """Read the vectors of ``field``: from their copy where there is one (:mod:`~.mapped`).

    Parameters
    ----------
    unit
        Also require unit rows.
    allocate
        Makes the array where there is no copy; default in memory.

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
    dataset = dataset_of(samples)
    if mapped.there(dataset, field) and len(ids) > FEW:
        there = find(samples, field, unit=unit, progress=progress)
        return Vectors(there.ids, there.matrix, there.missing)
    found, matrix = _rows(dataset, field, ids, allocate, progress)
    _check(found, matrix, field, unit)
    return Vectors(found, matrix, missing + len(ids) - len(found))


def of(
    dataset: fo.Dataset,
    field: str,
    ids: Sequence[str],
    *,
    unit: bool = False,
    allocate: Allocate = memory,
) -> Vectors:
    """Vectors of these samples, in their order, as :func:`read` reads those of a view.

    A view that selects them would name all in one command.
    """
    if not dataset.has_field(field):
        return Vectors([], _NOTHING, len(ids))
    if mapped.there(dataset, field) and len(ids) > FEW:
        there = find(dataset, field, order=ids, unit=unit)
        return Vectors(there.ids, there.matrix, there.missing)
    found, matrix = _rows(dataset, field, ids, allocate, silent)
    _check(found, matrix, field, unit)
    return Vectors(found, matrix, len(ids) - len(found))


def _rows(
    dataset: fo.Dataset, field: str, ids: Sequence[str], allocate: Allocate, progress: Progress
) -> tuple[list[str], NDArray[np.float32]]:
    """Vectors of these samples, those left out that have none."""
    matrix = _NOTHING
    found: list[str] = []
    for _, sample_id, value in stored.values(dataset, field, ids, progress):
        row = stored.vector(value, sample_id, field)
        if not found:
            matrix = allocate((len(ids), len(row)))
        stored.put(row, matrix[len(found)], sample_id, field)
        found.append(sample_id)
    return found, matrix[: len(found)]


def refuse_other_kinds(samples: Samples, field: str) -> None:
    """InputError where a field holds something else than one vector an image."""
    parents = accumulate(field.split(".")[:-1], "{}.{}".format)
    if any(isinstance(samples.get_field(each), fo.ListField) for each in parents):
        raise InputError(
            f"{field!r} holds a vector for each object, not one for the image: name a field with "
            "vectors of images."
        )
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


def write(
    dataset: fo.Dataset, field: str, ids: Sequence[str], matrix: NDArray[np.float32]
) -> NDArray[np.int64] | None:
    """Write one vector a sample, in blocks; the field is declared on first use.

    Returns
    -------
    int64 (n,), the marks of what was written; None where the field is none of vectors.
    """
    declare(dataset, field)
    rows, known = np.asarray(matrix, np.float32), dataset.get_field(field)
    if isinstance(known, fo.VectorField) and not known.read_only:
        return stored.write(dataset, field, ids, rows)
    for start in range(0, len(ids), stored.BLOCK):
        block = slice(start, start + stored.BLOCK)
        values = dict(zip(ids[block], rows[block], strict=True))
        dataset.set_values(field, values, key_field="id", progress=False)
    return None


def declare(dataset: fo.Dataset, field: str, description: str | None = None) -> None:
    """Make ``field`` a vector field, so that the sidebar does not list its numbers."""
    fields.declare(dataset, field, fo.VectorField, description)


def _check(ids: Sequence[str], matrix: NDArray[np.float32], field: str, unit: bool) -> None:
    norms = np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64))
    bad = np.flatnonzero(~np.isfinite(norms))
    if bad.size:
        raise NotFiniteError(
            f"{words.counted(bad.size, 'sample', 'has|have')} NaN, infinity or numbers beyond "
            f"float32 in {field!r}, the first is {ids[bad[0]]}. Clear it there and embed again."
        )
    if unit:
        off = np.flatnonzero(np.abs(norms - 1) > UNIT_TOLERANCE)
        if off.size:
            raise NotFiniteError(
                f"{words.counted(off.size, 'sample', 'has|have')} a vector in {field!r} that is "
                f"not of unit length, the first is {ids[off[0]]}. Import them with the encoder "
                "`field`, which normalises."
            )
