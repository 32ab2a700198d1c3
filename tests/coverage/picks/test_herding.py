"""MaxHerding against a greedy that computes every gain in float64."""

import numpy as np
import pytest
from coverage_oracles import clustered, distances64, unit
from gapsphere.plugin.coverage.picks import herding
from gapsphere.plugin.coverage.picks.herding import max_herding
from gapsphere.plugin.errors import Cancelled, DimensionError, InputError
from hypothesis import given, settings
from hypothesis import strategies as st

GAMMAS = [1 / 48, 1.0, 20.0]


def replay(U, picks, gamma, d0=None):
    """How much less than the best gain each pick had, and the covered similarity after it."""
    kernel = np.exp(-gamma * distances64(U, U) ** 2)
    near = np.zeros(len(U)) if d0 is None else np.exp(-gamma * np.asarray(d0, np.float64) ** 2)
    regrets, covered = [], []
    for pick in picks:
        gains = np.maximum(kernel - near, 0).mean(axis=1)
        regrets.append((gains.max() - gains[pick]) / max(gamma, 1e-9))
        near = np.maximum(near, kernel[pick])
        covered.append(near.mean())
    return np.array(regrets), np.array(covered)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("owned", [True, False])
@pytest.mark.parametrize("spread", [0.2, 30.0])
def test_every_pick_has_the_highest_gain(gamma, owned, spread, monkeypatch):
    monkeypatch.setattr(herding, "_LEADERS", 16)  # many rounds
    monkeypatch.setattr(herding, "_CELLS", 1 << 12)
    rows = clustered(700, 48, seed=int(spread), clusters=20, spread=spread)
    S, U = (rows[:100], rows[100:]) if owned else (None, rows[100:])
    d0 = distances64(U, S).min(axis=1) if owned else None
    found = max_herding(S, U, 150, gamma=gamma)
    regrets, covered = replay(U, found.indices, gamma, d0)
    assert regrets.max() <= 1e-9
    np.testing.assert_allclose(found.covered, covered, atol=1e-12)
    assert len(set(found.indices)) == 150
    again = max_herding(None, U, 150, d0, gamma=gamma)
    np.testing.assert_array_equal(again.indices, found.indices)


@settings(max_examples=40)
@given(
    st.integers(0, 10**6),
    st.integers(1, 60),
    st.integers(1, 8),
    st.sampled_from(GAMMAS),
    st.booleans(),
    st.booleans(),
)
def test_gains_only_fall_and_all_of_u_can_be_picked(seed, n, d, gamma, owned, copies):
    random = np.random.default_rng(seed)
    U = unit(random.standard_normal((n, d)))
    if copies:
        U = U[random.integers(0, n, n)]
    S = unit(random.standard_normal((3, d))) if owned else None
    d0 = distances64(U, S).min(axis=1) if owned else None
    found = max_herding(S, U, n, gamma=gamma)
    regrets, covered = replay(U, found.indices, gamma, d0)
    assert regrets.max() <= 1e-9
    assert sorted(found.indices) == list(range(n))
    gains = np.diff(covered)
    assert (np.diff(gains) <= 1e-12).all()
    np.testing.assert_allclose(found.covered[-1], 1, atol=1e-12)


def test_of_equals_the_lowest_index_is_picked_and_copies_of_picks_last():
    base = clustered(300, 64)
    found = max_herding(clustered(40, 64, seed=9), np.concatenate([base, base]), 600)
    assert set(found.indices[:300]) == set(range(300))
    np.testing.assert_array_equal(found.indices[300:], np.arange(300, 600))


def test_near_copies_that_float32_cannot_tell_apart_are_told_apart():
    base = clustered(40, 16)
    near = unit(
        base[:5].repeat(60, axis=0) + 1e-5 * np.random.default_rng(0).normal(size=(300, 16))
    )
    found = max_herding(base, near, 60)
    regrets, _ = replay(near, found.indices, 1.0, distances64(near, base).min(axis=1))
    assert regrets.max() <= 1e-14


def test_where_everything_is_owned_the_picks_are_the_first_rows():
    U = clustered(3000, 16)
    found = max_herding(U, U, 50)
    np.testing.assert_array_equal(found.indices, np.arange(50))
    assert (found.covered == 1).all()


def test_more_picks_continue_the_same_selection(drive):
    S, U = drive
    few, many = max_herding(S, U, 40), max_herding(S, U, 400)
    np.testing.assert_array_equal(many.indices[:40], few.indices)


def test_bad_input_is_refused_and_the_user_can_stop(drive):
    S, U = drive
    for gamma in (0, -1.0, np.inf, np.nan):
        with pytest.raises(InputError, match="gamma"):
            max_herding(S, U, 1, gamma=gamma)
    with pytest.raises(InputError, match="k is 0"):
        max_herding(S, U, 0)
    with pytest.raises(DimensionError):
        max_herding(S[:, 1:] / np.linalg.norm(S[:, 1:], axis=1, keepdims=True), U, 1)

    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        max_herding(S, U, 5, progress=stop)
