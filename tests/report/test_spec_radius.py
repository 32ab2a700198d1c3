"""The radius learnt from drives: what it promises, and what limits it."""

import numpy as np
import pytest
from gapsphere.plugin.coverage.yardstick import Yardstick
from gapsphere.plugin.report.spec.radius import TURNED_AWAY, learn_radius
from gapsphere.tests.support.made_rows import unit


def drives_of_one_kind(rng, count):
    """Frames of drives around one place, and the drive of each."""
    rows, drives = [], []
    for drive in range(count):
        frames = int(rng.integers(4, 9))
        rows.append(np.eye(12)[0] * 6 + rng.normal(size=12) + 0.2 * rng.normal(size=(frames, 12)))
        drives += [drive] * frames
    return unit(np.concatenate(rows)), drives


def learn(rows, drives, **changes):
    how = {"scale": None, "owned_drives": 0, "delta": 2.0, **changes}
    return learn_radius(rows, drives, **how)


@pytest.mark.parametrize(("count", "level"), [(2, 1 / 3), (4, 0.2), (9, 0.2)])
def test_one_more_drive_of_the_kind_is_turned_away_at_most_at_the_level(count, level):
    away = []
    for seed in range(300):
        rows, drives = drives_of_one_kind(np.random.default_rng(seed), count + 1)
        new = np.array(drives) == count
        radius = learn(rows[~new], np.array(drives)[~new].tolist())
        assert (radius.source, radius.drives) == ("drives", count)
        assert radius.level == pytest.approx(level)
        away.append(np.mean((1 - rows[new] @ rows[~new].T).min(axis=1) > radius.distance))
    assert 0 < np.mean(away) <= level + 1.64 * np.std(away) / np.sqrt(len(away))


def test_one_drive_teaches_nothing_and_the_drives_of_s_do():
    rows, drives = drives_of_one_kind(np.random.default_rng(1), 1)
    scale = Yardstick.of(np.linspace(0.01, 0.3, 30), np.repeat(np.arange(5), 6))
    radius = learn(rows, drives, scale=scale, owned_drives=5, delta=0.9)
    assert (radius.source, radius.drives, radius.level) == ("owned", 5, TURNED_AWAY)
    assert scale.level(radius.distance, 5) <= TURNED_AWAY + 1e-9
    assert scale.level(radius.distance - 0.02, 5) > TURNED_AWAY


@pytest.mark.parametrize("count", range(4, 16))
def test_the_radius_read_off_s_holds_its_level_however_few_drives_there_are(count):
    rows, drives = drives_of_one_kind(np.random.default_rng(1), 1)
    inside = np.random.default_rng(count).random(count)
    scale = Yardstick.of(inside, np.arange(count))
    radius = learn(rows, drives, scale=scale, owned_drives=count, delta=0.9)
    # Of one more drive and these, so many at most lie beyond what holds the level.
    holds = np.sort(inside)[int(np.ceil((1 - TURNED_AWAY) * (count + 1) - 1e-9)) - 1]
    assert radius.distance == pytest.approx(holds, abs=1e-6)
    assert scale.level(radius.distance, count) <= TURNED_AWAY + 1e-9


@pytest.mark.parametrize("owned", [0, 3])
def test_few_drives_of_s_leave_the_delta_of_the_analysis(owned):
    rows, drives = drives_of_one_kind(np.random.default_rng(1), 1)
    scale = Yardstick.of([0.1, 0.2, 0.3], [0, 1, 2])
    radius = learn(rows, drives, scale=scale, owned_drives=owned, delta=0.25)
    assert (radius.source, radius.distance, radius.level) == ("delta", 0.25, None)


def test_candidates_of_several_kinds_do_not_widen_the_radius_beyond_that_of_s():
    kinds = np.eye(6, dtype=np.float32)
    scale = Yardstick.of(np.linspace(0.1, 0.3, 20), np.repeat(np.arange(5), 4))
    radius = learn(kinds, list(range(6)), scale=scale, owned_drives=5)
    assert (radius.source, radius.distance <= np.float32(0.3)) == ("owned", True)


def test_images_without_a_drive_are_drives_of_their_own():
    rows, _ = drives_of_one_kind(np.random.default_rng(2), 2)
    assert learn(rows, [None] * len(rows)).drives == len(rows)
