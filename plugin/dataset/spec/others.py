"""Gaps of other cards: what a Visual Spec that is not about them has to tell apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set

import fiftyone as fo
import numpy as np

from ...coverage.nearest.rows import Rows
from ...errors import GapsphereError
from ...report.spec.rule import Rule, other_rows
from ...report.spec.visual_spec import OtherCard
from ..gaps.cards.card_records import gap_cards
from ..store.names import Names
from ..store.samples import flat
from ..store.vectors import vectors

Others = tuple[Rows, tuple[OtherCard, ...]]


def others(
    dataset: fo.Dataset, names: Names, candidates: list[str], owned: Set[str], rule: Rule
) -> Others:
    """Images of the cards that no candidate is of, card by card, and how many are of which.

    Groups of gaps, not kinds that metadata alone tells.  Images of S are left out, and those that
    are too far from the request to be mistaken for it.
    """
    none = np.empty((0, len(rule.centre)), np.float32), ()
    try:
        listed = [card for card in gap_cards(dataset, names.suffix) if not card.by_metadata]
    except GapsphereError:  # there are none, or they are being made
        return none
    if not dataset.has_field(names.gap_card):
        return none
    cards = {card.key: card for card in listed}
    asked = flat(dataset).select(candidates).distinct(names.gap_card)
    keys = [key for key in cards if key not in asked]
    if not keys:
        return none
    gaps = flat(dataset).match(fo.ViewField(names.gap_card).is_in(keys))
    there = vectors.read(gaps, names.embedding, unit=True)
    known = dict(zip(*flat(dataset).select(there.ids).values(["id", names.gap_card]), strict=True))
    place = {key: at for at, key in enumerate(cards)}
    rows = np.array([row for row, one in enumerate(there.ids) if one not in owned], np.int64)
    if not len(rows):
        return none
    rows = rows[np.argsort([place[known[there.ids[row]]] for row in rows], kind="stable")]
    rows = rows[other_rows(there.matrix[rows], rule)]
    counts = Counter(known[there.ids[row]] for row in rows)
    of_card = [OtherCard(cards[key].number, cards[key].title, n) for key, n in counts.items()]
    return there.matrix[rows], tuple(of_card)
