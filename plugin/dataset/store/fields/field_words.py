"""What a value means for each kind of field: a condition of MongoDB's.

A list field holds the value; a label field has it as its label, or one of its labels has it.
MongoDB matches an array that contains a value like a value that equals it: all this needs.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import fiftyone as fo
from bson import ObjectId

from ....errors import InputError
from ....interchange.tables.columns import Kind, fitted
from ..fiftyone_internals import stored_name

LISTS = {
    fo.Classifications: "classifications",
    fo.Detections: "detections",
    fo.Polylines: "polylines",
    fo.Keypoints: "keypoints",
    fo.TemporalDetections: "detections",
}
LABELS = (fo.Classification, fo.Detection, fo.Polyline, fo.Keypoint, fo.TemporalDetection)
KINDS: dict[type[fo.Field], Kind] = {
    fo.StringField: str,
    fo.IntField: int,
    fo.FloatField: float,
    fo.BooleanField: bool,
    fo.DateField: date,
    fo.DateTimeField: datetime,
}


def condition(
    samples: fo.Dataset | fo.DatasetView, name: str, value: str | None, word: str
) -> dict[str, Any]:
    """What holds of the samples whose field ``name`` is, holds or is labelled ``value``.

    None: those that have no value there.

    Raises
    ------
    InputError
        There is no such field, it holds what no word can name, or ``value`` is none of its values.
    """
    field = samples.get_field(name)
    if field is None:
        raise InputError(f"The dataset has no field {name!r}.")
    if isinstance(field, fo.ObjectIdField):
        return {stored_name(samples, name): {"$in": _ids(value)}}
    path, held = name, field
    while isinstance(held, fo.ListField) and held.field is not None:
        held = held.field
    document = getattr(held, "document_type", None)
    if document in LISTS:
        path, held = f"{name}.{LISTS[document]}.label", fo.StringField()
    elif document in LABELS:
        path, held = f"{name}.label", fo.StringField()
    elif document is fo.Regression:
        path, held = f"{name}.value", fo.FloatField()
    if value is None:
        return {path: None}
    if type(held) is fo.ListField:
        return {path: {"$in": _readings(value)}}
    kind = KINDS.get(type(held))
    if kind is None:
        raise InputError(
            f"{word!r}: {name!r} is of type {(document or type(held)).__name__}, whose values no "
            "word names: take a tag, another field or a saved view."
        )
    try:
        wanted: Any = fitted(value, kind) if value else None
    except ValueError:
        raise InputError(f"{word!r}: {value!r} is not a value of that field's type.") from None
    if isinstance(wanted, date) and not isinstance(wanted, datetime):
        wanted = datetime(wanted.year, wanted.month, wanted.day)
    return {path: value if kind is str else wanted}


def _ids(value: str | None) -> list[ObjectId]:
    return [ObjectId(value)] if value and ObjectId.is_valid(value) else []


def _readings(value: str) -> list[Any]:
    """What a value may be in a list whose kind is not declared."""
    found: list[Any] = [value]
    for kind in (int, float, bool):
        try:
            found.append(fitted(value, kind))
        except ValueError:
            continue
    return [each for each in found if each is not None]
