"""Labels of each run are the components of its own graph of all pairs, ties and tiles alike."""

import numpy as np
import pytest
from gapsphere.plugin.coverage.nearest import chains
from gapsphere.plugin.coverage.nearest.chains import chained
from gapsphere.tests.support.components import walked
from gapsphere.tests.support.made_rows import unit
from hypothesis import given
from hypothesis import strategies as st


def drives(seed, count, frames, d=32, kinds=3):
    """Paths that wander around places of a few kinds, one after the other."""
    random = np.random.default_rng(seed)
    start = random.standard_normal((kinds, d))[random.integers(kinds, size=count)]
    start = start + 0.4 * random.standard_normal((count, d))
    path = 0.1 * random.standard_normal((count, frames, d)).cumsum(axis=1)
    return unit((start[:, None] + path).reshape(-1, d))


def sets(label, mine):
    rows = np.flatnonzero(mine)
    return {frozenset(rows[label[rows] == one].tolist()) for one in np.unique(label[rows])}


def assert_components(rows, mine, squared, **how):
    found = chained(rows, mine, squared, **how)
    for label, own, bar in zip(found, mine, squared, strict=True):
        assert sets(label, own) == walked(rows, own, bar)
        assert (label[~own] == np.flatnonzero(~own)).all()


@given(st.integers(0, 10**6), st.integers(1, 60), st.floats(0, 1), st.floats(0, 1))
def test_each_run_equals_a_walk_over_all_pairs_of_its_rows(seed, n, share, squared):
    random = np.random.default_rng(seed)
    rows = unit(random.standard_normal((n, 4)))
    mine = random.random((3, n)) < share
    assert_components(rows, mine, [squared, squared / 2, 0.0])


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_drives_in_blocks_of_any_size_and_tiles_of_any_memory(monkeypatch, seed, shuffled):
    random = np.random.default_rng(seed)
    rows = drives(seed, 12, 25)
    rows = rows[random.permutation(len(rows))] if shuffled else rows
    whole = np.repeat(random.random((4, 12)) < 0.7, 25, axis=1)  # drives are gaps, but some frames
    mine = whole & (random.random(whole.shape) < 0.9)
    squared = [0.25, 0.3, 0.35, 0.5]
    for block in (1, 8, 48):
        monkeypatch.setattr(chains, "BLOCK", block)
        for memory_mb in (512, 0.01):
            assert_components(rows, mine, squared, memory_mb=memory_mb)


def test_one_link_between_two_drives_is_found_wherever_it_is():
    random = np.random.default_rng(0)
    for _ in range(20):
        rows = drives(int(random.integers(1000)), 8, 60, kinds=8)
        i, j = random.integers(60), 300 + random.integers(60)
        rows[j] = rows[i]
        label = chained(rows, np.ones((1, len(rows)), bool), [1e-7])[0]
        assert label[i] == label[j]


def test_a_link_of_exactly_that_length_joins_and_a_longer_one_does_not():
    rows = unit(np.array([[1, 0], [0, 1], [1, 1e-4]]))
    apart = ((rows[0].astype(np.float64) - rows[2]) ** 2).sum()  # nothing to a float32 product
    every = np.ones((3, 3), bool)
    label = chained(rows, every, [float(apart), float(np.nextafter(apart, 0)), 0.0])
    assert [one[0] == one[2] for one in label] == [True, False, False]


def test_progress_ends_at_all_rows():
    said = []
    rows = drives(0, 3, 40)
    every = np.ones((1, len(rows)), bool)
    chained(rows, every, [0.1], memory_mb=0.01, progress=lambda *at: said.append(at))
    assert said == sorted(said)
    assert said[-1] == (120, 120)
    assert len(said) > 1
