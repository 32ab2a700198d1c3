import numpy as np
import pytest
from gapsphere.plugin.errors import DimensionError
from gapsphere.plugin.projection import trust
from gapsphere.plugin.projection.sphere import to_unit_sphere
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


def test_arrays_that_do_not_fit_are_named(clusters, fitted):
    with pytest.raises(DimensionError, match="240 embeddings and 239 places"):
        trust.sphere_quality(clusters[0], fitted.sphere[:-1])
