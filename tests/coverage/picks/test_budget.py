"""Orders of picks side by side, figure by figure."""

import numpy as np
import pytest
from coverage_oracles import clustered, distances64
from gapsphere.plugin.coverage.picks.budget import budget_lines, table, touched
from gapsphere.plugin.coverage.picks.curve import curve, random_orders
from gapsphere.plugin.coverage.picks.kcenter import k_center_greedy


def test_each_order_has_the_curve_it_has_alone_and_chance_a_range():
    U = clustered(120, 8, clusters=6)
    d0 = distances64(U, U[:3]).min(axis=1) + 0.05
    card, support = np.arange(120) % 5 - 1, np.arange(120) % 7
    how = {"delta": 0.4, "support": support, "metric": "euclidean"}
    order = random_orders(120, 15, seeds=30)[29]
    lines = {
        line.name: line
        for line in budget_lines(
            U, order, d0, drives=["a", "b", "c"] * 40, card=card, seeds=4, **how
        )
    }
    assert list(lines) == ["picks", "K-Center", "random", "equal share"]
    for name, alone in (("picks", order), ("K-Center", k_center_greedy(None, U, 15, d0)[0])):
        bought = curve(U, alone, d0, **how)
        for figure in ("radius", "p99", "covered", "supported"):
            np.testing.assert_array_equal(lines[name].figures[figure], getattr(bought, figure))
        seen = [len({*card[alone[:k]]} - {-1}) for k in range(16)]
        assert lines[name].figures["cards"].tolist() == seen
    chance = [curve(U, one, d0, **how).covered for one in random_orders(120, 15, 4)]
    np.testing.assert_array_equal(lines["random"].low["covered"], np.min(chance, axis=0))
    np.testing.assert_array_equal(lines["random"].high["covered"], np.max(chance, axis=0))
    made = table(lines.values())
    assert len(made) == 4 * 16
    assert made[made["line"] == "random"]["covered_low"].tolist() == np.min(chance, axis=0).tolist()


def test_k_center_is_one_line_where_the_picks_are_its_own():
    U = clustered(40, 6)
    d0 = np.linspace(0.1, 0.9, 40)
    picks = k_center_greedy(None, U, 5, d0)[0]
    lines = budget_lines(U, picks, d0, drives=list(range(40)), seeds=2)
    assert [line.name for line in lines] == ["picks", "random", "equal share"]
    assert set(lines[0].figures) == {"radius", "p99"}


def test_without_picks_there_is_one_line_and_a_card_counts_once():
    lines = budget_lines(np.eye(3, dtype=np.float32), [], [0.1, 0.2, 0.3], drives="abc")
    assert [line.name for line in lines] == ["picks"]
    assert lines[0].figures["radius"] == pytest.approx([0.045])
    assert touched([0, 1, 2], [-1, 4, 4]).tolist() == [0, 0, 1, 1]
