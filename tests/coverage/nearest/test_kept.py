"""What is kept of many products is what sorting all distances gives."""

import numpy as np
from gapsphere.plugin.coverage.nearest.kept import keep_nearest


def test_the_nearest_of_many_products_are_kept_closest_first_and_the_first_of_equals():
    rng = np.random.default_rng(0)
    rows = rng.integers(-3, 4, (90, 4)).astype(np.float32)  # small integers: exact, and many equal
    queries, k = rows[:20], 8
    distance = np.full((20, k), np.inf, np.float32)
    row = np.full((20, k), -1, np.int64)
    asking = np.array([*range(3, 20)])
    for among in np.split(np.arange(90), [5, 6, 50]):
        base = rows[among]
        keep_nearest(
            *(queries[asking] @ base.T, asking, among, (base * base).sum(axis=1), distance, row)
        )
    truth = (rows * rows).sum(axis=1) - 2 * queries @ rows.T
    order = np.argsort(truth, axis=1, kind="stable")[:, :k]
    assert np.array_equal(row[3:], order[3:])
    assert np.array_equal(distance[3:], np.take_along_axis(truth, order, 1)[3:])
    assert (row[:3] == -1).all()
    assert np.isinf(distance[:3]).all()


def test_fewer_than_are_kept_leave_places_without_a_row():
    distance, row = np.full((1, 3), np.inf, np.float32), np.full((1, 3), -1, np.int64)
    one = np.array([0])
    keep_nearest(np.ones((1, 1), np.float32), one, one, np.ones(1, np.float32), distance, row)
    assert row.tolist() == [[0, -1, -1]]
    assert distance.tolist() == [[-1, np.inf, np.inf]]
