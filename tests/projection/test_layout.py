import math
import warnings

import numpy as np
import pytest
from gapsphere.plugin.compiled import compiled
from gapsphere.plugin.coverage.nearest.neighbors import nearest, self_first
from gapsphere.plugin.errors import Cancelled
from gapsphere.plugin.projection import layout
from gapsphere.plugin.projection.epoch import TOGETHER, move
from gapsphere.plugin.projection.graph import fuzzy_graph
from gapsphere.plugin.projection.layout import curve, lay_out
from gapsphere.tests.support.made_rows import unit


@pytest.fixture(scope="module")
def neighbours(clusters):
    squared, row = self_first(*nearest(clusters[0], clusters[0], 15))
    return row, (squared / 2).astype(np.float32)


@pytest.fixture(scope="module")
def graph(neighbours):
    return fuzzy_graph(*neighbours)


@pytest.fixture(scope="module")
def start():
    return np.random.default_rng(3).normal(scale=2, size=(240, 3)).astype(np.float32)


@pytest.mark.slow  # umap-learn compiles as it is imported
def test_graph_and_curve_are_those_of_umap_learn(neighbours, monkeypatch):
    umap_ = pytest.importorskip("umap.umap_")
    for function in ("smooth_knn_dist", "compute_membership_strengths"):
        # As they are written: to compile them takes far longer than 240 rows do in Python.
        monkeypatch.setattr(umap_, function, getattr(umap_, function).py_func)
    copies = np.zeros((40, 15), np.float32), np.tile(np.arange(15), (40, 1))
    for row, distance in (neighbours, self_first(*copies)[::-1]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted, *_ = umap_.fuzzy_simplicial_set(
                row, 15, None, "euclidean", knn_indices=row, knn_dists=distance, return_dists=False
            )
        graph = fuzzy_graph(row, distance)
        dense = np.zeros(wanted.shape, np.float32)
        head = np.repeat(np.arange(len(row)), np.diff(graph.first_edge))
        dense[head, graph.neighbour] = graph.weight
        wanted = wanted.toarray() / wanted.max()
        assert np.allclose(dense, np.where(wanted < 1 / 500, 0, wanted), atol=1e-4)
        assert (dense == dense.T).all()
    assert curve(0.3) == pytest.approx(umap_.find_ab_params(1.0, 0.3))


@pytest.mark.parametrize("native", [False, True])
def test_any_number_of_threads_gives_the_same_bits(graph, start, monkeypatch, native):
    monkeypatch.setattr(layout, "EDGES_A_SHARE", 100)
    assert len(layout._shares(graph, 3)) == 3
    first, kept = unit(start) if native else start, start.copy()
    one, *others = (
        lay_out(graph, first, epochs=50, min_dist=0.1, seed=7, native=native, threads=threads)
        for threads in (1, 2, 3)
    )
    assert all(np.array_equal(one, other) for other in others)
    another = lay_out(graph, first, epochs=50, min_dist=0.1, seed=8, native=native)
    assert not np.array_equal(one, another)
    assert np.array_equal(start, kept)


def test_raising_progress_ends_the_layout_after_that_epoch(graph, start):
    heard = []

    def stop(done, total):
        heard.append((done, total))
        if done == 3:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        lay_out(graph, start, epochs=20, min_dist=0.1, seed=1, progress=stop)
    assert heard == [(1, 20), (2, 20), (3, 20)]


def mixed(number):
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        number = (number ^ (number >> shift)) * factor % 2**32
    return number ^ (number >> 16)


def one_epoch(graph, old, pool, epoch, rate, a, b, seed, native):
    """What ``move`` does, in float64, with the forces as McInnes et al. write them."""
    old, new, pool = old.astype(np.float64), old.astype(np.float64), pool.astype(np.float64)
    for v, place in enumerate(old):
        edges = slice(graph.first_edge[v], graph.first_edge[v + 1])
        moved, stiff = np.zeros(3), 0.0

        def apart(other):
            difference = other - place  # noqa: B023
            chord = max(np.linalg.norm(difference), 1e-12)
            return difference / chord, 2 * math.asin(min(chord, 2) / 2) if native else chord, chord

        for other, w in zip(graph.neighbour[edges], graph.weight[edges], strict=True):
            direction, r, chord = apart(old[other])
            force = 2 * w * 2 * a * b * r ** (2 * b - 1) / (1 + a * r ** (2 * b))
            moved, stiff = moved + force * direction, stiff + force / chord
        pushes = 5 * float(graph.weight[edges].sum())
        for turn in range(math.floor((epoch + 1) * pushes) - math.floor(epoch * pushes)):
            key = (v * 0x9E3779B1 + seed + turn // TOGETHER * TOGETHER * 0x85EBCA77) % 2**32
            first = mixed(key) * (len(pool) - TOGETHER) >> 32
            direction, r, _ = apart(pool[first + turn % TOGETHER])
            force = 2 * b * r / ((1e-3 + r**2) * (1 + a * r ** (2 * b)))
            moved -= min(force, 4) * direction
        new[v] = place + rate / (1 + rate * stiff) * moved
    return new / np.linalg.norm(new, axis=1, keepdims=True) if native else new


@pytest.mark.parametrize("native", [False, True])
def test_an_epoch_is_that_of_a_plain_float64_loop(graph, start, native):
    old, (a, b), seed = unit(start) if native else start, curve(0.1), 2**31 + 12345
    pool = old[np.random.default_rng(2).permutation(len(old))]
    fixed = np.float32(0.5), *layout.forces(0.1, native), np.uint32(seed), native
    columns, pooled = (np.ascontiguousarray(rows.T) for rows in (old, pool))
    moved = np.empty_like(columns)
    move(columns, moved, pooled, *graph, 0, len(old), 0, *fixed)
    wanted, new = one_epoch(graph, old, pool, 0, 0.5, a, b, seed, native), moved.T
    assert np.abs(wanted - old).max() > 0.1
    assert np.abs(new - wanted).max() < 0.02  # forces come from a table, 256 rows an octave


def test_vertices_come_back_in_the_order_they_came_in(graph, start):
    order = np.random.default_rng(5).permutation(len(start))
    other = graph.in_order(order)
    assert other.weight.dtype == np.float32
    for new, old in enumerate(order):
        mine, its = (
            dict(zip(g.neighbour[edges].tolist(), g.weight[edges].tolist(), strict=True))
            for g, edges in (
                (other, slice(*other.first_edge[new : new + 2])),
                (graph, slice(*graph.first_edge[old : old + 2])),
            )
        )
        assert {int(order[end]): weight for end, weight in mine.items()} == its
    # Each place is taken by one vertex, so that both are laid out along the same curve.
    places = lay_out(graph, start, epochs=5, min_dist=0.1, seed=1)
    again = lay_out(other, start[order], epochs=5, min_dist=0.1, seed=1)
    assert np.allclose(again, places[order], atol=1e-4)


@pytest.mark.parametrize("native", [False, True])
def test_vertices_at_one_place_far_away_or_opposite_stay_finite(graph, native):
    same = np.tile(np.float32([[0, 0, 1]]), (240, 1))
    far = np.where(np.arange(240)[:, None] % 2, same, -same) * np.float32(1 if native else 1e15)
    for first in (same, far):
        places = lay_out(graph, first, epochs=20, min_dist=0.1, seed=1, native=native)
        assert np.isfinite(places).all()


def test_where_nothing_can_be_kept_loops_still_compile(monkeypatch):
    import numba.core.caching

    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])

    @compiled("int64(int64)", nogil=True)
    def double(value):
        return value * 2

    assert double(21) == 42
