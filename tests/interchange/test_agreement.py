"""Results that were measured again, with each of the usual mistakes."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from gapsphere.plugin.coverage.nearest.distances import nearest_distance
from gapsphere.plugin.errors import ArtifactError
from gapsphere.plugin.interchange.agreement import _sphere_agrees, hold_together
from gapsphere.plugin.interchange.artifacts import Artifacts
from gapsphere.plugin.projection.umap3d import fit_sphere


@pytest.fixture(scope="module")
def whole():
    """S and U of 60 images on a curved sheet, so that a layout in space can keep neighbours."""
    rng = np.random.default_rng(3)

    def rows(n):
        u, v = rng.uniform(0, 2, (2, n))
        sheet = np.stack([np.cos(u), np.sin(u), np.cos(v), np.sin(v), 0.3 * u * v], axis=1)
        return (sheet / np.linalg.norm(sheet, axis=1, keepdims=True)).astype(np.float32)

    S, U = rows(60), rows(60)
    distance = nearest_distance(U, S).distance
    return Artifacts(
        umap3d_S=S[:, :3],
        umap3d_U=U[:, :3],
        nn_U_to_S=distance,
        coverage={"delta": 0.001, "delta_max": float(distance.max()), "metric": "cosine"},
        paths_S=[f"/s/{i}" for i in range(60)],
        paths_U=[f"/u/{i}" for i in range(60)],
        embed_S=S,
        embed_U=U,
    )


@pytest.fixture(scope="module")
def apart():
    """Distances far from 0, as those of real drives are; too few images to judge the sphere."""
    rng = np.random.default_rng(5)
    S, U = (r / np.linalg.norm(r, axis=1, keepdims=True) for r in rng.normal(size=(2, 40, 16)))
    S, U = S.astype(np.float32), U.astype(np.float32)
    distance = nearest_distance(U, S).distance
    return Artifacts(
        umap3d_S=S[:, :3],
        umap3d_U=U[:, :3],
        nn_U_to_S=distance,
        coverage={"delta": 0.4, "delta_max": float(distance.max()), "metric": "cosine"},
        paths_S=[f"/s/{i}" for i in range(40)],
        paths_U=[f"/u/{i}" for i in range(40)],
        embed_S=S,
        embed_U=U,
    )


def with_distances(artifacts, distance, metric="cosine"):
    coverage = {"delta": 0.4, "delta_max": float(distance.max()), "metric": metric}
    return replace(artifacts, nn_U_to_S=distance, coverage=coverage)


def refused(artifacts):
    with pytest.raises(ArtifactError) as caught:
        hold_together(artifacts)
    return str(caught.value)


def test_what_belongs_together_passes(whole, apart):
    assert hold_together(whole) == hold_together(apart) == []
    assert hold_together(replace(apart, embed_S=None)) == []
    half = replace(apart, embed_U=apart.embed_U.astype(np.float16).astype(np.float32))
    length = np.linalg.norm(half.embed_U, axis=1, keepdims=True)
    assert hold_together(replace(half, embed_U=half.embed_U / length)) == []
    euclidean = np.sqrt(2 * apart.nn_U_to_S)
    assert hold_together(with_distances(apart, euclidean, "euclidean")) == []


@pytest.mark.parametrize(
    ("change", "look"),
    [
        (lambda d: d[::-1], "cosine distances in reverse order"),
        (lambda d: 1 - d, "similarities"),
        (lambda d: 1 - d[::-1], "similarities in reverse order"),
        (lambda d: np.sqrt(2 * d), "Euclidean distances"),
        (lambda d: 2 * d, "squared Euclidean distances"),
        (lambda d: np.arccos(1 - d), "angles in radians"),
        (lambda d: np.degrees(np.arccos(1 - d)), "angles in degrees"),
        (lambda d: 100 * d, "distances in percent"),
        (lambda d: np.random.default_rng(0).permutation(d), "in another order"),
        (np.sort, "in another order"),
        (np.zeros_like, "one number for all images"),
        (lambda d: np.roll(d, 1), "in another order"),
        (lambda d: np.random.default_rng(0).uniform(0, 2, len(d)), "different runs"),
        (lambda d: np.random.default_rng(0).uniform(0, 0.1, len(d)), "different runs"),
    ],
)
def test_distances_that_are_none_of_these_images_are_named(apart, change, look):
    said = refused(with_distances(apart, np.ascontiguousarray(change(apart.nn_U_to_S))))
    assert look in said
    assert said.startswith("nn_U_to_S.npy does not fit embed_U.npz and embed_S.npz")


def test_cosine_distances_under_another_metric_are_named(apart):
    said = refused(with_distances(apart, apart.nn_U_to_S, "euclidean"))
    assert "looks like cosine distances" in said
    assert '"metric": "cosine"' in said


def test_swapped_embeddings_are_named(apart):
    said = refused(replace(apart, embed_S=apart.embed_U, embed_U=apart.embed_S))
    assert "embed_S.npz and embed_U.npz look swapped" in said


def test_two_rows_that_changed_places_are_found(apart):
    distance = apart.nn_U_to_S.copy()
    low, high = distance.argmin(), distance.argmax()
    distance[[low, high]] = distance[[high, low]]
    assert "nn_U_to_S.npy" in refused(with_distances(apart, distance))


def test_approximate_neighbours_are_taken_and_told(apart):
    distance = apart.nn_U_to_S.copy()
    distance[:3] *= 1.2
    (said,) = hold_together(with_distances(apart, distance))
    assert "3 of 40 distances are larger" in said


def test_rough_embeddings_are_taken_and_told(apart):
    def rough(rows):
        rows = np.round(rows * 60) / 60
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    stored = replace(apart, embed_S=rough(apart.embed_S), embed_U=rough(apart.embed_U))
    (said,) = hold_together(stored)
    assert "stored with fewer digits" in said


@pytest.mark.parametrize(
    ("change", "look"),
    [
        (lambda a: {"umap3d_U": a.umap3d_U[::-1]}, "umap3d_U.npy .* in reverse order"),
        (lambda a: {"umap3d_S": a.umap3d_S[::-1]}, "umap3d_S.npy .* in reverse order"),
        (lambda a: {"umap3d_S": a.umap3d_U, "umap3d_U": a.umap3d_S}, "look swapped"),
    ],
)
def test_a_sphere_in_another_order_is_named(whole, change, look):
    with pytest.raises(ArtifactError, match=look):
        hold_together(replace(whole, **change(whole)))


def test_a_sphere_of_another_run_is_told(whole):
    shuffled = np.random.default_rng(1).permutation(whole.umap3d_U)
    (said,) = hold_together(replace(whole, umap3d_U=shuffled))
    assert said.startswith("umap3d_U.npy: neighbours on the sphere")


def test_a_sphere_of_many_images_is_looked_at_in_little_memory():
    """500 images times all others would be 120 MB here, and 2 GB of a million."""
    places = np.random.default_rng(3).normal(size=(60_000, 3)).astype(np.float32)
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    few = places[:3]
    large = Artifacts(few, places, np.zeros(60_000), {"delta": 0.4}, "abc", [""] * 60_000)
    tracemalloc.start()
    try:
        assert not _sphere_agrees(replace(large, embed_U=places))
        assert tracemalloc.get_traced_memory()[1] < 40e6
    finally:
        tracemalloc.stop()


def test_a_real_layout_of_directions_without_structure_is_believed():
    """The hardest true case: random directions, of which a layout keeps little."""
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(120, 32)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    places = fit_sphere(rows).umap3d
    S, U = rows[:60], rows[60:]
    distance = nearest_distance(U, S).distance
    assert not hold_together(
        Artifacts(places[:60], places[60:], distance, {"delta": 0.4}, ["s"] * 60, ["u"] * 60, S, U)
    )


@pytest.mark.parametrize(
    ("document", "metric"),
    [({"delta": 0.4, "delta_max": "euclidean"}, "cosine"), ({"delta": "euclidean"}, "cosine")],
)
def test_a_radius_of_another_metric_is_named(apart, document, metric):
    radius = float(np.sqrt(2 * apart.nn_U_to_S.max()))
    coverage = {k: radius if v == "euclidean" else v for k, v in document.items()}
    said = refused(replace(apart, coverage=coverage | {"metric": metric}))
    assert "coverage.json has" in said
    assert "looks like one of Euclidean distances" in said


def test_a_radius_of_another_run_is_told(apart):
    coverage = {"delta": 0.2, "delta_max": 1.9, "metric": "cosine"}
    (said,) = hold_together(replace(apart, coverage=coverage))
    assert "delta_max = 1.9" in said
