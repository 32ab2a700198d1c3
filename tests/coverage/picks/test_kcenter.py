"""K-Center greedy against a float64 greedy, brute-forced optima and the bugs of others."""

from itertools import combinations

import numpy as np
import pytest
from coverage_oracles import clustered, distances64, replay, unit
from gapsphere.plugin.coverage.nearest.distances import nearest_distance
from gapsphere.plugin.coverage.picks.kcenter import k_center_greedy
from gapsphere.plugin.errors import (
    Cancelled,
    DimensionError,
    EmptySetError,
    InputError,
    NotFiniteError,
)
from hypothesis import given, settings
from hypothesis import strategies as st

MODES = ["no S", "S", "d0"]


def inputs(mode, S, U):
    """Arguments S and d0 of one way to call, and the float64 distances to S that they mean."""
    if mode == "no S":
        return None, None, None
    exact = distances64(U, S).min(axis=1)
    return (S, None, exact) if mode == "S" else (None, exact, exact)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("spread", [0.2, 1.0, 30.0])
def test_every_pick_is_the_farthest_and_every_radius_exact(mode, spread):
    # Large enough for several rounds, families of centres and blocks of every size.
    rows = clustered(4200, 48, seed=int(spread * 10), clusters=60, spread=spread)
    S, U = rows[:700], rows[700:]
    S, d0, exact = inputs(mode, S, U)
    picks, radii = k_center_greedy(S, U, 600, d0)
    regrets, truth = replay(U, picks, exact)
    assert regrets.max() <= 2e-6
    np.testing.assert_allclose(radii, truth, atol=1e-6)
    assert len(set(picks)) == 600
    assert picks.dtype == np.int64
    assert radii.dtype == np.float64


def test_without_s_the_first_pick_is_row_0_and_it_is_a_centre(drive):
    # anomalib#3459: a starting point that never joined the selection.
    _, U = drive
    picks, radii = k_center_greedy(None, U, 2)
    assert picks[0] == 0
    assert picks[1] == distances64(U[:1], U)[0].argmax()
    assert radii[0] == pytest.approx(distances64(U[:1], U)[0].max(), abs=1e-12)


def test_with_s_even_the_first_pick_is_the_farthest(drive):
    # scikit-activeml#392: a first batch that came out random.
    S, U = drive
    picks, _ = k_center_greedy(S, U, 1)
    assert picks[0] == distances64(U, S).min(axis=1).argmax()


@pytest.mark.parametrize("mode", MODES)
def test_the_three_ways_to_call_walk_the_same_path(drive, mode):
    S, U = drive
    expected = k_center_greedy(S, U, 200)
    if mode == "no S":  # S as the first picks of one pool
        pool = np.concatenate([S[:1], U])
        expected = k_center_greedy(S[:1], U, 200)
        picks, radii = k_center_greedy(None, pool, 201)
        picks, radii = picks[1:] - 1, radii[1:]
    else:
        s, d0, _ = inputs(mode, S, U)
        picks, radii = k_center_greedy(s, U, 200, d0)
    np.testing.assert_array_equal(picks, expected[0])
    np.testing.assert_allclose(radii, expected[1], atol=1e-12)


def test_more_picks_continue_the_same_selection(drive):
    S, U = drive
    few, _ = k_center_greedy(S, U, 40)
    many, _ = k_center_greedy(S, U, 400)
    np.testing.assert_array_equal(many[:40], few)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from(MODES), st.integers(2, 60), st.integers(1, 8))
def test_radius_never_grows_when_a_centre_is_added(seed, mode, n, d):
    random = np.random.default_rng(seed)
    S, U = unit(random.standard_normal((5, d))), unit(random.standard_normal((n, d)))
    s, d0, exact = inputs(mode, S, U)
    picks, radii = k_center_greedy(s, U, n, d0)
    assert (np.diff(radii) <= 0).all()
    assert radii[-1] == 0
    assert sorted(picks) == list(range(n))
    assert replay(U, picks, exact)[0].max(initial=0) <= 2e-6


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(["S", "d0"]))
def test_order_of_u_does_not_matter_when_s_is_given(seed, mode):
    random = np.random.default_rng(seed)
    S, U = unit(random.standard_normal((6, 12))), unit(random.standard_normal((80, 12)))
    order = random.permutation(len(U))
    s, d0, _ = inputs(mode, S, U)
    picks, radii = k_center_greedy(s, U, 30, d0)
    shuffled, same = k_center_greedy(s, U[order], 30, None if d0 is None else d0[order])
    np.testing.assert_array_equal(order[shuffled], picks)
    np.testing.assert_allclose(same, radii, atol=1e-12)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(4, 9), st.integers(1, 3), st.booleans())
def test_radius_is_within_twice_the_optimum(seed, n, k, owned):
    random = np.random.default_rng(seed)
    U = unit(random.standard_normal((n, 3)))
    S = unit(random.standard_normal((2, 3))) if owned else None
    between = distances64(U, U)
    d0 = distances64(U, S).min(axis=1) if owned else np.full(n, np.inf)
    best = min(
        np.minimum(d0, between[list(chosen)].min(axis=0)).max()
        for chosen in combinations(range(n), k)
    )
    _, radii = k_center_greedy(S, U, k)
    assert radii[-1] <= 2 * best + 1e-9


@pytest.mark.parametrize("mode", ["S", "d0"])
def test_a_row_equal_to_one_of_s_is_not_picked_while_a_farther_one_remains(mode):
    S = clustered(400, 96)
    near = unit(S[:100] + 1e-4 / 10 * np.random.default_rng(0).standard_normal((100, 96)))
    far = clustered(50, 96, seed=5)
    U = np.concatenate([S[:200], near, far])
    s, d0, _ = inputs(mode, S, U)
    picks, radii = k_center_greedy(s, U, len(U), d0)
    assert set(picks[:150]) == set(range(200, 350))
    np.testing.assert_array_equal(picks[150:], np.arange(200))  # all at 0: lowest index first
    assert (radii[149:] == 0).all()
    assert radii[148] > 0


@pytest.mark.parametrize("mode", MODES)
def test_copies_are_picked_last_and_ties_go_to_the_lowest_index(mode):
    base = clustered(300, 64)
    U = np.concatenate([base, base])
    s, d0, exact = inputs(mode, clustered(40, 64, seed=9), U)
    picks, radii = k_center_greedy(s, U, 600, d0)
    assert set(picks[:300]) == set(range(300))
    np.testing.assert_array_equal(picks[300:], np.arange(300, 600))
    assert (radii[299:] == 0).all()
    assert replay(U, picks, exact)[0].max() <= 2e-6


def test_near_copies_are_ordered_by_their_true_distances():
    # All within 1e-4 of one another: every float32 product is 1 up to rounding.
    random = np.random.default_rng(0)
    U = unit(clustered(1, 128) + 1e-4 / 11 * random.standard_normal((300, 128)))
    picks, radii = k_center_greedy(None, U, 40)
    regrets, truth = replay(U, picks)
    assert regrets.max() <= 1e-12
    np.testing.assert_allclose(radii, truth, rtol=1e-9)


@pytest.mark.parametrize("n", [1, 2, 1500])
def test_constant_embeddings_are_picked_in_order_at_radius_0(n):
    U = np.repeat(clustered(1, 32), n, axis=0)
    k = min(n, 700)
    picks, radii = k_center_greedy(None, U, k)
    np.testing.assert_array_equal(picks, np.arange(k))
    assert (radii == 0).all()
    picks, radii = k_center_greedy(U[:1], U, k)
    np.testing.assert_array_equal(picks, np.arange(k))
    assert (radii == 0).all()


def test_one_candidate_far_from_s_has_radius_0_once_picked():
    U = unit([[0, 1.0]])
    picks, radii = k_center_greedy(unit([[1.0, 0]]), U, 1)
    assert picks.tolist() == [0]
    assert radii.tolist() == [0.0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_d0_of_any_float_type_is_replayed_from_what_was_given(drive, dtype):
    S, U = drive
    d0 = nearest_distance(U, S, metric="euclidean").distance.astype(dtype)
    picks, radii = k_center_greedy(S, U, 300, d0)
    regrets, truth = replay(U, picks, d0)
    assert regrets.max() <= 2e-6
    np.testing.assert_allclose(radii, truth, atol=1e-6)


def test_d0_stands_even_where_it_is_tiny():
    # 1 - d^2 / 2 in float32 cannot hold these differences; d0 itself can.
    U = clustered(60, 32)
    d0 = np.linspace(1e-6, 3e-4, 60)
    picks, radii = k_center_greedy(None, U, 60, d0)
    np.testing.assert_array_equal(picks, np.arange(60)[::-1])
    np.testing.assert_allclose(radii[:-1], d0[::-1][1:], rtol=1e-12)


def test_inputs_are_left_as_they_were(drive):
    S, U = (rows.copy() for rows in drive)
    d0 = nearest_distance(U, S, metric="euclidean").distance
    before = d0.copy()
    k_center_greedy(S, U, 50, d0)
    np.testing.assert_array_equal(d0, before)
    np.testing.assert_array_equal(U, drive[1])


@pytest.mark.parametrize("k", [0, -1, 901, 2.0, True])
def test_k_must_be_a_whole_number_up_to_the_size_of_u(drive, k):
    S, U = drive
    with pytest.raises(InputError, match="between 1 and U's 900"):
        k_center_greedy(S, U, k)


@pytest.mark.parametrize(
    ("d0", "error", "words"),
    [
        (np.zeros(5), DimensionError, "shape"),
        (np.full(900, 2.5), InputError, "0..2"),
        (np.full(900, -0.1), InputError, "0..2"),
        (np.r_[np.zeros(899), np.nan], NotFiniteError, "row 899"),
        (np.zeros(900, int), InputError, "int64"),
    ],
)
def test_distances_that_cannot_be_are_refused(drive, d0, error, words):
    S, U = drive
    with pytest.raises(error, match=words):
        k_center_greedy(S, U, 5, d0)


@pytest.mark.parametrize("mode", MODES)
def test_a_row_with_nan_is_refused_by_number(drive, mode):
    S, U = drive[0], drive[1].copy()
    s, d0, _ = inputs(mode, S, U)
    U[40, 2] = np.nan
    with pytest.raises(NotFiniteError, match="row 40"):
        k_center_greedy(s, U, 500, d0)


def test_sets_that_cannot_be_used_are_refused(drive):
    S, U = drive
    with pytest.raises(EmptySetError, match="U has no row"):
        k_center_greedy(S, U[:0], 1)
    with pytest.raises(EmptySetError, match="S has no row"):
        k_center_greedy(S[:0], U, 1)
    with pytest.raises(DimensionError, match="same encoder"):
        k_center_greedy(unit(S[:, :20]), U, 1)
    with pytest.raises(InputError, match="unit vectors"):
        k_center_greedy(S * 1.5, U, 1)
    with pytest.raises(InputError, match="unit vectors"):
        k_center_greedy(S, U * 0.5, 1)


def test_progress_reaches_k_and_may_cancel(drive):
    S, U = drive
    seen = []
    k_center_greedy(S, U, 300, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (300, 300)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    def stop(done, total):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        k_center_greedy(S, U, 300, progress=stop)
