"""Thresholds and p-values hold their level, and are what the definition says."""

import json
from fractions import Fraction

import numpy as np
import pytest
from gapsphere.plugin.coverage.verdict import (
    drive_p_values,
    drives_needed,
    frame_threshold,
    level_of,
    stretches,
    supported_level,
)
from gapsphere.plugin.coverage.yardstick import Yardstick
from gapsphere.plugin.errors import DimensionError, EmptySetError, InputError, NotFiniteError
from hypothesis import given
from hypothesis import strategies as st

DISTANCE = st.integers(0, 40).map(lambda n: n / 32)  # ties are common, and sums are exact
LEVEL = st.sampled_from([0.01, 0.05, 0.1, 0.2, 0.25, 1 / 3, 0.5, 0.9])


@st.composite
def drives(draw, most=12):
    """Distances and labels of 1 to ``most`` drives of 1 to 6 frames."""
    parts = draw(st.lists(st.lists(DISTANCE, min_size=1, max_size=6), min_size=1, max_size=most))
    return np.concatenate([np.array(p) for p in parts]), np.repeat(
        np.arange(len(parts)), [len(p) for p in parts]
    )


def brute_force_threshold(distance, drive, alpha):
    """The definition, in exact fractions, tried at every distance there is."""
    labels, frames = np.unique(drive, return_counts=True)
    weight = {
        g: Fraction(1, (len(labels) + 1) * int(n)) for g, n in zip(labels, frames, strict=True)
    }
    for t in sorted(set(distance)):
        share = sum(weight[g] for x, g in zip(distance, drive, strict=True) if x <= t)
        if share >= 1 - Fraction(alpha).limit_denominator(1000):
            return t
    return np.inf


@given(drives(), LEVEL)
def test_threshold_is_the_definitions(case, alpha):
    assert frame_threshold(*case, alpha) == brute_force_threshold(*case, alpha)


@given(drives(), LEVEL)
def test_threshold_is_infinite_exactly_where_drives_are_too_few(case, alpha):
    m = len(np.unique(case[1]))
    assert np.isinf(frame_threshold(*case, alpha)) == (m < drives_needed(alpha))
    assert (m >= drives_needed(alpha)) == (supported_level(m) <= alpha + 1e-12)


@given(drives(), LEVEL, LEVEL)
def test_threshold_never_grows_with_the_level(case, one, other):
    assert frame_threshold(*case, max(one, other)) <= frame_threshold(*case, min(one, other))


@given(drives(), LEVEL, st.randoms(use_true_random=False))
def test_order_of_frames_does_not_matter(case, alpha, random):
    order = list(range(len(case[0])))
    random.shuffle(order)
    assert frame_threshold(case[0][order], case[1][order], alpha) == frame_threshold(*case, alpha)


@given(drives(), LEVEL)
def test_a_drive_that_is_recorded_twice_as_densely_changes_nothing(case, alpha):
    distance, drive = case
    twice = drive == drive[0]
    longer = np.concatenate([distance, distance[twice]]), np.concatenate([drive, drive[twice]])
    assert frame_threshold(*longer, alpha) == frame_threshold(*case, alpha)
    asked = np.linspace(0, 1.3, 14)
    expected = Yardstick.of(*case).percentile(asked)
    np.testing.assert_allclose(Yardstick.of(*longer).percentile(asked), expected)


@given(drives(), LEVEL)
def test_level_of_a_threshold_is_at_most_the_level_it_was_made_for(case, alpha):
    threshold = frame_threshold(*case, alpha)
    if np.isfinite(threshold):
        assert level_of(threshold, *case) <= alpha + 1e-12
    assert level_of(np.inf, *case) == pytest.approx(supported_level(len(np.unique(case[1]))))


@given(drives(), drives(most=4))
def test_p_values_are_the_definitions(owned, pool):
    own = [np.median(owned[0][owned[1] == g]) for g in np.unique(owned[1])]
    p = drive_p_values(*owned, *pool)
    assert list(p) == list(np.unique(pool[1]))
    for drive, value in p.items():
        mine = np.median(pool[0][pool[1] == drive])
        assert value == (1 + sum(t >= mine for t in own)) / (len(own) + 1)


@given(drives(), drives(most=4), LEVEL, LEVEL)
def test_drives_called_new_are_more_at_a_laxer_level_and_none_below_the_finest(
    owned, pool, one, other
):
    p = drive_p_values(*owned, *pool)
    m = len(np.unique(owned[1]))
    assert all(supported_level(m) <= value <= 1 for value in p.values())

    def new(alpha):
        return {drive for drive, value in p.items() if value <= alpha + 1e-12}

    assert new(min(one, other)) <= new(max(one, other))
    if m < drives_needed(one):
        assert not new(one)
    farther = drive_p_values(*owned, pool[0] + 0.25, pool[1])
    assert all(farther[drive] <= value for drive, value in p.items())


@given(drives(), drives(most=4), st.randoms(use_true_random=False))
def test_order_of_frames_does_not_matter_to_p_values(owned, pool, random):
    def shuffled(case):
        order = list(range(len(case[0])))
        random.shuffle(order)
        return case[0][order], case[1][order]

    assert drive_p_values(*shuffled(owned), *shuffled(pool)) == drive_p_values(*owned, *pool)


@given(drives(), drives(most=4), st.integers(2, 5))
def test_drives_recorded_more_densely_keep_every_p_value(owned, pool, times):
    def denser(case):
        again = np.where(case[1] == case[1][0], times, 1)
        return np.repeat(case[0], again), np.repeat(case[1], again)

    p = drive_p_values(*owned, *pool)
    assert drive_p_values(*denser(owned), *denser(pool)) == p


def test_p_values_of_exchangeable_drives_hold_every_level():
    rng = np.random.default_rng(51)
    runs, m = 4000, 9
    smallest = np.zeros(runs)
    for run in range(runs):
        level = rng.normal(size=m + 1)
        frames = [level[g] + 0.1 * rng.normal(size=rng.integers(1, 9)) for g in range(m + 1)]
        own = np.exp(np.concatenate(frames[:m]))
        labels = np.repeat(np.arange(m), [len(f) for f in frames[:m]])
        smallest[run] = drive_p_values(own, labels, np.exp(frames[m]), [0] * len(frames[m]))[0]
    for alpha in (0.1, 0.2, 0.5):
        error = np.sqrt(alpha * (1 - alpha) / runs)
        assert abs((smallest <= alpha + 1e-12).mean() - alpha) < 4 * error


@given(drives())
def test_percentile_is_the_mean_over_drives_of_the_mid_rank(case):
    distance, drive = case
    asked = np.array([0.0, 0.25, 0.5, 1.0, 2.0])
    parts = [distance[drive == g] for g in np.unique(drive)]
    expected = [
        100 * np.mean([((p < a).mean() + (p <= a).mean()) / 2 for p in parts]) for a in asked
    ]
    yardstick = Yardstick.of(distance, drive)
    np.testing.assert_allclose(yardstick.percentile(asked), expected, atol=1e-9)
    again = Yardstick.from_record(json.loads(json.dumps(yardstick.record())))
    np.testing.assert_allclose(again.percentile(asked), expected, atol=1e-9)
    for threshold in (0.3, 1.0):
        held = level_of(threshold, distance, drive)
        assert yardstick.level(threshold, len(parts)) == pytest.approx(held, abs=1e-9)


def test_images_without_a_drive_are_drives_of_their_own():
    distance = np.arange(9) / 10
    assert frame_threshold(distance, [None] * 9, 0.1) == distance.max()
    assert np.isinf(frame_threshold(distance, ["a"] * 9, 0.1))
    assert frame_threshold(distance, [float("nan"), "", *[None] * 7], 0.1) == distance.max()


@pytest.mark.parametrize(
    ("error", "distances", "labels", "alpha"),
    [
        (EmptySetError, [], [], 0.1),
        (DimensionError, [0.1], ["a", "b"], 0.1),
        (NotFiniteError, [np.nan], ["a"], 0.1),
        (InputError, [0.1], ["a"], 0),
        (InputError, [0.1], ["a"], 1),
        (InputError, [0.1], ["a"], float("nan")),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(error, distances, labels, alpha):
    with pytest.raises(error, match=r"\.$"):
        frame_threshold(distances, labels, alpha)


def test_stretches_are_consecutive_frames_of_one_drive():
    labels = np.array(["a", "b", "a", "b"] * 20 + ["c"] * 2)
    part = stretches(labels)
    for number in np.unique(part):
        rows = np.flatnonzero(part == number)
        assert len(set(labels[rows])) == 1
        of_drive = np.flatnonzero(labels == labels[rows[0]])
        place = np.searchsorted(of_drive, rows)
        assert place.tolist() == list(range(place[0], place[0] + len(rows)))
    assert len(np.unique(part[labels == "a"])) == 3
    assert len(np.unique(stretches(["a"] * 40))) == 5
