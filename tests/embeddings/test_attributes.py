"""Attributes measure what their names say, at any resolution."""

import numpy as np
import pytest
from gapsphere.plugin.embeddings.attributes import (
    ATTRIBUTES,
    CROP,
    EDGE,
    SMALL,
    image_attributes,
)
from PIL import Image, ImageFilter
from scipy.ndimage import correlate


@pytest.fixture(scope="module")
def scene():
    """A bright sky over a textured road, 960 x 540."""
    rng = np.random.default_rng(51)
    pixels = np.full((540, 960, 3), (150, 180, 220), np.uint8)
    blocks = rng.integers(40, 160, (27, 80, 1)).repeat(3, axis=2)
    pixels[270:] = np.kron(blocks, np.ones((10, 12, 1)))
    return Image.fromarray(pixels)


def changed(image, function):
    return Image.fromarray(np.clip(function(np.asarray(image, float)), 0, 255).astype(np.uint8))


def test_every_attribute_is_there_and_finite(scene):
    for image in (scene, Image.new("RGB", (1, 1)), Image.new("RGB", (2, 900), (255, 0, 0))):
        found = image_attributes(image)
        assert list(found) == list(ATTRIBUTES)
        assert np.isfinite(list(found.values())).all()


@pytest.mark.parametrize(
    ("name", "change", "grows"),
    [
        ("brightness", lambda x: x * 0.4, False),
        ("contrast", lambda x: 100 + (x - 100) * 0.3, False),
        ("saturation", lambda x: x * [0.4, 0.7, 1], True),
        ("blue_red", lambda x: x * [1, 0.9, 0.5], False),
        ("sky_brightness", lambda x: x * 0.4, False),
        ("noise", lambda x: x + np.random.default_rng(1).normal(0, 12, x.shape), True),
    ],
)
def test_each_follows_the_change_that_it_is_named_for(scene, name, change, grows):
    before, after = image_attributes(scene), image_attributes(changed(scene, change))
    assert (after[name] > before[name] * 1.05) if grows else (after[name] < before[name] * 0.95)


def plainly(image):
    """Every attribute by its definition, in float64 and pixel by pixel where that says it best."""
    copy = image.resize(SMALL, Image.Resampling.BOX, reducing_gap=1.0)
    small, grey = np.asarray(copy, np.float64), np.asarray(copy.convert("L"), np.float64)
    down, across = np.gradient(grey)
    edge = np.hypot(across, down)[1:-1, 1:-1] >= EDGE
    left, top = (max(0, (side - CROP) // 2) for side in image.size)
    crop = np.asarray(image.crop((left, top, left + CROP, top + CROP)).convert("L"), np.float64)
    laplacian = correlate(crop, [[0, 1, 0], [1, -4, 1], [0, 1, 0]])[1:-1, 1:-1]
    masked = correlate(crop, [[1, -2, 1], [-2, 4, -2], [1, -2, 1]])[1:-1, 1:-1]
    high, low = small.max(axis=2), small.min(axis=2)
    return {
        "brightness": grey.mean(),
        "contrast": grey.std(),
        "saturation": np.divide(high - low, high, where=high > 0, out=0 * high).mean(),
        "blue_red": (small[..., 2] - small[..., 0]).mean() / 255,
        "edge_density": edge.mean(),
        "sky_brightness": grey[:30].mean(),
        "sharpness": laplacian.var(),
        "noise": np.sqrt(np.pi / 2) * np.abs(masked).sum() / (6 * masked.size),
    }


@pytest.mark.parametrize("size", [(960, 540), (480, 360), (301, 263)])
def test_each_equals_its_definition_in_float64(scene, size):
    image = scene.resize(size)
    found, wanted = image_attributes(image), plainly(image)
    for name in ATTRIBUTES:
        assert found[name] == pytest.approx(wanted[name], rel=1e-4, abs=1e-6), name


def test_the_extremes_of_a_pixel_do_not_overflow():
    board = np.indices((300, 300)).sum(axis=0) % 2 * 255
    image = Image.fromarray(np.repeat(board[..., None], 3, axis=2).astype(np.uint8))
    found = image_attributes(image)
    assert found["sharpness"] == pytest.approx(1020**2, rel=1e-4)
    assert found["noise"] == pytest.approx(plainly(image)["noise"], rel=1e-4)


def test_blur_takes_sharpness_and_edges(scene):
    before = image_attributes(scene)
    after = image_attributes(scene.filter(ImageFilter.GaussianBlur(12)))
    assert after["sharpness"] < before["sharpness"] / 10
    assert after["edge_density"] < before["edge_density"]


def test_noise_is_in_grey_levels():
    rng = np.random.default_rng(2)
    flat = np.repeat(128 + rng.normal(0, 5, (400, 600, 1)), 3, axis=2)
    found = image_attributes(Image.fromarray(flat.round().astype(np.uint8)))
    assert found["noise"] == pytest.approx(5, rel=0.05)


def test_colours_and_edges_compare_across_resolutions(scene):
    large, small = image_attributes(scene), image_attributes(scene.resize((480, 270)))
    for name in ("brightness", "contrast", "saturation", "blue_red", "sky_brightness"):
        assert small[name] == pytest.approx(large[name], abs=0.02 * max(1, abs(large[name])))
