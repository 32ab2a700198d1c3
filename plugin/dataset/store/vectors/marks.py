"""Whether samples hold what they held before, told without reading their vectors.

The one idea: the server hashes a vector where it lies and sends eight bytes in place of thousands.
Such a mark follows the stored value and nothing else: it sees every writer, also one past FiftyOne,
and no change where the same is written again.  ``last_modified_at`` is no such proof: our own
results move it, and a writer past FiftyOne does not.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import bson
import fiftyone as fo
import numpy as np
from numpy.typing import NDArray
from pymongo.errors import OperationFailure

from ....vectors.sample_ids import pack_ids, places
from ..fields.fields import blocks
from ..fiftyone_internals import (
    Stages,
    collection,
    database,
    dataset_id,
    pipeline,
    raw_batches,
    saved_views_said,
    stored_name,
    view_ids,
)
from ..replies import starts_of
from ..samples import Samples, dataset_of, flat

_HEAD, _ID, _VALUE = 9, 12, 11
"""Bytes of a document before its id, of the id, and of each mark with its name."""
_BINARY = 30
"""What a value that is binary comes at in the order of types."""
FEW = 20_000
"""Samples that are asked for by their ids; of more, all are."""
_NOTHING = -(2**63)
"""In place of the mark of a sample without a value: answers of one size are read in one go."""


@dataclass(frozen=True, eq=False)
class Marks:
    """Marks of the values of some fields, sample by sample, in the order of the samples.

    ``ids`` uint8 (n, 12); ``marks`` int64 (n, fields); ``there`` bool (n, fields), where a sample
    has a value.
    """

    ids: NDArray[np.uint8]
    marks: NDArray[np.int64]
    there: NDArray[np.bool_]


class Seen:
    """Marks of all vectors of a dataset at one moment, so that no step asks for them again.

    ``ids`` uint8 (n, 12) of every sample; ``columns`` int64 (n,) by the field's name in the
    database, of a value that says so where a sample has none.  Of a field that is not among them
    nothing is known.  Who is in a view is asked once, too.
    """

    def __init__(self, ids: NDArray[np.uint8], columns: dict[str, NDArray[np.int64]]) -> None:
        self.ids, self.columns = ids, columns
        self._written: dict[str, list[tuple[Sequence[str], NDArray[np.int64]]]] = {}
        self._views: dict[bytes, NDArray[np.uint8]] = {}
        self._read: list[tuple[str, Sequence[str]]] = []

    def ids_of(self, samples: Samples) -> NDArray[np.uint8]:
        """Ids of the samples of a view, uint8 (n, 12), as they were when first asked for."""
        asked = hashlib.blake2b(bson.encode({"stages": pipeline(samples)})).digest()
        if asked not in self._views:
            self._views[asked] = view_ids(samples)
        return self._views[asked]

    def forget_views(self) -> None:
        """Ask anew who is in a view: time has passed."""
        self._views.clear()

    def of(self, samples: Samples, names: Sequence[str]) -> Marks | None:
        """Marks of the samples of a view; None where one of them, or of the fields, is unknown."""
        return self.of_ids(self.ids_of(samples), names)

    def of_ids(self, ids: NDArray[np.uint8], names: Sequence[str]) -> Marks | None:
        """The same of samples by their ids, uint8 (n, 12)."""
        found = self.columns_of(ids, names)
        if found is None:
            return None
        there = found != _NOTHING
        return Marks(ids, np.where(there, found, 0), there)

    def columns_of(self, ids: NDArray[np.uint8], names: Sequence[str]) -> NDArray[np.int64] | None:
        """Columns of some samples, int64 (n, names); None where one of either is unknown."""
        for name in names:
            self._follow(name)
        if not self.columns.keys() >= set(names):
            return None
        at = places(self.ids, ids)
        if (at < 0).any():
            return None
        nothing = np.empty((len(ids), 0), np.int64)
        return np.stack([self.columns[name][at] for name in names], axis=1) if names else nothing

    def wrote(self, name: str, ids: Sequence[str], marks: NDArray[np.int64] | None) -> None:
        """Follow what was written since; ``marks`` is None where that is not known."""
        if marks is None:
            self.columns.pop(name, None)
        elif name in self.columns:
            self._written.setdefault(name, []).append((ids, marks))

    def read(self, field: str, ids: Sequence[str]) -> None:
        """Vectors of some samples were read, some time after they were seen."""
        if len(ids):
            self._read.append((field, ids))

    def held(self, dataset: fo.Dataset) -> bool:
        """Whether all that was read holds what was seen; of many it is not known."""
        if sum(len(ids) for _, ids in self._read) > FEW:
            return False
        for field, block in ((field, one) for field, ids in self._read for one in blocks(ids)):
            now = marks_of(flat(dataset).select(block, ordered=False), field)
            seen = self.columns_of(now.ids, [stored_name(dataset, field)])
            if seen is None or not np.array_equal(np.where(now.there, now.marks, _NOTHING), seen):
                return False
        return True

    def _follow(self, name: str) -> None:
        written = self._written.pop(name, [])
        if not written or name not in self.columns:
            return
        at = places(self.ids, pack_ids([one for some, _ in written for one in some]))
        if (at < 0).any():
            del self.columns[name]
        else:
            self.columns[name][at] = np.concatenate([marks for _, marks in written])


def marks_of(samples: Samples, *fields: str, seen: Seen | None = None) -> Marks:
    """Marks of the samples of a view, two of them equal where the stored values are.

    The server's hash takes the numbers of a list for whole ones: lists are sent and hashed here.
    What was ``seen`` is not asked for again.
    """
    names = [stored_name(dataset_of(samples), field) for field in fields]
    known = None if seen is None else seen.of(samples, names)
    if known is not None:
        return known
    chosen = pipeline(samples)
    ids, marks, there = bytearray(), [], []
    for batch in _batches(
        dataset_of(samples),
        [*chosen, {"$project": {f"{at}": _mark(name) for at, name in enumerate(names)}}],
        [*chosen, {"$project": {f"{at}": _value(name) for at, name in enumerate(names)}}],
    ):
        read = _of_hashes(batch, len(fields)) or _of_values(batch, len(fields))
        ids += read[0]
        marks.append(read[1])
        there.append(read[2])
    return Marks(
        np.frombuffer(bytes(ids), np.uint8).reshape(-1, _ID),
        np.concatenate([np.empty((0, len(fields)), np.int64), *marks]),
        np.concatenate([np.empty((0, len(fields)), bool), *there]),
    )


def marks_by_id(
    dataset: fo.Dataset, ids: Sequence[str], *fields: str, seen: Seen | None = None
) -> NDArray[np.int64]:
    """Marks of some samples in their order, int64 (n, fields); 0 without a value, or a sample.

    What was ``seen`` is not asked for again.
    """
    wanted = pack_ids(ids)
    names = [stored_name(dataset, field) for field in fields]
    found = None if seen is None else seen.of_ids(wanted, names)
    if found is not None:
        parts = [found]
    elif len(ids) > FEW:
        parts = [marks_of(flat(dataset), *fields)]
    else:
        some = (flat(dataset).select(block, ordered=False) for block in blocks(list(ids)))
        parts = [marks_of(each, *fields) for each in some]
    there = np.concatenate([np.empty((0, _ID), np.uint8), *(each.ids for each in parts)])
    none = np.zeros((1, len(fields)), np.int64)  # row -1
    return np.concatenate([*(each.marks for each in parts), none])[places(there, wanted)]


def mark_of(stored: Any) -> int:
    """The mark of a value as the database holds it, as a server that can hash makes it.

    That is the hash of a hashed index (MongoDB's source, ``hasher.cpp``): the first eight bytes of
    MD5 over the seed 0, the number of the type in its order, and the value as BSON writes it.
    """
    if not isinstance(stored, bytes):
        return _hashed(stored)
    said = struct.pack("<iiiB", 0, _BINARY, len(stored), 0) + stored
    digest = hashlib.md5(said, usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "little", signed=True)


def has_mark(stored: Any, mark: int) -> bool:
    """Whether a stored value has that mark, whoever made it."""
    return mark_of(stored) == mark or _hashed(stored) == mark


def look_at(dataset: fo.Dataset, known: Seen | None = None) -> tuple[str, Seen]:
    """A digest that changes with any value of any sample, whoever wrote it; and all marks.

    With the marks that are ``known``, vectors are taken to be as they were seen and written since,
    and are not hashed: the digest is that of such a dataset, so that a later look which hashes them
    finds another one where somebody has changed a vector.  What the run itself has read is asked
    for again: it may have changed before it was read, and be changed back.
    """
    kinds = (fo.VectorField, fo.ArrayField)
    names = [
        stored_name(dataset, name)
        for name, field in dataset.get_field_schema().items()
        if isinstance(field, kinds)
    ]
    found = None
    if known is not None and known.held(dataset):
        found = _without_vectors(dataset, names, known)
    return found or _with_marks(dataset, names)


def _with_marks(dataset: fo.Dataset, names: Sequence[str]) -> tuple[str, Seen]:
    # Marks come first: at the head of a document they are read without decoding what follows.
    head = {"_id": "$_id", **{name: f"${name}" for name in names}}
    hashing: Stages = [{"$addFields": {name: _mark(name) for name in names}}] if names else []
    hashing.append({"$replaceWith": {"$mergeObjects": [head, "$$ROOT"]}})
    whole, rest = hashlib.blake2b(digest_size=16), hashlib.blake2b(digest_size=16)
    ids, marks, alike = [], [], True
    for batch in _batches(dataset, hashing, [{"$match": {}}]):
        whole.update(batch)
        read = _heads(batch, names) if alike else None
        if read is None:
            alike = False
        else:
            ids.append(read[0])
            marks.append(read[1])
            rest.update(read[2])
    if not alike:
        return whole.hexdigest(), Seen(np.empty((0, _ID), np.uint8), {})
    every = np.concatenate([np.empty((0, len(names)), np.int64), *marks])
    columns = {name: every[:, at].copy() for at, name in enumerate(names)}
    packed = np.concatenate([np.empty((0, _ID), np.uint8), *ids])
    return _digest(rest, names, packed, every), Seen(packed, columns)


def _without_vectors(
    dataset: fo.Dataset, names: Sequence[str], known: Seen
) -> tuple[str, Seen] | None:
    """The same with marks that are known; None where one is not."""
    plain: Stages = [{"$project": dict.fromkeys(names, 0)}] if names else [{"$match": {}}]
    rest, ids = hashlib.blake2b(digest_size=16), [np.empty((0, _ID), np.uint8)]
    for batch in raw_batches(collection(dataset), plain):
        read = _heads(batch, ())
        if read is None:
            return None
        ids.append(read[0])
        rest.update(read[2])
    packed = np.concatenate(ids)
    marks = known.columns_of(packed, names)
    if marks is None:
        return None
    columns = {name: marks[:, at].copy() for at, name in enumerate(names)}
    return _digest(rest, names, packed, marks), Seen(packed, columns)


def _digest(
    rest: Any, names: Sequence[str], ids: NDArray[np.uint8], marks: NDArray[np.int64]
) -> str:
    """Of marks, and of all else that samples hold."""
    digest = hashlib.blake2b(repr((names, rest.hexdigest())).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(ids).data)
    digest.update(np.ascontiguousarray(marks).data)
    return digest.hexdigest()


def _heads(
    batch: bytes, names: Sequence[str]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], bytes] | None:
    """Ids and marks at the head of documents, and what follows; None where one has none there."""
    example = bson.encode({"_id": bson.ObjectId(), **dict.fromkeys(names, 2**40)})[:-1]
    size, fixed, at, starts = len(example), np.ones(len(example), bool), _HEAD + _ID, []
    for name in names:
        at += 1 + len(name.encode()) + 1
        starts.append(at)
        at += 8
    for start, length in ((0, 4), (_HEAD, _ID), *((start, 8) for start in starts)):
        fixed[start : start + length] = False
    begin = np.array(starts_of(batch), np.int64)
    if not len(begin) or begin[-1] + size > len(batch):
        return None
    every = np.frombuffer(batch, np.uint8)
    head = begin[:, None] + np.arange(size)
    rows, rest = every[head], np.ones(len(batch), bool)
    if (rows[:, fixed] != np.frombuffer(example, np.uint8)[fixed]).any():
        return None
    rest[head] = False
    marks = [rows[:, start : start + 8].copy().view("<i8")[:, 0] for start in starts]
    nothing = np.empty((len(rows), 0), np.int64)
    return (
        rows[:, _HEAD : _HEAD + _ID].copy(),
        np.stack(marks, axis=1) if marks else nothing,
        every[rest].tobytes(),
    )


def surroundings_digest(dataset: fo.Dataset, without: tuple[str, ...] = ()) -> str:
    """Changes with what a dataset is beside its samples: fields, slices, saved views, runs.

    Custom runs whose key begins with one of ``without`` are left out.
    """
    kept = ("sample_fields", "brain_methods", "group_field", "group_media_types", "media_type")
    which = {"_id": dataset_id(dataset)}
    found = database().datasets.find_one(which, dict.fromkeys((*kept, "runs"), 1)) or {}
    custom = {
        name: run for name, run in found.get("runs", {}).items() if not name.startswith(without)
    }
    listed = {"_id": {"$in": [*custom.values(), *found.get("brain_methods", {}).values()]}}
    about = {"config.token": 1, "config.created": 1, "config.running": 1, "timestamp": 1}
    runs = sorted(map(str, database().runs.find(listed, about)))
    said = repr(([found.get(name) for name in kept], custom, runs, saved_views_said(dataset)))
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def _value(name: str) -> dict[str, Any]:
    return {"$ifNull": [f"${name}", None]}


def _mark(name: str) -> dict[str, Any]:
    """The hash of what is binary, a number where there is nothing, another value as it is."""
    binary = {"$eq": [{"$type": f"${name}"}, "binData"]}
    hashed = {"$toHashedIndexKey": f"${name}"}
    return {"$cond": [binary, hashed, {"$ifNull": [f"${name}", bson.Int64(_NOTHING)]}]}


def _batches(dataset: fo.Dataset, hashing: Stages, plain: Stages) -> Iterator[bytes]:
    """Raw answers of the first question; of the second, where the server cannot hash."""
    samples = collection(dataset)
    try:
        answers = raw_batches(samples, hashing)
    except OperationFailure:
        answers = raw_batches(samples, plain)
    yield from answers


def _of_hashes(
    batch: bytes, fields: int
) -> tuple[bytes, NDArray[np.int64], NDArray[np.bool_]] | None:
    """Ids and marks of documents that hold an id and hashes alone; None for others."""
    size = _HEAD + _ID + fields * _VALUE + 1
    if len(batch) % size or not batch:
        return None
    rows = np.frombuffer(batch, np.uint8).reshape(-1, size)
    example = bson.encode({"_id": bson.ObjectId(), **{f"{at}": 2**40 for at in range(fields)}})
    fixed = np.ones(size, bool)
    fixed[_HEAD : _HEAD + _ID] = False
    starts = [_HEAD + _ID + at * _VALUE + 3 for at in range(fields)]
    for start in starts:
        fixed[start : start + 8] = False
    if (rows[:, fixed] != np.frombuffer(example, np.uint8)[fixed]).any():
        return None
    marks = np.stack([rows[:, at : at + 8].copy().view("<i8")[:, 0] for at in starts], axis=1)
    there = marks != _NOTHING
    return rows[:, _HEAD : _HEAD + _ID].tobytes(), np.where(there, marks, 0), there


def _of_values(batch: bytes, fields: int) -> tuple[bytes, NDArray[np.int64], NDArray[np.bool_]]:
    """Ids and marks of documents that hold an id and hashes, values, or nothing."""
    documents = bson.decode_all(batch)
    marks = np.zeros((len(documents), fields), np.int64)
    there = np.zeros(marks.shape, bool)
    for row, document in enumerate(documents):
        for at in range(fields):
            value = document[f"{at}"]
            if value is not None and value != _NOTHING:
                marks[row, at], there[row, at] = _hashed(value), True
    return b"".join(document["_id"].binary for document in documents), marks, there


def _hashed(value: Any) -> int:
    """The server's hash as it is; of another value, one of our own."""
    if isinstance(value, int):
        return value
    said = bson.encode({"value": value})
    return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), "little", signed=True)
