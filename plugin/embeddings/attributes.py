"""Plain statistics of an image, which name a gap that an embedding only measures.

The one idea: light, colour and sharpness need no network.  Ten lines of arithmetic on a small copy
find nine tenths of the dusk frames of a day-time set, and say "darker".  Colours and edges are read
at 120 x 90 pixels, so that cameras of different resolution compare; sharpness and noise are
properties of single pixels and are read from a crop in the middle at full resolution.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SMALL = (120, 90)
"""Width and height of the copy that colours and edges are read from, in pixels."""

CROP = 256
"""Side of the crop that sharpness and noise are read from, in pixels."""

EDGE = 32.0
"""Gradient, in grey levels a pixel, from which a pixel of the small copy is on an edge."""

ATTRIBUTES: Mapping[str, str] = {
    "brightness": "Mean luminance, 0 to 255",
    "contrast": "Standard deviation of luminance, 0 to 128",
    "saturation": "Mean saturation (HSV), 0 to 1",
    "blue_red": "Mean of blue minus red, -1 (red) to 1 (blue)",
    "edge_density": "Share of pixels on an edge, 0 to 1",
    "sky_brightness": "Mean luminance of the top third, 0 to 255",
    "sharpness": "Variance of the Laplacian in the middle, grey levels squared",
    "noise": "Standard deviation of the noise in the middle, grey levels",
}
"""Names of the attributes, with what they measure, their unit and their range."""

WORDS: Mapping[str, tuple[str, str, str]] = {
    "brightness": ("darker", "brighter", " of 255"),
    "contrast": ("lower contrast", "higher contrast", " of 128"),
    "saturation": ("less saturated", "more saturated", " of 1"),
    "blue_red": ("redder", "bluer", ""),
    "edge_density": ("fewer edges", "more edges", " of 1"),
    "sky_brightness": ("a darker top third", "a brighter top third", " of 255"),
    "sharpness": ("less sharp", "sharper", ""),
    "noise": ("less noise", "more noise", " grey levels"),
}
"""What a lower and a higher attribute means in words, and what follows its number."""

_IMMERKAER = np.sqrt(np.pi / 2) / 6


def image_attributes(image: Image.Image) -> dict[str, float]:
    """Every attribute of one RGB image.

    Parameters
    ----------
    image : PIL image
        Mode RGB, at least one pixel, upright (EXIF applied).

    Returns
    -------
    dict of str to float
        The names of :data:`ATTRIBUTES`, all finite.

    Notes
    -----
    ``sharpness`` is the variance of the Laplacian (Pech-Pacheco et al. 2000) and ``noise`` the
    estimate of Immerkaer (1996); texture counts as noise in it.

    Examples
    --------
    >>> grey = image_attributes(Image.new("RGB", (640, 480), (90, 90, 90)))
    >>> round(grey["brightness"]), grey["saturation"], round(grey["noise"], 3)
    (90, 0.0, 0.0)
    """
    small = image.resize(SMALL, Image.Resampling.BOX, reducing_gap=1.0)
    red, green, blue = np.ascontiguousarray(np.asarray(small).transpose(2, 0, 1))
    high = np.maximum(np.maximum(red, green), blue)
    low = np.minimum(np.minimum(red, green), blue)
    grey = np.asarray(small.convert("L"), np.float32)
    across, down = grey[1:-1, 2:] - grey[1:-1, :-2], grey[2:, 1:-1] - grey[:-2, 1:-1]
    return {
        "brightness": float(grey.mean()),
        "contrast": float(grey.std()),
        "saturation": float(np.divide(high - low, np.maximum(high, 1), dtype=np.float32).mean()),
        "blue_red": float((blue.mean() - red.mean()) / 255),
        "edge_density": float((across * across + down * down >= (2 * EDGE) ** 2).mean()),
        "sky_brightness": float(grey[: SMALL[1] // 3].mean()),
        **_of_pixels(_middle(image)),
    }


def _middle(image: Image.Image) -> NDArray[np.int16]:
    """Luminance of the crop in the middle, int16 (h, w)."""
    left, top = max(0, (image.width - CROP) // 2), max(0, (image.height - CROP) // 2)
    box = (left, top, min(image.width, left + CROP), min(image.height, top + CROP))
    return np.asarray(image.crop(box).convert("L"), np.int16)


def _of_pixels(grey: NDArray[np.int16]) -> dict[str, float]:
    """Sharpness and noise; sums of nine pixels fit into 16 bits, which halves the time."""
    if min(grey.shape) < 3:
        return {"sharpness": 0.0, "noise": 0.0}
    beside = grey[1:-1, :-2] + grey[1:-1, 2:] + grey[:-2, 1:-1] + grey[2:, 1:-1]
    rows = grey[:-2] + grey[2:]
    corner = rows[:, :-2] + rows[:, 2:]
    laplacian = beside - 4 * grey[1:-1, 1:-1]
    masked = corner - beside - laplacian
    return {
        "sharpness": float(laplacian.astype(np.float32).var()),
        "noise": float(_IMMERKAER * np.abs(masked).mean(dtype=np.float32)),
    }
