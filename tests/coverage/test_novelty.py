"""Novelty is the residual of a principal component analysis, and leaving a drive out is a refit."""

import numpy as np
import pytest
from gapsphere.plugin.coverage.novelty import left_out_novelty, novelty
from gapsphere.plugin.errors import EmptySetError
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA


def rows_near_a_plane(seed, n, d=12):
    rng = np.random.default_rng(seed)
    flat = rng.normal(size=(n, 4)) @ rng.normal(size=(4, d)) + 2 + 0.05 * rng.normal(size=(n, d))
    return (flat / np.linalg.norm(flat, axis=1, keepdims=True)).astype(np.float32)


def residual_by_sklearn(pool, owned, share=0.9):
    fitted = PCA(svd_solver="full").fit(owned.astype(np.float64))
    kept = int(np.searchsorted(np.cumsum(fitted.explained_variance_ratio_), share)) + 1
    centred = pool.astype(np.float64) - fitted.mean_
    axes = fitted.components_[:kept]
    return np.linalg.norm(centred - centred @ axes.T @ axes, axis=1)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(5, 60), st.sampled_from([12, 80]))
def test_novelty_is_the_residual_that_sklearn_gives(seed, n, d):
    rows = rows_near_a_plane(seed, n + 9, d)
    expected = residual_by_sklearn(rows[n:], rows[:n])
    np.testing.assert_allclose(novelty(rows[n:], rows[:n]), expected, atol=1e-6)


@pytest.mark.parametrize("d", [12, 200], ids=["more images", "more dimensions"])
def test_leaving_a_drive_out_is_a_refit_without_it(d):
    rows = rows_near_a_plane(7, 90, d)
    drives = np.repeat(["a", "b", "c", "d"], [40, 20, 20, 10])
    left = left_out_novelty(rows, drives)
    for drive in "abcd":
        mine = drives == drive
        expected = residual_by_sklearn(rows[mine], rows[~mine])
        np.testing.assert_allclose(left[mine], expected, atol=1e-6)


def test_a_direction_that_is_missing_is_novel_and_one_that_is_there_is_not():
    rng = np.random.default_rng(5)
    flat = np.zeros((200, 6))
    flat[:, :3] = rng.normal(size=(200, 3)) + np.array([4, 0, 0])
    pair = np.array([[4, 1, 1, 0, 0, 0], [4, 0, 0, 0, 0, 2.0]])
    flat, pair = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (flat, pair))
    known, new = novelty(pair.astype(np.float32), flat.astype(np.float32))
    assert new > 3 * known


def test_a_set_that_does_not_vary_measures_the_distance_to_its_mean():
    same = np.eye(3, dtype=np.float32)[[0, 0, 0]]
    assert novelty(np.eye(3, dtype=np.float32)[[1]], same)[0] == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize("count", [20, 100, 301], ids=["fewer than dimensions", "more", "odd"])
@pytest.mark.parametrize("noise", [0, 1e-8], ids=["copies", "to the last bit"])
def test_rounding_is_no_direction_that_a_set_varies_in(count, noise):
    rng = np.random.default_rng(count)
    rows = rng.normal(size=(9, 64))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    same = (rows[0] + noise * rng.normal(size=(count, 64))).astype(np.float32)
    apart = np.linalg.norm(rows[1:] - rows[0], axis=1)
    np.testing.assert_allclose(novelty(rows[1:].astype(np.float32), same), apart, atol=1e-6)
    left = left_out_novelty(same, np.arange(count) % 2)
    np.testing.assert_allclose(left, 0, atol=1e-6)


def test_too_few_images_are_refused():
    rows = rows_near_a_plane(1, 6)
    with pytest.raises(EmptySetError):
        left_out_novelty(rows, ["a"] * 5 + ["b"])
