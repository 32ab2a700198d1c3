"""Attributes measure what their names say, at any resolution."""

import numpy as np
import pytest
from gapsphere.plugin.embeddings.attributes import ATTRIBUTES, image_attributes
from PIL import Image, ImageFilter


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
