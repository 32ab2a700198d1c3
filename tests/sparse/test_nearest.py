"""The nearest samples against brute force."""

import numpy as np
import pytest
from gapsphere.plugin.sparse.frames.nearest import lattice, nearest_samples


def brute(pixels, resolution, k, queries, penalty):
    y, x = np.divmod(pixels, resolution[1])
    d = (2 * y - queries[:, 1:]) ** 2 + (2 * x - queries[:, :1]) ** 2 + 4 * penalty
    return np.argsort(d, axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("resolution", [(32, 32), (7, 45), (1, 9), (33, 5)])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_neighbours_are_those_of_a_full_search(resolution, stride, random):
    size = resolution[0] * resolution[1]
    for n, k in ((size // 3, 8), (2, 2), (size, 3)):
        pixels = random.choice(size, n, replace=False)
        penalty = random.integers(0, 9, n).astype(float) ** 2
        queries = lattice(resolution, stride)
        found = nearest_samples(pixels, resolution, k, queries=queries, penalty=penalty)
        assert (found[:, : min(n, k)] == brute(pixels, resolution, k, queries, penalty)).all()


def test_missing_neighbours_are_minus_one():
    found = nearest_samples(np.array([4]), (3, 3), 4)
    assert (found[:, 0] == 0).all()
    assert (found[:, 1:] == -1).all()


def test_neighbours_do_not_depend_on_the_order_of_samples(random):
    pixels = random.choice(400, 40, replace=False)
    mixed = random.permutation(40)
    a = pixels[nearest_samples(pixels, (20, 20), 1).ravel()]
    b = pixels[mixed][nearest_samples(pixels[mixed], (20, 20), 1).ravel()]
    y, x = np.divmod(np.arange(400), 20)
    same = np.hypot(a // 20 - y, a % 20 - x) == np.hypot(b // 20 - y, b % 20 - x)
    assert same.all()
