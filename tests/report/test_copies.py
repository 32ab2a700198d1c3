import io

import numpy as np
import pytest
from gapsphere.plugin.report.copies import LEVELS, copies, picture_print
from PIL import Image


def picture(seed, size=(320, 240)):
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC)


def again(image, **options):
    content = io.BytesIO()
    image.save(content, **options)
    return Image.open(content)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: again(image, format="PNG"),
        lambda image: again(image, format="JPEG", quality=95),
        lambda image: again(image, format="JPEG", quality=50),
        lambda image: again(image, format="WEBP", quality=70),
        lambda image: image.resize((160, 120)),
        lambda image: image.resize((640, 480)),
    ],
)
def test_a_picture_saved_again_is_a_copy(change):
    image = picture(1)
    assert copies([picture_print(change(image))], [picture_print(image)]) == [0]


@pytest.mark.parametrize(
    "change",
    [
        lambda image: picture(2),
        lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        lambda image: image.crop((16, 0, 320, 240)),
        lambda image: image.point(lambda level: min(level + 4, 255)),
    ],
)
def test_another_picture_is_none(change):
    image = picture(1)
    assert copies([picture_print(change(image))], [picture_print(image)]) == [None]


def test_pictures_of_one_brightness_and_two_colours_differ():
    red, green = (Image.new("RGB", (40, 30), colour) for colour in ((200, 0, 0), (0, 102, 0)))
    assert np.ptp([picture_print(each)[0] for each in (red, green)]) <= 1
    assert copies([picture_print(green)], [picture_print(red)]) == [None]


def test_copies_agree_with_comparing_every_pair():
    rng = np.random.default_rng(0)
    base = rng.integers(20, 235, (30, 1)) + rng.integers(-2, 3, (30, 264))
    some = base[rng.integers(30, size=200)] + rng.integers(0, 3, (200, 1))
    wide = some[:, :256]
    expected = []
    for row in range(len(some)):
        near = np.abs(wide[:row] - wide[row]).mean(axis=1) <= LEVELS
        expected.append(int(np.flatnonzero(near)[0]) if near.any() else None)
    assert copies(list(some.astype(np.uint8))) == expected
    assert sum(each is not None for each in expected) > 50
