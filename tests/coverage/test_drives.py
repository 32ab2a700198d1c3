"""The table of U's drives."""

import numpy as np
from gapsphere.plugin.coverage.criterion import OwnDistances
from gapsphere.plugin.coverage.drives import drive_table
from gapsphere.plugin.coverage.verdict import drive_p_values
from gapsphere.plugin.coverage.words import drive_line, drive_sentences


def table(distance, drives, verdicts=None, owned=("a", "b", "c")):
    own = OwnDistances(np.float32([0.1, 0.3, 0.2]), np.array([0, 1, 2]), False)
    codes = [0] * len(drives) if verdicts is None else verdicts
    return drive_table(own, owned, distance, drives, codes, 0.2)


def test_the_most_unusual_drive_comes_first_and_ties_go_by_distance():
    rows = table([0.15, 0.4, 0.5, 0.5], ["near", "far", "farther", "farther"])
    assert [row.drive for row in rows] == ["farther", "far", "near"]
    p = drive_p_values([0.1, 0.3, 0.2], "abc", [0.15, 0.4, 0.5, 0.5], ["near", "far", "f", "f"])
    assert [row.p for row in rows] == [p["f"], p["far"], p["near"]]


def test_a_row_counts_frames_and_verdicts_and_says_how_much_farther():
    (row,) = table([0.2, 0.4, 0.6], ["new"] * 3, [1, 0, -1])
    assert (row.frames, row.gaps, row.covered, row.cannot_say) == (3, 1, 1, 1)
    assert row.effect == 2.0
    assert not row.owned


def test_a_drive_that_s_holds_too_is_marked():
    assert table([0.2], ["a"])[0].owned


def test_images_without_a_drive_make_no_row():
    assert table([0.2, 0.3], [None, None]) == []
    assert [row.drive for row in table([0.2, 0.3], [None, "x"])] == ["x"]


def test_without_other_drives_there_is_no_p_value():
    assert drive_table(None, ["a"], [0.2], ["x"], [0], None)[0].p is None


def test_a_drive_hundreds_of_times_as_far_is_told_without_a_power_of_ten():
    row = {"drive": "x", "frames": 1, "p": None, "effect": 123.4, "gaps": 1, "owned": False}
    row["findings"] = []
    assert "120 x the usual distance" in drive_line(row)
    assert "is 120 times the usual one" in " ".join(drive_sentences(row))
