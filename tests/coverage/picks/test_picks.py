"""Picks by each policy and under each constraint against a greedy by the book."""

import numpy as np
import pytest
from coverage_oracles import clustered, distances64, unit
from gapsphere.plugin.coverage.nearest.distances import nearest_distance
from gapsphere.plugin.coverage.picks.company import Support
from gapsphere.plugin.coverage.picks.constraints import Constraints
from gapsphere.plugin.coverage.picks.curve import curve
from gapsphere.plugin.coverage.picks.kcenter import k_center_greedy
from gapsphere.plugin.coverage.picks.select import select
from gapsphere.plugin.errors import DimensionError, InputError, NotFiniteError
from hypothesis import given, settings
from hypothesis import strategies as st
from pick_oracles import POLICIES, greedy, small


@settings(max_examples=80)
@given(st.integers(0, 10**6), st.sampled_from(POLICIES), st.integers(1, 12))
def test_time_and_distance_between_picks_always_hold(seed, policy, k):
    random, U, d0 = small(seed, n=14)
    drives = random.choice(["a", "b", None], len(U)).tolist()
    times = np.where(random.random(len(U)) < 0.2, np.nan, random.integers(0, 12, len(U)))
    gap, radius = float(random.integers(1, 5)), float(random.uniform(0, 0.9))
    between = distances64(U, U)

    def allowed(picks, row):
        return d0[row] > radius and all(
            between[row, pick] > radius
            and not (
                drives[row] is not None
                and drives[row] == drives[pick]
                and abs(times[row] - times[pick]) < gap
            )
            for pick in picks
        )

    rules = Constraints(
        drives=drives, times=times, min_apart=gap, forbidden=radius, metric="euclidean"
    )
    found = select(None, U, k, d0, policy=policy, constraints=rules)
    assert found.indices.tolist() == greedy(U, d0, min(k, len(U)), policy, allowed)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_large_selection_keeps_to_everything_and_is_greedy(policy):
    rows = clustered(1500, 24, clusters=40)
    S, U = rows[:200], rows[200:]
    drives = (np.arange(len(U)) // 20).tolist()
    d0 = distances64(U, S).min(axis=1)

    def allowed(picks, row):
        return [drives[pick] for pick in picks].count(drives[row]) < 3

    rules = Constraints(drives=drives, max_per_group=3)
    found = select(S, U, 120, policy=policy, constraints=rules)
    assert found.indices.tolist() == greedy(U, d0, 120, policy, allowed)


@settings(max_examples=40)
@given(
    st.integers(0, 10**6),
    st.integers(2, 80),
    st.sampled_from([0.0, 1.0, 2.0, 8.0]),
    st.booleans(),
    st.booleans(),
)
def test_weighted_picks_are_the_highest_of_weight_times_distance(seed, n, exponent, owned, zero):
    random = np.random.default_rng(seed)
    U = unit(random.standard_normal((n, 4)))
    d0 = distances64(U, unit(random.standard_normal((3, 4)))).min(axis=1) if owned else None
    weight = random.uniform(0.1, 1, n) * (random.random(n) > 0.3 * zero)
    found = select(None, U, n, d0, policy="novelty", weight=weight, exponent=exponent)
    between = distances64(U, U)
    nearest = np.full(n, 2.0) if d0 is None else d0
    if weight.max() > 0:
        scaled = np.maximum((weight / weight.max()) ** exponent, 1e-15)
        for pick in found.indices:
            worth = scaled * nearest
            assert worth[pick] >= worth.max() - 1e-6 * max(worth.max(), 1e-9)
            nearest = np.minimum(nearest, between[pick])
    assert sorted(found.indices) == list(range(n))


def test_without_weight_and_constraints_picks_are_those_of_kcenter(drive):
    S, U = drive
    plain, radii = k_center_greedy(S, U, 300)
    found = select(S, U, 300)
    np.testing.assert_array_equal(found.indices, plain)
    d0 = nearest_distance(U, S, metric="euclidean").distance
    np.testing.assert_allclose(
        curve(U, found.indices, d0, metric="euclidean").radius[1:], radii, atol=1e-7
    )
    free = select(S, U, 300, constraints=Constraints())
    np.testing.assert_array_equal(free.indices, plain)
    flat = select(S, U, 300, policy="novelty", exponent=0)
    np.testing.assert_array_equal(flat.indices, plain)
    without = select(None, U, 50, constraints=Constraints())
    np.testing.assert_array_equal(without.indices, k_center_greedy(None, U, 50)[0])


@pytest.mark.parametrize("policy", ["kcenter", "novelty"])
def test_junk_is_listed_and_not_picked_where_support_is_asked_for(policy):
    rows = clustered(1200, 32, clusters=15, spread=0.3)
    S, U = rows[:300], rows[300:].copy()
    random = np.random.default_rng(1)
    junk = random.choice(len(U), 9, replace=False)
    U[junk] = unit(random.standard_normal((9, 32)))
    drives, times = np.arange(len(U)) % 30, np.arange(len(U)) // 30
    plain = select(S, U, 50, policy=policy)
    assert set(junk) <= set(plain.indices)
    rules = Constraints(drives=drives.tolist(), times=times, support=Support(2, 0.3, apart=5))
    found = select(S, U, 50, policy=policy, constraints=rules)
    assert not set(junk) & set(found.indices)
    assert set(junk) <= set(found.look_at)
    assert len(found.indices) == 50


def test_a_burst_of_one_drive_is_no_company_but_a_long_scene_is():
    base, far = unit(np.eye(8)[:1]), unit(np.eye(8)[1:3])
    U = np.concatenate([far[:1].repeat(4, axis=0), far[1:].repeat(4, axis=0)])
    times = np.array([0, 0.1, 0.2, 0.3, 0, 4, 8, 12])
    rules = Constraints(drives=["a"] * 4 + ["b"] * 4, times=times, support=Support(3, 0.1, apart=5))
    found = select(base, U, 8, constraints=rules)
    assert found.indices.tolist() == [4, 5, 6, 7]
    assert found.look_at.tolist() == [0, 1, 2, 3]
    bare = select(base, U, 8, constraints=Constraints(support=Support(3, 0.1)))
    assert len(bare.indices) == 8


def test_settings_that_cannot_be_meant_are_refused(drive):
    S, U = drive
    n = len(U)

    def refused(error, match, **options):
        with pytest.raises(error, match=match):
            select(S, U, 5, **options)

    refused(InputError, "policy", policy="best")
    refused(InputError, "exponent", policy="novelty", exponent=-1)
    refused(DimensionError, "weight", policy="novelty", weight=[1.0])
    refused(NotFiniteError, "weight", policy="novelty", weight=np.full(n, np.nan))
    refused(InputError, "not negative", policy="novelty", weight=np.full(n, -1.0))
    for error, match, rules in [
        (InputError, "max_per_group", {"max_per_group": 0}),
        (InputError, "whole number", {"max_per_group": 2.5}),
        (InputError, "whole number", {"max_per_group": np.nan}),
        (DimensionError, "drive labels", {"drives": ["a"]}),
        (DimensionError, "times", {"times": [1.0], "min_apart": 1.0}),
        (InputError, "needs times", {"min_apart": 1.0}),
        (InputError, "need drives", {"max_per_group": 2}),
        (InputError, "need drives", {"times": np.arange(n), "min_apart": 1.0}),
        (InputError, "forbidden", {"forbidden": -0.1}),
        (InputError, "radius", {"support": Support(2, -1.0)}),
        (InputError, "at least 0 images", {"support": Support(0, 0.1)}),
        (InputError, "at least nan images", {"support": Support(np.nan, 0.1)}),
    ]:
        refused(error, match, constraints=Constraints(**rules))
    with pytest.raises(InputError, match="novelty weighs"):
        select(None, U, 5, policy="novelty")
