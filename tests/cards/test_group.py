"""Groups of gaps are the components of the radius graph, whatever the order, tile and metric."""

import numpy as np
import pytest
from gapsphere.plugin.cards.group import (
    SINGLE,
    group_gaps,
    group_runs,
    joining_distance,
    linked_runs,
)
from gapsphere.plugin.coverage.nearest import chains
from gapsphere.plugin.coverage.yardstick import Yardstick
from gapsphere.plugin.errors import InputError
from gapsphere.tests.support.components import walked
from hypothesis import given
from hypothesis import strategies as st

from .conftest import scattered, unit


def plainly(rows, scale, least=3):
    """Sets of images that are cards, at a cosine distance."""
    found = walked(rows, np.ones(len(rows), bool), 2 * scale)
    return {each for each in found if len(each) >= least}


def sets(groups):
    return {frozenset(groups.rows(card).tolist()) for card in range(groups.count)}


@given(st.integers(0, 10**6), st.integers(1, 40), st.floats(0, 0.3))
def test_groups_equal_a_walk_over_all_pairs(seed, n, scale):
    rows = scattered(seed, n)
    groups = group_gaps(rows, scale)
    assert sets(groups) == plainly(rows, scale)
    sizes = [len(groups.rows(card)) for card in range(groups.count)]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) + (groups.card == SINGLE).sum() == n


@given(st.integers(0, 10**6), st.integers(2, 40), st.randoms(use_true_random=False))
def test_the_order_of_images_changes_no_group(seed, n, random):
    rows, order = scattered(seed, n), list(range(n))
    random.shuffle(order)
    moved = group_gaps(rows[order], 0.05)
    back = {frozenset(order[i] for i in group) for group in sets(moved)}
    assert back == sets(group_gaps(rows, 0.05))


def test_small_tiles_and_the_other_metric_change_nothing(rows):
    gaps = rows(3, 300)
    wanted = group_gaps(gaps, 0.02)
    assert 1 < wanted.count < 100
    assert np.array_equal(group_gaps(gaps, 0.02, memory_mb=0.01).card, wanted.card)
    euclidean = group_gaps(gaps, float(np.sqrt(0.04)), metric="euclidean")
    assert np.array_equal(euclidean.card, wanted.card)


def test_copies_are_joined_at_scale_0_and_a_hair_beyond_the_scale_is_not():
    copies = unit([[1, 0], [1, 0], [1, 0], [1, 1e-4], [0, 1]])
    assert group_gaps(copies, 0.0).card.tolist() == [0, 0, 0, SINGLE, SINGLE]
    pair = copies[[0, 3]].astype(np.float64)
    apart = ((pair[0] - pair[1]) ** 2).sum() / 2  # 5e-9: nothing to a float32 product
    assert group_gaps(copies, apart * 1.001).card.tolist() == [0, 0, 0, 0, SINGLE]
    assert group_gaps(copies, apart * 0.999).card.tolist() == [0, 0, 0, SINGLE, SINGLE]


def test_no_gap_makes_no_card():
    groups = group_gaps(np.empty((0, 4), np.float32), 0.1)
    assert (groups.count, groups.card.shape) == (0, (0,))


@pytest.mark.parametrize("scale", [-0.1, 2.5, float("nan"), float("inf")])
def test_what_is_no_distance_is_refused(rows, scale):
    with pytest.raises(InputError, match="scale"):
        group_gaps(rows(0, 4), scale)


def test_the_scale_is_the_median_over_drives_alike():
    inside = [0.1] * 9 + [0.3, 0.5]
    drives = ["long"] * 9 + ["b", "c"]
    assert joining_distance(Yardstick.of(inside, drives)) == pytest.approx(0.3, abs=1e-6)


@given(st.integers(0, 10**6), st.integers(1, 40), st.booleans(), st.booleans())
def test_links_that_are_known_change_no_card(seed, n, gone, moved):
    random = np.random.default_rng(seed)
    then, scale = scattered(seed, n), np.array([0.05, 0.1, 0.0])
    gap = random.random((3, n)) < 0.7
    known = linked_runs(then, gap, scale)
    kept = np.flatnonzero(random.random(n) < 0.9) if gone else np.arange(n)
    image_from = np.concatenate([kept, np.full(random.integers(0, 9), -1)])
    image_from = image_from[random.permutation(len(image_from))]
    images = scattered(seed + 1, len(image_from))
    images[image_from >= 0] = then[image_from[image_from >= 0]]
    now = random.random((3, len(images))) < 0.7
    now[:, image_from >= 0] = gap[:, image_from[image_from >= 0]]
    now ^= random.random(now.shape) < 0.02 * moved
    if seed % 3 == 0:
        scale = scale[::-1].copy()
    links = linked_runs(images, now, scale, known=(known, image_from))
    wanted = group_runs(images, now, scale)
    for card, other in zip(links.cards(len(images)), wanted, strict=True):
        assert card.tolist() == other.tolist()


def test_what_is_known_is_not_compared_again(monkeypatch):
    rows, every = scattered(3, 60), np.ones((1, 60), bool)
    known = linked_runs(rows, every, [0.05])
    alike = []
    real = chains.squared_distance_of_pairs
    monkeypatch.setattr(chains, "_join", lambda *asked: alike.append(asked))
    monkeypatch.setattr(
        chains, "squared_distance_of_pairs", lambda *pairs: alike.append(pairs) or real(*pairs)
    )
    again = linked_runs(rows, every, [0.05], known=(known, np.arange(60)))
    assert not alike
    assert again.cards(60)[0].tolist() == known.cards(60)[0].tolist()
