"""A heatmap lies on the image where the structure is: checked where that is known.

A dark picture has one spot.  The hand-built networks of conftest look at that spot and nothing
else, so the hottest place of the map, stretched over the whole picture, has to be the spot,
whatever the encoder's preprocessing cut, masked or squashed on the way.
"""

import numpy as np
import pytest
from gapsphere.plugin.attention.explain import Explainer, Question
from gapsphere.plugin.attention.placement import LARGEST_SIDE, levels, patch_at, placed, seen_rows
from gapsphere.plugin.encoders.preprocessing import Pixels, Region
from gapsphere.plugin.errors import InputError
from PIL import Image

WIDTH, HEIGHT = 640, 360
REGIONS = {
    "whole": Region(),
    "sky mask": Region(sky_crop_top_pct=0.4),
    "roi": Region(roi=(0.25, 0.3, 0.85, 1.0)),
    "roi and sky mask": Region(roi=(0.1, 0.2, 0.9, 0.95), sky_crop_top_pct=0.3),
}
SPOTS = [(0.35, 0.62), (0.7, 0.85), (0.5, 0.72)]


def picture(x, y, colour, ground=(20, 20, 20), size=(WIDTH, HEIGHT)):
    """A ground with one spot of a twelfth of the picture's size."""
    image = Image.new("RGB", size, ground)
    across, down = size[0] // 12, size[1] // 12
    left, top = round(x * size[0]) - across // 2, round(y * size[1]) - down // 2
    image.paste(colour, (left, top, left + across, top + down))
    return image


def hottest(heat):
    """Centre of mass of the map's hot part, as shares of the whole image."""
    hot = np.where(heat >= 0.6 * heat.max(), heat, 0).astype(float)
    rows, columns = heat.shape
    y = (hot.sum(1) @ (np.arange(rows) + 0.5)) / hot.sum() / rows
    x = (hot.sum(0) @ (np.arange(columns) + 0.5)) / hot.sum() / columns
    return x, y


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("spot", SPOTS)
def test_attention_lies_on_the_patch_that_is_read(region, spot, bright_seeker):
    encoder = bright_seeker(16, region=REGIONS[region])
    image = picture(*spot, (255, 255, 255))
    maps = Explainer(encoder, Question()).maps(encoder.prepare(image)[None])
    heat = placed(maps[0], encoder.pixels, *image.size)
    np.testing.assert_allclose(hottest(heat), spot, atol=0.05)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("spot", SPOTS)
def test_grad_cam_lies_on_what_the_network_finds(region, spot, red_finder):
    encoder = red_finder(16, region=REGIONS[region])
    image = picture(*spot, (255, 20, 20))
    maps = Explainer(encoder, Question()).maps(encoder.prepare(image)[None])
    heat = placed(maps[0], encoder.pixels, *image.size)
    np.testing.assert_allclose(hottest(heat), spot, atol=0.05)


def test_what_is_new_lies_on_what_the_other_image_lacks(red_finder):
    """Both have the red spot; only this one has the blue one."""
    encoder = red_finder(16)
    image = picture(0.25, 0.5, (255, 20, 20))
    image.paste(picture(0.75, 0.5, (20, 20, 255)).crop((320, 0, 640, 360)), (320, 0))
    other = encoder.embed(encoder.prepare(picture(0.25, 0.5, (255, 20, 20)))[None])
    batch = encoder.prepare(image)[None]
    for about, place in (("new", 0.75), ("shared", 0.25)):
        maps = Explainer(encoder, Question(about=about)).maps(batch, other)
        x, y = hottest(placed(maps[0], encoder.pixels, *image.size))
        assert abs(x - place) < 0.05
        assert abs(y - 0.5) < 0.05


def test_a_centre_cut_is_undone():
    pixels = Pixels(224, 224, resize="shortest_edge", resize_to=(256, 256))
    weights = np.zeros((16, 16))
    weights[8, 0] = 1  # left edge of the cut square
    heat = placed(weights, pixels, 1280, 720)
    left, top, right, bottom = pixels.seen_box(1280, 720)
    x, y = hottest(heat)
    cell = (right - left) / 16
    assert abs(x * 1280 - (left + cell / 2)) < cell
    assert abs(y * 720 - (top + 8.5 * (bottom - top) / 16)) < cell
    outside = round(left / 1280 * heat.shape[1]) - 1
    assert (heat[:, :outside] == 0).all()


def test_nothing_is_shown_where_nothing_was_seen():
    rng = np.random.default_rng(0)
    region = Region(roi=(0.5, 0.5, 1.0, 1.0), sky_crop_top_pct=0.5)
    heat = placed(rng.random((8, 8)), Pixels(112, 112, region=region), 640, 480)
    rows, columns = heat.shape
    assert heat[: int(0.74 * rows)].max() == 0
    assert heat[:, : columns // 2].max() == 0
    assert heat.max() == 255


@pytest.mark.parametrize(("sky", "hidden"), [(0, 0), (0.44, 4), (0.46, 5)])
def test_a_row_of_patches_is_seen_where_its_middle_lies_below_the_sky(sky, hidden):
    pixels = Pixels(140, 140, region=Region(sky_crop_top_pct=sky))
    assert seen_rows(pixels, 10, 100, 100).tolist() == [False] * hidden + [True] * (10 - hidden)


def test_a_wholly_seen_image_keeps_the_patch_grid_to_the_digit():
    weights = np.random.default_rng(0).random((5, 7))
    heat = placed(weights, Pixels(70, 98), 1280, 720)
    assert np.array_equal(heat, levels(weights))


def test_a_tiny_region_of_interest_does_not_make_a_huge_map():
    region = Region(roi=(0.5, 0.5, 0.51, 0.51))
    heat = placed(np.ones((32, 32)) * np.arange(32), Pixels(448, 448, region=region), 2000, 2000)
    assert heat.shape == (LARGEST_SIDE, LARGEST_SIDE)
    assert heat.any()


def test_levels_span_the_range_and_equal_weights_are_all_zero():
    heat = levels(np.array([[3.0, 4.0], [5.0, 3.0]]))
    assert heat.tolist() == [[0, 128], [255, 0]]
    assert heat.dtype == np.uint8
    assert not levels(np.full((3, 3), 0.1) + np.eye(3) * 1e-17).any()
    assert not levels(np.zeros((3, 3))).any()


@pytest.mark.parametrize(
    ("point", "patch"), [((0, 0), 0), ((1, 1), 15), ((0.3, 0.6), 9), ((0.999, 0), 3), ((1, 0), 3)]
)
def test_a_place_of_the_image_names_its_patch(point, patch):
    assert patch_at(point, Pixels(56, 56), (4, 4), 640, 360) == patch


@pytest.mark.parametrize("point", [(0.1, 0.9), (0.9, 0.1), (0.9, 0.6)])
def test_a_place_the_encoder_did_not_see_is_refused(point):
    pixels = Pixels(56, 56, region=Region(roi=(0.5, 0.5, 1, 1), sky_crop_top_pct=0.5))
    with pytest.raises(InputError, match="did not see the place"):
        patch_at(point, pixels, (4, 4), 640, 360)
    assert patch_at((0.9, 0.9), pixels, (4, 4), 640, 360) == 15
