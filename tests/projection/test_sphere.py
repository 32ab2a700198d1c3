import numpy as np
import pytest
from gapsphere.plugin.errors import DimensionError, EmptySetError, NotFiniteError
from gapsphere.plugin.projection import sphere
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
@settings(max_examples=200, deadline=None)
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


def test_spherical_angles_lead_back_to_the_same_place(cloud):
    places = np.vstack([cloud, [[0, 0, 1], [0, 0, -1], [-1, 0, 0]]])
    assert np.allclose(sphere.to_cartesian(sphere.to_spherical(places)), places, atol=1e-12)


def test_geodesic_is_exact_for_close_and_for_opposite_places():
    for angle in (0, 1e-9, 1e-4, 1.0, np.pi - 1e-9, np.pi):
        b = [np.cos(angle), np.sin(angle), 0]
        assert sphere.geodesic([1, 0, 0], b) == pytest.approx(angle, abs=1e-15, rel=1e-9)


def test_lattice_places_are_even():
    lattice = sphere.fibonacci_lattice(1000)
    assert np.allclose(np.linalg.norm(lattice, axis=1), 1, atol=1e-6)
    gap = sphere.nearest_on_sphere(lattice, lattice, 2).angle[:, 1]
    assert gap.max() < 2 * gap.min()
    # Every direction has a place near: no hole wider than a few cells.
    probe = unit(np.random.default_rng(0).normal(size=(2000, 3)))
    assert sphere.nearest_on_sphere(lattice, probe, 1).angle.max() < 2 * np.sqrt(4 / 1000)
    assert sphere.fibonacci_lattice(1).shape == (1, 3)
    with pytest.raises(EmptySetError):
        sphere.fibonacci_lattice(0)


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
    found = sphere.nearest_on_sphere(cloud, queries, 12)
    assert (found.index == np.argsort(truth, axis=1)[:, :12]).all()
    assert np.allclose(found.angle, np.sort(truth, axis=1)[:, :12], atol=1e-12)


def test_more_neighbours_than_points_gives_all_of_them(cloud):
    found = sphere.nearest_on_sphere(cloud[:3], cloud[:2], 8)
    assert found.index.shape == (2, 3)
    with pytest.raises(EmptySetError):
        sphere.nearest_on_sphere(np.empty((0, 3)), cloud[:1], 1)


@pytest.mark.parametrize("place", [[0, 0, 1], [0, 0, -1], [1, 0, 0], [0.6, -0.48, -0.64]])
def test_tangent_frame_is_orthonormal(place):
    frame = np.vstack([sphere.tangent_frame(place), place])
    assert np.allclose(frame @ frame.T, np.eye(3), atol=1e-12)


def test_circle_stays_at_its_angle_and_closes(cloud):
    rim = sphere.circle(cloud[0], 0.4)
    assert np.allclose(sphere.geodesic(rim, cloud[0]), 0.4)
    assert np.allclose(rim[0], rim[-1])


def test_great_circle_is_evenly_spaced_and_shortest(cloud):
    for a, b in [(cloud[0], cloud[1]), (cloud[2], -cloud[2]), (cloud[3], cloud[3])]:
        arc = sphere.great_circle(a, b, 20)
        step = sphere.geodesic(arc[1:], arc[:-1])
        assert np.allclose(step.sum(), sphere.geodesic(a, b), atol=1e-9)
        assert np.allclose(step, step[0], atol=1e-9)
        assert np.allclose(arc[-1], b, atol=1e-9)
