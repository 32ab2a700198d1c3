"""The cards of the newest round: which of them it opened, and which go on from rounds before.

Cards are followed by their gaps; a kind that S lacks by its metadata has none to follow, and is a
card of each round for as long as S lacks it.
"""

from __future__ import annotations

from dataclasses import replace

import fiftyone as fo
import numpy as np

from ....rounds.follow import regroup
from ....rounds.members import NO_CARD
from ...store import runs
from ...store.names import Names
from ...store.samples import flat
from . import rounds

STEP = "cards"


def note(dataset: fo.Dataset, names: Names) -> None:
    """Follow the cards of the last run into the newest round, once, if they are of its gaps."""
    made, covered = runs.read(dataset, names, STEP), runs.read(dataset, names, "coverage")
    if made is None or covered is None or made.running or not made.results or covered.running:
        return
    log = rounds.read(dataset, names)
    of_this = made.inputs.get("coverage") in (covered.token, covered.created)
    members = log.members
    if not log.rounds or members is None or not of_this or log.card_run == made.token:
        return
    grouped = (card for card in made.results["found"] if not card.get("by_metadata"))
    titles = {card["key"]: card["title"] for card in grouped}
    number = {key: at for at, key in enumerate(titles)}
    label = np.full(len(members.ids), NO_CARD)
    if dataset.has_field(names.gap_card):
        ids, keys = flat(dataset).exists(names.gap_card).values(["id", names.gap_card])
        rows = members.rows_of(np.array(ids, members.ids.dtype))
        for row, key in zip(rows.tolist(), keys, strict=True):
            if row >= 0:
                label[row] = number.get(key, NO_CARD)
    last = log.rounds[-1]
    cards, members = regroup(
        log.cards, members, label, list(titles.values()), last.number, log.next_card
    )
    counted = replace(last, cards=rounds.count_cards(cards, last.number))
    rounds.keep(
        dataset,
        names,
        replace(
            log,
            rounds=[*log.rounds[:-1], counted],
            images=members.packed(),
            cards=cards,
            next_card=max([log.next_card, *(one.number + 1 for one in cards)]),
            card_run=made.token,
        ),
    )
