"""Result fields on samples: declared with a sentence, written in bulk, cleared where stale."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId
from fiftyone.core.odm import create_field
from numpy.typing import NDArray

from ..fiftyone_internals import (
    Stages,
    add_fields,
    answers,
    answers_in_parts,
    collection,
    ids_with,
    set_fields,
    stored_name,
    value_of,
)

TYPES: Mapping[type, type[fo.core.fields.Field]] = {
    float: fo.FloatField,
    int: fo.IntField,
    bool: fo.BooleanField,
    str: fo.StringField,
}
WRITE_BLOCK = 20_000
FEW = 4
"""Of so many samples one may be asked for by its id; of fewer, all are read."""
Column = Sequence[Any] | NDArray[Any]
Declared = tuple[type, str | None, Mapping[str, Any]]
"""Python or FiftyOne type of a field, its description, and what else FiftyOne is told of it."""
MARK = {"written_by": "gapsphere"}
"""In the ``info`` of fields that we declared: any other field belongs to the user."""


def declare(
    dataset: fo.Dataset, name: str, kind: type, description: str | None = None, **more: Any
) -> None:
    """Add the field when it is not there; ``kind`` is a Python or a FiftyOne type."""
    if "." not in name:
        declare_all(dataset, {name: (kind, description, more)})
    elif not dataset.has_field(name):  # a part of a document, which no field is made of by itself
        kind = TYPES.get(kind, kind)
        dataset.add_sample_field(name, kind, description=description, info=MARK, **more)


def declare_all(dataset: fo.Dataset, wanted: Mapping[str, Declared]) -> None:
    """Add those of several fields that are not there, in one write of the schema."""
    add_fields(
        dataset,
        {
            name: create_field(
                name, TYPES.get(kind, kind), description=description, info=MARK, **more
            )
            for name, (kind, description, more) in wanted.items()
            if not dataset.has_field(name)
        },
    )


def mark(dataset: fo.Dataset, name: str) -> None:
    """Mark a field that an earlier version declared as ours; absent, it stays absent."""
    field = dataset.get_field(name)
    if field is not None:
        field.info = {**(field.info or {}), **MARK}
        field.save()


def is_ours(dataset: fo.Dataset, name: str) -> bool:
    """Whether the field is there and we declared it."""
    field = dataset.get_field(name)
    return field is not None and (field.info or {}).get("written_by") == MARK["written_by"]


def write(
    dataset: fo.Dataset,
    name: str,
    ids: Sequence[str],
    values: Iterable[Any],
    kept: Sequence[str] = (),
) -> None:
    """One value a sample; every other sample loses its value, except those ``kept``."""
    write_columns(dataset, ids, {name: list(values)}, kept)


def write_columns(
    dataset: fo.Dataset,
    ids: Sequence[str],
    columns: Mapping[str, Column],
    kept: Sequence[str] = (),
    wrote: Callable[[], object] = lambda: None,
) -> None:
    """Several fields of the same samples, in blocks; ``wrote`` is called after each.

    Stale values never stay: a sample that left U has no distance to S any more.  What a sample
    holds already is not written again, and what it does not hold is written at once: the server
    writes a sample whole, its vectors too, whatever is changed of it.
    """
    if len(ids) * FEW >= collection(dataset).estimated_document_count():
        _write_all(dataset, ids, columns, kept, wrote)
        return
    stay = {*ids, *kept}
    others = [each for each in ids_with(dataset, *columns) if each not in stay]
    for start in range(0, len(ids), WRITE_BLOCK):
        part = slice(start, start + WRITE_BLOCK)
        _write_block(dataset, ids[part], {name: of[part] for name, of in columns.items()})
        wrote()
    for block in blocks(others):
        _write_block(dataset, block, {name: [None] * len(block) for name in columns})
        wrote()


def _write_all(
    dataset: fo.Dataset,
    ids: Sequence[str],
    columns: Mapping[str, Column],
    kept: Sequence[str],
    wrote: Callable[[], object],
) -> None:
    """The same where it is about many: one look at all samples tells what they hold."""
    row: dict[str, int | None] = dict.fromkeys(kept, -1)
    row |= {sample_id: at for at, sample_id in enumerate(ids)}
    given = {name: _listed(values) for name, values in columns.items()}
    asked = [_held(dataset, name) for name in columns]
    for found, *held in answers_in_parts(dataset, asked):
        for start in range(0, len(found), WRITE_BLOCK):
            part = slice(start, start + WRITE_BLOCK)
            here = [(sample_id, row.get(sample_id)) for sample_id in found[part]]
            changed: dict[str, dict[str, Any]] = {}
            for (name, values), column in zip(given.items(), held, strict=True):
                for (sample_id, at), there in zip(here, column[part], strict=True):
                    if at == -1:
                        continue
                    value = None if at is None else values[at]
                    if not _is(there, value):
                        changed.setdefault(sample_id, {})[name] = value
            if changed:
                set_fields(dataset, changed)
            wrote()


def _write_block(dataset: fo.Dataset, ids: Sequence[str], columns: Mapping[str, Column]) -> None:
    which: Stages = [{"$match": {"_id": {"$in": [ObjectId(each) for each in ids]}}}]
    found, *held = answers(dataset, [_held(dataset, name) for name in columns], which)
    row = {sample_id: at for at, sample_id in enumerate(found)}
    changed: dict[str, dict[str, Any]] = {}
    for (name, values), column in zip(columns.items(), held, strict=True):
        for sample_id, value in zip(ids, _listed(values), strict=True):
            at = row.get(sample_id)  # of a sample that is gone nothing is held, nor written
            if at is not None and not _is(column[at], value):
                changed.setdefault(sample_id, {})[name] = value
    if changed:
        set_fields(dataset, changed)


def _listed(values: Column) -> Sequence[Any]:
    if isinstance(values, np.ndarray):
        return values.tolist() if values.ndim == 1 else list(values)
    return values


def _held(dataset: fo.Dataset, name: str) -> Any:
    """What a sample holds; of arrays, which are always written, whether there is one."""
    if isinstance(dataset.get_field(name), (fo.VectorField, fo.ArrayField)):
        return {"$cond": [{"$gt": [f"${stored_name(dataset, name)}", None]}, True, None]}
    return value_of(dataset, name)


def _is(held: Any, value: Any) -> bool:
    """Whether a sample holds just that; arrays are always written."""
    return type(held) is type(value) and not isinstance(value, np.ndarray) and held == value


def blocks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ids in parts that one command to the database may carry."""
    for start in range(0, len(ids), WRITE_BLOCK):
        yield ids[start : start + WRITE_BLOCK]
