"""Which threshold decides, and what can be said with it."""

import numpy as np
import pytest
from coverage_oracles import clustered, unit
from gapsphere.plugin.coverage.criterion import (
    CANNOT_SAY,
    COVERED,
    GAP,
    Threshold,
    choose_threshold,
    own_distances,
    within_distances,
)
from gapsphere.plugin.coverage.nearest.distances import leave_one_out
from gapsphere.plugin.coverage.novelty import left_out_novelty
from gapsphere.plugin.coverage.verdict import frame_threshold, stretches
from gapsphere.plugin.errors import InputError


def drives_of(count, frames, seed=0, d=32):
    """Drives as tight clusters: rows, and the label of each."""
    random = np.random.default_rng(seed)
    centres = np.repeat(clustered(count, d), frames, axis=0)
    rows = unit(centres + 0.02 * random.standard_normal(centres.shape))
    return rows, [f"drive {i}" for i in range(count) for _ in range(frames)]


def decided(rows, labels, **how):
    return choose_threshold(rows, own_distances(rows, labels), [0.1], **how)


def test_enough_drives_hold_the_level_and_the_threshold_is_that_of_the_drives():
    rows, labels = drives_of(12, 8)
    threshold = decided(rows, labels, alpha=0.1)
    expected = frame_threshold(leave_one_out(rows, sequences=labels), labels, 0.1)
    assert threshold.delta == pytest.approx(expected, rel=1e-6)
    assert (threshold.basis, threshold.level, threshold.drives) == ("level", 0.1, 12)
    assert threshold.source == "level 10 % over 12 drives"
    assert threshold.verdicts([expected * 0.99, expected * 1.01]).tolist() == [COVERED, GAP]


def test_novelty_can_decide_and_its_guarantee_is_twice_the_level():
    rows, labels = drives_of(12, 8)
    threshold = decided(rows, labels, alpha=0.1, score="novelty")
    left_out = left_out_novelty(rows, labels)
    assert threshold.cutoff == pytest.approx(frame_threshold(left_out, labels, 0.1))
    assert threshold.level == pytest.approx(0.2)
    beyond = [threshold.cutoff + 0.01, threshold.cutoff - 0.01, np.nan]
    assert threshold.verdicts([0.0, 2.0, 0.0], beyond).tolist() == [GAP, COVERED, CANNOT_SAY]
    assert threshold.verdicts([0.0, 2.0]).tolist() == [CANNOT_SAY, CANNOT_SAY]


@pytest.mark.parametrize("score", ["nearest", "novelty"])
def test_few_drives_give_a_provisional_threshold_by_stretches(score):
    rows, labels = drives_of(3, 20)
    threshold = decided(rows, labels, score=score)
    part = stretches(labels)
    scores = {
        "nearest": lambda: leave_one_out(rows, sequences=part),
        "novelty": lambda: left_out_novelty(rows, part),
    }[score]()
    assert threshold.basis == "provisional"
    assert threshold.level is None
    assert threshold.cutoff == pytest.approx(np.quantile(scores, 0.99), rel=1e-6)
    value = {"nearest": "delta", "novelty": "cutoff"}[score]
    at = getattr(threshold, value)
    given = ([at * 1.01, at * 0.99],) if score == "nearest" else ([9, 9], [at * 1.01, at * 0.99])
    assert threshold.verdicts(*given).tolist() == [GAP, CANNOT_SAY]


def test_provisional_verdicts_are_by_novelty_unless_told_otherwise():
    rows, labels = drives_of(3, 20)
    assert decided(rows, labels).score == "novelty"


def test_under_thirty_images_of_few_drives_nothing_is_said():
    rows, labels = drives_of(2, 14)
    threshold = decided(rows, labels)
    assert threshold.basis == "none"
    assert threshold.verdicts([0.0, 2.0], [0.0, 2.0]).tolist() == [CANNOT_SAY, CANNOT_SAY]
    # The radius that is left is the finest level that two drives hold: the largest distance.
    assert threshold.delta == leave_one_out(rows, sequences=labels).max()


def test_nine_single_images_are_nine_drives():
    rows = clustered(9, 16)
    threshold = decided(rows, None, alpha=0.1)
    assert threshold.basis == "level"
    assert threshold.delta == leave_one_out(rows).max()
    assert decided(rows[:8], None, alpha=0.1).basis == "none"


def test_one_image_says_nothing_and_takes_its_radius_from_u():
    rows = clustered(1, 16)
    assert own_distances(rows, None) is None
    threshold = choose_threshold(rows, None, lambda: np.linspace(0, 1, 101))
    assert threshold.basis == "none"
    assert threshold.delta == pytest.approx(0.95)


@pytest.mark.parametrize("basis", ["given", "kept"])
def test_a_given_delta_and_an_earlier_one_decide_and_say_what_level_they_hold(basis):
    rows, labels = drives_of(12, 8)
    at_level = decided(rows, labels, alpha=0.25).delta
    threshold = decided(rows, labels, alpha=0.1, **{basis: at_level})
    assert threshold.basis == basis
    assert threshold.delta == at_level
    assert threshold.level <= 0.25
    assert threshold.verdicts([at_level, at_level + 1e-6]).tolist() == [COVERED, GAP]


def test_a_given_delta_over_one_drive_holds_no_known_level():
    rows, labels = drives_of(1, 40)
    assert decided(rows, labels, given=0.2).level is None


@pytest.mark.parametrize("delta", [-0.1, 2.5, float("nan"), True])
def test_a_delta_that_is_not_a_distance_is_refused(delta):
    rows, labels = drives_of(3, 4)
    with pytest.raises(InputError, match=r"0\.\.2"):
        decided(rows, labels, given=delta)


def test_a_set_of_copies_has_delta_0_and_says_so():
    rows = np.repeat(clustered(1, 16), 12, axis=0)
    threshold = decided(rows, [str(i) for i in range(12)])
    assert threshold.delta == 0
    assert "copies" in threshold.warning


def test_frames_without_a_drive_look_like_video_and_count_as_one_drive():
    steps = np.linspace(0, 2, 60)
    rows = unit(np.c_[np.cos(steps), np.sin(steps), np.zeros(60)])
    own = own_distances(rows, None)
    assert own.looks_like_video
    assert own.drives == 1
    np.testing.assert_array_equal(own.distance, leave_one_out(rows, sequences=stretches([0] * 60)))
    shuffled = np.random.default_rng(1).permutation(60)
    photos = own_distances(rows[shuffled], None)
    assert not photos.looks_like_video
    assert photos.drives == 60
    named = own_distances(rows, [str(i) for i in range(60)])
    assert not named.looks_like_video


def test_the_curve_inside_s_is_the_distance_to_any_other_image():
    rows, labels = drives_of(5, 8)
    own = own_distances(rows, labels)
    np.testing.assert_allclose(within_distances(rows, own), leave_one_out(rows), atol=1e-6)
    long, labels = drives_of(2, 40)
    own = own_distances(long, labels)
    chosen = np.r_[0:40:5, 40:80:5]  # 8 of each drive at most, evenly chosen
    np.testing.assert_allclose(within_distances(long, own), leave_one_out(long)[chosen], atol=1e-6)


def test_a_tried_delta_is_judged_by_the_distance_at_its_own_level():
    few = Threshold(0.3, "stretches", basis="provisional", score="novelty", cutoff=0.5)
    tried = few.at(0.2, 0.4)
    assert (tried.basis, tried.level) == ("given", 0.4)
    assert tried.verdicts([0.1, 0.25]).tolist() == [COVERED, GAP]
