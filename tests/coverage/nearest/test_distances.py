"""Nearest distances against float64 brute force, with everything that rounds or repeats."""

import tracemalloc

import numpy as np
import pytest
from coverage_oracles import clustered, distances64, unit
from gapsphere.plugin.coverage.nearest import distances, tiles
from gapsphere.plugin.coverage.nearest.distances import leave_one_out, nearest_distance
from gapsphere.plugin.errors import (
    Cancelled,
    DimensionError,
    EmptySetError,
    InputError,
    NotFiniteError,
)
from gapsphere.tests.support.neighbours import assert_same_neighbours
from hypothesis import given, settings
from hypothesis import strategies as st


def test_euclidean_distances_equal_brute_force(drive):
    S, U = drive
    truth = distances64(U, S)
    found = nearest_distance(U, S, metric="euclidean")
    np.testing.assert_allclose(found.distance, truth.min(axis=1), rtol=1e-7)
    np.testing.assert_array_equal(found.index, truth.argmin(axis=1))
    assert found.distance.dtype == np.float32
    assert found.index.dtype == np.int64


def test_cosine_distances_equal_one_minus_cosine(drive):
    S, U = drive
    truth = 1 - (U.astype(np.float64) @ S.T.astype(np.float64)).max(axis=1)
    np.testing.assert_allclose(nearest_distance(U, S).distance, truth, atol=2e-7)


def test_distances_run_from_0_to_2():
    S = unit([[1, 0], [0.6, 0.8]])
    assert nearest_distance(-S[:1], S[:1]).distance.tolist() == [2.0]
    assert nearest_distance(-S[:1], S[:1], metric="euclidean").distance.tolist() == [2.0]
    assert nearest_distance(S, S).distance.tolist() == [0.0, 0.0]


def test_small_memory_changes_nothing(drive):
    S, U = drive
    whole, tiled = nearest_distance(U, S), nearest_distance(U, S, memory_mb=0.003)
    np.testing.assert_array_equal(whole.distance, tiled.distance)
    np.testing.assert_array_equal(whole.index, tiled.index)


def test_working_memory_stays_below_the_limit():
    S, U = clustered(3000, 16), clustered(4000, 16, seed=1)
    nearest_distance(U[:10], S)
    tracemalloc.start()
    nearest_distance(U, S, memory_mb=6)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    assert peak < 6
    assert 4 * len(S) * len(U) / 1e6 > 40  # the whole matrix would not have fitted


def test_a_copy_is_at_distance_exactly_0_even_beside_near_copies():
    # float32 products cannot tell the copy from its neighbours 1e-4 away.
    random = np.random.default_rng(0)
    U = clustered(40, 512)
    crowd = unit(np.repeat(U, 5, axis=0) + 1e-4 / 23 * random.standard_normal((200, 512)))
    S = np.concatenate([crowd, U])
    found = nearest_distance(U, S, metric="euclidean")
    assert (found.distance == 0).all()
    np.testing.assert_array_equal(found.index, np.arange(200, 240))


def test_near_copies_have_their_true_euclidean_distance():
    random = np.random.default_rng(0)
    S = clustered(60, 256)
    U = unit(S + 3e-5 / 16 * random.standard_normal(S.shape))
    truth = distances64(U, S).min(axis=1)
    assert 0 < truth.max() < 1e-4
    found = nearest_distance(U, S, metric="euclidean").distance
    np.testing.assert_allclose(found, truth, rtol=1e-6)
    naive = np.sqrt(np.maximum(2 - 2 * (U @ S.T).max(axis=1), 0))
    assert np.abs(naive - truth).max() > 1e-5  # what the recomputation is for


@pytest.mark.parametrize("memory_mb", [512, 0.004])
def test_ties_go_to_the_lowest_index(memory_mb):
    base = clustered(50, 32)
    S = np.concatenate([base, base, base])
    found = nearest_distance(clustered(80, 32, seed=3), S, memory_mb=memory_mb)
    assert found.index.max() < 50
    constant = np.repeat(base[:1], 300, axis=0)
    assert nearest_distance(constant, constant, memory_mb=memory_mb).index.max() == 0


@settings(max_examples=40)
@given(st.data())
def test_any_small_sets_match_brute_force(data):
    d = data.draw(st.integers(1, 5))
    # Few distinct values make many exact ties and copies.
    row = st.lists(st.sampled_from([-2.0, -1.0, 0.0, 1.0]), min_size=d, max_size=d).filter(any)
    U = unit(data.draw(st.lists(row, min_size=1, max_size=8)))
    S = unit(data.draw(st.lists(row, min_size=1, max_size=8)))
    truth = distances64(U, S)
    found = nearest_distance(U, S, metric="euclidean")
    np.testing.assert_allclose(found.distance, truth.min(axis=1), atol=1e-7)
    # Sums in another order differ in the last bit, so only copies tie for certain.
    assert_same_neighbours(found.index[:, None], truth, tie=1e-14)
    assert not any((S[:index] == S[index]).all(axis=1).any() for index in found.index)


def test_nothing_is_infinitely_far():
    U = clustered(3, 4)
    assert distances.closest(U, U[:0])[0].tolist() == [np.inf] * 3


def test_leave_one_out_skips_the_sample_itself_only(drive):
    S, _ = drive
    truth = distances64(S, S)
    np.fill_diagonal(truth, np.inf)
    np.testing.assert_allclose(leave_one_out(S, metric="euclidean"), truth.min(axis=1), rtol=1e-7)
    doubled = np.concatenate([S, S])
    assert (leave_one_out(doubled) == 0).all()


@pytest.mark.parametrize("memory_mb", [512, 0.004])
def test_leave_one_sequence_out_looks_at_other_sequences_only(drive, memory_mb):
    S = drive[0]
    labels = np.array([f"drive{i % 7}" for i in range(len(S))])
    truth = distances64(S, S)
    truth[labels[:, None] == labels] = np.inf
    found = leave_one_out(S, sequences=labels, metric="euclidean", memory_mb=memory_mb)
    np.testing.assert_allclose(found, truth.min(axis=1), rtol=1e-7)


@pytest.mark.parametrize("missing", [None, float("nan"), ""])
def test_samples_without_a_sequence_stand_for_themselves(missing):
    S = unit([[1, 0], [1, 0], [1, 0.1], [0, 1]])
    found = leave_one_out(S, sequences=["a", missing, "b", missing])
    np.testing.assert_array_equal(found, leave_one_out(S))  # no two share a sequence


def test_one_sequence_alone_is_left_out_sample_by_sample(drive):
    S, _ = drive
    one = ["a"] * (len(S) - 1) + [None]
    np.testing.assert_array_equal(leave_one_out(S, sequences=one), leave_one_out(S))


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (lambda rows: rows[:0], EmptySetError, "no row"),
        (lambda rows: rows[0], DimensionError, "shape"),
        (lambda rows: rows[:, :-1], InputError, "unit"),
        (lambda rows: unit(rows[:, :-1]), DimensionError, "same encoder"),
        (lambda rows: rows * 2, InputError, "row 0 with length 2"),
        (lambda rows: (rows * 100).astype(int), InputError, "int64"),
    ],
)
def test_unusable_rows_are_refused_with_a_sentence(drive, spoil, error, words):
    S, U = drive
    with pytest.raises(error, match=words):
        nearest_distance(U, spoil(S))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_by_row(drive, value):
    S, U = drive[0].copy(), drive[1]
    S[17, 3] = value
    for call in (lambda: nearest_distance(U, S), lambda: leave_one_out(S)):
        with pytest.raises(NotFiniteError, match="row 17"):
            call()


def test_parameters_that_cannot_be_used_are_refused(drive):
    S, U = drive
    with pytest.raises(InputError, match="manhattan"):
        nearest_distance(U, S, metric="manhattan")
    with pytest.raises(InputError, match="memory_mb"):
        nearest_distance(U, S, memory_mb=0)
    with pytest.raises(EmptySetError, match="one sample"):
        leave_one_out(S[:1])
    with pytest.raises(DimensionError, match="2 sequence labels"):
        leave_one_out(S, sequences=["a", "b"])


def test_progress_counts_queries_and_may_cancel(drive, monkeypatch):
    monkeypatch.setattr(tiles, "QUERIES_AT_ONCE", 512)
    S, U = drive
    seen = []
    nearest_distance(U, S, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(512, 900), (900, 900)]

    def stop(done, total):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        nearest_distance(U, S, progress=stop)
