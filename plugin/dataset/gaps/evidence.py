"""What stands beside an image asked about: the owned image nearest to it, and what differs.

The one idea: a distance convinces nobody; two pictures and the names of what differs do.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
from cachetools import TTLCache, cached

from ...coverage.named.markers import is_flag
from ...coverage.named.ranges import outside_by, short, short_span
from ...coverage.words import counted
from ...embeddings.attributes import ATTRIBUTES
from ...errors import GapsphereError
from ...projection.questions import Question
from ...projection.verdict import Verdict
from ..store.fields.metadata import columns, scene_paths
from ..store.samples import flat
from ..store.sets.resolve import resolve
from .analysis import Analysis
from .deltas import KEPT_SECONDS
from .vectors.attributes import said_outside, word

MOST_FIELDS = 4
"""Fields of the user's that are named for one image."""
_NUMBERS = (fo.IntField, fo.FloatField)


@dataclass(frozen=True)
class Owned:
    """What owned images have in the fields that drives were compared in.

    ``counts`` how many have each word, by field; ``bounds`` lowest and highest number.
    """

    total: int
    counts: Mapping[str, Mapping[Any, int]]
    bounds: Mapping[str, tuple[float, float]]


def beside(found: Analysis, question: Question, verdict: Verdict | None) -> int | None:
    """Row of the owned image that an image is measured to; None where it is unknown."""
    if verdict is None or question.kind != "point":
        return None
    if verdict.nearest >= 0:
        return verdict.nearest
    field = found.names.nearest_S
    if found.owned[question.row] or not found.dataset.has_field(field):
        return None
    nearest: list[Any] = flat(found.dataset).select(_id(found, question.row)).values(field)
    rows = found.ids.rows_of([str(one) for one in nearest if one])
    return int(rows[0]) if len(rows) else None


def differs(found: Analysis, row: int, other: int | None) -> tuple[list[str], bool]:
    """In what an image is outside what is owned, or differs from the image beside it, in sentences.

    Fields of the user's come first, then the attributes of the image itself.  Also whether one of
    them names what no owned image has.
    """
    if found.covered is None:
        return [], False
    said, unowned = _fields(found, row, other)
    if found.owned[row]:
        return said, False
    camera, ranges = found.params.get("camera_field"), found.covered.ranges
    outside = said_outside(found.dataset, found.names, _id(found, row), ranges, camera)
    return said + outside, unowned or bool(outside)


def _id(found: Analysis, row: int) -> str:
    (sample_id,) = found.ids.text(slice(row, row + 1))
    return sample_id


def _fields(found: Analysis, row: int, other: int | None) -> tuple[list[str], bool]:
    """Fields of the user's: what no owned image has first, then what the image beside it lacks.

    A flag that no owned image has set may only say that this one is a candidate: it is named where
    nothing else is (:mod:`~...coverage.named.markers`).  Also whether the first kind is among them.
    """
    dataset = found.dataset
    owned = _owned(found)
    if owned is None:
        return [], False
    paths = _asked(found)
    ids = [_id(found, row), *([] if other is None else [_id(found, other)])]
    unseen: list[str] = []
    apart: list[str] = []
    flags: list[str] = []
    for name, values in columns(dataset, ids, paths).items():
        mine, theirs = values[0], values[-1] if len(values) > 1 else None
        if mine is None:
            continue
        if name in owned.bounds:
            low, high = owned.bounds[name]
            if not low <= mine <= high:
                gap = outside_by(mine, low, high)
                spread = short_span(low, high, gap)
                said = f"`{name}` {short(mine, gap)}; owned images have {spread}."
                (flags if low == high and is_flag([low, mine]) else unseen).append(said)
            continue
        have = owned.counts.get(name, {})
        count = have.get(mine, 0)
        if not count:
            said = f"`{name}` {word(mine)}: 0 of {counted(owned.total, 'owned image')}."
            (flags if len(have) == 1 and is_flag([*have, mine]) else unseen).append(said)
        elif theirs is not None and theirs != mine:
            apart.append(
                f"`{name}` {word(mine)}, the one beside it {word(theirs)} ({word(mine)}: "
                f"{count:,} of {counted(owned.total, 'owned image')})."
            )
    return (unseen + apart or flags)[:MOST_FIELDS], bool(unseen)


def _asked(found: Analysis) -> dict[str, str]:
    """Paths of the user's fields that drives were compared in, by name."""
    asked = found.covered.asked if found.covered else []
    paths = scene_paths(found.dataset)
    return {name: paths[name] for name in asked if name not in ATTRIBUTES and name in paths}


@cached(TTLCache(8, KEPT_SECONDS), lambda found: found.key, threading.Lock())
def _owned(found: Analysis) -> Owned | None:
    """Read off the database, one pass over the images of S on the sphere."""
    paths = _asked(found)
    try:
        named = resolve(found.dataset, str(found.params.get("owned", "S")))
    except GapsphereError:  # the field or view that named the set is gone
        return None
    if not paths:
        return None
    numbers = [
        name for name, path in paths.items() if isinstance(found.dataset.get_field(path), _NUMBERS)
    ]
    words = [name for name in paths if name not in numbers]
    asked = [fo.CountValues(paths[name]) for name in words]
    asked += [fo.Bounds(paths[name], safe=True) for name in numbers]
    read = named.exists(found.names.sphere).aggregate(asked)
    bounds = dict(zip(numbers, read[len(words) :], strict=True))
    return Owned(
        int(found.owned.sum()),
        {
            name: {word: count for word, count in of.items() if word is not None}
            for name, of in zip(words, read, strict=False)
        },
        {name: of for name, of in bounds.items() if of[0] is not None},
    )
