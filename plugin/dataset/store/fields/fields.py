"""Result fields on samples: declared with a sentence, written in bulk, cleared where stale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import fiftyone as fo
import numpy as np

from ..fiftyone_internals import answers, stored_name, value_of

TYPES: Mapping[type, type[fo.core.fields.Field]] = {
    float: fo.FloatField,
    int: fo.IntField,
    bool: fo.BooleanField,
    str: fo.StringField,
}
WRITE_BLOCK = 20_000
MARK = {"written_by": "gapsphere"}
"""In the ``info`` of fields that we declared: any other field belongs to the user."""


def declare(
    dataset: fo.Dataset, name: str, kind: type, description: str | None = None, **more: Any
) -> None:
    """Add the field when it is not there; ``kind`` is a Python or a FiftyOne type."""
    if not dataset.has_field(name):
        kind = TYPES.get(kind, kind)
        dataset.add_sample_field(name, kind, description=description, info=MARK, **more)


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
    """One value a sample, in blocks; every other sample loses its value, except those ``kept``.

    Stale values never stay: a sample that left U has no distance to S any more.  What a sample
    holds already is not written again.
    """
    put(dataset, name, changes(dataset, ids, {name: values}, kept)[name])


def changes(
    dataset: fo.Dataset,
    ids: Sequence[str],
    columns: Mapping[str, Iterable[Any]],
    kept: Sequence[str] = (),
) -> dict[str, dict[str, Any]]:
    """What :func:`write` would write of several fields of the same samples, by field and id.

    What samples hold is read in one go.
    """
    found, *held = answers(dataset, [_held(dataset, name) for name in columns])
    row = {sample_id: at for at, sample_id in enumerate(found)}
    rows = [row.get(sample_id, -1) for sample_id in ids]
    stay = {*ids, *kept}
    others = [(at, i) for i, at in row.items() if i not in stay]
    changed: dict[str, dict[str, Any]] = {}
    for (name, values), column in zip(columns.items(), held, strict=True):
        column.append(None)  # of a sample that is gone
        changed[name] = {i: None for at, i in others if column[at] is not None}
        given = zip(ids, rows, values, strict=True)
        changed[name] |= {i: value for i, at, value in given if not _is(column[at], value)}
    return changed


def put(dataset: fo.Dataset, name: str, values: Mapping[str, Any]) -> None:
    """Write values of a field by sample id, in blocks."""
    for block in blocks(list(values)):
        part = {sample_id: values[sample_id] for sample_id in block}
        dataset.set_values(name, part, key_field="id", progress=False)


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
