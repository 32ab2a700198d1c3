"""A heatmap drawn over its image, with Pillow alone: for pages, archives and the results pane.

The colours are the map *inferno* (Smith and van der Walt 2015, released as CC0): lightness rises
evenly from black to pale yellow, so equal steps of the map look like equal steps, in grey print
and to a colour-blind reader as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import DimensionError, InputError

# Every fifteenth of the map's 256 colours; between them it is straight to within a few levels.
_ANCHORS = bytes.fromhex(
    "000004 0a0722 1e0c45 380962 510e6c 69166e 801f6c 982766 b0315b"
    "c63d4d d94d3d e9612b f47918 fa9407 fcb014 f8cd37 f2ea69 fcffa4"
)
_STEP = 15
_FAINTEST = 1 / 8


def colours(heat: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours, uint8 (h, w, 3), of the values (h, w): black for 0 and pale yellow for 255.

    Examples
    --------
    >>> colours(np.array([[0, 255]], np.uint8)).tolist()
    [[[0, 0, 4], [252, 255, 164]]]
    """
    anchors = np.frombuffer(_ANCHORS, np.uint8).reshape(-1, 3)
    values = np.arange(256)
    table = [np.interp(values, np.arange(len(anchors)) * _STEP, channel) for channel in anchors.T]
    painted: NDArray[np.uint8] = np.rint(np.stack(table, axis=1)).astype(np.uint8)[_checked(heat)]
    return painted


def overlay(image: Image.Image, heat: NDArray[np.uint8], *, opacity: float = 0.6) -> Image.Image:
    """Lay a heatmap over its whole image.

    The colour gets denser with the value: what was hardly looked at stays a photograph, on a dusk
    frame too, where an even veil would leave nothing to see.

    Parameters
    ----------
    heat : uint8 (h, w)
        Covers the whole image, interpolated linearly between the middles of its cells.
    opacity : float
        Share of the colour where the map is highest, 0 to 1; an eighth of it where it is 0.

    Raises
    ------
    DimensionError
        ``heat`` is not a uint8 array of two dimensions, or is empty.
    InputError
        ``opacity`` is not from 0 to 1.

    Examples
    --------
    >>> overlay(Image.new("L", (64, 48)), np.zeros((3, 4), np.uint8)).size
    (64, 48)
    """
    if not 0 <= opacity <= 1:
        raise InputError(f"opacity is {opacity!r}; it needs a number from 0 to 1")
    grid = Image.fromarray(_checked(heat)).resize(image.size, Image.Resampling.BILINEAR)
    values = np.asarray(grid)
    density = np.rint(opacity * (_FAINTEST * 255 + (1 - _FAINTEST) * values)).astype(np.uint8)
    painted = Image.fromarray(colours(values))
    return Image.composite(painted, image.convert("RGB"), Image.fromarray(density))


def _checked(heat: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if getattr(heat, "dtype", None) != np.uint8 or heat.ndim != 2 or not heat.size:
        got = f"{getattr(heat, 'dtype', type(heat))} {getattr(heat, 'shape', '')}"
        raise DimensionError(f"a heatmap is a uint8 array (rows, columns), not {got}")
    return heat
