"""One file of vectors: an Arrow file whose column *is* the matrix, so that nothing is decoded.

It holds one uncompressed batch of three columns without nulls: ``id``, 12 bytes; ``mark``, int64;
``vector``, a fixed number of float32.  Numbers of such a column lie one after the other, as numpy
has them: the file is mapped and a row costs memory when it is touched.  Parquet and Lance pack
their numbers, so that a reader fills an array of its own.

Whatever else a file holds, it is refused with the reason, before a number of it is used.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import ipc

from ..errors import ArtifactError, DimensionError, first_line
from ..interchange.files.checked import refuse_no_file, write_whole
from .sample_ids import ID, Ids

Fill = Callable[[NDArray[np.float32], NDArray[np.int64]], None]
Marks = NDArray[np.int64]
Matrix = NDArray[np.float32]
_ABOUT = {"gapsphere": "vectors 1"}


@dataclass(frozen=True, eq=False)
class Shard:
    """A file as it is mapped, read-only.

    ``ids`` uint8 (n, 12); ``marks`` int64 (n,), each of what its vector was made from; ``matrix``
    float32 (n, d).
    """

    path: Path
    ids: Ids
    marks: Marks
    matrix: Matrix

    def __len__(self) -> int:
        return len(self.marks)


def write(
    path: Path,
    ids: Ids,
    dimension: int,
    fill: Fill,
    reached: Callable[[str], None] = lambda _: None,
) -> Shard:
    """Write a file and map it: it is there whole or not at all.

    Parameters
    ----------
    ids
        uint8 (n, 12), n at least 1.
    dimension
        Numbers of a vector, at least 1.
    fill
        Is given the file's own matrix float32 (n, d) and marks int64 (n,), all zeros, and writes
        what they are: the vectors are never in memory twice.
    reached
        Called with ``laid out`` and ``filled``; a test ends the process there.

    Raises
    ------
    ArtifactError
        The disk is full or the folder cannot be written to.
    DimensionError
        There is no id or no number.
    """
    ids = np.ascontiguousarray(ids, np.uint8).reshape(-1, ID)
    if not len(ids) or dimension < 1:
        raise DimensionError("A file of vectors holds one vector at least, of one number at least.")

    def put(file: Any) -> None:
        # Zeros, not a hole: a full disk is met here and not as a fault of a mapped page.
        _lay_out(file, ids, dimension)
        file.flush()
        reached("laid out")
        mapped = mmap.mmap(file.fileno(), 0)  # it goes with the last array that is of it
        fill(*_writable(mapped))
        mapped.flush()
        reached("filled")

    write_whole(path, put)
    return read(path)


def read(path: Path) -> Shard:
    """Map a file.

    Raises
    ------
    ArtifactError
        It is no file of vectors, torn, or too short for what it says of itself; or it cannot be
        read.
    """
    refuse_no_file(path)
    try:
        size = os.path.getsize(path)
        batch = _batch(pa.memory_map(str(path)))
        ids, marks, matrix = (_column(batch, at) for at in range(3))
    except (OSError, ValueError, MemoryError, pa.ArrowException) as error:
        said = first_line(error)
        raise ArtifactError(f"{path} is not a file of vectors ({said}): delete it.") from error
    if ids.nbytes + marks.nbytes + matrix.nbytes > size:
        raise ArtifactError(f"{path} is a compressed file of vectors: delete it.")
    return Shard(path, ids, marks, matrix)


def _schema(dimension: int) -> pa.Schema:
    return pa.schema(
        [
            pa.field("id", pa.binary(ID), nullable=False),
            pa.field("mark", pa.int64(), nullable=False),
            pa.field("vector", pa.list_(_number(), dimension), nullable=False),
        ],
        metadata=_ABOUT,
    )


def _number() -> pa.Field:
    return pa.field("item", pa.float32(), nullable=False)


def _lay_out(file: Any, ids: Ids, dimension: int) -> None:
    count, schema = len(ids), _schema(dimension)
    marks, numbers = np.zeros(count, np.int64), np.zeros(count * dimension, np.float32)
    flat = pa.Array.from_buffers(pa.float32(), len(numbers), [None, pa.py_buffer(numbers)])
    columns = [
        pa.Array.from_buffers(pa.binary(ID), count, [None, pa.py_buffer(ids)]),
        pa.Array.from_buffers(pa.int64(), count, [None, pa.py_buffer(marks)]),
        pa.Array.from_buffers(schema.field("vector").type, count, [None], children=[flat]),
    ]
    with ipc.new_file(file, schema) as writer:
        writer.write_batch(pa.record_batch(columns, schema=schema))


def _batch(source: Any) -> pa.RecordBatch:
    with ipc.open_file(source) as reader:
        schema = reader.schema
        kind = schema.field("vector").type if "vector" in schema.names else None
        if not isinstance(kind, pa.FixedSizeListType) or kind.list_size < 1:
            raise ValueError("it has no column of vectors")
        if not schema.equals(_schema(kind.list_size), check_metadata=True):
            raise ValueError("its columns are others")
        if reader.num_record_batches != 1:
            raise ValueError(f"it has {reader.num_record_batches} batches")
        batch = reader.get_batch(0)
    batch.validate()
    return batch


def _column(batch: pa.RecordBatch, at: int) -> NDArray[Any]:
    """A column as numpy has it, without a copy."""
    column, count = batch.column(at), batch.num_rows
    if not count:
        raise ValueError("it holds nothing")
    width = ID if at == 0 else column.type.list_size if at == 2 else 1
    numbers = column.values if at == 2 else column
    if column.null_count or numbers.null_count:
        raise ValueError("it has nulls")
    if numbers.offset or len(numbers) != (count if at < 2 else count * width):
        raise ValueError("its columns are of different length")
    kind = (np.uint8, np.dtype("<i8"), np.dtype("<f4"))[at]
    flat = np.frombuffer(numbers.buffers()[1], kind, count * width)
    return flat if at == 1 else flat.reshape(count, width)


def _writable(mapped: mmap.mmap) -> tuple[Matrix, Marks]:
    """The vectors and marks of a file that is being written, to be filled."""
    whole = pa.py_buffer(mapped)
    batch, made = _batch(whole), []
    for at in (2, 1):
        seen = _column(batch, at)
        start = seen.__array_interface__["data"][0] - whole.address
        made.append(np.frombuffer(mapped, seen.dtype, seen.size, start).reshape(seen.shape))
    return made[0], made[1]
