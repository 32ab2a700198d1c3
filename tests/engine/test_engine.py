"""The shard loop in this process: whatever is cut, and how, shows in no bit."""

import numpy as np
import pytest
from gapsphere.plugin.coverage.criterion import choose_threshold, own_distances
from gapsphere.plugin.coverage.nearest.distances import closest, nearest_distance
from gapsphere.plugin.coverage.picks import far_cover
from gapsphere.plugin.coverage.picks.kcenter import k_center_greedy
from gapsphere.plugin.coverage.support import nearest_and_support
from gapsphere.plugin.engine import engine
from gapsphere.plugin.engine.engine import LOCAL, Local, Shard, gathered, opened, shards
from gapsphere.plugin.errors import Cancelled
from gapsphere.tests.support.made_rows import frames
from hypothesis import given, settings
from hypothesis import strategies as st

CUT = Local(cuts=True)
S, U = frames(300, 24), frames(500, 24, seed=1)
S[10], U[[3, 4]] = S[250], S[10]  # exact ties
DRIVE = np.sort(np.random.default_rng(0).integers(0, 9, len(S)))


def same(left, right):
    for one, other in zip(left, right, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@settings(max_examples=25)
@given(st.integers(1, 600))
def test_distances_and_support_are_the_same_bits_however_u_is_cut(rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SHARD_BYTES", rows * 24 * 4)
        same(closest(U, S, engine=CUT), closest(U, S))
        same(closest(S, S, group=DRIVE, engine=CUT), closest(S, S, group=DRIVE))
        cut, whole = (nearest_and_support(U, S, DRIVE, 0.4, engine=e) for e in (CUT, LOCAL))
        same(
            [cut[0].distance, cut[0].index, *cut[1:]],
            [whole[0].distance, whole[0].index, *whole[1:]],
        )


@pytest.mark.parametrize("drives", [None, DRIVE.tolist(), ["one"] * len(S)])
def test_leave_one_out_and_threshold_are_the_same_however_s_is_cut(drives, monkeypatch):
    monkeypatch.setattr(engine, "SHARD_BYTES", 37 * 24 * 4)
    cut, whole = (own_distances(S, drives, engine=e) for e in (CUT, LOCAL))
    same([cut.distance, cut.drive, cut.nearest], [whole.distance, whole.drive, whole.nearest])
    far = nearest_distance(U, S).distance
    found = [choose_threshold(S, whole, far, engine=e) for e in (CUT, LOCAL)]
    assert found[0] == found[1]


def test_shards_cover_every_row_once_and_never_know_of_workers():
    cut = list(shards([np.arange(1000), list("ab" * 500)], engine.SHARD_BYTES / 70, of=16))
    assert [len(each) for each in cut] == [64] * 15 + [40]
    assert np.concatenate([each.columns[0] for each in cut]).tolist() == list(range(1000))
    assert cut[1].columns[1] == ["a", "b"] * 32


def test_of_no_rows_there_are_as_many_results():
    """As many arrays as of any rows, so that who asks can take them apart."""

    def asked(rows, more, progress=None):
        return rows + more, rows[:, 0]

    both, one = gathered(Local(cuts=True), asked, [np.empty((0, 3))], [1], bytes_a_row=24)
    assert (both.shape, one.shape) == ((0, 3), (0,))


def test_halves_are_the_shard():
    first, second = Shard(slice(10, 15), (np.arange(10, 15), list("abcde"))).halves()
    assert (first.rows, second.rows) == (slice(10, 12), slice(12, 15))
    assert [*first.columns[0], *second.columns[0]] == list(range(10, 15))
    assert first.columns[1] + second.columns[1] == list("abcde")


def test_progress_counts_rows_and_stops_the_work(monkeypatch):
    monkeypatch.setattr(engine, "SHARD_BYTES", 100 * 24 * 4)
    seen = []

    def stop(done, total):
        seen.append((done, total))
        if done == 200:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        closest(U, S, engine=CUT, progress=stop)
    assert seen == [(100, 500), (200, 500)]


def test_the_engine_of_this_process_does_not_cut():
    with opened("local") as here:
        assert gathered(here, lambda rows, progress: (rows,), [U], bytes_a_row=1)[0] is U


class Forgetful(Local):
    """Members that are made anew now and then, as where a node dies."""

    def crew(self, make, shards, shared=()):
        made, dice = list(shards), np.random.default_rng(3)
        crew = super().crew(make, made, shared)
        call = crew.call

        def forgetting(method, arguments):
            for at in np.flatnonzero(dice.random(len(made)) < 0.3):
                crew.members[at] = make(*made[at].columns, *shared)
            return call(method, arguments)

        object.__setattr__(crew, "call", forgetting)
        return crew


@pytest.mark.parametrize("engine_", [CUT, Forgetful(cuts=True)], ids=["kept", "made anew"])
@pytest.mark.parametrize("rows", [1, 60, 333, 10**6])
@pytest.mark.parametrize("kind", ["frames", "copies", "few kinds"])
def test_picks_and_radii_are_the_same_however_bounds_are_cut(engine_, rows, kind, monkeypatch):
    monkeypatch.setattr(far_cover, "CREW_BYTES", rows * 24 * 4)
    pool = {"frames": U, "copies": U[np.arange(500) % 90], "few kinds": U[np.arange(500) % 3]}[kind]
    d0 = nearest_distance(pool, S, metric="euclidean").distance
    for k in (1, 40, 400):
        if rows == 1 and k == 400:
            continue  # five hundred shards of a row each, for every pick
        same(k_center_greedy(None, pool, k, d0, engine=engine_), k_center_greedy(None, pool, k, d0))
