import json

import numpy as np
import pytest
from gapsphere.plugin.errors import DimensionError, EmptySetError, NotFiniteError
from gapsphere.plugin.projection.place import Reducer


def test_a_copy_of_a_fitted_image_lands_on_it(clusters, fitted):
    placed = fitted.reducer.place(clusters[0])
    assert np.array_equal(placed.umap3d, fitted.umap3d)
    assert np.array_equal(placed.sphere, fitted.sphere)


def test_a_new_image_lands_among_its_own_kind(clusters, fitted):
    vectors, label = clusters
    rng = np.random.default_rng(1)
    noisy = vectors + 0.05 * rng.normal(size=vectors.shape).astype(np.float32)
    noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
    closest = (fitted.reducer.place(noisy).sphere @ fitted.sphere.T).argmax(axis=1)
    assert (label[closest] == label).mean() > 0.95


def test_placing_is_the_inverse_distance_mean_of_five(clusters, fitted):
    new = clusters[0][:1] + np.float32(0.03)
    new /= np.linalg.norm(new)
    distance = np.linalg.norm(clusters[0].astype(np.float64) - new, axis=1)
    five = np.argsort(distance)[:5]
    weight = (1 / distance[five]) / (1 / distance[five]).sum()
    expected = weight @ fitted.umap3d[five].astype(np.float64)
    assert np.allclose(fitted.reducer.place(new).umap3d, expected, atol=1e-4)


def test_placing_one_by_one_or_together_is_the_same(clusters, fitted):
    new = clusters[0][:7] * np.float32(0.5) + clusters[0][7:14] * np.float32(0.5)
    together = fitted.reducer.place(new).sphere
    alone = np.vstack([fitted.reducer.place(row[None]).sphere for row in new])
    assert np.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("m", [1, 2, 4])
def test_fewer_fitted_than_five_is_enough(clusters, m):
    reducer = Reducer(clusters[0][:m], np.eye(4, 3)[:m], np.zeros(3))
    assert np.allclose(np.linalg.norm(reducer.place(clusters[0]).sphere, axis=1), 1, atol=1e-5)


def test_record_is_json_and_with_the_fields_makes_the_reducer_again(clusters, fitted):
    """What the dataset layer does: JSON in the run, arrays on the samples."""
    record = json.loads(json.dumps(fitted.reducer.record()))
    again = Reducer.from_record(record, clusters[0], fitted.umap3d)
    new = clusters[0][::-1] * np.float32(0.9) + np.float32(0.01)
    assert np.array_equal(again.place(new).sphere, fitted.reducer.place(new).sphere)


def test_arrays_that_do_not_fit_are_named(clusters, fitted):
    with pytest.raises(DimensionError, match="31 dimensions"):
        fitted.reducer.place(clusters[0][:, :31])
    with pytest.raises(DimensionError, match="3 embeddings and 2 umap3d"):
        Reducer(np.eye(3), np.eye(3)[:2], np.zeros(3))
    with pytest.raises(EmptySetError):
        Reducer(np.empty((0, 3)), np.empty((0, 3)), np.zeros(3))
    with pytest.raises(NotFiniteError, match="new embeddings"):
        fitted.reducer.place(np.full((1, 32), np.nan))
