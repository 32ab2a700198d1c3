import numpy as np
import pytest
from gapsphere.plugin.errors import DimensionError, EmptySetError
from gapsphere.plugin.projection import trust
from gapsphere.plugin.projection.sphere import SphereIndex, fibonacci_lattice, to_unit_sphere
from sklearn.manifold import trustworthiness


def random_sphere(n, seed=0):
    return to_unit_sphere(np.random.default_rng(seed).normal(size=(n, 3)), centre=np.zeros(3))


@pytest.mark.parametrize("k", [1, 5, 15])
def test_trustworthiness_is_sklearns(clusters, fitted, k):
    vectors = clusters[0]
    for sphere in (fitted.sphere, random_sphere(240)):
        ours = trust.sphere_quality(vectors, sphere, n_neighbors=k).trustworthiness
        assert ours == pytest.approx(trustworthiness(vectors, sphere, n_neighbors=k), abs=1e-5)


def test_recall_is_the_share_of_common_neighbours(clusters, fitted):
    vectors = clusters[0].astype(np.float64)
    common = []
    for i in range(240):
        true = np.linalg.norm(vectors - vectors[i], axis=1)
        shown = np.linalg.norm(fitted.sphere - fitted.sphere[i], axis=1)
        true[i] = shown[i] = np.inf
        common.append(len(np.intersect1d(np.argsort(true)[:15], np.argsort(shown)[:15])) / 15)
    assert trust.sphere_quality(vectors, fitted.sphere).recall == pytest.approx(
        np.mean(common), abs=1e-3
    )


def test_sampled_quality_is_close_to_the_full_one(clusters, fitted):
    full = trust.sphere_quality(clusters[0], fitted.sphere)
    part = trust.sphere_quality(clusters[0], fitted.sphere, limit=120)
    assert (full.n_queries, part.n_queries) == (240, 120)
    assert part.trustworthiness == pytest.approx(full.trustworthiness, abs=0.03)
    assert part.recall == pytest.approx(full.recall, abs=0.05)
    assert part == trust.sphere_quality(clusters[0], fitted.sphere, limit=120)


def test_a_perfect_sphere_has_full_marks_and_a_shuffled_one_has_not():
    rows = random_sphere(300)
    perfect = trust.sphere_quality(rows, rows)
    assert (perfect.trustworthiness, perfect.recall) == (1, 1)
    shuffled = trust.sphere_quality(rows, random_sphere(300, seed=1))
    assert shuffled.trustworthiness < 0.6
    assert shuffled.recall < 0.15


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_quality_of_few_points_is_none_or_finite(n):
    quality = trust.sphere_quality(random_sphere(n), random_sphere(n))
    assert (quality.recall is None) == (n < 3)
    assert quality.recall in (None, 1.0)


def test_identical_points_are_all_true_neighbours():
    same = np.repeat(random_sphere(1), 50, axis=0)
    assert trust.sphere_quality(same, same).recall == 1


def test_an_empty_place_is_the_mean_of_its_surroundings(clusters, fitted):
    places = fibonacci_lattice(20)
    found = trust.place_embedding(places, fitted.sphere, clusters[0], m=50)
    for place, vector in zip(places, found, strict=True):
        near = np.argsort(np.linalg.norm(fitted.sphere - place, axis=1))[:50]
        mean = clusters[0][near].astype(np.float64).mean(axis=0)
        assert np.allclose(vector, mean / np.linalg.norm(mean), atol=1e-6)


def test_samples_that_cancel_out_leave_the_nearest_one():
    sphere = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    vectors = np.array([[0, 1.0], [0, -1.0]], np.float32)
    found = trust.place_embedding([0, 1, 0.01], sphere, vectors)
    assert found.tolist() == [[0, -1]]


def test_trust_is_high_on_a_true_sphere_and_by_chance_on_a_shuffled_one(clusters):
    places = fibonacci_lattice(60)
    rows = random_sphere(600)
    assert trust.place_trust(places, rows, rows).mean() > 0.95
    strangers = trust.place_trust(places, random_sphere(600, seed=1), rows).mean()
    assert strangers < 0.25  # chance is 50 / 600; the mean leans towards what it is made of


def test_trust_counts_the_neighbours_that_are_near(clusters, fitted):
    vectors = clusters[0].astype(np.float64)
    place = fibonacci_lattice(9)[4]
    around = np.argsort(np.linalg.norm(fitted.sphere - place, axis=1))
    mean = vectors[around[:50]].mean(axis=0)
    near = np.argsort(-(vectors @ mean))[:50]
    expected = np.isin(around[:30], near).mean()
    assert trust.place_trust(place, fitted.sphere, clusters[0])[0] == pytest.approx(expected)


def test_trust_of_a_clicked_sample_uses_its_own_embedding(clusters, fitted):
    own = trust.place_trust(fitted.sphere[:1], fitted.sphere, clusters[0], query=clusters[0][:1])
    assert 0 < own[0] <= 1


def test_few_samples_are_all_trusted():
    rows = random_sphere(3)
    assert trust.place_trust(rows[:1], rows, rows).tolist() == [1]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_rerank_orders_the_sphere_neighbours_by_embedding_distance(clusters, fitted, metric):
    vectors, place = clusters[0], fibonacci_lattice(9)[2]
    found = trust.rerank(place, SphereIndex(fitted.sphere), vectors, 8, metric=metric, m=60)
    around = np.argsort(np.linalg.norm(fitted.sphere - place, axis=1))[:60]
    query = trust.place_embedding(place, fitted.sphere, vectors)[0].astype(np.float64)
    cosine = 1 - vectors[around].astype(np.float64) @ query
    order = np.argsort(cosine)[:8]
    truth = cosine[order] if metric == "cosine" else np.sqrt(2 * cosine[order])
    assert found.index.tolist() == around[order].tolist()
    assert np.allclose(found.distance, truth, atol=1e-5)


def test_rerank_reaches_past_the_nearest_on_the_sphere():
    """A candidate that the projection put a little farther off is still found."""
    sphere = to_unit_sphere(np.c_[np.linspace(0, 1, 100), np.ones(100), np.zeros(100)], [0, 0, 0])
    vectors = np.eye(100, dtype=np.float32)
    assert trust.rerank(sphere[0], sphere, vectors, 1, query=vectors[60]).index.tolist() == [60]
    assert trust.rerank(sphere[0], sphere, vectors, 1, query=vectors[60], m=5).index[0] < 5


def test_arrays_that_do_not_fit_are_named(clusters, fitted):
    with pytest.raises(DimensionError, match="239 places and 240 embeddings"):
        trust.place_trust([0, 0, 1], fitted.sphere[:-1], clusters[0])
    with pytest.raises(DimensionError, match="240 embeddings and 239 places"):
        trust.sphere_quality(clusters[0], fitted.sphere[:-1])
    with pytest.raises(EmptySetError):
        trust.rerank([0, 0, 1], np.empty((0, 3)), np.empty((0, 4), np.float32), 3)
