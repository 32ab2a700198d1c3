import math
from math import comb

import numpy as np
import pytest
from gapsphere.plugin.report.spec.missing import _categories, over_represented


def test_counts_and_lift_are_those_of_the_columns():
    here = {"light": ["night"] * 31 + ["day"] * 9}
    owned = {"light": ["night"] * 12 + ["day"] * 394}
    (found,) = over_represented(here, owned)
    assert (found.here, found.here_total, found.owned, found.owned_total) == (31, 40, 12, 406)
    assert found.lift == pytest.approx((31 / 40) / (12 / 406))
    assert str(found) == "light = night: 26.2x (31 of 40; owned: 12 of 406)"


def test_p_is_the_hypergeometric_tail_times_the_values_tried():
    here, owned = {"w": ["fog"] * 5 + ["dry"] * 5}, {"w": ["fog"] * 3 + ["dry"] * 47}
    (found,) = over_represented(here, owned)
    tail = sum(comb(8, k) * comb(52, 10 - k) for k in range(5, 9)) / comb(60, 10)
    assert found.p == pytest.approx(2 * tail)


def test_small_counts_are_not_named():
    assert over_represented({"w": ["fog"] * 2}, {"w": ["dry"] * 400}) == []
    # Three of three against one of two is what chance does.
    assert over_represented({"w": ["fog"] * 3}, {"w": ["fog", "dry"]}) == []


def test_a_value_as_frequent_as_in_s_is_not_named():
    column = ["a", "b"] * 500
    assert over_represented({"w": column}, {"w": column}) == []


def test_many_values_tried_by_chance_name_hardly_any():
    import numpy as np

    rng = np.random.default_rng(0)
    named = 0
    for _ in range(40):
        here = {str(i): rng.integers(0, 5, 30).tolist() for i in range(10)}
        owned = {str(i): rng.integers(0, 5, 200).tolist() for i in range(10)}
        named += bool(over_represented(here, owned))
    assert named <= 2  # 1 % of 40 runs is expected


def test_numbers_are_cut_where_s_has_its_tails():
    here = {"cars": [0.5 + i / 100 for i in range(20)]}
    owned = {"cars": [i / 1000 for i in range(200)]}
    (found,) = over_represented(here, owned)
    assert found.value == "> 0.179"
    assert (found.here, found.owned) == (20, 20)


def test_a_range_of_times_has_the_digits_that_tell_its_ends_apart():
    here = {"time": [1.7e9 + 40_000 + i for i in range(20)]}
    owned = {"time": [1.7e9 + 100 * i for i in range(200)]}
    (found,) = over_represented(here, owned)
    assert found.value == "> 1700018000"


def test_a_number_that_was_a_float32_has_no_digits_that_it_never_had():
    here, owned = (float(np.float32(each)) for each in (59.913868, 59.95))
    (found,) = over_represented({"lat": [here] * 9}, {"lat": [owned] * 50})
    assert found.value == "59.913868"


def test_a_range_of_one_value_is_said_once():
    assert set(_categories([float(row) for row in range(30)], [2.0] * 40)[1]) == {"2"}


def test_missing_values_and_bools_and_nan_are_handled():
    here = {"wet": [True] * 9 + [None], "x": [math.nan] * 10}
    owned = {"wet": [False] * 50 + [None] * 5, "x": [1.0] * 55}
    (found,) = over_represented(here, owned)
    assert (found.value, found.here_total, found.owned_total) == ("yes", 9, 50)
    assert found.lift is None


def test_a_column_that_only_one_side_has_is_left_out():
    assert over_represented({"a": ["x"] * 9}, {"b": ["y"] * 90}) == []
    assert over_represented({"a": ["x"] * 9}, {"a": [None] * 90}) == []


def test_a_year_at_the_end_of_a_range_has_no_comma():
    years = {"year": list(range(2000, 2020)) * 10}
    (found,) = over_represented({"year": [1990] * 9}, years)
    assert found.value == "< 2002"
