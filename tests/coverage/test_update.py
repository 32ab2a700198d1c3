"""What is measured after a change is what measuring everything anew gives."""

import numpy as np
import pytest
from gapsphere.plugin.coverage.criterion import own_distances
from gapsphere.plugin.coverage.nearest.distances import nearest_distance
from gapsphere.plugin.coverage.support import SupportTally
from gapsphere.plugin.coverage.update import Before, nearest_again, own_again
from gapsphere.plugin.coverage.verdict import drive_numbers
from hypothesis import given, settings
from hypothesis import strategies as st

RADIUS = 0.35


def rows_of(random, count, kinds=7):
    """Unit rows of few dimensions among few places, so that there are copies and ties."""
    places = random.normal(size=(kinds, 4))
    rows = places[random.integers(0, kinds, count)] + random.choice([0, 0, 0.3], (count, 1))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def whole(pool, owned, drive, metric):
    tally = SupportTally(pool, owned, drive, RADIUS, metric)
    found = nearest_distance(pool, owned, also=tally, metric=metric)
    return found, tally.counts, tally.drives


@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**20),
    owned=st.integers(3, 30),
    pool=st.integers(1, 20),
    gone=st.sampled_from([0.0, 0.0, 0.1, 0.5, 1.0]),
    come=st.sampled_from([0.0, 0.1, 0.5]),
    drives=st.integers(1, 6),
    metric=st.sampled_from(["cosine", "euclidean"]),
    memory=st.sampled_from([512, 1e-4]),
)
def test_any_change_of_s_and_u_gives_what_a_full_run_gives(
    seed, owned, pool, gone, come, drives, metric, memory
):
    random = np.random.default_rng(seed)
    S, U = rows_of(random, owned), rows_of(random, pool)
    label = np.sort(random.integers(0, drives, owned))
    found, counts, of_drives = whole(U, S, drive_numbers(label), metric)
    own = own_distances(S, list(label), metric=metric)

    def changed(count):
        kept = np.flatnonzero(random.random(count) >= gone)
        new = np.full(random.binomial(count, come) + (not len(kept)), -1)
        return np.concatenate([kept, new]).astype(np.int64)

    at, pool_from = changed(owned), random.permutation(changed(pool))
    now = np.where(at < 0, random.integers(0, drives + 2, len(at)), label[at])
    order = np.argsort(now, kind="stable")  # new rows after those of their drive, and between
    at, now = at[order], now[order]
    S2, U2 = S[at], U[pool_from]
    S2[at < 0] = rows_of(random, int((at < 0).sum()))
    U2[pool_from < 0] = rows_of(random, int((pool_from < 0).sum()))
    before = Before(at, pool_from, found.index, counts, of_drives, own.nearest)
    how = {"metric": metric, "memory_mb": memory}
    drive = drive_numbers(now)
    again, counts_again, drives_again = nearest_again(U2, S2, drive, RADIUS, before, **how)
    wanted, counts_wanted, drives_wanted = whole(U2, S2, drive, metric)
    np.testing.assert_array_equal(again.index, wanted.index)
    np.testing.assert_array_equal(again.distance, wanted.distance)
    np.testing.assert_array_equal(counts_again, counts_wanted)
    np.testing.assert_array_equal(drives_again, drives_wanted)
    if drive.max() > 0:
        mine, theirs = own_again(S2, drive, before, **how), own_distances(S2, list(now), **how)
        np.testing.assert_array_equal(mine.distance, theirs.distance)
        np.testing.assert_array_equal(mine.nearest, theirs.nearest)


def test_new_candidates_alone_are_compared_with_s(monkeypatch):
    from gapsphere.plugin.coverage import update

    random = np.random.default_rng(1)
    S, U = rows_of(random, 50), rows_of(random, 40)
    drive = np.arange(50) // 10
    found, counts, drives = whole(U, S, drive, "cosine")
    own = own_distances(S, list(drive))
    asked = []
    real = update.supported
    monkeypatch.setattr(
        update, "supported", lambda q, r, *rest: asked.append((len(q), len(r))) or real(q, r, *rest)
    )
    more = np.concatenate([U, rows_of(random, 3)])
    pool_from = np.concatenate([np.arange(40), [-1] * 3])
    before = Before(np.arange(50), pool_from, found.index, counts, drives, own.nearest)
    again, _, _ = nearest_again(more, S, drive, RADIUS, before)
    assert asked == [(3, 50)]
    np.testing.assert_array_equal(again.distance[:40], found.distance)
    assert before.same_owned
    # A nearest image that is gone is looked for again, and support that may have counted it.
    gone = int(found.index[0])
    rest = np.delete(np.arange(50), gone)
    asked.clear()
    before = Before(rest, np.arange(40), found.index, counts, drives, own.nearest)
    nearest_again(U, S[rest], drive[rest], RADIUS, before)
    ((queries, _),) = asked
    assert queries == int(((counts > 0) | (found.index == gone)).sum())
    assert not before.same_owned


@pytest.mark.parametrize("radius", [0.0, 2.0])
def test_the_ends_of_support_hold_too(radius):
    random = np.random.default_rng(2)
    S, U = rows_of(random, 12), rows_of(random, 5)
    drive = np.arange(12) // 3
    tally = SupportTally(U, S[:9], drive[:9], radius, "cosine")
    found = nearest_distance(U, S[:9], also=tally)
    own = own_distances(S[:9], list(drive[:9]))
    at = np.concatenate([np.arange(9), [-1] * 3])
    before = Before(at, np.arange(5), found.index, tally.counts, tally.drives, own.nearest)
    _, counts, drives = nearest_again(U, S, drive, radius, before)
    wanted = SupportTally(U, S, drive, radius, "cosine")
    nearest_distance(U, S, also=wanted)
    np.testing.assert_array_equal(counts, wanted.counts)
    np.testing.assert_array_equal(drives, wanted.drives)
