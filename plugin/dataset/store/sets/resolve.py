"""Who plays S and who plays U: a word from the user becomes a view.

``S`` or ``tag:S`` is a sample tag, ``field:split=train`` a field's value (or one of a list, or a
label), ``view:night`` or ``night`` a saved view.  ``not:S`` is every other sample.  Python's
dicts, lists and views become ``match:``, ``any:`` and ``samples:`` (:mod:`~.members`).  The two
sets may not share a sample: its distance to S would be zero by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId
from numpy.typing import NDArray

from ....coverage.words import counted
from ....errors import EmptySetError, InputError
from ....vectors.sample_ids import id_keys
from .. import fiftyone_internals as internals
from ..database import is_empty
from ..fields import field_words
from ..samples import Samples, dataset_of, flat, reloaded
from . import kept_samples
from .door import ALL_SLICES, admitted, groups_left_out
from .tagged import tagged_by

__all__ = ["Samples", "Sets", "dataset_of", "reloaded", "resolve", "resolve_sets", "spoken"]

TAG, VIEW, FIELD = "tag:", "view:", "field:"
NOT, ANY, MATCH, KEPT = "not:", "any:", "match:", "samples:"
DEEPEST = 20
"""Words inside one another; the server reads conditions that are some hundred deep at most."""
IN_A_QUERY = 700_000
"""Ids: at some 20 bytes each they still fit into the 16 MB of a query."""


@dataclass(frozen=True)
class Sets:
    """The two views of one analysis, and the fields by whose values they are told apart."""

    owned: fo.DatasetView
    pool: fo.DatasetView
    fields: frozenset[str] = frozenset()


def resolve(samples: Samples, word: str) -> fo.DatasetView:
    """View of the samples that ``word`` names.

    Raises
    ------
    InputError
        The word names no field or saved view of the dataset, or words nest too deeply.
    """
    samples = admitted(samples, ALL_SLICES)
    dataset = dataset_of(samples)
    saved = _saved_view(dataset, word)
    if saved is not None:
        view = admitted(saved_view(dataset, saved), ALL_SLICES)
        return view if samples is dataset else samples.match(_in_view(view, saved))
    return samples.match(_condition(samples, word))


def resolve_sets(
    samples: Samples,
    owned: str,
    pool: str,
    ids_of: Callable[[fo.DatasetView], NDArray[np.uint8]] = internals.view_ids,
) -> Sets:
    """S and U as views, both checked to hold samples and to share none.

    ``ids_of`` tells who is in a view.
    """
    fields = told_by(dataset_of(samples), owned, pool)
    sets = Sets(resolve(samples, owned), resolve(samples, pool), fields)
    ids = [id_keys(ids_of(view)) for view in (sets.owned, sets.pool)]
    for mine, word, role in zip(ids, (owned, pool), "SU", strict=True):
        if not mine:
            raise EmptySetError(
                f"{role} is empty: no sample matches {spoken(word)}. Load images as {role} "
                f"(load_images) or choose another tag, field value or saved view."
            )
    both = set.intersection(*ids)
    if both:
        raise InputError(
            f"{counted(len(both), 'sample', 'is|are')} in both S ({spoken(owned)}) and U "
            f"({spoken(pool)}); take one of the tags off them first."
        )
    return sets


def left_out(samples: Samples, owned: str, pool: str) -> tuple[str, ...]:
    """Sentences on groups of a rig that are in none of the views that were passed.

    ``samples`` as they were passed, before they were made flat.
    """
    dataset = dataset_of(samples)
    if dataset.media_type != "group":
        return ()
    lost = {"the view": groups_left_out(samples)}
    for role, word in (("S", owned), ("U", pool)):
        saved = _saved_view(dataset, word)
        if saved is not None:
            lost[role] = groups_left_out(saved_view(dataset, saved))
        elif word.startswith(KEPT):
            lost[role] = kept_samples.left_out(dataset, word.removeprefix(KEPT))
    return tuple(
        f"left out of {role}, which is a view of groups: {what}. Name it by a tag, or pass a view "
        "of select_group_slices, to have them."
        for role, what in lost.items()
        if what
    )


def told_by(dataset: fo.Dataset, owned: str, pool: str) -> frozenset[str]:
    """Fields by whose values S and U are told apart: of these, no comparison of them is news."""
    return fields_of(owned, pool, tagged=tagged_by(dataset))


def fields_of(*words: str, tagged: Mapping[str, Sequence[str]] | None = None) -> frozenset[str]:
    """Fields by whose values words name samples; of a tag, those in ``tagged``.

    >>> sorted(fields_of("field:split=train", 'not:match:{"rig.name": "a"}', "S"))
    ['rig', 'split']
    >>> sorted(fields_of("not:S", tagged={"S": ["split"]}))
    ['split']
    """
    by_tag = tagged or {}
    paths: list[str] = []
    for word in words:
        kind, separator, rest = word.partition(":")
        kind += separator
        if kind == FIELD:
            paths.append(rest.partition("=")[0])
        elif kind == NOT:
            paths += fields_of(rest, tagged=tagged)
        elif kind == ANY:
            paths += fields_of(*_parsed(word, rest, list), tagged=tagged)
        elif kind == MATCH:
            paths += _parsed(word, rest, dict)
        else:
            paths += by_tag.get(rest if kind == TAG else word, ())
    return frozenset(path.split(".")[0] for path in paths)


def spoken(word: str) -> str:
    """The word as a sentence has it.

    >>> spoken("night"), spoken("samples:0f3c"), spoken("not:S")
    ("'night'", 'the samples that were passed', "what is not 'S'")
    """
    if word.startswith(NOT):
        return f"what is not {spoken(word.removeprefix(NOT))}"
    return "the samples that were passed" if word.startswith(KEPT) else repr(word)


def saved_view(dataset: fo.Dataset, name: str) -> fo.DatasetView:
    """The saved view of that name.

    Raises
    ------
    InputError
        It no longer fits the dataset.
    """
    try:
        return internals.saved_view(dataset, name)
    except ValueError as error:
        raise InputError(
            f"The saved view {name!r} cannot be read any more ({error}): a field, slice or run "
            "that it names is gone, or another version of FiftyOne saved it. Save it again, or "
            "choose another."
        ) from error


def _saved_view(dataset: fo.Dataset, word: str) -> str | None:
    """The saved view that a word names; a tag of that name comes first."""
    if word.startswith(VIEW):
        name = word.removeprefix(VIEW)
        if not dataset.has_saved_view(name):
            known = ", ".join(dataset.list_saved_views()) or "none"
            raise InputError(f"There is no saved view {name!r}; saved views: {known}.")
        return name
    return word if dataset.has_saved_view(word) and not _is_tag(dataset, word) else None


def _is_tag(dataset: fo.Dataset, word: str) -> bool:
    return not is_empty(flat(dataset).match_tags(word))


def _condition(samples: Samples, word: str, depth: int = 0) -> dict[str, Any]:
    """What holds of the samples that a word names, as MongoDB reads it."""
    if depth > DEEPEST:
        raise InputError(
            f"A word for samples holds more than {DEEPEST} others inside one another, such as "
            f"not:not:S: name the samples by a tag or a saved view."
        )
    kind, separator, rest = word.partition(":")
    kind += separator
    if not separator:
        return {"tags": word}
    if kind == TAG:
        return {"tags": rest}
    if kind == FIELD:
        name, equals, value = rest.partition("=")
        if not equals:
            raise InputError(f"{word!r} needs a value: field:NAME=VALUE.")
        return field_words.condition(samples, name, value, word)
    if kind == NOT:
        return {"$nor": [_part(samples, rest, depth + 1)]}
    if kind == ANY:
        return {"$or": [_part(samples, part, depth + 1) for part in _parsed(word, rest, list)]}
    if kind == MATCH:
        fields: Mapping[str, Any] = _parsed(word, rest, dict)
        return {"$and": [_values(samples, *item, word) for item in fields.items()]}
    if kind == KEPT:
        return {"_id": {"$in": kept_samples.find(dataset_of(samples), rest)}}
    if _is_tag(dataset_of(samples), word):
        return {"tags": word}
    raise InputError(
        f"{word!r} is not a tag, tag:NAME, field:NAME=VALUE, view:NAME, or not: before one."
    )


def _part(samples: Samples, word: str, depth: int) -> dict[str, Any]:
    """A word inside another one."""
    dataset = dataset_of(samples)
    saved = _saved_view(dataset, word)
    if saved is None:
        return _condition(samples, word, depth)
    return _in_view(admitted(saved_view(dataset, saved), ALL_SLICES), saved)


def _in_view(view: fo.DatasetView, name: str) -> dict[str, Any]:
    """What holds of a saved view's samples: what its stages ask of each, else their ids."""
    conditions = internals.conditions(view)
    if conditions is not None:
        return {"$and": [{}, *conditions]}
    ids = [ObjectId(each) for each in view.values("id")]
    if len(ids) > IN_A_QUERY:
        raise InputError(
            f"The saved view {name!r} has {len(ids):,} samples, and it can be asked here for "
            f"{IN_A_QUERY:,} at most: tag them (load_saved_view({name!r}).tag_samples(NAME)) and "
            "name the tag."
        )
    return {"_id": {"$in": ids}}


def _parsed(word: str, text: str, kind: type) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, kind) or not found:
        example = 'match:{"weather": "rain"}' if kind is dict else 'any:["rain", "fog"]'
        raise InputError(f"{word!r} cannot be read: write it as in {example}.")
    return found


def _values(samples: Samples, name: str, value: Any, word: str) -> dict[str, Any]:
    """One field and its value, or one of several."""
    wanted: Sequence[Any] = value if isinstance(value, list) else [value]
    if not wanted:
        raise InputError(f"{word!r} gives {name!r} no value: give one, or several in a list.")
    texts = [each if each is None else _text(each) for each in wanted]
    return {"$or": [field_words.condition(samples, name, text, word) for text in texts]}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
