"""What a form can offer of a dataset: tags, saved views, values of fields, fields that name drives.

Counting costs a pass over the samples for each field, and the App asks for a form at every key that
is pressed: what was found is kept until the dataset changes.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import fiftyone as fo
from cachetools import LRUCache, cached

from ....errors import InputError
from ..database import counted
from ..fields import fields
from ..fiftyone_internals import collection, saved_views_said, stored_name
from ..names import SEQUENCE
from ..samples import by_slice, flat, image_slices, slice_path
from . import drives
from .counts import version
from .resolve import FIELD, MATCH, TAG, VIEW, saved_view

MOST_VALUES = 30
"""A field with more values is one to type, not to choose from."""
ALL_COUNTED = 2_000_000
"""Values of more than so many cells are read off a part of the samples, and not counted."""
PART = 20_000
KEPT = 8


@dataclass(frozen=True)
class Offer:
    """A word that names samples, what a person reads, and how many samples; None: not counted."""

    word: str
    label: str
    count: int | None


@dataclass(frozen=True)
class Offers:
    """``sets`` of samples, and ``drives``: fields that can name drives, with how many they name."""

    sets: list[Offer] = field(default_factory=list)
    drives: list[Offer] = field(default_factory=list)
    slices: dict[str, int] = field(default_factory=dict)


def _key(dataset: fo.Dataset) -> tuple[Hashable, ...]:
    fields = tuple(dataset.get_field_schema(flat=True))
    return version(dataset), fields, tuple(saved_views_said(dataset))


@cached(LRUCache(KEPT), _key, threading.Lock())
def offers(dataset: fo.Dataset) -> Offers:
    """What there is to choose from, as the dataset is now."""
    tags, images = flat(dataset).count_sample_tags(), counted(flat(dataset))
    sets = [Offer(_tag(name), f"tag {name}", count) for name, count in _sorted(tags)]
    sets += [_saved_view(dataset, name) for name in dataset.list_saved_views()]
    naming = drives.naming_fields(dataset)
    paths = {path: _stored(dataset, path) for path in dict.fromkeys([*naming, *_more(dataset)])}
    many = collection(dataset).estimated_document_count() * len(paths) > ALL_COUNTED
    named = []
    for path, stored in paths.items():
        values, total = _values(dataset, stored, part=many)
        if path in naming and (path == SEQUENCE or total > 1):
            named.append(Offer(path, path, None if many else total))
        if total <= MOST_VALUES:  # what all images share sets none apart
            sets += [Offer(_word(path, v), f"{path} = {v}", n) for v, n in values if n != images]
    return Offers(sets, named, by_slice(flat(dataset)))


def _sorted(counts: dict[str, int]) -> list[tuple[str, int]]:
    """S and U first, then by name."""
    return sorted(counts.items(), key=lambda each: (each[0] not in ("S", "U"), each[0]))


def _tag(name: str) -> str:
    return f"{TAG}{name}" if ":" in name else name


def _word(path: str, value: Any) -> str:
    if isinstance(value, str) and value and "=" not in path:
        return f"{FIELD}{path}={value}"
    return MATCH + json.dumps({path: value}, ensure_ascii=False)


def _saved_view(dataset: fo.Dataset, name: str) -> Offer:
    try:
        count = counted(saved_view(dataset, name))
    except InputError:  # said when it is chosen
        count = None
    return Offer(f"{VIEW}{name}", f"saved view {name}", count)


def _more(dataset: fo.Dataset) -> Sequence[str]:
    """Fields of truth values."""
    return [
        path
        for path, kind in dataset.get_field_schema().items()
        if isinstance(kind, fo.BooleanField) and not fields.is_ours(dataset, path)
    ]


def _stored(dataset: fo.Dataset, path: str) -> str:
    """Where the database has the values; those of a classification are its labels."""
    if isinstance(dataset.get_field(path), fo.EmbeddedDocumentField):
        return f"{path}.label"
    return stored_name(dataset, path)


def _values(
    dataset: fo.Dataset, path: str, *, part: bool
) -> tuple[list[tuple[Any, int | None]], int]:
    """The values of a field, most frequent first, with counts; and how many there are."""
    pipeline: list[dict[str, Any]] = [{"$sample": {"size": PART}}] if part else []
    slices = slice_path(dataset)
    if slices:
        pipeline.append({"$match": {slices: {"$in": image_slices(dataset)}}})
    pipeline += [
        {"$match": {path: {"$nin": [None, ""]}}},
        {"$group": {"_id": f"${path}", "count": {"$sum": 1}}},
        {
            "$facet": {
                "most": [{"$sort": {"count": -1, "_id": 1}}, {"$limit": MOST_VALUES}],
                "all": [{"$count": "values"}],
            }
        },
    ]
    (found,) = collection(dataset).aggregate(pipeline, allowDiskUse=True)
    total = found["all"][0]["values"] if found["all"] else 0
    plain = [each for each in found["most"] if isinstance(each["_id"], (str, int, float, bool))]
    return [(each["_id"], None if part else each["count"]) for each in plain], total
