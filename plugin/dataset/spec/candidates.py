"""Which samples a Visual Spec asks for more of: picks, a card of gaps, a place, or any set."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass

import fiftyone as fo
import numpy as np
from cachetools import LRUCache, cached

from ...errors import EmptySetError, InputError
from ...projection.sphere import SphereIndex
from ...settings.spec import SpecParams
from ..gaps.cards.card_records import GapCard, gap_cards
from ..gaps.picks import picks
from ..store import runs
from ..store.database import counted
from ..store.names import Names
from ..store.samples import flat
from ..store.sets.counts import said, version
from ..store.sets.kept_samples import described
from ..store.sets.resolve import KEPT, Samples, dataset_of, resolve
from ..store.vectors import vectors

PLACE_OF = 50
"""This many samples nearest to it on the sphere represent an empty place."""
KCENTER, ALL, PLACE, CARD = "kcenter", "all", "place:", "card:"


@dataclass(frozen=True)
class Chosen:
    """Samples to collect more of.

    ``source`` says in words where they came from; ``place`` is the empty place that they stand
    for, ``card`` the card of gaps that they are, None where they are something else.
    """

    samples: Samples
    source: str
    place: tuple[float, float, float] | None = None
    card: GapCard | None = None


def choose(samples: Samples, dataset: fo.Dataset, params: SpecParams, names: Names) -> Chosen:
    """The samples that the setting ``candidates`` names.

    Raises
    ------
    InputError
        The word names nothing that is there.
    EmptySetError
        There are no cards, or nothing of U is on the sphere.
    """
    word = params.candidates
    if word is None:
        word = ALL if isinstance(samples, fo.DatasetView) else KCENTER
    if word == ALL:
        return Chosen(samples, f"{counted(samples)} samples")
    if word == KCENTER:
        runs.finished(dataset, names, "kcenter")
        picked = samples.match_tags(names.kcenter_tag)
        if not counted(picked):
            picks.require(dataset, names)
        return Chosen(picked, f"K-Center picks ({names.kcenter_tag})")
    if word.startswith(PLACE):
        place = _place(word)
        return Chosen(_around(dataset, params, names, place), word, place)
    if word.startswith(CARD):
        card = _card(word[len(CARD) :].strip(), gap_cards(dataset, names.suffix))
        if not dataset.has_field(names.gap_card):
            raise EmptySetError(
                f"The dataset has no field {names.gap_card!r} any more: run summarize_gaps again."
            )
        of_card = flat(dataset).match(fo.ViewField(names.gap_card) == card.key)
        return Chosen(of_card, f"Gap card {card.number}: {card.title}", card=card)
    kept = word.startswith(KEPT)
    source = described(dataset, word.removeprefix(KEPT)) if kept else word
    return Chosen(resolve(samples, word), source)


def _card(word: str, cards: list[GapCard]) -> GapCard:
    """The card of this number or key."""
    for card in cards:
        if word in (str(card.number), card.key):
            return card
    known = ", ".join(f"{card.number} ({card.title})" for card in cards[:5]) or "none"
    more = f" and {len(cards) - 5} more" if len(cards) > 5 else ""
    raise InputError(f"There is no gap card {word!r}; the cards are {known}{more}.")


def _place(word: str) -> tuple[float, float, float]:
    try:
        x, y, z = (float(part) for part in word[len(PLACE) :].split(","))
        length = float(np.linalg.norm([x, y, z]))
        if not np.isfinite(length) or length == 0:
            raise ValueError
    except ValueError:
        raise InputError(
            f"{word!r} is not a place on the sphere: give three numbers, as in place:0.1,-0.7,0.7."
        ) from None
    return x / length, y / length, z / length


def _around(
    dataset: fo.Dataset, params: SpecParams, names: Names, place: tuple[float, float, float]
) -> fo.DatasetView:
    """The 50 samples of U nearest to a place on the sphere."""
    runs.finished(dataset, names, "sphere")
    ids, index = _on_sphere(resolve(dataset, params.pool), names.sphere)
    near = index.nearest(np.array([place]), PLACE_OF).index[0]
    return flat(dataset).select([ids[row] for row in near], ordered=True)


def _key(samples: Samples, field: str) -> tuple[Hashable, ...]:
    return version(dataset_of(samples)), said(samples), field


@cached(LRUCache(2), _key, threading.Lock())
def _on_sphere(samples: Samples, field: str) -> tuple[list[str], SphereIndex]:
    """Samples on the sphere: kept until the dataset changes, as a form asks at every key."""
    places = vectors.read(samples, field)
    if not places.ids:
        raise EmptySetError("No candidate is on the sphere: run compute_sphere first.")
    return places.ids, SphereIndex(places.matrix)
