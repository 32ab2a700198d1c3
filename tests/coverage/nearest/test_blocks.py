"""Nearest distances by blocks: the same as the whole product, and far less of it on video."""

import os
import tracemalloc

import numpy as np
import pytest
from coverage_oracles import distances64, unit
from gapsphere.plugin.coverage.nearest import block_bounds, blocks
from gapsphere.plugin.coverage.nearest.blocks import Plan, closest_by_blocks, plan
from gapsphere.plugin.coverage.nearest.distances import closest, leave_one_out, nearest_distance
from gapsphere.plugin.coverage.support import SupportTally
from gapsphere.plugin.errors import Cancelled
from hypothesis import given, settings
from hypothesis import strategies as st

FRAMES = 50


def drives(count, d=64, seed=0, step=0.03):
    """Unit rows of paths of 50 frames, each starting somewhere else."""
    random = np.random.default_rng(seed)
    starts = np.repeat(random.standard_normal((count, d)), FRAMES, axis=0)
    steps = step * random.standard_normal((count, FRAMES, d))
    return unit(starts + np.cumsum(steps, axis=1).reshape(-1, d))


def isotropic(count, d=64, seed=0):
    return unit(np.random.default_rng(seed).standard_normal((count, d)))


@pytest.fixture(scope="module")
def video():
    """S of 12 drives and U of 8."""
    return drives(12), drives(8, seed=1)


@pytest.fixture
def for_small_sets(monkeypatch):
    """Plans are made as for large sets of the same kind, on a machine of one thread."""
    cost = blocks._cost
    monkeypatch.setattr(blocks, "LEAST_WORK", 0)
    monkeypatch.setattr(blocks, "_cost", lambda n, m, d, *shares: cost(10**5, 10**5, 768, *shares))
    monkeypatch.setattr(blocks, "_threads", lambda: 1)


@pytest.fixture
def computed(monkeypatch):
    """How many similarities are computed in full."""
    cells = []
    similarity = block_bounds.References.similarity

    def counted(self, queries, which, group):
        rows, found = similarity(self, queries, which, group)
        cells.append(found.size)
        return rows, found

    monkeypatch.setattr(block_bounds.References, "similarity", counted)
    return cells


def assert_same(found, expected):
    np.testing.assert_array_equal(found[1], expected[1])
    np.testing.assert_array_equal(found[0], expected[0])


@pytest.mark.parametrize("sizes", [(1, 1), (7, 4), (16, 16), (500, 700)])
def test_blocks_find_what_the_product_finds_to_the_last_bit(video, sizes):
    S, U = video
    found = closest_by_blocks(U, S, Plan(*sizes))
    assert_same(found, closest(U, S))
    np.testing.assert_allclose(np.sqrt(found[0]), distances64(U, S).min(axis=1), rtol=1e-12)


def test_blocks_find_the_same_among_rows_without_order():
    S, U = isotropic(301), isotropic(205, seed=1)
    assert_same(closest_by_blocks(U, S, Plan(16, 8)), closest(U, S))


@pytest.mark.parametrize(
    "group",
    [
        pytest.param(np.repeat(np.arange(12), FRAMES), id="drives"),
        pytest.param(np.arange(600) // 70, id="across drives"),
        pytest.param(np.arange(600), id="each row its own"),
        pytest.param(np.arange(600) % 5, id="in turn"),
        pytest.param(np.zeros(600, np.int64), id="all in one"),
        pytest.param(np.where(np.arange(600) % 3, -1 - np.arange(600), 4), id="missing"),
    ],
)
def test_groups_are_left_out_as_in_the_product(video, group):
    S, _ = video
    assert_same(closest_by_blocks(S, S, Plan(6, 4), group=group), closest(S, S, group=group))


@pytest.mark.parametrize("many", [blocks._MANY, -1])  # -1: the bounds leave too many, always
def test_few_at_once_change_nothing(video, monkeypatch, many):
    S, U = video
    group = np.arange(600) // 70
    expected = closest(U, S), closest(S, S, group=group)
    for name, value in {"_AT_ONCE": 2, "_BAND": 3, "ROWS_AT_ONCE": 50, "_COLUMNS": 70}.items():
        monkeypatch.setattr(blocks, name, value)
    monkeypatch.setattr(block_bounds, "ROWS_AT_ONCE", 5)
    monkeypatch.setattr(blocks, "_MANY", many)
    assert_same(closest_by_blocks(U, S, Plan(7, 4)), expected[0])
    assert_same(closest_by_blocks(S, S, Plan(7, 4), group=group), expected[1])


def test_rows_without_order_among_video_are_compared_with_all_at_once(video, computed):
    S = np.concatenate([video[0][:100], isotropic(900)])
    U = np.concatenate([video[1][:100], isotropic(100, seed=1)])
    assert_same(closest_by_blocks(U, S, Plan(10, 10)), closest(U, S))
    assert 100 * len(S) in computed


@settings(max_examples=60)
@given(st.data())
def test_any_drives_copies_and_ties_match_brute_force(data):
    d = data.draw(st.integers(1, 9))
    # Few distinct values make copies and ties; repeats of a row are frames of a car that stands.
    row = st.lists(st.sampled_from([-2.0, -1.0, 0.0, 1.0]), min_size=d, max_size=d).filter(any)
    drive = st.tuples(row, st.integers(1, 5), st.sampled_from([0.0, 1e-4, 0.1]))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))

    def frames():
        parts = [
            np.array(start) + size * np.cumsum(random.standard_normal((length, d)), axis=0)
            for start, length, size in data.draw(st.lists(drive, min_size=1, max_size=6))
        ]
        return unit(np.concatenate(parts))

    S, U = frames(), frames()
    sizes = Plan(data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4)))
    found = closest_by_blocks(U, S, sizes)
    assert_same(found, closest(U, S))
    truth = distances64(U, S)
    np.testing.assert_allclose(np.sqrt(found[0]), truth.min(axis=1), atol=1e-7)
    assert not any((S[:index] == S[index]).all(axis=1).any() for index in found[1])
    group = random.integers(0, 3, len(S))
    assert_same(closest_by_blocks(S, S, sizes, group=group), closest(S, S, group=group))


def test_copies_are_at_distance_0_and_the_first_copy_wins(video):
    S, _ = video
    squared, index = closest_by_blocks(S, np.concatenate([S, S]), Plan(16, 16))
    assert (squared == 0).all()
    np.testing.assert_array_equal(index, np.arange(len(S)))


def test_no_similarity_is_above_its_bounds(video):
    S, U = video
    parts = block_bounds.Blocks.of(S, block_bounds.cut(S, 8, None))
    basis = block_bounds.leading(S, parts)
    known = block_bounds.References.of(S, parts, basis, None)
    band = block_bounds.Band(U, block_bounds.cut(U, 8, None), known, basis, block_bounds.Space())
    everything = np.arange(len(known.slots))
    for number in range(len(band.blocks.start)):
        rows = band.blocks.rows(number)
        true = (U[rows].astype(np.float64) @ S.T)[:, known.slots]
        by_row = band.row_bounds(number, everything).reshape(true.shape)
        assert (true <= by_row + 1e-6).all()
        assert (true.max(axis=2) <= band.bounds(number) + 1e-6).all()


def test_little_of_the_product_of_video_is_computed(video, computed):
    S, U = video
    closest_by_blocks(U, S, Plan(8, 8))
    assert sum(computed) < len(S) * len(U) / 10


def test_blocks_end_where_a_recording_does(video):
    S, _ = video
    start = block_bounds.cut(S, 16, None)
    assert set(range(0, len(S), FRAMES)) <= set(start.tolist())
    assert np.diff(start).max() <= 16


def test_video_is_planned_by_blocks_and_isotropic_rows_are_not(video, for_small_sets):
    S, U = video
    assert plan(U, S) is not None
    drive = np.repeat(np.arange(12), FRAMES)
    assert plan(S.copy(), S, group=drive) is not None
    assert plan(S, S, group=drive) is None  # half of the product is no slower
    assert plan(isotropic(400), isotropic(600, seed=1)) is None
    assert plan(isotropic(400), S) is None


def test_shuffled_frames_are_not_planned_by_blocks(video, for_small_sets):
    shuffle = np.random.default_rng(0).permutation
    assert plan(shuffle(video[1]), shuffle(video[0])) is None


def test_a_plan_must_fit_into_the_memory(video, for_small_sets):
    assert plan(video[1], video[0], memory_mb=1) is None


def test_small_sets_get_no_plan(video):
    assert plan(video[1], video[0]) is None


def test_many_threads_leave_the_product_ahead():
    few, many = (blocks._cost(100_000, 50_000, 768, 48, 24, 0.1, 0.004, t) for t in (1, 32))
    assert few < 0.3
    assert many > 1


def test_threads_are_those_that_the_blas_was_given(monkeypatch):
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert blocks._threads() == os.cpu_count()
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert blocks._threads() == 3


def test_distances_go_by_blocks_and_say_how_far_they_are(video, for_small_sets, computed):
    S, U = video
    seen = []
    found = nearest_distance(U, S, progress=lambda done, total: seen.append((done, total)))
    assert computed
    assert seen[-1] == (len(U), len(U))
    np.testing.assert_allclose(found.distance, distances64(U, S).min(axis=1) ** 2 / 2, rtol=1e-6)
    labels = np.repeat(np.arange(12), FRAMES)
    truth = distances64(S, S)
    truth[labels[:, None] == labels] = np.inf
    inside = leave_one_out(S, sequences=labels, metric="euclidean")
    np.testing.assert_allclose(inside, truth.min(axis=1), rtol=1e-6)


def test_another_reduction_gets_the_whole_product(video, for_small_sets, computed):
    S, U = video
    tally = SupportTally(U, S, np.zeros(len(S), np.int64), 2.0, "cosine")
    nearest_distance(U, S, also=tally)
    assert not computed
    assert (tally.counts == len(S)).all()


def test_blocks_can_be_cancelled(video, for_small_sets):
    def stop(done, total):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        nearest_distance(video[1], video[0], progress=stop)


def test_working_memory_stays_below_the_limit(for_small_sets):
    S, U = drives(80, d=256), drives(120, d=256, seed=1)
    how = plan(U, S, memory_mb=40)
    assert how is not None
    tracemalloc.start()
    closest_by_blocks(U, S, how, memory_mb=40)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    assert peak < 40
    assert 4 * len(S) * len(U) / 1e6 > 90  # the whole product would not have fitted
