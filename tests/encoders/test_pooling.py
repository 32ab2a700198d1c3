"""Rows kept apart: the matrix is one constant, and the vector is what float64 says it is."""

import hashlib
from statistics import NormalDist

import numpy as np
import pytest
import torch
from gapsphere.plugin.encoders.pooling import (
    STEP,
    choose_pooling,
    join_rows,
    projection,
    quantiles,
    row_means,
)
from gapsphere.plugin.encoders.preprocessing import Region
from gapsphere.plugin.encoders.registry import load_encoder
from gapsphere.plugin.errors import InputError
from PIL import Image


def joined(means):
    """Unit vectors (n, d) of row means (n, rows, d), in float64; a row of zeros stays one."""
    means = np.asarray(means, np.float64)
    length = np.linalg.norm(means, axis=2, keepdims=True)
    flat = (means / np.where(length == 0, 1, length)).reshape(len(means), -1)
    vectors = flat @ projection(*means.shape[1:]).astype(np.float64)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def unit(vectors):
    vectors = vectors.double().numpy()
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def sha256(array, kind):
    return hashlib.sha256(array.astype(kind).tobytes()).hexdigest()[:16]


def test_the_matrix_is_the_same_on_every_machine():
    """Vectors of one fingerprint would not compare if it ever changed."""
    assert sha256(quantiles(), "<i2") == "1ea009ce409dac97"
    assert sha256(projection(7, 1280), "<f4") == "bfe919b6fb36cb23"
    assert (projection(1, 1) / STEP).tolist() == [[-192]]
    assert (projection(2, 4) / STEP).tolist()[0] == [-96, -1316, 454, 1292]


def test_no_mathematics_library_can_round_a_quantile_otherwise():
    """Nothing lies near a half: an inverse of the normal distribution wrong by 1e-9 would do."""
    levels = np.array([NormalDist().inv_cdf((k + 0.5) / 65536) for k in range(65536)]) / STEP
    assert np.abs(levels - np.floor(levels) - 0.5).min() * STEP > 1e-9
    np.testing.assert_array_equal(np.rint(levels), quantiles())


def test_entries_are_normal_and_rows_have_blocks_of_their_own():
    from scipy.stats import kstest

    matrix = projection(3, 200) * np.sqrt(200)
    assert kstest(matrix.ravel(), "norm").pvalue > 0.01
    assert len({block.tobytes() for block in matrix.reshape(3, 200, 200)}) == 3
    assert abs(np.corrcoef(matrix[:200].ravel(), matrix[200:400].ravel())[0, 1]) < 0.02
    np.testing.assert_array_equal(projection(2, 200), projection(3, 200)[:400])


def test_distances_survive_the_projection():
    """Within a few 1 / sqrt(dimension), as Johnson and Lindenstrauss promise."""
    rng = np.random.default_rng(2)
    means = rng.normal(size=(40, 6, 256)) + rng.normal(size=(1, 6, 256))
    flat = means / np.linalg.norm(means, axis=2, keepdims=True) / np.sqrt(6)
    before = np.einsum("ird,jrd->ij", flat, flat)
    after = joined(means)
    assert np.abs(after @ after.T - before).max() < 5 / np.sqrt(256)


def test_the_vector_is_that_of_float64():
    rng = np.random.default_rng(0)
    means = rng.gamma(1.0, size=(5, 7, 64)).astype(np.float32)
    np.testing.assert_allclose(
        unit(join_rows(torch.from_numpy(means), 7)), joined(means), atol=1e-6
    )


def test_only_the_direction_of_a_row_counts():
    rng = np.random.default_rng(1)
    means = torch.from_numpy(rng.normal(size=(2, 4, 16)).astype(np.float32))
    scaled = means * torch.tensor([1e-6, 3.0, 1e6, 0.2])[:, None]
    torch.testing.assert_close(join_rows(scaled, 4), join_rows(means, 4))


def test_patches_are_averaged_along_their_own_row():
    patches = torch.arange(2 * 6 * 3.0).reshape(2, 6, 3).bfloat16()
    found = row_means(patches, 2)
    assert found.dtype == torch.float32
    np.testing.assert_array_equal(found, patches.float().numpy().reshape(2, 2, 3, 3).mean(axis=2))


def test_a_row_of_zeros_adds_nothing_and_its_gradient_is_zero():
    means = torch.rand(1, 3, 8, generator=torch.Generator().manual_seed(0))
    means[0, 1] = 0
    means.requires_grad_()
    found = join_rows(means, 3)
    np.testing.assert_allclose(unit(found.detach()), joined(means.detach()), atol=1e-6)
    found.norm().backward()
    assert torch.isfinite(means.grad).all()
    assert not means.grad[0, 1].any()
    assert means.grad[0, 0].any()


@pytest.mark.parametrize("spoilt", [float("nan"), float("inf")])
def test_a_row_that_is_not_finite_spoils_its_own_image_only(spoilt):
    means = torch.ones(3, 2, 4)
    means[1, 0, 2] = spoilt
    found = join_rows(means, 2)
    assert found.isnan().any(dim=1).tolist() == [False, True, False]


def test_fewer_rows_are_read_where_they_lie():
    """An image read at half its size has half as many rows; each stands for two."""
    means = torch.rand(2, 3, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(join_rows(means, 6), join_rows(means.repeat_interleave(2, 1), 6))
    torch.testing.assert_close(join_rows(means, 7), join_rows(means[:, [0, 0, 1, 1, 1, 2, 2]], 7))


def test_gradients_take_the_lengths_of_rows_as_constants():
    means = torch.rand(1, 3, 8, dtype=torch.float64).float().requires_grad_()
    query = torch.rand(8)
    (slope,) = torch.autograd.grad((join_rows(means, 3) @ query).sum(), means)
    length = np.linalg.norm(means.detach().numpy(), axis=2)[0]
    expected = (projection(3, 8).reshape(3, 8, 8) @ query.numpy()) / length[:, None]
    np.testing.assert_allclose(slope[0], expected, rtol=1e-5)


def test_the_matrix_can_take_part_in_a_gradient_after_embedding():
    with torch.inference_mode():
        join_rows(torch.ones(1, 2, 5), 2)
    means = torch.ones(1, 2, 5, requires_grad=True)
    join_rows(means, 2).sum().backward()
    assert means.grad is not None


def test_packaged_keeps_its_rows_unless_the_mean_is_asked_for(pictures):
    rows = load_encoder("packaged", device="cpu")
    batch = np.stack([rows.prepare(picture) for picture in pictures])
    mean = load_encoder("packaged", device="cpu", pooling="mean")
    pixels = rows.pixels.normalise(torch.from_numpy(batch), torch.float32)
    with torch.inference_mode():
        features = rows.module.extract_features(pixels).double().numpy()
    expected = features.mean(axis=(2, 3))
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(mean.embed(batch), expected, atol=1e-6)
    by_row = joined(features.mean(axis=3).transpose(0, 2, 1))
    np.testing.assert_allclose(rows.embed(batch), by_row, atol=1e-6)
    assert rows.dimension == mean.dimension == 1280
    assert rows.fingerprint == load_encoder("packaged", pooling="rows").fingerprint


def test_fingerprints_of_means_are_those_of_before_there_was_a_choice():
    """Vectors that were made then are found current: the words are part of the digest."""
    encoder = load_encoder("packaged", device="cpu", pooling="mean")
    assert encoder.fingerprint == "3a40716e717958652c7c4d88ceb3921e"
    rows = load_encoder("packaged", device="cpu")
    assert rows.fingerprint_with("mean") == encoder.fingerprint != rows.fingerprint
    assert encoder.fingerprint_with("rows") == rows.fingerprint


def test_a_sky_masked_to_the_last_row_gives_finite_vectors():
    encoder = load_encoder("packaged", device="cpu", preprocess=Region(sky_crop_top_pct=0.9))
    noise = np.random.default_rng(3).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    images = [Image.fromarray(noise), Image.new("RGB", (90, 90), (127, 127, 127))]
    vectors = encoder.embed(np.stack([encoder.prepare(image) for image in images]))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert 1 - vectors[0] @ vectors[1] > 1e-3


def test_the_cls_token_lies_in_no_row():
    with pytest.raises(InputError, match="CLS token into a row"):
        choose_pooling("rows", "mean", name="it", include_cls=True)
    assert choose_pooling(None, "mean", name="it", include_cls=True) == "mean"
