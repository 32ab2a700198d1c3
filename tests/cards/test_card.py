"""A card's pictures, figures and order equal their definitions."""

import numpy as np
import pytest
from gapsphere.plugin.cards.card import Fill, exemplars, make_cards, outside_owned
from gapsphere.plugin.cards.columns import Column, terms_of
from gapsphere.plugin.cards.stability import Held
from gapsphere.plugin.coverage.named.channel import Categories, Numbers
from gapsphere.plugin.coverage.yardstick import Yardstick
from gapsphere.plugin.errors import DimensionError


@pytest.mark.parametrize("seed", range(10))
def test_exemplars_are_the_medoid_and_then_farthest_first(rows, seed):
    pool = rows(seed, 30)
    mine = np.arange(3, 30, 2)
    far = 1 - pool.astype(float) @ pool.astype(float).T
    wanted = [min(mine, key=lambda at: far[at, mine].sum())]
    for _ in range(2):
        wanted.append(max(mine, key=lambda at: min(far[at, one] for one in wanted)))
    assert exemplars(pool, mine).tolist() == wanted


def test_a_card_of_copies_shows_three_of_them(normed):
    assert exemplars(normed([[1, 0]] * 5), np.arange(5)).tolist() == [0, 1, 2]


def scene(rows, **more):
    S, U = rows(1, 40), rows(2, 20)
    card = np.array([0] * 8 + [1] * 4 + [-1] * 8)
    distance = np.linspace(0.1, 0.4, 20)
    yard = Yardstick.of(np.linspace(0.05, 0.2, 40))
    drives = [f"u{i // 3}" for i in range(20)]
    made = make_cards(S, U, card, distance, yard, [f"s{i // 4}" for i in range(40)], drives, **more)
    return S, U, distance, yard, made


def test_figures_equal_their_definitions(rows):
    S, U, distance, yard, made = scene(rows, support=np.arange(20))
    assert [one.rows.tolist() for one in made] == [list(range(8)), list(range(8, 12))]
    first = made[0]
    assert first.drives == 3
    assert first.median == pytest.approx(np.median(distance[:8]))
    assert first.highest == pytest.approx(distance[7])
    assert first.effect == pytest.approx(first.median / 0.125, rel=1e-5)
    assert first.percentile == pytest.approx(float(yard.percentile(first.median)))
    assert first.support == 3.5
    far = 1 - U[first.exemplars].astype(float) @ S.astype(float).T
    assert first.beside.tolist() == far.argmin(axis=1).tolist()
    assert first.weight == pytest.approx(8 * first.effect)
    assert (first.rate, first.held) == (None, None)


def test_near_duplicates_count_once(rows):
    *_, made = scene(rows, duplicates=[0, 0, 0, 0, 0, 0, 1, 2, *range(8, 20)])
    assert [(len(one.rows), one.once) for one in made] == [(4, 4), (8, 3)]
    assert made[1].weight == pytest.approx(3 * made[1].effect)


def test_failures_weigh_where_they_are_known(rows):
    rates = np.array([0.01] * 8 + [0.9] * 12)
    held = [Held(1, 2, 0.4), Held(2, 2, 0.9)]
    *_, made = scene(rows, rates=rates, held=held)
    assert [len(one.rows) for one in made] == [4, 8]
    assert made[0].rate == pytest.approx(0.9)
    assert made[0].held == held[1]
    *_, never = scene(rows, rates=np.zeros(20))
    assert [one.weight for one in never] == [0, 0]


def test_attributes_are_said_where_most_images_lie_outside_s():
    owned = np.linspace(100, 140, 60)
    light = Numbers("light", owned, [20, 30, 130, 20, 120, 130, 20], "darker", "brighter")
    sky = Categories("sky", ["dry"] * 60, ["snow"] * 3 + ["dry"] * 4)
    card = np.array([0, 0, 0, 1, 1, 1, -1])
    found = outside_owned([light, sky], [f"{i // 5}" for i in range(60)], card)
    assert [[one.attribute for one in of] for of in found] == [["sky", "light"], []]
    assert all(one.outside >= 0.5 for of in found for one in of)
    assert outside_owned([], ["a"], card) == [(), ()]


def test_the_title_falls_back_on_attributes(rows):
    light = Numbers("light", np.linspace(100, 140, 40), [20] * 20, "darker", "brighter")
    *_, made = scene(rows, attributes=[light])
    assert made[0].title == "darker"
    assert made[0].sentences()[0] == "No metadata sets these images apart from the owned ones."
    sky = Column("sky", ["dry", "wet"] * 20, ["snow"] * 12 + ["dry"] * 8)
    own, other = [f"s{i // 4}" for i in range(40)], [f"u{i // 3}" for i in range(20)]
    *_, made = scene(rows, terms=terms_of([sky], own, other).terms)
    assert [one.title for one in made] == ["snow", "snow"]
    *_, made = scene(rows)
    assert made[0].title == "no name separates it"


@pytest.mark.parametrize(
    ("fill", "enough", "short"),
    [
        (Fill(10, 2, 10), True, 0),
        (Fill(9, 2, 10), False, 1),
        (Fill(10, 1, 10), False, 0),
        (Fill(0, 0, 10), False, 10),
    ],
)
def test_u_fills_a_gap_with_enough_images_of_two_drives(fill, enough, short):
    assert (fill.enough, fill.short) == (enough, short)
    assert ("The candidates fill it" in str(fill)) == enough


def test_what_does_not_fit_is_refused(rows):
    yard = Yardstick.of([0.1])
    with pytest.raises(DimensionError, match="5 images of U and 4 cards"):
        make_cards(rows(1, 3), rows(2, 5), [0] * 4, [0.1] * 5, yard, "abc", "uvwxy")
