"""What becomes of gap cards from round to round.

The one idea: a card is the images that were its gaps, and keeps its number while they are.  It is
*met* once more than half of them are covered or in S, and *closed* once all are.  When gaps are
grouped anew, a group goes on under the number of the card that it shares more than half with
(Jaccard above 1/2, as in :mod:`..cards.stability`, among images that were known before): its name
and its place in the list may change, and which card it is does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cards.stability import HOLDS_ABOVE
from ..coverage.criterion import COVERED, GAP
from ..errors import DimensionError
from .members import NO_CARD, OWNED, Members

State = Literal["open", "met", "closed", "gone"]


@dataclass(frozen=True)
class Followed:
    """A card as it stands in a round.

    Attributes
    ----------
    number
        Stays from round to round.
    title
        What the last run of cards called it.
    since
        The round in which it was opened.
    images, open, new
        Images that are or were its gaps; those neither covered nor in S; those that came with this
        round.
    state
        ``gone``: its gaps went into other cards, or its images left S and U.
    at
        The round in which it came to that state.
    """

    number: int
    title: str
    since: int
    images: int
    open: int
    new: int
    state: State
    at: int

    @property
    def done(self) -> int:
        """Images that are covered or in S."""
        return self.images - self.open


def advance(cards: Sequence[Followed], now: Members, number: int) -> list[Followed]:
    """The cards of the round before as they stand in round ``number``, of which ``now`` tells.

    ``now`` has the cards of its images from the round before (:meth:`.members.Members.after`);
    those that came to an end before are left out.

    Examples
    --------
    >>> night = Followed(1, "night", 1, 2, 2, 0, "open", 1)
    >>> before = Members(np.array([b"a", b"b"], "S24"), np.int8([1, 1]), *np.int32([[1, 1]] * 2))
    >>> now = Members(before.ids, np.int8([0, 2]), before.since, before.card)
    >>> [(one.state, one.at, one.done) for one in advance([night], now, 2)]
    [('closed', 2, 2)]
    """
    return [_counted(one, now, number) for one in cards if one.state in ("open", "met")]


def _counted(card: Followed, now: Members, number: int) -> Followed:
    mine = now.card == card.number
    left = mine & ~np.isin(now.state, (COVERED, OWNED))
    images, still = int(mine.sum()), int(left.sum())
    state: State = "open"
    if not images:
        state = "gone"
    elif not still:
        state = "closed"
    elif 2 * still < images:
        state = "met"
    new = int((now.since[mine] == number).sum())
    at = card.at if state == card.state else number
    return replace(card, images=images, open=still, new=new, state=state, at=at)


def regroup(
    cards: Sequence[Followed],
    now: Members,
    label: ArrayLike,
    titles: Sequence[str],
    number: int,
    first: int,
) -> tuple[list[Followed], Members]:
    """The cards once the gaps of round ``number`` are grouped.

    Parameters
    ----------
    cards : sequence of Followed
        As :func:`advance` gives them, or an earlier call for the same round.
    label : int (n,)
        The group of each image of ``now``, -1 for none.
    titles : sequence of str
        Of each group.
    first : int
        A number that no card has had.

    Returns
    -------
    list of Followed, Members
        Cards that go on first, then new ones; and ``now`` with the card of each gap.
    """
    groups = np.asarray(label, np.int64)
    if groups.shape != now.card.shape:
        raise DimensionError(f"{len(now.card)} images and {groups.size} groups.")
    known = {one.number for one in cards if one.state in ("open", "met")}
    of = np.where(np.isin(now.card, list(known)), now.card, NO_CARD)
    settled = (now.state == GAP) & ((now.since < number) | (of != NO_CARD))
    goes_on = _goes_on(of[settled], groups[settled])
    card = now.card.copy()
    found: list[Followed] = []
    for group, title in enumerate(titles):
        mine = groups == group
        if not mine.any():
            continue
        before = goes_on.get(group)
        if before is None:
            before, first = first, first + 1
            found.append(Followed(before, title, number, 0, 0, 0, "open", number))
        card[mine] = before
    after = replace(now, card=card)
    names = {before: titles[group] for group, before in goes_on.items()}
    kept = []
    for one in cards:
        if one.state not in ("open", "met"):
            kept.append(one)
            continue
        there = replace(one, title=names.get(one.number, one.title))
        counted = _counted(there, after, number)
        lost = not counted.open and one.open  # to other cards: nothing covered it
        state: State = "gone" if lost else counted.state
        if not lost or one.since < number:
            kept.append(replace(counted, state=state, at=number if lost else counted.at))
    return kept + [_counted(one, after, number) for one in found], after


def _goes_on(cards: NDArray[np.int32], groups: NDArray[np.int64]) -> dict[int, int]:
    """The card that each group shares more than half with, by group; at most one of either."""
    both = (cards != NO_CARD) & (groups >= 0)
    if not both.any():
        return {}
    pairs, shared = np.unique(
        np.stack([cards[both], groups[both]], axis=1), axis=0, return_counts=True
    )
    size = dict(zip(*(each.tolist() for each in np.unique(cards, return_counts=True)), strict=True))
    width = dict(
        zip(*(each.tolist() for each in np.unique(groups, return_counts=True)), strict=True)
    )
    return {
        group: card
        for (card, group), count in zip(pairs.tolist(), shared.tolist(), strict=True)
        if count / (size[card] + width[group] - count) > HOLDS_ABOVE
    }
