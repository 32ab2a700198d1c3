import numpy as np
import pytest
from gapsphere.plugin.errors import DimensionError, EmptySetError, NotFiniteError
from gapsphere.plugin.projection import sphere
from gapsphere.tests.support.neighbours import assert_same_neighbours
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

coordinates = nps.arrays(
    np.float64,
    st.tuples(st.integers(1, 20), st.just(3)),
    elements=st.floats(allow_nan=False, allow_infinity=False),
)


def unit(rows):
    rows = np.asarray(rows, dtype=np.float64)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def cloud():
    return unit(np.random.default_rng(3).normal(size=(400, 3)))


@given(coordinates)
@settings(max_examples=200)
def test_any_finite_point_becomes_a_unit_row(points):
    on_sphere = sphere.to_unit_sphere(points)
    assert on_sphere.dtype == np.float32
    assert np.allclose(np.linalg.norm(on_sphere.astype(np.float64), axis=1), 1, atol=1e-6)


def test_a_point_at_the_centre_goes_to_the_north_pole():
    assert sphere.to_unit_sphere([[4, 5, 6]]).tolist() == [[0, 0, 1]]


def test_projection_keeps_the_direction_from_the_centre():
    points = np.random.default_rng(0).normal(size=(50, 3)) * 7 + 40
    centre = sphere.robust_centre(points)
    assert np.allclose(sphere.to_unit_sphere(points), unit(points - centre), atol=1e-6)


def test_a_far_island_does_not_drag_the_centre_along():
    points = np.random.default_rng(0).normal(size=(100, 3))
    moved = points.copy()
    moved[:10] += 1e6
    assert np.linalg.norm(sphere.robust_centre(moved) - sphere.robust_centre(points)) < 1


def test_bad_coordinates_are_named():
    with pytest.raises(NotFiniteError, match="Row 1 of points"):
        sphere.to_unit_sphere([[0, 0, 1], [np.nan, 0, 0]])
    with pytest.raises(DimensionError, match=r"\(2, 2\)"):
        sphere.to_unit_sphere(np.zeros((2, 2)))


def test_no_points_give_no_rows():
    assert sphere.to_unit_sphere(np.empty((0, 3))).shape == (0, 3)


def test_geodesic_is_exact_for_close_and_for_opposite_places():
    for angle in (0, 1e-9, 1e-4, 1.0, np.pi - 1e-9, np.pi):
        b = [np.cos(angle), np.sin(angle), 0]
        assert sphere.geodesic([1, 0, 0], b) == pytest.approx(angle, abs=1e-15, rel=1e-9)


@pytest.mark.parametrize("angle", [0.0, 0.01, 0.5, np.pi / 2, 3.0, np.pi])
def test_cap_agrees_with_the_angle_of_every_point(cloud, angle):
    middle = cloud[7]
    truth = np.arccos(np.clip(cloud @ middle, -1, 1)) <= angle + 1e-7
    truth[7] = True  # arccos near 1 is too coarse for the point itself
    assert (sphere.cap(cloud, middle, angle) == truth).all()
    assert (
        sphere.SphereIndex(cloud).within(middle, angle).tolist() == np.flatnonzero(truth).tolist()
    )


def test_nearest_agrees_with_brute_force(cloud):
    queries = unit(np.random.default_rng(5).normal(size=(30, 3)))
    truth = sphere.geodesic(queries[:, None], cloud[None])
    found = sphere.SphereIndex(cloud).nearest(queries, 12)
    assert_same_neighbours(found.index, truth, tie=1e-14)
    assert np.allclose(found.angle, np.sort(truth, axis=1)[:, :12], atol=1e-12)


def test_more_neighbours_than_points_gives_all_of_them(cloud):
    found = sphere.SphereIndex(cloud[:3]).nearest(cloud[:2], 8)
    assert found.index.shape == (2, 3)
    with pytest.raises(EmptySetError):
        sphere.SphereIndex(np.empty((0, 3))).nearest(cloud[:1], 1)
