import numpy as np
from gapsphere.plugin.report.cells import group
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

clouds = nps.arrays(
    np.float64,
    st.tuples(st.integers(1, 60), st.just(3)),
    elements=st.floats(-1e6, 1e6),
)


@given(clouds, st.integers(1, 80))
@settings(max_examples=150)
def test_cells_fit_the_budget_and_hold_every_point_once(points, budget):
    cells = group(points, budget)
    assert 1 <= len(cells.count) <= budget
    assert cells.count.sum() == len(points)
    assert (np.bincount(cells.label) == cells.count).all()


@given(clouds)
@settings(max_examples=100)
def test_means_and_largest_agree_with_a_loop(points):
    cells = group(points, 7)
    value = points[:, 0]
    for cell in range(len(cells.count)):
        members = np.flatnonzero(cells.label == cell)
        assert np.allclose(cells.mean(points)[cell], points[members].mean(axis=0), atol=1e-6)
        assert cells.largest(value)[cell] == members[np.argmax(value[members])]


def test_nothing_is_merged_within_the_budget():
    points = np.zeros((5, 3))
    assert group(points, 5).label.tolist() == [0, 1, 2, 3, 4]


def test_copies_are_one_cell_even_where_the_budget_would_allow_more():
    assert group(np.zeros((6, 3)), 5).count.tolist() == [6]


def test_a_lonely_point_keeps_its_own_cell():
    rng = np.random.default_rng(0)
    points = np.vstack([rng.normal(size=(500, 3)) * 0.01, [[1, 1, 1]]])
    cells = group(points, 50)
    assert cells.count[cells.label[-1]] == 1
    assert len(cells.count) > 25
