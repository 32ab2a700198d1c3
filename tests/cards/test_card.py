"""A card's pictures, figures and order equal their definitions."""

import numpy as np
import pytest
from gapsphere.plugin.cards.card import Fill, exemplars, make_cards, outside_owned
from gapsphere.plugin.cards.lacking import Kind
from gapsphere.plugin.cards.naming import Name
from gapsphere.plugin.cards.stability import Held
from gapsphere.plugin.coverage.named.findings import Categories, Numbers
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
    *_, made = scene(rows, names=[Name(("`sky` = snow",), "snow")] * 2)
    assert [one.title for one in made] == ["snow", "snow"]
    *_, made = scene(rows)
    assert made[0].title == "no name separates it"


def test_a_kind_by_metadata_says_so_first_and_weighs_no_less_than_at_the_usual_distance(rows):
    name = Name(("`sky` = snow",), "snow", 4, 4, 0, 40, 0, 10, None, 0.3)
    kind = Kind(np.arange(8, 12), name, 2, 1, ("dry",))
    near = np.r_[np.full(8, 0.3), np.full(12, 0.05)]
    S, U = rows(1, 40), rows(2, 20)
    yard = Yardstick.of(np.linspace(0.05, 0.2, 40))
    card = np.array([0] * 8 + [1] * 4 + [-1] * 8)
    drives = [f"s{i // 4}" for i in range(40)], [f"u{i // 3}" for i in range(20)]
    gaps, lacking = make_cards(
        S, U, card, near, yard, *drives, kinds=[kind], held=[Held(1, 2, 0.4)]
    )
    assert (gaps.gaps, lacking.gaps, lacking.title) == (8, 1, "snow")
    assert lacking.effect < 1
    assert lacking.weight == 4
    assert (gaps.held, lacking.held) == (Held(1, 2, 0.4), None)
    first, second = lacking.sentences()
    assert first.startswith("snow: by the metadata 0 of 40 owned images, 0 of 10 drives; 4 cand")
    assert second.startswith("To this encoder these images look like owned ones: 1 of 4 are gaps")
    assert "most of the nearest owned images show dry" in second
    assert not any("look like" in said for said in kind.sentences(95))


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


def test_one_picture_of_four_drives_is_no_scene_of_two_occasions(rows):
    yard = Yardstick.of([0.1])
    (card,) = make_cards(
        rows(1, 3), rows(2, 4), [0] * 4, [0.1] * 4, yard, "abc", "uvwx", duplicates=[7] * 4
    )
    assert card.drives == 4
    assert not card.fill(1).enough
    assert str(card.fill(1)).startswith("The candidates have 1 image, 1 wanted, but of 1 drive:")


def test_what_does_not_fit_is_refused(rows):
    yard = Yardstick.of([0.1])
    with pytest.raises(DimensionError, match="5 images of U and 4 cards"):
        make_cards(rows(1, 3), rows(2, 5), [0] * 4, [0.1] * 5, yard, "abc", "uvwxy")
