import numpy as np
import pytest
from gapsphere.plugin.errors import DimensionError, EmptySetError, NotFiniteError
from gapsphere.plugin.projection.lambert import REACH, from_disc, lift_to_sphere
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps


def disc(count, seed=0):
    rng = np.random.default_rng(seed)
    radius, angle = 2 * np.sqrt(rng.random(count)), 2 * np.pi * rng.random(count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def to_disc(places):
    """The forward projection: ``|x, y| = 2 sin(c / 2)`` with ``c`` the angle to the pole."""
    planar = np.hypot(places[:, 0], places[:, 1])
    radius = 2 * np.sin(np.arctan2(planar, places[:, 2]) / 2)
    return places[:, :2] * (radius / planar)[:, None]


def test_down_and_up_again_is_the_same_point():
    points = disc(5000)
    np.testing.assert_allclose(to_disc(from_disc(points).astype(np.float64)), points, atol=2e-3)
    inner = points[np.linalg.norm(points, axis=1) < 1.9]
    np.testing.assert_allclose(to_disc(from_disc(inner).astype(np.float64)), inner, atol=1e-5)


def test_the_forward_formula_of_the_manual_agrees():
    """Snyder (1987), equations 24-2 to 24-4 for the polar aspect, in float64."""
    places = from_disc(disc(2000)).astype(np.float64)
    latitude, longitude = np.arcsin(places[:, 2]), np.arctan2(places[:, 1], places[:, 0])
    radius = 2 * np.sin(np.pi / 4 - latitude / 2)
    expected = np.stack([radius * np.cos(longitude), radius * np.sin(longitude)], axis=1)
    np.testing.assert_allclose(to_disc(places), expected, atol=2e-4)


def test_equal_areas_of_the_map_are_equal_areas_of_the_sphere():
    """Points spread evenly over the disc fall evenly into caps of equal area."""
    height = from_disc(disc(200_000))[:, 2]
    counts, _ = np.histogram(height, bins=20, range=(-1, 1))  # Archimedes: equal slices, equal area
    np.testing.assert_allclose(counts / 10_000, 1, atol=0.05)


@given(
    nps.arrays(
        np.float64,
        st.tuples(st.integers(1, 30), st.just(2)),
        elements=st.floats(-1e300, 1e300, allow_subnormal=False),
    )
)
def test_every_finite_map_becomes_unit_rows_that_keep_off_the_antipode(points):
    places = lift_to_sphere(points).places.astype(np.float64)
    np.testing.assert_allclose(np.linalg.norm(places, axis=1), 1, atol=1e-5)
    assert places[:, 2].min() >= 1 - 2 * REACH**2 - 1e-5


def test_the_unit_and_the_origin_of_the_map_do_not_matter():
    points = disc(100, seed=3)
    moved = lift_to_sphere(points * 37 - 1000).places
    np.testing.assert_allclose(moved, lift_to_sphere(points).places, atol=1e-4)


def test_one_place_is_the_pole():
    assert lift_to_sphere([[3, 4], [3, 4]]).places.tolist() == [[0, 0, 1]] * 2


@pytest.mark.parametrize(
    ("points", "error"),
    [
        (np.empty((0, 2)), EmptySetError),
        (np.zeros((3, 3)), DimensionError),
        ([[0, np.nan]], NotFiniteError),
    ],
)
def test_what_is_no_map_is_refused(points, error):
    with pytest.raises(error):
        lift_to_sphere(points)
