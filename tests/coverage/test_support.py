"""Support counts what lies within the radius, and each drive once."""

from unittest.mock import patch

import numpy as np
import pytest
from gapsphere.plugin.coverage.nearest import tiles
from gapsphere.plugin.coverage.support import support
from hypothesis import given, settings
from hypothesis import strategies as st


def unit(rng, n, d):
    rows = rng.normal(size=(n, d))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def brute_force(pool, owned, drives, radius, metric):
    difference = pool[:, None].astype(np.float64) - owned[None].astype(np.float64)
    squared = np.square(difference).sum(axis=2)
    within = (np.sqrt(squared) if metric == "euclidean" else squared / 2) <= radius
    labels = np.array(drives)
    return within.sum(axis=1), [len(set(labels[row])) for row in within]


@given(st.integers(0, 10_000), st.sampled_from(["cosine", "euclidean"]), st.floats(0, 2))
def test_counts_are_those_of_brute_force(seed, metric, radius):
    rng = np.random.default_rng(seed)
    pool, owned = unit(rng, 7, 3), unit(rng, 40, 3)
    drives = rng.integers(0, 6, 40).tolist()
    counts, of = support(pool, owned, drives, radius, metric=metric)
    expected = brute_force(pool, owned, drives, radius, metric)
    np.testing.assert_array_equal(counts, expected[0])
    np.testing.assert_array_equal(of, expected[1])


@pytest.mark.parametrize("memory_mb", [0.0001, 0.001, 0.01, 512])
def test_a_drive_that_spans_tiles_is_counted_once(memory_mb):
    rng = np.random.default_rng(51)
    pool, owned = unit(rng, 30, 4), unit(rng, 500, 4)
    drives = np.repeat(["a", "b", "c"], [460, 10, 30])[rng.permutation(500)].tolist()
    counts, of = support(pool, owned, drives, 0.4, memory_mb=memory_mb)
    expected = brute_force(pool, owned, drives, 0.4, "cosine")
    np.testing.assert_array_equal(counts, expected[0])
    np.testing.assert_array_equal(of, expected[1])


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 9), st.sampled_from([1, 7, 60]), st.floats(0, 1.2))
def test_segments_of_long_and_short_drives_count_the_same(seed, longest, drive_length, radius):
    rng = np.random.default_rng(seed)
    pool, owned = unit(rng, 20, 3), unit(rng, 90, 3)
    drives = np.sort(rng.integers(0, -(-90 // drive_length), 90))
    with patch.object(tiles, "LONGEST", longest):
        found = support(pool, owned, drives, radius, memory_mb=float(rng.choice([0.001, 512])))
    expected = brute_force(pool, owned, drives, radius, "cosine")
    np.testing.assert_array_equal(found, expected)


def test_a_radius_that_float32_cannot_tell_from_a_distance_is_settled_in_float64():
    rng = np.random.default_rng(3)
    pool, owned = unit(rng, 20, 64), unit(rng, 300, 64)
    difference = pool[:, None].astype(np.float64) - owned[None].astype(np.float64)
    distances = np.square(difference).sum(axis=2) / 2
    for exact in distances[4, :30]:  # of one pair; no other is as near to it as 1e-12
        below, _ = support(pool, owned, list(range(300)), exact - 1e-12)
        above, _ = support(pool, owned, list(range(300)), exact + 1e-12)
        assert (above - below).tolist() == [int(row == 4) for row in range(20)]


def test_every_image_and_every_drive_lies_within_infinity():
    rng = np.random.default_rng(4)
    owned = unit(rng, 12, 5)
    counts, of = support(owned, owned, ["a"] * 5 + [None] * 7, float("inf"))
    assert set(counts) == {12}
    assert set(of) == {8}
