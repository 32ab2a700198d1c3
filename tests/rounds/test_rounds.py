"""What changed between two rounds, and which card is which, against plain loops."""

from collections import Counter

import numpy as np
import pytest
from gapsphere.plugin.coverage.criterion import CANNOT_SAY, COVERED, GAP
from gapsphere.plugin.errors import ArtifactError
from gapsphere.plugin.rounds.follow import advance, regroup
from gapsphere.plugin.rounds.members import ABSENT, OWNED, Members, changes

IDS = [f"{row:024x}" for row in range(300)]


def drawn(seed: int, number: int = 1) -> Members:
    random = np.random.default_rng(seed)
    state = dict(
        zip(IDS, random.choice([ABSENT, CANNOT_SAY, COVERED, GAP, OWNED], 300), strict=True)
    )
    pool = [i for i in IDS if state[i] not in (ABSENT, OWNED)]
    random.shuffle(pool)
    owned = [i for i in IDS if state[i] == OWNED]
    return Members.of(owned, pool, [state[i] for i in pool], number)


def states(members: Members) -> dict[str, int]:
    there = zip(members.ids.tolist(), members.state.tolist(), strict=True)
    return dict.fromkeys(IDS, ABSENT) | {i.decode(): state for i, state in there}


@pytest.mark.parametrize("seed", range(5))
def test_changes_are_those_of_a_plain_loop_and_add_up(seed):
    before, now = drawn(seed), drawn(seed + 100, 2)
    was, is_now = states(before), states(now)
    pairs = Counter((was[i], is_now[i]) for i in IDS)
    found = changes(before, now)
    assert found.owned_added == sum(n for (a, b), n in pairs.items() if b == OWNED and a != OWNED)
    assert found.owned_new == pairs[ABSENT, OWNED]
    assert found.owned_removed == sum(n for (a, b), n in pairs.items() if a == OWNED and b != OWNED)
    assert found.covered == pairs[GAP, COVERED]
    assert found.owned == pairs[GAP, OWNED]
    assert found.opened_new == pairs[ABSENT, GAP]
    gaps = sum(state == GAP for state in was.values())
    assert found.closed + found.unsaid + found.gone + found.still == gaps
    assert found.still + found.opened == sum(state == GAP for state in is_now.values())
    back = changes(now, before)
    assert (back.owned_added, back.owned_removed) == (found.owned_removed, found.owned_added)


def test_members_are_packed_small_and_come_back_as_they_were():
    members = drawn(7).after(drawn(8))
    again = Members.unpacked(members.packed())
    for name in ("ids", "state", "since", "card"):
        np.testing.assert_array_equal(getattr(again, name), getattr(members, name))
    assert len(Members.of(IDS, [], [], 1).packed()) < 2 * len(IDS)
    assert not len(Members.unpacked(Members.of([], [], [], 1).packed()).ids)
    with pytest.raises(ArtifactError, match="cannot be read"):
        Members.unpacked("AAAA")


def round_of(gaps: int, covered: int, number: int, before: Members | None = None) -> Members:
    """The first images are gaps, the next ones covered."""
    found = Members.of([], IDS[: gaps + covered], [GAP] * gaps + [COVERED] * covered, number)
    return found if before is None else found.after(before)


def groups(*sizes: int, of: Members) -> np.ndarray:
    label = np.repeat(np.arange(len(sizes)), sizes)
    return np.append(label, np.full(len(of.ids) - len(label), -1))


def test_a_card_is_open_then_met_then_closed_by_its_own_images():
    one = round_of(30, 0, 1)
    cards, one = regroup([], one, groups(20, 10, of=one), ["night", "rain"], 1, 1)
    assert [(c.number, c.title, c.images, c.state) for c in cards] == [
        (1, "night", 20, "open"),
        (2, "rain", 10, "open"),
    ]
    two = round_of(9, 21, 2, one)  # of the night 9 of 20 are left, of the rain none
    cards = advance(cards, two, 2)
    assert [(c.state, c.open, c.at) for c in cards] == [("met", 9, 2), ("closed", 0, 2)]
    cards, two = regroup(cards, two, groups(9, of=two), ["dark"], 2, 3)
    assert [(c.number, c.title, c.done, c.state) for c in cards] == [
        (1, "dark", 11, "met"),  # the rest of it is still the first card
        (2, "rain", 10, "closed"),
    ]
    cards = advance(cards, round_of(0, 30, 3, two), 3)
    assert [(c.number, c.state, c.at) for c in cards] == [(1, "closed", 3)]


def test_a_card_keeps_its_number_whatever_it_is_called_and_wherever_it_stands():
    one = round_of(40, 0, 1)
    cards, one = regroup([], one, groups(10, 30, of=one), ["a", "b"], 1, 1)
    two = round_of(60, 0, 2, one)
    label = np.repeat([1, 0, 2], [10, 30, 20])  # order and names change, twenty images are new
    cards, two = regroup(advance(cards, two, 2), two, label, ["x", "a", "new"], 2, 3)
    assert [(c.number, c.title, c.since) for c in cards] == [
        (1, "a", 1),
        (2, "x", 1),
        (3, "new", 2),
    ]
    again, same = regroup(cards, two, label, ["x", "a", "new"], 2, 4)  # cards made once more
    assert again == cards
    np.testing.assert_array_equal(same.card, two.card)


def test_new_images_join_an_open_card_and_do_not_hide_it():
    one = round_of(10, 0, 1)
    cards, one = regroup([], one, groups(10, of=one), ["night"], 1, 1)
    two = round_of(50, 0, 2, one)  # forty more of the next drive, in one group with the ten
    cards, _ = regroup(advance(cards, two, 2), two, groups(50, of=two), ["night"], 2, 2)
    assert [(c.number, c.images, c.new, c.state) for c in cards] == [(1, 50, 40, "open")]


def test_a_card_that_went_into_others_is_not_called_closed():
    one = round_of(30, 0, 1)
    cards, one = regroup([], one, groups(30, of=one), ["all"], 1, 1)
    two = round_of(30, 0, 2, one)
    cards, _ = regroup(advance(cards, two, 2), two, groups(10, 10, 10, of=two), "abc", 2, 2)
    assert [(c.number, c.state) for c in cards] == [
        (1, "gone"),
        (2, "open"),
        (3, "open"),
        (4, "open"),
    ]
