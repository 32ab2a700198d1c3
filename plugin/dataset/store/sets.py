"""Who plays S and who plays U: a word from the user becomes a view.

``S`` or ``tag:S`` is a sample tag, ``field:split=train`` a field's value (or one of a list, or a
label), ``view:night`` a saved view.  The two sets may not share a sample: its distance to S would
be zero by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import fiftyone as fo

from ...errors import EmptySetError, InputError
from .database import is_empty
from .door import ALL_SLICES, admitted
from .field_words import matching
from .samples import Samples, dataset_of, reloaded

__all__ = ["Samples", "Sets", "dataset_of", "reloaded", "resolve", "resolve_sets"]


@dataclass(frozen=True)
class Sets:
    """The two views of one analysis."""

    owned: fo.DatasetView
    pool: fo.DatasetView


def resolve(samples: Samples, word: str) -> fo.DatasetView:
    """View of the samples that ``word`` names.

    Raises
    ------
    InputError
        The word names no field or saved view of the dataset.
    """
    samples = admitted(samples, ALL_SLICES)
    kind, separator, rest = word.partition(":")
    if not separator:
        return samples.match_tags(word)
    if kind == "tag":
        return samples.match_tags(rest)
    if kind == "view":
        dataset = dataset_of(samples)
        if not dataset.has_saved_view(rest):
            known = ", ".join(dataset.list_saved_views()) or "none"
            raise InputError(f"There is no saved view {rest!r}; saved views: {known}.")
        view = admitted(dataset.load_saved_view(rest), ALL_SLICES)
        return view if samples is dataset else samples.select(view.values("id"))
    if kind == "field":
        name, equals, value = rest.partition("=")
        if not equals:
            raise InputError(f"{word!r} needs a value: field:NAME=VALUE.")
        return matching(samples, name, value, word)
    raise InputError(f"{word!r} is none of: a tag, tag:NAME, field:NAME=VALUE, view:NAME.")


def resolve_sets(samples: Samples, owned: str, pool: str) -> Sets:
    """S and U as views, both checked to hold samples and to share none."""
    sets = Sets(resolve(samples, owned), resolve(samples, pool))
    for view, word, role in ((sets.owned, owned, "S"), (sets.pool, pool, "U")):
        if is_empty(view):
            raise EmptySetError(
                f"{role} is empty: no sample matches {word!r}. Load images as {role} "
                f"(load_images) or choose another tag, field value or saved view."
            )
    both = set(sets.owned.values("id")) & set(sets.pool.values("id"))
    if both:
        raise InputError(
            f"{len(both)} samples are in both S ({owned!r}) and U ({pool!r}); "
            f"take one of the tags off them first."
        )
    return sets
