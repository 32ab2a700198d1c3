"""Result fields on samples: declared with a sentence, written in bulk, cleared where stale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId

from ..fiftyone_internals import values_of

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
    pairs = dict(zip(ids, values, strict=True))
    held = values_of(dataset, name)
    changed = dict.fromkeys(held.keys() - pairs.keys() - set(kept))
    changed |= {i: value for i, value in pairs.items() if not _is(held.get(i), value)}
    for block in blocks(list(changed)):
        part = {sample_id: changed[sample_id] for sample_id in block}
        dataset.set_values(name, part, key_field="id", progress=False)


def _is(held: Any, value: Any) -> bool:
    """Whether a sample holds just that; arrays are always written."""
    if isinstance(held, ObjectId):
        return str(held) == value
    return type(held) is type(value) and not isinstance(value, np.ndarray) and held == value


def blocks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Ids in parts that one command to the database may carry."""
    for start in range(0, len(ids), WRITE_BLOCK):
        yield ids[start : start + WRITE_BLOCK]
