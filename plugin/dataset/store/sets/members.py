"""What Python takes for S, U and other sets of samples, as the word that settings hold.

A tag, the name of a saved view or another word stays as it is.  A dict of field values, or a list
of words, is written out in the word, so that it is looked up anew by each run.  A view, an
expression or ids stand for the samples that they are now (:mod:`~.kept_samples`).  The dataset
itself is every sample that the other set leaves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeAlias

import fiftyone as fo
from bson import ObjectId

from ....errors import InputError
from ..fiftyone_internals import dataset_id, is_whole, stages
from ..samples import Samples, dataset_of, flat
from . import kept_samples
from .door import ALL_SLICES, admitted, groups_left_out
from .resolve import ANY, FIELD, KEPT, MATCH, NOT, VIEW, resolve, saved_view

Members: TypeAlias = (
    "str | Mapping[str, Any] | Samples | fo.ViewExpression "
    "| Iterable[str | fo.Sample | Mapping[str, Any] | fo.DatasetView]"
)
ACCEPTED = (
    "a tag, a saved view's name, field:NAME=VALUE, {field: value}, a view, an expression, a list "
    "of ids, or the dataset for all that the other set leaves"
)


def word_of(samples: Samples, given: Members, other: Members | None = None) -> str:
    """The word for ``given``, a set of ``samples``; ``other`` is the other set, as it was given.

    Raises
    ------
    InputError
        It is nothing of the kind, of another dataset, or both sets are the whole dataset.
    """
    try:
        return _word_of(samples, given, other)
    except RecursionError as error:
        raise InputError(f"Lists hold others without an end: pass {ACCEPTED}.") from error


def _word_of(samples: Samples, given: Members, other: Members | None = None) -> str:
    dataset = dataset_of(samples)
    if isinstance(given, str):
        return given
    if isinstance(given, (fo.Dataset, fo.DatasetView)):
        _refuse_other(dataset, given)
        if _all(given):
            if other is None or _all(other):
                raise InputError(
                    "S and U cannot both be the whole dataset: pass a tag, a view or "
                    "{field: value} for one of them; the other is then what it leaves."
                )
            return NOT + _word_of(samples, other)
        return _of_view(dataset, given)
    if isinstance(given, fo.ViewExpression):
        return _kept(dataset, flat(dataset).match(given).values("id"), f"which {given}")
    if isinstance(given, Mapping):
        return _of_fields(given)
    if isinstance(given, Iterable) and not isinstance(given, (bytes, bytearray)):
        return _of_list(samples, [_plain(each) for each in given])
    raise InputError(f"Samples cannot be named by {type(given).__name__}: pass {ACCEPTED}.")


def _all(given: Any) -> bool:
    whole = isinstance(given, fo.DatasetView) and is_whole(given)
    return whole or isinstance(given, fo.Dataset)


def _refuse_other(dataset: fo.Dataset, given: Samples) -> None:
    theirs = dataset_of(given)
    if dataset_id(theirs) != dataset_id(dataset):
        raise InputError(
            f"S and U are samples of one dataset, and {theirs.name!r} is not {dataset.name!r}: add "
            "its samples there (dataset.add_collection) and pass a tag or a field's value."
        )


def _of_view(dataset: fo.Dataset, view: fo.DatasetView) -> str:
    """A saved view by its name, where it is still what was saved."""
    name = view.name
    saved = bool(name) and dataset.has_saved_view(name)
    if saved and stages(saved_view(dataset, name)) == stages(view):
        return f"{VIEW}{name}"
    steps = ", ".join(stage["_cls"].rpartition(".")[2] for stage in stages(view))
    ids, lost = admitted(view, ALL_SLICES).values("id"), groups_left_out(view)
    return _kept(dataset, ids, f"a view of {steps}", lost)


def _of_fields(given: Mapping[str, Any]) -> str:
    if not given:
        raise InputError("An empty dict names no samples: pass {field: value}.")
    wanted = {str(name): _values(value) for name, value in given.items()}
    if len(wanted) == 1:
        ((name, value),) = wanted.items()
        if isinstance(value, str) and value and "=" not in name:
            return f"{FIELD}{name}={value}"
    return MATCH + json.dumps(wanted, ensure_ascii=False)


def _values(value: Any) -> Any:
    """A value, or several that it may be, as JSON holds them."""
    if isinstance(value, Mapping):
        raise InputError("A dict of a dict names no samples: write {'field.part': value}.")
    if isinstance(value, Iterable) and not isinstance(value, str):
        several = [_values(each) for each in value]
        if not several:
            raise InputError("A field with an empty list of values names no samples: give a value.")
        return several
    value = _plain(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def _of_list(samples: Samples, given: list[Any]) -> str:
    if not given:
        raise InputError(f"An empty list names no samples: pass {ACCEPTED}.")
    ids = [str(getattr(each, "id", each)) for each in given]
    if all(map(ObjectId.is_valid, ids)):
        kept_samples.refuse_too_many(len(ids))
        dataset = dataset_of(samples)
        known = set(flat(dataset).select(ids, ordered=False).values("id"))
        lost = [each for each in ids if each not in known]
        if lost:
            raise InputError(
                f"{dataset.name!r} has no image for {len(lost):,} of {len(ids):,} ids, such as "
                f"{lost[0]!r}: pass ids of its samples."
            )
        return _kept(dataset, ids, "passed by their ids")
    words = [_word_of(samples, each) for each in given]
    for word in words:
        resolve(samples, word)
    return words[0] if len(words) == 1 else ANY + json.dumps(words, ensure_ascii=False)


def _kept(dataset: fo.Dataset, ids: list[str], said: str, lost: str = "") -> str:
    return KEPT + kept_samples.keep(dataset, ids, said, lost)


def _plain(value: Any) -> Any:
    """A number of numpy's as Python's."""
    return value.item() if hasattr(value, "item") and not isinstance(value, str) else value
