"""The curve of picks against distances computed anew after each pick."""

import numpy as np
import pytest
from coverage_oracles import clustered, distances64, unit
from gapsphere.plugin.coverage.knee import knee
from gapsphere.plugin.coverage.picks.curve import SUPPORTED, curve, equal_share, random_orders
from gapsphere.plugin.errors import DimensionError, InputError
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 300), st.booleans(), st.booleans())
def test_every_figure_is_that_of_the_distances_after_each_pick(seed, n, owned, copies):
    random = np.random.default_rng(seed)
    U = unit(random.standard_normal((n, 5)))
    if copies:
        U = U[random.integers(0, n, n)]
    S = unit(random.standard_normal((4, 5)))
    order = random.permutation(n)[: random.integers(0, n + 1)]
    delta = float(random.uniform(0.1, 1.2))
    between = distances64(U, U)
    nearest = distances64(U, S).min(axis=1) if owned else np.full(n, np.inf)
    support = (distances64(U, S) <= delta).sum(axis=1) if owned else np.zeros(n, int)
    found = curve(
        U, order, nearest if owned else None, delta=delta, support=support, metric="euclidean"
    )
    for step in range(len(order) + 1):
        if step:
            nearest = np.minimum(nearest, between[order[step - 1]])
            support = support + (between[order[step - 1]] <= delta)
        assert found.radius[step] == pytest.approx(nearest.max(), abs=1e-7)
        if np.isfinite(nearest).all():
            assert found.p99[step] == pytest.approx(np.quantile(nearest, 0.99), abs=1e-7)
        assert found.covered[step] == (nearest <= delta).mean()
        assert found.supported[step] == (support >= SUPPORTED).mean()


def test_an_image_exactly_delta_away_is_covered_and_the_first_budget_is_found():
    U = np.eye(4, dtype=np.float32)
    found = curve(U, [0, 1, 2, 3], delta=1.0)
    assert found.covered.tolist() == [0, 1, 1, 1, 1]
    assert found.first(covered=0.9) == 1
    assert found.first(radius=0.5) == 4
    assert found.first(radius=-1.0) is None
    with pytest.raises(InputError, match="needs δ"):
        curve(U, [0]).first(covered=0.5)


def test_baselines_repeat_nothing_and_go_round_the_drives():
    orders = random_orders(50, 30, seeds=3)
    assert all(len(set(order)) == 30 for order in orders)
    assert not np.array_equal(orders[0], orders[1])
    drives = ["a"] * 30 + ["b"] * 10 + ["c"] * 2
    order = equal_share(drives, 9)
    counts = [sum(drives[row] == name for row in order) for name in "abc"]
    assert counts == [4, 3, 2]
    assert sorted(equal_share(drives, 100)) == list(range(42))


def test_the_knee_is_where_a_curve_is_farthest_below_its_chord():
    steep = np.concatenate([np.linspace(1, 0.1, 11), np.linspace(0.1, 0, 91)[1:]])
    assert knee(steep) == 10
    assert knee(np.concatenate([[np.inf], steep])) == 11
    assert knee([1.0, 1.0, 1.0]) is None
    assert knee([1.0, 0.5]) is None
    assert knee([1.0, 0.9, 0.0]) is None


@pytest.mark.parametrize("count", range(3, 40))
def test_a_straight_curve_has_no_knee(count):
    assert knee(np.linspace(0.9, 0.1, count)) is None


def test_bad_input_is_refused():
    U = clustered(20, 4)
    with pytest.raises(DimensionError, match="rows of U"):
        curve(U, [20])
    with pytest.raises(InputError, match="delta"):
        curve(U, [0], delta=-0.1)
    with pytest.raises(DimensionError, match="support"):
        curve(U, [0], delta=0.1, support=[1])
