"""The nearest drives of an image are those of all pairs, and draws take the nearest one drawn."""

import numpy as np
import pytest
from gapsphere.plugin.cards import stability
from gapsphere.plugin.cards.near_drives import NONE, NearTally, near_drives, near_drives_again
from gapsphere.plugin.coverage.nearest.rows import squared_to_metric
from gapsphere.plugin.coverage.support import nearest_and_support
from gapsphere.plugin.coverage.verdict import drive_numbers
from hypothesis import given
from hypothesis import strategies as st

from .conftest import scattered

METRICS = ("cosine", "euclidean")


def apart(images, owned, metric="cosine"):
    """Distances of all pairs, float32 (n, m)."""
    wide = images.astype(np.float64)[:, None] - owned.astype(np.float64)
    return squared_to_metric((wide**2).sum(axis=2), metric).astype(np.float32)


def plainly(images, owned, drive, own, metric):
    """Distance of each image to each drive but its own, (n, drives), the nearest first."""
    pairs = apart(images, owned, metric)
    if own is not None:
        pairs = np.where(own[:, None] == drive, np.inf, pairs)
    return np.sort([pairs[:, drive == one].min(axis=1) for one in np.unique(drive)], axis=0).T


@given(st.integers(0, 10**6), st.integers(1, 12), st.booleans(), st.sampled_from(METRICS))
def test_lists_hold_the_nearest_of_each_drive(seed, drives, inside, metric):
    random = np.random.default_rng(seed)
    owned = scattered(seed, 40)
    owned[random.integers(40, size=5)] = owned[:5]  # copies
    drive = random.integers(drives, size=40)
    images, own = (owned, drive) if inside else (scattered(seed + 1, 15), None)
    found = near_drives(images, owned, drive, own, listed=4, metric=metric)
    wanted = np.full((len(images), 4), np.inf)
    every = plainly(images, owned, drive, own, metric)[:, :4]
    wanted[:, : every.shape[1]] = every
    np.testing.assert_allclose(found.distance, wanted, rtol=1e-6, atol=1e-7)
    there = found.row != NONE
    assert np.array_equal(there, np.isfinite(found.distance))
    image, at = np.nonzero(there)
    pairs = apart(images, owned, metric)[image, found.row[image, at]]
    np.testing.assert_allclose(found.distance[image, at], pairs, rtol=1e-6, atol=1e-7)


def test_small_tiles_and_drives_out_of_order_change_nothing(rows):
    images, owned, drive = rows(1, 30), rows(2, 90), np.arange(90) % 15
    wanted = near_drives(images, owned, drive)
    cut = near_drives(images, owned, drive, memory_mb=0.001)
    assert (cut.distance[:, 0] == wanted.distance[:, 0]).all()
    order = np.argsort(drive, kind="stable")
    sorted_by_drive = near_drives(images, owned[order], drive[order])
    assert np.array_equal(sorted_by_drive.distance, wanted.distance)
    assert np.array_equal(order[sorted_by_drive.row], wanted.row)


@pytest.mark.parametrize("memory_mb", [0.002, 512])
@pytest.mark.parametrize("metric", METRICS)
def test_lists_come_of_the_product_that_finds_the_nearest(rows, memory_mb, metric):
    images, owned = rows(1, 30), rows(2, 90)
    drive = np.random.default_rng(3).integers(15, size=90)
    order = np.argsort(drive, kind="stable")
    tally = NearTally(images, owned[order], drive[order], listed=4)
    what = images, owned[order], drive_numbers(drive[order]), 0.3
    how = {"metric": metric, "memory_mb": memory_mb}
    found = nearest_and_support(*what, also=tally, **how)
    for one, other in zip(found[1:], nearest_and_support(*what, **how)[1:], strict=True):
        assert np.array_equal(one, other)
    near, wanted = tally.lists(order, metric), near_drives(images, owned, drive, listed=4, **how)
    assert np.array_equal(near.distance[:, 0], found[0].distance)
    if memory_mb == 512:  # else a drive may be listed by two of its rows
        assert np.array_equal(near.distance, wanted.distance)
        assert np.array_equal(near.row, wanted.row)
    product = NearTally(images, owned[order], drive[order], listed=4)
    product.on_gpu()
    assert np.array_equal(product.lists(order, metric).distance[:, 0], found[0].distance)


@given(
    seed=st.integers(0, 10**6),
    gone=st.sampled_from([0.0, 0.1, 1.0]),
    come=st.sampled_from([0, 1, 20]),
    inside=st.booleans(),
)
def test_lists_after_a_change_are_those_of_all_anew(seed, gone, come, inside):
    random = np.random.default_rng(seed)
    owned, pool = scattered(seed, 40), scattered(seed + 1, 20)
    drive = random.integers(9, size=40)
    left = np.flatnonzero(random.random(40) >= gone)
    owned_from = np.concatenate([left, np.full(come + (not len(left)), -1)])
    owned_from = random.permutation(owned_from)
    new = scattered(seed + 2, len(owned_from))
    owned_now = np.where(owned_from[:, None] < 0, new, owned[owned_from])
    drive_now = np.where(owned_from < 0, random.integers(12, size=len(new)), drive[owned_from])
    if inside:
        before = near_drives(owned, owned, drive, drive, listed=4)
        images, image_from, own = owned_now, owned_from, drive_now
    else:
        before = near_drives(pool, owned, drive, listed=4)
        image_from, own = random.permutation(np.append(np.arange(1, 20), -1)), None
        images = np.where(image_from[:, None] < 0, scattered(seed + 3, 20), pool[image_from])
    found = near_drives_again(before, image_from, owned_from, images, owned_now, drive_now, own)
    wanted = near_drives(images, owned_now, drive_now, own, listed=4)
    nearest = found.distance[:, 0], wanted.distance[:, 0]
    np.testing.assert_array_equal(*nearest)
    pairs = apart(images, owned_now)
    for one in range(12):
        drawn = drive_now != one
        told, sure = found.among(drawn[found.row])
        mine = drawn & (own[:, None] != drive_now) if inside else drawn[None]
        wanted = np.where(mine, pairs, np.inf).min(axis=1)
        np.testing.assert_allclose(told[sure], wanted[sure], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("drives", "spread", "metric"),
    [
        (40, 0.0, "cosine"),
        (40, 1e-4, "euclidean"),
        (40, 0.3, "cosine"),
        (40, 0.3, "euclidean"),
        (300, 0.3, "cosine"),
    ],
)
def test_distances_to_drawn_drives_are_those_of_all_pairs(normed, drives, spread, metric):
    """Of copies, near copies and other images, whose lists tell seldom, often and nearly always."""
    random = np.random.default_rng(drives)
    kinds = random.standard_normal((5, 8))
    m = drives * 2
    owned = normed(kinds[random.integers(4, size=m)] + spread * random.standard_normal((m, 8)))
    pool = normed(kinds[random.integers(5, size=60)] + spread * random.standard_normal((60, 8)))
    drive = np.repeat(np.arange(drives), 2)
    group = random.permutation(drives)[drive] % 256
    drawn = random.random((4, int(group.max()) + 1))[:, group] < 0.5
    ours, theirs = stability.lists_of(owned, drive, pool, metric=metric)
    how = {"metric": metric, "memory_mb": 512}
    outside = stability._apart(pool, theirs, owned, drive, group, drawn, how)
    inside = stability._apart(owned, ours, owned, drive, group, drawn, how, own=True)
    far, within = apart(pool, owned, metric), apart(owned, owned, metric)
    within[group[:, None] == group] = np.inf
    for run, there in enumerate(drawn):
        np.testing.assert_allclose(outside[run], far[:, there].min(axis=1), rtol=2e-6, atol=1e-7)
        wanted = within[there][:, there].min(axis=1)
        np.testing.assert_allclose(inside[run, there], wanted, rtol=2e-6, atol=1e-7)
