"""Which pixels a model gets, to the value, and which part of the image they came from."""

import json
import math

import numpy as np
import pytest
import torch
from gapsphere.plugin.encoders.checkpoint.processor_config import read_processor
from gapsphere.plugin.encoders.preprocessing import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    WHOLE_IMAGE,
    Pixels,
    Region,
)
from gapsphere.plugin.errors import CheckpointError, InputError
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

GOOD = {
    "size": {"shortest_edge": 256},
    "do_center_crop": True,
    "crop_size": {"height": 224, "width": 224},
    "resample": 3,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.25, 0.25, 0.25],
    "image_processor_type": "BitImageProcessor",
}


@pytest.fixture
def street():
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 160, 3), dtype=np.uint8))


def test_internvl_pixels_are_a_bicubic_squash_normalised_with_imagenet_statistics(street):
    pixels = Pixels(448, 448)
    squashed = np.array(street.resize((448, 448), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(pixels.prepare(street), squashed)
    expected = (squashed.astype(np.float64) / 255 - IMAGENET_MEAN) / IMAGENET_STD
    found = pixels.normalise(torch.from_numpy(squashed)[None], torch.float32)[0]
    np.testing.assert_allclose(found.numpy(), expected.transpose(2, 0, 1), atol=2e-6)


def test_the_masked_sky_is_zero_after_normalisation_and_the_rest_untouched(street):
    region = Region(sky_crop_top_pct=0.3)
    pixels = Pixels(90, 160, region=region)
    prepared = pixels.prepare(street)
    rows = region.masked_rows(90)
    assert rows == 27
    np.testing.assert_array_equal(prepared[rows:], np.asarray(street)[rows:])
    normal = pixels.normalise(torch.from_numpy(prepared)[None], torch.float32)[0]
    assert normal[:, :rows].abs().max() < 0.5 / 255 / min(IMAGENET_STD)


def test_the_mask_has_the_mean_colour_of_the_model_in_use(street):
    pixels = Pixels(90, 160, mean=(0.5, 0.1, 0.9), region=Region(sky_crop_top_pct=0.5))
    assert pixels.prepare(street)[0, 0].tolist() == [128, 26, 230]


def test_the_box_is_cut_first_and_the_sky_share_is_of_what_remains(street):
    region = Region(sky_crop_top_pct=0.5, roi=(0.25, 0.5, 0.75, 1.0))
    cut = np.asarray(region.apply(street))
    assert cut.shape == (45, 80, 3)
    assert (cut[: region.masked_rows(90)] == [124, 116, 104]).all()
    np.testing.assert_array_equal(cut[22:], np.asarray(street)[67:, 40:120])


def test_nothing_to_do_gives_the_image_itself_and_it_is_never_changed(street):
    assert WHOLE_IMAGE.apply(street) is street
    before = street.tobytes()
    Region(sky_crop_top_pct=0.4).apply(street)
    assert street.tobytes() == before


@pytest.mark.parametrize("share", [-0.1, 1, 30, math.nan, math.inf, "0.3", None, True])
def test_a_sky_share_outside_its_range_is_refused(share):
    with pytest.raises(InputError, match="sky_crop_top_pct"):
        Region(sky_crop_top_pct=share)


@pytest.mark.parametrize(
    "roi",
    [
        (0, 0, 0, 1),
        (0.5, 0, 0.2, 1),
        (0, 0, 1.1, 1),
        (-0.1, 0, 1, 1),
        (0, 0, 1),
        (0, 0, 1, math.nan),
        "left",
        3,
        (0, 0, 100, 100),
    ],
    ids=str,
)
def test_a_box_outside_the_image_or_empty_is_refused(roi):
    with pytest.raises(InputError, match="roi"):
        Region(roi=roi)


def test_a_box_from_json_is_as_good_as_a_tuple():
    assert Region(roi=[0, 0.25, 1, 1]) == Region(roi=(0.0, 0.25, 1.0, 1.0))


fractions = st.floats(0, 1)


@given(fractions, fractions, fractions, fractions, st.integers(1, 3000), st.integers(1, 3000))
def test_a_box_always_keeps_at_least_a_pixel_and_stays_inside(a, b, c, d, width, height):
    (x0, x1), (y0, y1) = sorted((a, b)), sorted((c, d))
    if x0 == x1 or y0 == y1:
        return
    left, upper, right, lower = Region(roi=(x0, y0, x1, y1)).box(width, height)
    assert 0 <= left < right <= width
    assert 0 <= upper < lower <= height


@pytest.mark.parametrize(
    "pixels",
    [
        Pixels(56, 56),
        Pixels(56, 56, region=Region(roi=(0.5, 0.25, 1, 1), sky_crop_top_pct=0.1)),
        Pixels(56, 56, resize="shortest_edge", resize_to=(64, 64)),
        Pixels(56, 56, resize="squash", resize_to=(70, 70), region=Region(roi=(0, 0, 0.5, 1))),
    ],
    ids=["squash", "roi", "cut", "squash-cut"],
)
def test_a_mark_in_the_image_is_found_where_the_seen_box_says(pixels):
    """Paint one spot, find it in the prepared pixels, map it back."""
    width, height = 400, 300
    image = np.zeros((height, width, 3), np.uint8)
    x, y = 210, 170
    if pixels.region.roi == (0, 0, 0.5, 1):
        x = 110
    image[y - 8 : y + 8, x - 8 : x + 8] = 255
    prepared = pixels.prepare(Image.fromarray(image))[..., 0].astype(float)
    prepared[prepared < 200] = 0  # the mask is grey
    row, column = (np.average(axis, weights=prepared) for axis in np.indices(prepared.shape))
    left, upper, right, lower = pixels.seen_box(width, height)
    assert left + (column + 0.5) / 56 * (right - left) == pytest.approx(x, abs=2.5)
    assert upper + (row + 0.5) / 56 * (lower - upper) == pytest.approx(y, abs=2.5)


@pytest.mark.parametrize("turned", [False, True])
def test_of_a_strip_no_more_is_enlarged_than_what_is_cut_out(monkeypatch, turned):
    pixels = Pixels(56, 56, resize="shortest_edge", resize_to=(64, 64))
    slope = np.clip(20.0 * (np.arange(3000) + 0.5) - 29_900, 0, 255)
    strip = np.repeat(np.rint(slope).astype(np.uint8)[None, :, None], 10, axis=0).repeat(3, axis=2)
    image, resize = Image.fromarray(strip), Image.Image.resize

    def small(image, size, *args, **how):
        assert max(size) <= 16 * 56
        return resize(image, size, *args, **how)

    monkeypatch.setattr(Image.Image, "resize", small)
    prepared = pixels.prepare(image.transpose(Image.Transpose.TRANSPOSE) if turned else image)
    left, _, right, _ = pixels.seen_box(3000, 10)
    wanted = 20 * (left + (np.arange(56) + 0.5) / 56 * (right - left)) - 29_900
    seen = prepared[:, 28, 0] if turned else prepared[28, :, 0]
    np.testing.assert_allclose(seen.astype(float), wanted, atol=1.5)


def save(folder, config, name="preprocessor_config.json"):
    (folder / name).write_text(json.dumps(config))
    return folder


def test_a_saved_processor_is_read_as_it_stands(tmp_path):
    pixels = read_processor(save(tmp_path, GOOD), WHOLE_IMAGE)
    assert (pixels.height, pixels.width, pixels.resize, pixels.resize_to) == (
        224, 224, "shortest_edge", (256, 256),
    )  # fmt: skip
    assert (pixels.resample, pixels.mean, pixels.std) == (3, (0.5,) * 3, (0.25,) * 3)


def test_a_processor_inside_a_shared_file_and_old_ways_to_write_a_size_are_understood(tmp_path):
    save(
        tmp_path,
        {"image_processor": GOOD | {"size": 256, "crop_size": 224}},
        "processor_config.json",
    )
    assert read_processor(tmp_path, WHOLE_IMAGE) == read_processor(
        save(tmp_path, GOOD), WHOLE_IMAGE
    )


@pytest.mark.parametrize("off", [False, None])
def test_what_a_processor_does_not_do_is_no_reason_to_refuse_it(tmp_path, off):
    asked = {"do_flip_channel_order": off, "do_pad": off, "do_convert_rgb": True}
    found = read_processor(save(tmp_path, GOOD | asked), WHOLE_IMAGE)
    assert found == read_processor(save(tmp_path, GOOD), WHOLE_IMAGE)


def test_another_rescale_factor_is_folded_into_mean_and_deviation(tmp_path):
    doubled = GOOD | {"rescale_factor": 2 / 255}
    pixels = read_processor(save(tmp_path, doubled), WHOLE_IMAGE)
    white = pixels.normalise(torch.full((1, 1, 1, 3), 255, dtype=torch.uint8), torch.float32)
    assert white.flatten().tolist() == pytest.approx([(2 - 0.5) / 0.25] * 3)


@pytest.mark.parametrize(
    "change",
    [
        {"image_mean": None},
        {"image_std": [1, 1]},
        {"resample": 99},
        {"size": {"longest_edge": 512}},
        {"size": {"shortest_edge": 0}},
        {"size": "large"},
        {"do_center_crop": False},
        {"crop_size": 300},
        {"do_resize": False},
        {"do_rescale": False},
        {"rescale_offset": True},
        {"do_flip_channel_order": True},
        {"do_pad": True},
    ],
    ids=str,
)
def test_a_processor_that_is_not_understood_is_refused(tmp_path, change):
    with pytest.raises(CheckpointError, match=r"preprocessor_config\.json"):
        read_processor(save(tmp_path, GOOD | change), WHOLE_IMAGE)


@pytest.mark.parametrize("left_out", ["size", "resample", "image_mean", "image_std"])
def test_a_processor_that_leaves_something_open_is_refused_by_that_name(tmp_path, left_out):
    config = {key: value for key, value in GOOD.items() if key != left_out}
    with pytest.raises(CheckpointError, match=left_out):
        read_processor(save(tmp_path, config), WHOLE_IMAGE)


def test_a_model_without_a_processor_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="save the model's image processor"):
        read_processor(tmp_path, WHOLE_IMAGE)
