import subprocess
import sys
import warnings

import numpy as np
import pytest
from gapsphere.plugin.coverage.nearest.neighbors import nearest, self_first
from gapsphere.plugin.errors import (
    Cancelled,
    DimensionError,
    EmptySetError,
    InputError,
    NotFiniteError,
)
from gapsphere.plugin.projection import umap3d
from gapsphere.plugin.projection.graph import Graph
from gapsphere.plugin.projection.sphere import robust_centre, to_unit_sphere
from gapsphere.plugin.projection.trust import sphere_quality
from gapsphere.plugin.projection.umap3d import _draw, fit_sphere, principal_components
from gapsphere.tests.support.made_rows import unit
from sklearn.decomposition import PCA


def assert_unit_rows(rows, n):
    assert rows.shape == (n, 3)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_clusters_stay_together_on_the_sphere(clusters, fitted):
    vectors, label = clusters
    assert_unit_rows(fitted.sphere, len(vectors))
    cosine = fitted.sphere @ fitted.sphere.T
    np.fill_diagonal(cosine, -2)
    assert (label[cosine.argmax(axis=1)] == label).mean() > 0.95
    assert sphere_quality(vectors, fitted.sphere).trustworthiness > 0.85


def test_sphere_is_umap_seen_from_the_recorded_centre(fitted):
    assert np.allclose(fitted.centre, robust_centre(fitted.umap3d))
    assert np.array_equal(fitted.sphere, to_unit_sphere(fitted.umap3d, fitted.centre))


def test_same_seed_same_sphere_and_another_seed_another(clusters, fitted):
    vectors = clusters[0]
    assert np.array_equal(fit_sphere(vectors).umap3d, fitted.umap3d)
    assert not np.array_equal(fit_sphere(vectors, seed=8).umap3d, fitted.umap3d)


FRESH = """
import sys
import numpy as np
import torch
from gapsphere.plugin.projection.umap3d import fit_sphere

before = torch.get_num_threads()
np.save(sys.argv[2], fit_sphere(np.load(sys.argv[1])).umap3d)
assert torch.get_num_threads() == before
assert not {"umap", "pynndescent", "sklearn"} & set(sys.modules)
from gapsphere.plugin.projection.epoch import move
assert not sum(move.stats.cache_misses.values())
"""


@pytest.mark.slow  # a process that imports UMAP anew
def test_a_fresh_process_gives_the_same_sphere_compiles_nothing_and_keeps_threads(
    clusters, fitted, tmp_path
):
    """The loop was compiled, and kept, by whoever made ``fitted``."""
    np.save(tmp_path / "in.npy", clusters[0])
    files = [str(tmp_path / "in.npy"), str(tmp_path / "out.npy")]
    subprocess.run([sys.executable, "-c", FRESH, *files], check=True)
    assert np.array_equal(np.load(files[1]), fitted.umap3d)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 9])
def test_few_points_get_finite_places(clusters, n, native):
    fit = fit_sphere(clusters[0][:n], native=native)
    assert_unit_rows(fit.sphere, n)
    if n > 1:
        assert len(np.unique(fit.sphere.round(4), axis=0)) == n


@pytest.mark.parametrize("native", [False, True])
def test_constant_embeddings_share_one_place(clusters, native):
    fit = fit_sphere(np.repeat(clusters[0][:1], 50, axis=0), native=native)
    assert_unit_rows(fit.sphere, 50)
    assert len(np.unique(fit.sphere, axis=0)) == 1


def test_duplicates_zero_rows_antipodes_and_islands_are_laid_out(clusters):
    vectors = clusters[0]
    copies = np.repeat(vectors[:4], 45, axis=0)  # four islands: more copies than neighbours
    opposite = np.vstack([vectors[:1], -vectors[:1]]).repeat(6, axis=0)
    with_zero = np.vstack([vectors[:40], np.zeros((2, 32), np.float32)])
    for case in (copies, opposite, with_zero, np.eye(64, dtype=np.float32)):
        assert_unit_rows(fit_sphere(case).sphere, len(case))


def test_copies_land_together(clusters):
    vectors = np.vstack([clusters[0], clusters[0][:20]])
    sphere = fit_sphere(vectors).sphere
    apart = np.linalg.norm(sphere[:20] - sphere[240:], axis=1)
    assert np.median(apart) < 0.15


def test_nothing_is_said_to_the_user(clusters, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_sphere(np.repeat(clusters[0][:4], 45, axis=0))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("n", "d", "count"), [(240, 32, 3), (90, 400, 3), (900, 200, 8), (240, 32, 32), (5, 32, 9)]
)
def test_principal_components_are_those_of_scikit_learn(n, d, count):
    rng = np.random.default_rng(1)
    vectors = unit(rng.normal(size=(n, d)) / np.arange(1, d + 1) + 0.2).astype(np.float32)
    scores = principal_components(vectors, count, seed=51)
    wanted = PCA(min(count, n, d), svd_solver="full").fit_transform(vectors.astype(np.float64))
    wanted = np.pad(wanted, ((0, 0), (0, count - wanted.shape[1])))
    wanted *= np.where((scores * wanted).sum(axis=0) < 0, -1, 1)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, wanted, atol=1e-6)
    assert np.array_equal(scores, principal_components(vectors, count, seed=51))


@pytest.mark.parametrize(
    "options", [{"pca_dim": 8}, {"pca_dim": 2**31 - 1}, {"metric": "euclidean"}]
)
def test_options_keep_the_neighbourhoods(clusters, options):
    fit = fit_sphere(clusters[0], **options)
    assert sphere_quality(clusters[0], fit.sphere).trustworthiness > 0.85


def test_native_sphere_keeps_the_neighbourhoods(clusters):
    fit = fit_sphere(clusters[0], native=True)
    assert np.array_equal(fit.sphere, fit.umap3d)
    assert sphere_quality(clusters[0], fit.sphere).trustworthiness > 0.85


@pytest.mark.parametrize("native", [False, True])
def test_many_points_start_among_a_few_and_come_out_as_well(clusters, monkeypatch, native):
    monkeypatch.setattr(umap3d, "FEW", 100)
    monkeypatch.setattr(umap3d, "ONE_IN", 4)
    laid_out, lay_out = [], umap3d.lay_out

    def counted(graph, first, **more):
        laid_out.append((len(first), more["epochs"]))
        return lay_out(graph, first, **more)

    monkeypatch.setattr(umap3d, "lay_out", counted)
    vectors = np.vstack([clusters[0], clusters[0][:20]])
    heard = []
    fit = fit_sphere(vectors, native=native, progress=lambda done, total: heard.append(done))
    assert laid_out == ([(260, 1600)] if native else [(65, 1000), (260, 384)])
    assert_unit_rows(fit.sphere, len(vectors))
    assert len(np.unique(fit.sphere, axis=0)) == len(vectors)
    assert sphere_quality(vectors, fit.sphere).trustworthiness > 0.85
    assert heard == sorted(heard)
    assert np.array_equal(fit_sphere(vectors, native=native).umap3d, fit.umap3d)


def test_points_start_where_the_graph_has_them_and_islands_by_the_nearest_of_the_few():
    edges = {(0, 2): 0.25, (1, 2): 0.75, (2, 3): 0.1, (4, 5): 1.0}
    dense = np.zeros((6, 6), np.float32)
    for (one, other), weight in edges.items():
        dense[one, other] = dense[other, one] = weight
    rows = [np.flatnonzero(row).astype(np.int32) for row in dense]
    ends = np.cumsum([0, *map(len, rows)])
    graph = Graph(ends, np.concatenate(rows), dense[dense > 0])
    vectors = np.eye(6, dtype=np.float32)
    vectors[4] = vectors[0]
    vectors[5] = vectors[1]
    places = np.array([[0, 0, 8], [4, 0, 0]], np.float32)
    found = umap3d._among(vectors, graph, np.array([0, 1]), places)
    assert np.array_equal(found, [*places, [3, 0, 2], [3, 0, 2], *places])


def test_past_the_limit_the_rest_is_placed_among_the_fitted(clusters):
    vectors, label = clusters
    fit = fit_sphere(vectors, fit_limit=120, groups=label)
    assert (np.bincount(label[fit.fitted]) == 20).all()
    assert_unit_rows(fit.sphere, len(vectors))
    assert sphere_quality(vectors, fit.sphere).trustworthiness > 0.8


def test_drawn_rows_keep_the_share_of_each_group():
    groups = np.array(["S"] * 900 + ["U"] * 85 + ["V"] * 15)
    rows = _draw(1000, 101, groups, seed=1)
    assert len(rows) == len(np.unique(rows)) == 101
    counts = {name: int((groups[rows] == name).sum()) for name in "SUV"}
    assert counts == {"S": 91, "U": 9, "V": 1} or abs(counts["S"] - 90.9) < 1
    assert np.array_equal(rows, _draw(1000, 101, groups, seed=1))
    assert not np.array_equal(rows, _draw(1000, 101, groups, seed=2))


def test_progress_rises_to_the_end_and_hears_of_the_epochs(clusters):
    heard = []
    fit_sphere(clusters[0][:60], progress=lambda done, total: heard.append((done, total)))
    done = [step for step, total in heard if total == 100]
    assert len(done) == len(heard) > 100
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == 100


def test_raising_progress_stops_the_layout_and_leaves_it_usable(clusters):
    def stop(done, total):
        if done > 50:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        fit_sphere(clusters[0][:60], progress=stop)
    assert_unit_rows(fit_sphere(clusters[0][:60]).sphere, 60)


def test_bad_input_is_named(clusters):
    vectors = clusters[0].copy()
    with pytest.raises(EmptySetError):
        fit_sphere(vectors[:0])
    with pytest.raises(DimensionError):
        fit_sphere(vectors[0])
    with pytest.raises(DimensionError, match="3 group labels for 240"):
        fit_sphere(vectors, groups=[1, 2, 3])
    with pytest.raises(InputError, match="manhattan"):
        fit_sphere(vectors, metric="manhattan")
    with pytest.raises(InputError, match="n_neighbors 1"):
        fit_sphere(vectors, n_neighbors=1)
    vectors[17, 3] = np.inf
    with pytest.raises(NotFiniteError, match="Row 17"):
        fit_sphere(vectors)


def test_exact_neighbours_agree_with_float64(clusters):
    vectors = clusters[0].astype(np.float64)
    truth = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2)
    squared, row = nearest(clusters[0], clusters[0], 10)
    assert np.allclose(squared, np.sort(truth, axis=1)[:, :10], atol=2e-6)
    assert np.allclose(np.take_along_axis(truth, row, 1), squared, atol=2e-6)


@pytest.mark.parametrize("among", [300, 3000])
def test_search_among_near_centres_finds_nearly_all_neighbours(among):
    vectors = np.random.default_rng(0).normal(size=(3000, 8)).astype(np.float32)
    queries = vectors if among == 3000 else vectors[:300]
    squared, row = nearest(vectors, queries, 10, exact=True)
    close, found = nearest(vectors, queries, 10, exact=False)
    assert np.mean([np.isin(a, b).mean() for a, b in zip(found, row, strict=True)]) > 0.9
    assert (close >= squared - 1e-5).all()
    assert (np.diff(close, axis=1) >= 0).all()


@pytest.mark.parametrize(("copies", "k"), [(5, 30), (5, 40), (60, 30), (1, 1)])
def test_search_among_near_centres_never_leaves_a_neighbour_out(copies, k):
    vectors = np.repeat(np.eye(8, dtype=np.float32), copies, axis=0)
    distance, row = nearest(vectors, vectors, k, exact=False)
    assert ((row >= 0) & (row < len(vectors))).all()
    assert all(len(set(one)) == k for one in row.tolist())
    assert np.isfinite(distance).all()


def test_each_point_comes_first_among_its_own_copies():
    distance, row = self_first(
        np.zeros((3, 2), np.float32), np.array([[1, 0], [0, 2], [2, 0]], np.int64)
    )
    assert row.tolist() == [[0, 1], [1, 0], [2, 0]]
    assert (distance[:, 0] == 0).all()
