"""Columns that may only say which images are candidates are told by their values."""

import numpy as np
import pytest
from gapsphere.plugin.coverage.named.channel import named
from gapsphere.plugin.coverage.named.findings import Categories, Numbers
from gapsphere.plugin.coverage.named.markers import is_marker
from gapsphere.plugin.report.spec.missing import over_represented

DRIVES = [f"s{i}" for i in range(4) for _ in range(3)]


@pytest.mark.parametrize(
    ("owned", "pool", "marker"),
    [
        ([0] * 4, [0, 1, 1], True),
        ([False] * 4, [True] * 3, True),
        ([0.0, np.nan], [1.0, None], True),
        (["no", ""], ["yes", "no"], True),
        (["train"], ["new", "new"], True),
        ([0, 1], [1, 1], False),
        (["day"], ["day", "dusk"], False),
        (["dry"], ["wet", "fog"], False),
        ([None], [1], False),
        ([3], [3], False),
        ([1_234_567.25, 1_234_568.5], [1_900_000.0], False),
        ([1_234_567.25], [1_234_567.5], True),
    ],
)
def test_a_marker_is_constant_in_s_and_says_yes_or_no_or_one_word_of_all_of_u(owned, pool, marker):
    assert is_marker(owned, pool) is marker


def test_a_drive_is_not_named_by_a_marker_beside_a_condition():
    flag = Numbers("missing_in_S", [0] * 12, [1] * 3)
    light = Categories("light", ["day"] * 6 + ["sun"] * 6, ["dusk"] * 3)
    both = named([flag, light], DRIVES, ["u"] * 3)["u"]
    assert [one.attribute for one in both if one.sentence] == ["light"]
    alone = named([flag], DRIVES, ["u"] * 3)["u"]
    assert "missing_in_S" in alone[0].sentence


def test_a_spec_asks_for_conditions_and_for_a_marker_only_where_there_is_no_other():
    here = {"light": ["dusk"] * 8, "missing_in_S": [1] * 8}
    owned = {"light": ["day"] * 20 + ["sun"] * 20, "missing_in_S": [0] * 40}
    markers = {"missing_in_S"}
    assert [one.field for one in over_represented(here, owned, markers=markers)] == ["light"]
    alone = over_represented({"missing_in_S": here["missing_in_S"]}, owned, markers=markers)
    assert [one.field for one in alone] == ["missing_in_S"]


def test_what_all_candidates_of_a_spec_share_and_s_never_has_is_no_marker_by_that():
    """They are a part of U: whether a column says no more than U is asked of all of U."""
    here = {"light": ["dusk"] * 20, "traffic": ["low"] * 16 + ["high"] * 4}
    owned = {"light": ["day"] * 60, "traffic": ["low"] * 20 + ["high"] * 40}
    assert [one.field for one in over_represented(here, owned)] == ["light", "traffic"]
