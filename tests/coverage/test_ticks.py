"""Distances worth trying as δ, and what the gaps at one are counted by."""

import numpy as np
import pytest
from gapsphere.plugin.coverage.breakdown import MOST_VALUES, telling_field, value_counts
from gapsphere.plugin.coverage.ticks import ticks
from gapsphere.plugin.coverage.verdict import frame_threshold
from gapsphere.plugin.coverage.yardstick import KEPT, Yardstick


@pytest.fixture
def rng():
    return np.random.default_rng(51)


def drives(count, frames):
    return np.repeat(np.arange(count), frames)


@pytest.mark.parametrize("alpha", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("lengths", [20, np.arange(1, 13)])
def test_a_yardstick_s_threshold_is_that_of_the_level(rng, alpha, lengths):
    label = np.repeat(np.arange(12), lengths)
    inside = rng.random(len(label)).astype(np.float32)
    scale = Yardstick.of(inside, label)
    assert scale.threshold(alpha, 12) == frame_threshold(inside, label, alpha)
    kept = Yardstick.from_record(scale.record())
    assert kept.threshold(alpha, 12) == scale.threshold(alpha, 12)
    assert scale.level(scale.threshold(alpha, 12), 12) <= alpha + 1e-9


def test_the_threshold_of_a_large_s_is_read_between_its_quantiles(rng):
    label = drives(20, 200)
    inside = rng.random(len(label)).astype(np.float32)
    kept = Yardstick.from_record(Yardstick.of(inside, label).record())
    assert len(kept.distances) == KEPT
    assert kept.threshold(0.2, 20) == pytest.approx(frame_threshold(inside, label, 0.2), abs=0.005)
    assert kept.threshold(0.01, 20) == np.inf


def test_a_level_that_the_drives_do_not_support_says_what_it_needs():
    inside, label = [0.2, 0.3, 0.4, 0.5], [0, 0, 1, 1]
    (tick,) = ticks([], Yardstick.of(inside, label), 2, 0.1)
    assert (tick.name, tick.delta, tick.supported) == ("level", 0.5, False)
    assert "2 owned drives support; level 10 % needs 9" in tick.rule
    assert ticks([], Yardstick.of(inside), 1) == []


def test_the_ticks_of_a_run(rng):
    inside, label = rng.random(120), drives(12, 10)
    scale, distance = Yardstick.of(inside, label), np.append(rng.random(50), np.nan)
    level, far, knee = ticks(distance, scale, 12, 0.1, [0.9, 0.4, 0.3, 0.28, 0.26])
    assert level.supported
    assert level.delta == frame_threshold(inside.astype(np.float32), label, 0.1)
    assert far.delta == np.quantile(distance[:-1], 0.9)
    assert knee.delta == 0.4
    assert "after 1 pick " in knee.rule
    assert [tick.name for tick in ticks(distance, radii=[0.5, 0.5])] == ["p90"]


def test_gaps_are_counted_by_what_tells_most_of_the_distance(rng):
    distance = np.concatenate([rng.normal(0.2, 0.02, 60), rng.normal(0.4, 0.02, 40)])
    columns = {
        "vendor": ["a"] * 100,
        "shop": rng.choice(list("xyz"), 100).tolist(),
        "time_of_day": ["day"] * 60 + ["dusk"] * 40,
        "same": ["day"] * 60 + ["dusk"] * 40,
        "image": [str(i) for i in range(100)],
    }
    assert MOST_VALUES < 100
    assert telling_field(columns, distance) == "time_of_day"
    assert telling_field({"vendor": columns["vendor"], "image": columns["image"]}, distance) is None
    assert telling_field({}, distance) is None
    patchy = {"light": [None] * 40 + ["day"] * 20 + ["dusk"] * 40}
    assert telling_field(patchy, np.where(np.arange(100) % 7 == 0, np.nan, distance)) == "light"
    assert value_counts([True, None, False, True]) == [("True", 2), ("False", 1)]
