"""The yardstick of S: exact percentiles, and what is kept of them."""

import json

import numpy as np
import pytest
from gapsphere.plugin.coverage.nearest.distances import leave_one_out, nearest_distance
from gapsphere.plugin.coverage.yardstick import KEPT, Yardstick
from gapsphere.plugin.errors import ArtifactError, EmptySetError, NotFiniteError
from hypothesis import given
from hypothesis import strategies as st

distances = st.lists(st.floats(0, 2, width=32), min_size=1, max_size=900)


def mid_ranks(distance, inside):
    """By definition, one pair at a time."""
    distance, inside = np.asarray(distance, np.float32), np.asarray(inside, np.float32)
    below = (inside < distance[:, None]).mean(axis=1)
    return 100 * (below + (inside == distance[:, None]).mean(axis=1) / 2)


def stored(inside):
    """The yardstick as it comes back from a record."""
    return Yardstick.from_record(json.loads(json.dumps(Yardstick.of(inside).record())))


def test_percentiles_are_mid_ranks_among_the_distances_of_s():
    found = Yardstick.of([0.1, 0.2, 0.2, 0.4]).percentile([0.0, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5])
    assert found.tolist() == [0, 12.5, 25, 50, 75, 87.5, 100]


def test_percentiles_match_distances_that_went_through_python_floats():
    # A database hands back float64 of what was stored as float32.
    inside = np.array([0.1, 0.3], np.float32)
    scale = Yardstick.of(inside)
    np.testing.assert_array_equal(scale.percentile(inside.astype(float)), scale.percentile(inside))


@given(distances, st.lists(st.floats(0, 2, width=32), min_size=2, max_size=30))
def test_percentiles_never_fall_and_stay_between_0_and_100(inside, asked):
    for scale in (Yardstick.of(inside), stored(inside)):
        found = scale.percentile(np.sort(asked))
        assert (np.diff(found) >= 0).all()
        assert found.min() >= 0
        assert found.max() <= 100


@given(distances, st.lists(st.floats(0, 2, width=32), min_size=1, max_size=30))
def test_a_small_s_is_kept_whole_and_a_large_one_to_a_rank_or_two(inside, asked):
    exact = mid_ranks(asked, inside)
    np.testing.assert_allclose(Yardstick.of(inside).percentile(asked), exact, atol=1e-9)
    # One step of the table, and half a rank at each of its ends.
    tolerance = 1e-9 if len(inside) <= KEPT else 100 / (KEPT - 1) + 100 / len(inside)
    assert np.abs(stored(inside).percentile(asked) - exact).max() <= tolerance


def test_the_distances_that_are_stored_have_exactly_their_level():
    inside = np.random.default_rng(0).gamma(3, 0.05, 5000)
    table = stored(inside)
    assert len(table.distances) == KEPT
    np.testing.assert_allclose(table.percentile(table.distances), table.levels, atol=1e-9)
    np.testing.assert_array_equal(table.distance(table.levels), table.distances)
    # Half a rank is what a step function owes to a line through its middles.
    np.testing.assert_allclose(mid_ranks(table.distances, inside), table.levels, atol=50 / 5000)


def test_a_record_of_any_s_is_a_kilobyte_of_numbers(drive):
    S, U = drive
    inside = leave_one_out(S)
    record = Yardstick.of(inside).record()
    assert (record["size"], len(record["distances"])) == (len(S), KEPT)
    np.testing.assert_allclose(
        stored(inside).percentile(nearest_distance(U, S).distance),
        mid_ranks(nearest_distance(U, S).distance, inside),
        atol=0.8,
    )


def test_pairs_of_u_stand_in_where_a_run_kept_none():
    scale = Yardstick.from_pairs([0.2, 0.1, np.nan, 0.3], [50.0, 20.0, 90.0, np.nan])
    assert scale.percentile([0.1, 0.15, 0.2]).tolist() == pytest.approx([20, 35, 50])
    assert scale.percentile(0.05) == pytest.approx(10)  # no distance at all is percentile 0
    assert scale.percentile(0.9) == 50  # at least that: U knows nothing farther
    assert Yardstick.from_pairs([], []) is None
    assert Yardstick.from_pairs([np.nan], [3.0]) is None


@pytest.mark.parametrize(
    "record",
    [
        3,
        {},
        {"size": 2, "distances": [0.1]},
        {"size": 2, "distances": [0.2, 0.1]},
        {"size": 2, "distances": [0.1, float("nan")]},
        {"size": 2, "distances": [0.1, True]},
        {"size": True, "distances": [0.1]},
        {"size": 1, "distances": [3.0]},
        {"size": 0, "distances": []},
        {"size": 10**400, "distances": [0.1] * KEPT},
        {"size": 500, "distances": [0.1] * 500},
    ],
)
def test_a_record_that_is_not_a_yardstick_is_refused(record):
    with pytest.raises(ArtifactError, match="yardstick must hold"):
        Yardstick.from_record(record)


def test_distances_that_cannot_be_used_are_refused():
    with pytest.raises(EmptySetError):
        Yardstick.of([])
    with pytest.raises(NotFiniteError):
        Yardstick.of([0.1, np.nan])


@pytest.mark.parametrize("size", [3, 400])
def test_an_unknown_distance_has_an_unknown_percentile(size):
    scale = Yardstick.of(np.linspace(0.1, 0.3, size))
    again = Yardstick.from_record(scale.record())
    for each in (scale, again, Yardstick.from_pairs([0.1, 0.2], [10, 90])):
        found = each.percentile([np.nan, 0.2])
        assert np.isnan(found[0])
        assert 0 < found[1] < 100
