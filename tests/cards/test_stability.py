"""A card holds where a run made again has it; runs over drawn drives equal runs on drawn images."""

import numpy as np
import pytest
from gapsphere.plugin.cards.group import group_gaps, group_runs, joining_distance
from gapsphere.plugin.cards.stability import NO_GAP, drawn_runs, stability
from gapsphere.plugin.coverage.verdict import frame_threshold
from gapsphere.plugin.coverage.yardstick import Yardstick
from gapsphere.plugin.errors import DimensionError, InputError
from hypothesis import given
from hypothesis import strategies as st

labels = st.lists(st.tuples(st.integers(-2, 3), st.integers(-2, 3)), min_size=1, max_size=30)


@given(labels)
def test_overlap_equals_its_definition_on_sets(pairs):
    base, other = (np.array(side) for side in zip(*pairs, strict=True))
    gaps = set(np.flatnonzero(base > NO_GAP).tolist())
    for card, found in enumerate(stability(base, [other])):
        mine = set(np.flatnonzero(base == card).tolist())
        best = 0.0
        for number in range(4):
            its = set(np.flatnonzero(other == number).tolist()) & gaps
            if mine | its:
                best = max(best, len(mine & its) / len(mine | its))
        assert found.overlap == pytest.approx(best)
        assert found.held == (best > 0.5)


@given(labels)
def test_no_card_of_a_run_is_two_cards(pairs):
    base, other = (np.array(side) for side in zip(*pairs, strict=True))
    count = int(max(base.max(), -1)) + 1
    held = sum(found.held for found in stability(base, [other]))
    assert held <= len({label for label in other.tolist() if label >= 0})
    assert len(stability(base, [other])) == count


def again(S, drive, U, times, alpha):
    """A run on images that are there as often as their drive was drawn, pair by pair."""
    rows = [i for i in range(len(S)) for _ in range(times[drive[i]])]
    copies = {i: list(range(times[drive[i]])) for i in set(rows)}
    own, names = [], []
    for i in rows:
        others = [j for j in rows if drive[j] != drive[i]]
        own.append(min(1 - float(S[i].astype(float) @ S[j].astype(float)) for j in others))
        names.append((drive[i], copies[i].pop()))
    delta = frame_threshold(own, names, alpha)
    near = [min(1 - float(u.astype(float) @ S[i].astype(float)) for i in set(rows)) for u in U]
    gap = np.array(near) > delta
    scale = joining_distance(Yardstick.of(own, names))
    label = np.full(len(U), NO_GAP)
    label[gap] = group_gaps(U[gap], scale).card
    return label


@pytest.mark.parametrize("seed", range(4))
def test_runs_equal_runs_on_the_drawn_images(rows, seed):
    S, U, drive = rows(seed, 30), rows(seed + 50, 25), np.repeat(np.arange(6), 5)
    found = group_runs(U, *drawn_runs(S, drive, U, 0.3, runs=3, seed=seed))
    random, wanted = np.random.default_rng(seed), []
    while len(wanted) < 3:
        times = np.bincount(random.integers(6, size=6), minlength=6)
        if (times > 0).sum() > 1:
            wanted.append(again(S, drive.tolist(), U, times.tolist(), 0.3))
    for one, other in zip(found, wanted, strict=True):
        assert np.array_equal(one, other)
    assert any((one >= 0).any() for one in found)


def test_the_same_seed_gives_the_same_runs(rows):
    S, U, drive = rows(1, 30), rows(2, 25), list("abcdef" * 5)
    first, second = (group_runs(U, *drawn_runs(S, drive, U, 0.3, runs=4)) for _ in range(2))
    assert all(map(np.array_equal, first, second))


def test_a_far_kind_of_scene_holds_in_every_run(normed):
    random = np.random.default_rng(0)
    S = normed([1, 0, 0, 0] + 0.1 * random.standard_normal((60, 4)))
    far = normed([0, 1, 0, 0] + 0.01 * random.standard_normal((9, 4)))
    U = np.concatenate([S[:20] + 0, far])
    runs = group_runs(U, *drawn_runs(S, np.repeat(np.arange(12), 5), U, 0.1, runs=10))
    base = np.array([NO_GAP] * 20 + [0] * 9)
    (held,) = stability(base, runs)
    assert (held.held, held.runs) == (10, 10)


def test_many_drives_are_drawn_in_groups(rows):
    both = rows(1, 640)
    S, U = both[:600], both[600:]
    runs = group_runs(U, *drawn_runs(S, [None] * 600, U, 0.1, runs=2))
    assert [len(run) for run in runs] == [40, 40]
    share = np.mean([run > NO_GAP for run in runs])
    assert share <= 0.3  # S and U are of the same kinds


def test_one_drive_and_runs_of_another_length_are_refused(rows):
    with pytest.raises(InputError, match="1 drive"):
        drawn_runs(rows(0, 5), ["a"] * 5, rows(1, 5), 0.1)
    with pytest.raises(DimensionError):
        stability([0, 0, 0], [[0, 0]])
