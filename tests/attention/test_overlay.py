"""A heatmap over its image: colours that read evenly, and nothing moved."""

import numpy as np
import pytest
from gapsphere.plugin.attention.overlay import colours, overlay
from gapsphere.plugin.errors import DimensionError, InputError
from PIL import Image


def lightness(rgb: np.ndarray) -> np.ndarray:
    """CIE L* of sRGB."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(y > (6 / 29) ** 3, 116 * np.cbrt(y) - 16, y * (29 / 3) ** 3)


def test_lightness_rises_evenly_from_black_to_nearly_white():
    ramp = lightness(colours(np.arange(256, dtype=np.uint8)[None])[0] / 255)
    assert ramp[0] < 1
    assert ramp[-1] > 95
    assert np.diff(ramp[::5]).min() > 0
    assert np.abs(ramp - np.linspace(ramp[0], ramp[-1], 256)).max() < 6


def test_the_hottest_cell_is_painted_where_it_lies():
    heat = np.zeros((4, 8), np.uint8)
    heat[1, 6] = 255
    painted = np.asarray(overlay(Image.new("RGB", (80, 40), "grey"), heat, opacity=1.0), float)
    row, column = np.unravel_index(painted.sum(axis=2).argmax(), painted.shape[:2])
    assert (row // 10, column // 10) == (1, 6)


def test_opacity_goes_from_the_photograph_to_the_colour():
    photo = Image.fromarray(np.random.default_rng(3).integers(0, 256, (30, 20, 3), dtype=np.uint8))
    full = np.full((2, 2), 255, np.uint8)
    assert np.array_equal(overlay(photo, full, opacity=0), photo)
    assert (np.asarray(overlay(photo, full, opacity=1)) == [252, 255, 164]).all()


def test_what_was_not_looked_at_stays_a_photograph():
    photo = Image.new("RGB", (20, 20), (200, 100, 50))
    cold = np.asarray(overlay(photo, np.zeros((2, 2), np.uint8)), int)
    assert np.abs(cold - [200, 100, 50]).max() < 20


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1"])
def test_any_mode_of_image_is_overlaid(mode):
    drawn = overlay(Image.new(mode, (7, 5)), np.zeros((2, 3), np.uint8))
    assert (drawn.mode, drawn.size) == ("RGB", (7, 5))


@pytest.mark.parametrize(
    "heat",
    [np.zeros((2, 2)), np.zeros(4, np.uint8), np.zeros((0, 2), np.uint8), [[1, 2]]],
    ids=["float", "one dimension", "empty", "a list"],
)
def test_what_is_no_heatmap_is_refused(heat):
    with pytest.raises(DimensionError, match="a heatmap is a uint8 array"):
        overlay(Image.new("RGB", (4, 4)), heat)


@pytest.mark.parametrize("opacity", [-0.1, 1.1, float("nan")])
def test_an_opacity_outside_its_range_is_refused(opacity):
    with pytest.raises(InputError, match="opacity"):
        overlay(Image.new("RGB", (4, 4)), np.zeros((2, 2), np.uint8), opacity=opacity)
