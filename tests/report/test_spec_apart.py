"""What sets candidates apart in light and colour, beside a count by hand."""

import numpy as np
import pytest
from gapsphere.plugin.coverage.named.ranges import NamedRange
from gapsphere.plugin.report.spec.apart import set_apart


def dark(*values, level=0.1, cameras=None, ranges=None):
    known = ranges or [NamedRange("brightness", 70, 140, level)]
    return set_apart({"brightness": list(values)}, known, cameras or [None] * len(values))


def test_each_side_of_a_range_is_counted_and_the_largest_share_leads():
    rng = np.random.default_rng(3)
    ranges = [NamedRange("brightness", 70, 140, 0.1), NamedRange("contrast", 20, 60)]
    values = {
        "brightness": rng.uniform(0, 200, 40).tolist(),
        "contrast": rng.uniform(0, 70, 40).tolist(),
    }
    found = set_apart(values, ranges, [None] * 40)
    counted = {
        (each.attribute, side): sum(
            value < each.low if side == "below" else value > each.high
            for value in values[each.attribute]
        )
        for each in ranges
        for side in ("below", "above")
    }
    assert {(a.attribute, a.side): a.here for a in found} == counted
    assert [a.here for a in found] == sorted((a.here for a in found), reverse=True)
    assert {a.word for a in found} == {"darker", "brighter", "lower contrast", "higher contrast"}


def test_what_a_range_lets_out_anyway_and_few_images_set_nothing_apart():
    assert dark(*[30] * 3, *[100] * 26)  # 3 of 29: more than a tenth
    assert not dark(*[30] * 3, *[100] * 27)  # a tenth is what level 10 % lets out
    assert dark(*[30] * 3, *[100] * 27, level=None)  # 99 % of S lets out 1 %
    assert not dark(30, 30, 100, 100)
    assert dark(30, 30)[0].here == 2  # all there are


def test_the_ends_of_a_range_are_inside_and_missing_values_do_not_count():
    assert not dark(70, 140, 70, None, 70)
    (found,) = dark(69, 69, 69, None)
    assert (found.here, found.here_total) == (3, 3)
    assert not set_apart({"brightness": [None]}, [NamedRange("brightness", 70, 140)], [None])


def test_each_camera_has_its_own_range():
    ranges = [
        NamedRange("brightness", low, 140, 0.1, camera=of) for of, low in (("a", 70), ("b", 20))
    ]
    (one,) = dark(30, 30, 30, 30, cameras=[*"aaa", None], ranges=ranges)
    assert (one.here, one.here_total, one.low) == (3, 3, 70)
    (both,) = dark(30, 30, 30, 30, cameras=[*"aaab"], ranges=ranges)
    assert (both.here, both.here_total, both.low) == (3, 4, None)
    assert str(both) == "darker: 3 of 4 below the range of S"


@pytest.mark.parametrize("value", [200, 30])
def test_a_sentence_says_how_many_on_which_side_and_the_range(value):
    (found,) = dark(*[value] * 9, 100, 100, 100)
    word, side = ("brighter", "above") if value > 140 else ("darker", "below")
    assert str(found) == f"{word}: 9 of 12 {side} the range of S, 70 to 140"
