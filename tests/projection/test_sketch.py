"""The filtered search gives what brute force gives."""

import numpy as np
import pytest
from gapsphere.plugin.projection import sketch
from gapsphere.plugin.projection.sketch import Sketch
from gapsphere.tests.support.made_rows import unit
from gapsphere.tests.support.neighbours import assert_same_neighbours


def decaying(n, d, seed=0):
    """Directions of falling weight, as embeddings of real images have them."""
    rng = np.random.default_rng(seed)
    return unit(rng.normal(size=(n, d)) / np.arange(1, d + 1) ** 0.7 + rng.normal(size=d) * 0.05)


def flat(n, d, seed=0):
    """The worst case: no direction says more than another."""
    return unit(np.random.default_rng(seed).normal(size=(n, d)))


def brute(rows, query, m, among=None):
    similarity = rows.astype(np.float64) @ query.astype(np.float64)
    known = np.arange(len(rows)) if among is None else np.flatnonzero(among)
    return known[np.lexsort((known, -similarity[known]))[:m]], np.sort(similarity[known])[::-1][:m]


@pytest.mark.parametrize("made", [decaying, flat])
@pytest.mark.parametrize("rank", [0, 1, 7, 64])
def test_the_best_are_those_of_brute_force(made, rank):
    rows = made(3000, 64)
    search = Sketch(rows, rank=rank)
    for query in [*made(5, 64, seed=9), *rows[:2]]:
        for m in (1, 50):
            found, similarity = search.of(query).top(m)
            _, exact = brute(rows, query, m)
            assert len(set(found.tolist())) == m
            # Compared by value: float32 may swap two that differ in the seventh digit.
            np.testing.assert_allclose(rows[found] @ query, exact, atol=1e-6)
            np.testing.assert_allclose(similarity, exact, atol=1e-6)


def test_only_the_rows_that_count_are_found():
    rows, rng = decaying(2000, 32), np.random.default_rng(1)
    among = rng.random(2000) < 0.1
    found, _ = Sketch(rows, rank=5).of(rows[3]).top(20, among)
    assert among[found].all()
    exact = np.where(among, 1 - rows.astype(np.float64) @ rows[3].astype(np.float64), np.inf)
    assert_same_neighbours(found, exact, tie=1e-6)
    assert len(Sketch(rows, rank=5).of(rows[3]).top(5000, among)[0]) == among.sum()
    assert len(Sketch(rows, rank=5).of(rows[3]).top(5, np.zeros(2000, bool))[0]) == 0


def test_copies_come_by_row_and_opposites_are_found():
    row = unit(np.ones((1, 16)))
    rows = np.concatenate([np.repeat(row, 40, axis=0), -np.repeat(row, 40, axis=0)])
    search = Sketch(rows, rank=3)
    assert search.of(row[0]).top(3)[0].tolist() == [0, 1, 2]
    assert search.of(-row[0]).top(3)[0].tolist() == [40, 41, 42]


def test_few_rows_are_read_where_directions_differ_in_weight():
    """Rows on disk, counted as they are read."""
    rows = decaying(20_000, 128)
    read = []

    class Counted(np.ndarray):
        def __getitem__(self, key):
            if isinstance(key, np.ndarray):
                read.append(len(key))
            return np.asarray(super().__getitem__(key))

    search = Sketch(rows.view(Counted), rank=31)
    read.clear()
    search.of(decaying(1, 128, seed=5)[0]).top(50)
    assert sum(read) < 2000


def test_a_small_matrix_is_multiplied_as_a_whole_and_a_large_one_is_not(monkeypatch):
    rows = flat(100, 8)
    assert Sketch(rows)._filter is rows
    monkeypatch.setattr(sketch, "WORTH_IT", 500)
    assert Sketch(rows)._filter is not rows
