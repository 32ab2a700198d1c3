"""Ranges of S in a number of each frame, and the sentence on what lies outside of them."""

import numpy as np
from gapsphere.plugin.coverage.named.ranges import (
    NamedRange,
    level_range,
    outside_ranges,
    outside_sentence,
    own_range,
)


def test_own_range_weighs_drives_and_not_frames():
    long, short = np.full(10_000, 5.0), np.array([1.0, 9.0])
    found = own_range(np.concatenate([long, short]), ["long"] * 10_000 + ["short"] * 2)
    assert (found.low, found.high) == (1.0, 9.0)
    assert found.outside([0.9, 1.0, 9.0, 9.1]).tolist() == [True, False, False, True]


def test_a_value_outside_of_a_range_does_not_read_as_its_end():
    known = NamedRange("brightness", 71.2, 140.0, of=" of 255")
    assert known.phrase(71.19) == "brightness 71.19 of 255 (71.2 to 140)"
    assert known.phrase(38.4) == "brightness 38 of 255 (71 to 140)"


def test_half_a_percent_is_cut_at_each_end():
    values = np.arange(1000.0)
    found = own_range(values, ["a"] * 1000)
    assert found.outside(values).sum() == 10


def test_few_drives_have_no_range_at_a_level():
    assert np.isinf(level_range([1.0, 2.0], ["a", "b"], 0.1).high)
    known = level_range(np.arange(39.0), list(range(39)), 0.1)
    assert (known.low, known.high) == (1.0, 37.0)


def test_a_range_at_a_level_is_said_where_the_drives_support_it():
    values, drives = np.arange(40.0), [str(i) for i in range(40)]
    at_level = NamedRange.of_owned("brightness", values, drives, 0.1, of=" of 255")
    assert at_level.level == 0.1
    assert at_level == NamedRange(
        "brightness", *vars(level_range(values, drives, 0.1)).values(), 0.1, of=" of 255"
    )
    few = NamedRange.of_owned("brightness", values[:10], drives[:10], 0.1)
    assert few.level is None
    assert (few.low, few.high) == (0, 9)


def test_a_value_outside_a_range_is_said_with_its_camera():
    known = NamedRange("edge_density", 0.1, 0.2, 0.1, camera="rear", of=" of 1")
    inside = [outside_ranges({"edge_density": value}, [known], "rear") for value in (0.1, 0.2)]
    assert [outside_sentence(each) for each in inside] == ["", ""]
    assert outside_sentence(outside_ranges({"edge_density": 0.25}, [known], "rear")) == (
        "Outside the range of owned images with camera rear (level 10 %): edge density 0.25 of 1 "
        "(0.1 to 0.2)."
    )


def test_each_range_is_said_with_its_own_level():
    levels = {"contrast": 0.025, "noise": None, "sharpness": 0.025}
    outside = [(NamedRange(name, 0, 1, level), 2.0) for name, level in levels.items()]
    assert outside_sentence(outside) == (
        "Outside the range of owned images (level 2.5 %): contrast 2 (0 to 1), sharpness 2 (0 to "
        "1). Outside the range of owned images (99 % of them): noise 2 (0 to 1)."
    )
