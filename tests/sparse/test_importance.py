"""Importance maps and what is logged of them."""

import numpy as np
import pytest
import torch
from gapsphere.plugin.errors import InputError, NotFiniteError
from gapsphere.plugin.sparse.network.attention import entropy_of
from gapsphere.plugin.sparse.network.importance import (
    checked_importance,
    gradient_of,
    multi_scale,
    smooth_in_time,
    stats_of,
    stretched,
)


def rows(*weights):
    return torch.tensor([weights], dtype=torch.float64)


def test_entropy_is_absolute_and_does_not_depend_on_the_other_pixels():
    even, sure = [0.25] * 4, [1.0, 0, 0, 0]
    found = entropy_of(rows(even, sure, even, even), 4)[0]
    assert found.tolist() == [pytest.approx(1), 0, pytest.approx(1), pytest.approx(1)]
    assert entropy_of(rows(even, even), 4).tolist() == [[1.0, 1.0]]


def test_entropy_is_a_share_of_what_the_number_of_keys_allows():
    for keys in (2, 7, 500):
        even = torch.full((1, 1, keys), 1 / keys)
        assert float(entropy_of(even, keys)) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_importance_that_is_not_finite_is_refused(bad):
    with pytest.raises(NotFiniteError):
        checked_importance(np.array([[1.0, bad]]))


def test_scales_add_a_coarse_view_and_one_changes_nothing(random):
    importance = random.random((20, 20)).astype(np.float32)
    assert np.array_equal(multi_scale(importance, (1,)), importance)
    point = np.zeros((21, 21), np.float32)
    point[10, 10] = 1
    both = multi_scale(point, (1, 5))
    assert both[10, 10] > both[11, 11] > 0
    assert both.sum() == pytest.approx(1, abs=1e-5)
    with pytest.raises(InputError):
        multi_scale(importance, ())


def test_time_smoothing_keeps_its_share_and_starts_anew_where_there_is_nothing(random):
    old, new = (random.random((4, 4)).astype(np.float32) for _ in range(2))
    assert np.allclose(smooth_in_time(new, old, 0.25), 0.25 * old + 0.75 * new)
    assert smooth_in_time(new, None, 0.9) is new
    assert smooth_in_time(new, old[:2], 0.9) is new


def test_logged_entropy_tells_even_from_pointed_maps():
    point = np.zeros((8, 8), np.float32)
    point[2, 2] = 3
    assert stats_of(np.full((8, 8), 0.2)).entropy == pytest.approx(1)
    assert stats_of(point).entropy == pytest.approx(0)
    assert stats_of(np.zeros((8, 8))).entropy == pytest.approx(1)
    figures = stats_of(point)
    assert (figures.max, figures.mean) == (3, pytest.approx(3 / 64))


def test_a_flat_map_is_stretched_to_the_middle(random):
    assert (stretched(np.full((3, 3), 0.7, np.float32)) == 128).all()
    shown = stretched(random.random((5, 5)).astype(np.float32))
    assert (shown.min(), shown.max()) == (0, 255)


def test_the_gradient_is_that_of_the_brightness():
    ramp = np.tile(np.arange(8, dtype=np.uint8) * 3, (5, 1))
    assert np.allclose(gradient_of(ramp), 3)
    assert np.allclose(gradient_of(np.repeat(ramp[..., None], 3, axis=2)), 3)
    assert gradient_of(np.zeros((1, 5))).shape == (1, 5)
