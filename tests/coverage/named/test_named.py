"""The named channel equals a plain reading of its rules, and speaks only where drives separate."""

import json
from collections import Counter
from dataclasses import asdict

import numpy as np
import pytest
from gapsphere.plugin.coverage.named.channel import medians, named
from gapsphere.plugin.coverage.named.findings import Categories, Numbers
from gapsphere.plugin.coverage.named.ranges import own_range
from gapsphere.plugin.errors import DimensionError, InputError


def scene(seed, owned=12, pool=5, missing=0.1):
    """Frames of unequal drives with two numbers and two cameras, some values missing."""
    rng = np.random.default_rng(seed)

    def side(prefix, drives):
        labels, values, cameras = [], [], []
        for drive in range(drives):
            frames = int(rng.integers(1, 9))
            labels += [f"{prefix}{drive}"] * frames
            values += list(rng.normal(rng.normal(0, 2), 1, (frames, 2)).round(1))
            cameras += list(rng.choice(["front", "rear"], frames))
        values = np.array(values)
        values[rng.random(values.shape) < missing] = np.nan
        return labels, values, cameras

    return side("s", owned), side("u", pool)


def test_numbers_that_stand_apart_read_so_however_close_they_are():
    """Places and times differ in their last digits."""
    owned = [59.9138, 59.9139, 59.9147, 59.9161]
    for values, theirs, said in (
        (owned, 59.9518, "(median 59.95; owned: 59.914 to 59.916)"),
        ([59.9138] * 4, 59.9518, "(median 59.95; owned: 59.914)"),
        ([each + 1.7e9 for each in (60, 60, 120, 120)], 1.7e9 + 400, "owned: 1700000060 to"),
        ([0.5, 0.7, 0.8, 0.9], 2.34, "(median 2.34; owned: 0.5 to 0.9)"),
    ):
        found = named([Numbers("at", values, [theirs] * 3)], list("abcd"), ["u"] * 3, alpha=0.1)
        assert said in found["u"][0].sentence


@pytest.mark.parametrize("seed", range(25))
def test_numbers_equal_their_definition_camera_by_camera(seed):
    (own, ours, own_cameras), (pool, theirs, pool_cameras) = scene(seed)
    attributes = [Numbers(str(i), ours[:, i], theirs[:, i]) for i in range(2)]
    found = named(attributes, own, pool, owned_cameras=own_cameras, pool_cameras=pool_cameras)
    assert list(found) == list(dict.fromkeys(pool))
    seen = Counter()
    for i in range(2):
        for camera in ("front", "rear"):
            inside = (np.array(own_cameras) == camera) & np.isfinite(ours[:, i])
            outside = (np.array(pool_cameras) == camera) & np.isfinite(theirs[:, i])
            labels, asked = np.array(own)[inside], np.array(pool)[outside]
            if not len(labels) or not len(asked):
                continue
            limits = own_range(ours[inside, i], labels)
            usual = [np.median(ours[inside, i][labels == drive]) for drive in set(labels)]
            for drive in set(asked):
                values = theirs[outside, i][asked == drive]
                (one,) = (r for r in found[drive] if (r.attribute, r.camera) == (str(i), camera))
                seen[drive] += 1
                median = np.median(values)
                tail = min(
                    sum(each <= median for each in usual), sum(each >= median for each in usual)
                )
                assert one.median == pytest.approx(median, abs=1e-12)
                assert (one.lowest, one.highest) == (min(usual), max(usual))
                beyond = (values < limits.low) | (values > limits.high)
                assert one.outside == pytest.approx(beyond.mean(), abs=1e-12)
                assert (one.low, one.high) == (limits.low, limits.high)
                assert one.p == pytest.approx(min(1, 2 * (1 + tail) / (len(usual) + 1)), abs=1e-12)
                assert (one.owned_drives, one.frames) == (len(usual), len(values))
    for drive, rows in found.items():
        assert len(rows) == seen[drive]
        assert {row.asked for row in rows} <= {seen[drive]}
        assert all(row.corrected == min(1, row.p * seen[drive]) for row in rows)


def categories_plainly(own, ours, pool, theirs, drive):
    """p-value and counts of one drive, drive by drive and value by value."""

    def kinds(labels, values):
        by_drive = {}
        for label, value in zip(labels, values, strict=True):
            if value is not None:
                by_drive.setdefault(label, []).append(value)
        return by_drive

    of_own, of_pool = kinds(own, ours), kinds(pool, theirs)
    order = list(dict.fromkeys([*ours, *theirs]))

    def main(values):
        return max(order, key=lambda value: (values.count(value), -order.index(value)))

    everybody = {**of_own, "asked": of_pool[drive]}
    usual = {
        one: sum(main(values) in others for name, others in everybody.items() if name != one)
        for one, values in everybody.items()
    }
    p = sum(usual[one] <= usual["asked"] for one in everybody) / len(everybody)
    value = main(of_pool[drive])
    held = sum(value in values for values in of_own.values())
    shown = sum(value in values for values in of_pool.values())
    return value, p, held, len(of_own), shown, len(of_pool)


@pytest.mark.parametrize("seed", range(25))
def test_categories_equal_their_definition(seed):
    rng = np.random.default_rng(seed)
    (own, _, _), (pool, _, _) = scene(seed)
    ours = [rng.choice(["sun", "rain", None], p=[0.6, 0.3, 0.1]) for _ in own]
    theirs = [rng.choice(["sun", "snow", None], p=[0.4, 0.5, 0.1]) for _ in pool]
    found = named([Categories("weather", ours, theirs)], own, pool)
    for drive, rows in found.items():
        if not rows:
            assert all(v is None for v, d in zip(theirs, pool, strict=True) if d == drive)
            continue
        (one,) = rows
        wanted = categories_plainly(own, ours, pool, theirs, drive)
        value, p, held, owned_drives, shown, pool_drives = wanted
        assert (one.value, one.owned_with, one.owned_drives) == (value, held, owned_drives)
        assert (one.pool_with, one.pool_drives) == (shown, pool_drives)
        assert one.p == pytest.approx(p, abs=1e-12)


def test_p_of_a_category_holds_every_level_for_exchangeable_drives():
    rng = np.random.default_rng(51)
    shares = np.array([0.5, 0.2, 0.1, 0.1, 0.05, 0.03, 0.02])
    p = []
    for _ in range(1500):
        words = [str(word) for word in rng.choice(len(shares), 20, p=shares)]
        asked = Categories("weather", words[:19], words[19:])
        p.append(named([asked], list(range(19)), ["u"])["u"][0].p)
    for alpha in (0.1, 0.2, 0.5):
        assert np.mean(np.array(p) <= alpha + 1e-12) <= alpha + 0.02


def test_p_of_a_number_holds_every_level_for_exchangeable_drives():
    rng = np.random.default_rng(51)
    p = []
    for _ in range(1500):
        values = rng.normal(size=20)
        asked = Numbers("light", values[:19], values[19:])
        p.append(named([asked], list(range(19)), ["u"])["u"][0].p)
    for alpha in (0.1, 0.2, 0.5):
        assert np.mean(np.array(p) <= alpha + 1e-12) == pytest.approx(alpha, abs=0.03)


def sentences(found, drive):
    return [finding.sentence for finding in found[drive] if finding.sentence]


def test_with_few_drives_a_drive_and_most_of_its_frames_must_be_beyond_every_drive():
    own = ["a"] * 50 + ["b"] * 50
    light = np.concatenate([np.linspace(60, 100, 50), np.linspace(110, 150, 50)])
    pool = ["dusk"] * 10 + ["day"] * 10
    asked = np.concatenate([np.linspace(30, 61, 10), np.linspace(62, 90, 10)])
    found = named([Numbers("light", light, asked, "darker", "brighter", " of 255")], own, pool)
    assert sentences(found, "dusk") == [
        "darker than every owned drive (median 45.5 of 255; owned: 80 to 130)"
    ]
    dusk, day = found["dusk"][0], found["day"][0]
    assert (dusk.supported, dusk.outside, day.outside) == (False, 0.9, 0.0)
    assert day.median < day.lowest  # below every median of S, and yet inside what S holds
    assert not day.sentence


def test_with_many_drives_the_corrected_p_decides():
    own = list(range(59))
    three = [Numbers(name, np.arange(59.0), [58.5]) for name in "xyz"]
    found = named(three, own, ["u"])["u"]
    assert [(one.corrected, one.supported) for one in found] == [(2 * 3 / 60, True)] * 3
    assert found[0].sentence == (
        "higher `x` than every owned drive (median 58.5; owned: 0 to 58; p 0.1 over 3 comparisons)"
    )
    four = [*three, Numbers("w", np.arange(59.0), [58.5])]
    assert not any(one.supported for one in named(four, own, ["u"])["u"])
    known = Numbers("x", np.arange(59.0), [56.5])
    assert not sentences({"u": named([known, *three[1:]], own, ["u"])["u"][2:]}, "u")


def test_a_drive_beyond_most_drives_says_beyond_how_many():
    own = list(range(99))
    found = named([Numbers("speed", np.arange(99.0), [1.5])], own, ["slow"])
    assert sentences(found, "slow") == [
        "lower `speed` than 97 of 99 owned drives (median 1.5; owned: 0 to 98; "
        "p 0.06 over 1 comparison)"
    ]


def test_a_value_that_no_owned_drive_has_is_counted_in_drives():
    own, pool = list("aabbc"), ["x", "x", "y", "z"]
    weather = Categories(
        "weather", ["sun", "rain", "sun", "sun", None], ["snow", "snow", "sun", "snow"]
    )
    found = named([weather], own, pool)
    assert sentences(found, "x") == [
        "`weather` = snow: 0 of 2 owned drives, 2 of 3 candidate drives"
    ]
    assert sentences(found, "y") == []


def test_a_value_of_every_drive_its_own_separates_nothing_at_a_level():
    town = Categories("town", [f"town {i}" for i in range(19)], ["elsewhere"])
    (one,) = named([town], list(range(19)), ["u"])["u"]
    assert (one.p, one.supported, one.sentence) == (1.0, True, "")


def test_owned_frames_without_a_drive_count_each_as_one_and_candidates_get_no_finding():
    light = Numbers("light", [1.0, 2.0, 3.0, 9.0], [5.0, 20.0, 20.0])
    found = named([light], [None, None, "", "a"], [None, "u", ""])
    assert list(found) == ["u"]
    (one,) = found["u"]
    assert (one.owned_drives, one.p) == (4, 2 / 5)


def test_a_single_owned_drive_is_called_that():
    found = named([Numbers("light", [5.0, 5.0], [1.0], "darker")], ["a", "a"], ["u"])
    assert sentences(found, "u") == ["darker than the one owned drive (median 1; owned: 5)"]


def test_the_order_of_frames_changes_nothing():
    (own, ours, _), (pool, theirs, _) = scene(3)
    rng = np.random.default_rng(0)
    a, b = rng.permutation(len(own)), rng.permutation(len(pool))
    first = named([Numbers("x", ours[:, 0], theirs[:, 0])], own, pool)
    again = named(
        [Numbers("x", ours[a, 0], theirs[b, 0])],
        [own[row] for row in a],
        [pool[row] for row in b],
    )
    assert first == {drive: again[drive] for drive in first}


def test_findings_are_json_and_what_separates_comes_first():
    light = Numbers("light", [90.0, 100.0], [95.0])
    sky = Categories("sky", ["blue", "grey"], ["black"])
    rows = named([light, sky], ["a", "b"], ["u"])["u"]
    assert [bool(row.sentence) for row in rows] == [True, False]
    assert json.loads(json.dumps([asdict(row) for row in rows]))[0]["value"] == "black"


def test_medians_equal_numpy():
    rng = np.random.default_rng(8)
    drive, values = rng.integers(0, 30, 200), rng.normal(size=200)
    for number, found in enumerate(medians(values, drive)):
        assert found == pytest.approx(np.median(values[drive == number]), abs=1e-15)


def test_wrong_input_is_a_sentence():
    with pytest.raises(DimensionError, match="'x' has 2 values for 3 frames of S"):
        named([Numbers("x", [1, 2], [1])], ["a", "b", "c"], ["u"])
    with pytest.raises(DimensionError, match="'camera' has 1 values for 2 frames of U"):
        named([], ["a"], ["u", "u"], owned_cameras=["front"], pool_cameras=["front"])
    with pytest.raises(InputError, match="level"):
        named([], ["a"], ["u"], 1.5)


def test_a_median_that_rounds_to_a_thousand_is_written_out():
    height = Numbers("height", [1.0, 2.0, 3.0], [999.7, 999.7])
    (finding,) = named([height], ["a", "b", "c"], ["u", "u"])["u"]
    assert "(median 1000; owned: 1 to 3)" in finding.sentence


def test_a_year_has_no_comma():
    year = Numbers("year", [2012.0, 2013.0, 2014.0], [2019.0, 2019.0])
    (finding,) = named([year], ["a", "b", "c"], ["u", "u"])["u"]
    assert "(median 2019; owned: 2012 to 2014)" in finding.sentence
