"""Reconstructions without learning, to compare with the model at the same samples.

All take and give uint8, and keep the samples' own values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import QhullError

from ...errors import MissingDependencyError
from ..frames.nearest import nearest_samples
from ..frames.samples import Samples, rounded
from ..network.interpolation import natural_neighbour

Frame = NDArray[np.uint8]


def nearest(samples: Samples) -> Frame:
    """Each pixel has its nearest sample's value, (H, W, C)."""
    height, width = samples.resolution
    index = nearest_samples(samples.pixels, samples.resolution, 1).ravel()
    return samples.values[index].reshape(height, width, -1)


def linear(samples: Samples) -> Frame:
    """Linear on Delaunay triangles; outside their hull, the nearest sample."""
    height, width = samples.resolution
    found = nearest(samples).astype(np.float64)
    points = np.stack(np.divmod(samples.pixels, width), axis=-1)
    try:
        surface = LinearNDInterpolator(points, samples.values.astype(np.float64))
    except (QhullError, ValueError):
        return nearest(samples)  # fewer than three points, or all on one line
    inside = surface(np.indices((height, width)).reshape(2, -1).T).reshape(found.shape)
    return rounded(np.where(np.isnan(inside), found, inside), samples)


def natural(samples: Samples) -> Frame:
    """Natural-neighbour interpolation, (H, W, C)."""
    return rounded(natural_neighbour(samples), samples)


def inpaint(samples: Samples, method: str) -> Frame:
    """OpenCV's inpainting of all pixels that were not sampled."""
    try:
        import cv2
    except ImportError as error:
        raise MissingDependencyError(
            "OpenCV's inpainting needs OpenCV: pip install opencv-python-headless."
        ) from error
    height, width = samples.resolution
    image = np.zeros((height, width, samples.channels), np.uint8)
    mask = np.full((height, width), 255, np.uint8)
    image.reshape(height * width, -1)[samples.pixels] = samples.values
    mask.ravel()[samples.pixels] = 0
    painted = cv2.inpaint(image, mask, 3, getattr(cv2, method))
    return rounded(painted.reshape(height, width, -1).astype(np.float64), samples)


CLASSICAL: dict[str, Callable[[Samples], Frame]] = {
    "nearest": nearest,
    "linear": linear,
    "natural": natural,
    "telea": partial(inpaint, method="INPAINT_TELEA"),  # Telea (2004)
    "navier-stokes": partial(inpaint, method="INPAINT_NS"),  # Bertalmio et al. (2001)
}
