"""The nearest of another group inside one set: half of the product, the whole answer."""

from unittest.mock import patch

import numpy as np
import pytest
from coverage_oracles import clustered, distances64, unit
from gapsphere.plugin.coverage.nearest import segments, tiles, within
from gapsphere.plugin.coverage.nearest.distances import closest
from gapsphere.plugin.coverage.nearest.within import closest_within
from hypothesis import given, settings
from hypothesis import strategies as st

GROUPS = {
    "drives": lambda random, n: np.sort(random.integers(0, 5, n)),
    "short drives": lambda random, n: np.arange(n) // 3,
    "images": lambda random, n: np.arange(n),
    "no order": lambda random, n: random.integers(0, 4, n),
    "one group": lambda random, n: np.zeros(n, np.int64),
}


def expected(rows, group):
    squared = distances64(rows, rows) ** 2
    squared[group[:, None] == group] = np.inf
    index = squared.argmin(axis=1)
    index[np.isinf(squared.min(axis=1))] = 0
    return squared.min(axis=1), index


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 150), st.sampled_from(sorted(GROUPS)), st.booleans())
def test_the_nearest_is_that_of_all_pairs_in_float64(seed, n, kind, copies):
    random = np.random.default_rng(seed)
    rows = unit(random.standard_normal((n, 4)))
    if copies:
        rows = rows[random.integers(0, max(n // 3, 1), n)]
    group = GROUPS[kind](random, n)
    with (
        patch.object(tiles, "QUERIES_AT_ONCE", int(random.integers(1, 60))),
        patch.object(tiles, "LONGEST", int(random.integers(1, 40))),
    ):
        squared, index = closest_within(rows, group, memory_mb=float(random.choice([0.3, 512])))
    wanted = expected(rows, group)
    np.testing.assert_allclose(squared, wanted[0], atol=1e-15)
    np.testing.assert_array_equal(index, wanted[1])


@pytest.mark.parametrize("kind", GROUPS)
def test_half_of_the_product_gives_the_whole_one_to_the_last_bit(kind, monkeypatch):
    monkeypatch.setattr(tiles, "QUERIES_AT_ONCE", 128)
    rows = clustered(900, 48)
    group = GROUPS[kind](np.random.default_rng(1), 900)
    for found, whole in zip(
        closest_within(rows, group), closest(rows, rows.copy(), group=group), strict=True
    ):
        np.testing.assert_array_equal(found, whole)


def test_a_set_too_large_for_what_is_kept_takes_the_whole_product():
    rows, group = clustered(60, 8), np.arange(60) // 10
    assert closest_within(rows, group, memory_mb=0.0005) is None
    few = closest(rows, rows, group=group, memory_mb=0.0005)
    np.testing.assert_array_equal(few, closest(rows, rows, group=group))


def test_only_half_is_multiplied_and_little_again(monkeypatch):
    monkeypatch.setattr(tiles, "QUERIES_AT_ONCE", 100)
    cells = []
    product = tiles._matrix_product

    def counted(references):
        made = product(references)
        return lambda rows, columns: cells.append((len(rows), columns)) or made(rows, columns)

    monkeypatch.setattr(tiles, "_matrix_product", counted)
    again = []
    ask = within._Half._ask
    monkeypatch.setattr(
        within._Half, "_ask", lambda half, some, which: again.append(some) or ask(half, some, which)
    )
    closest_within(clustered(2000, 48), np.arange(2000) // 50)
    assert sum(n * (which.stop - which.start) for n, which in cells) == 100**2 * 20 * 21 / 2
    assert sum(map(len, again)) < 1.2 * 2000


def test_segments_keep_to_whole_drives_or_to_one():
    labels = np.repeat(np.arange(6), [3, 40, 2, 2, 5, 9])
    for longest in (1, 4, 9, 100):
        starts = segments.segments(len(labels), labels, longest)
        assert starts[0] == 0
        for first, end in zip(starts, [*starts[1:], len(labels)], strict=True):
            assert 0 < end - first <= longest
            mine = np.unique(labels[first:end])
            assert len(mine) == 1 or np.isin(labels, mine).sum() == end - first
