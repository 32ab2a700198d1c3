"""Which pictures are one picture saved again, told by their pixels.

The brightness of a picture shrunk to 16 x 16 hardly changes when it is saved again at another
quality or size: less than a level of 255, which few frames that were taken a second apart come to,
those of a car that stands (``scripts/bench/copies.py``).  Colour, which JPEG keeps less well, is
compared in quarters.  Vectors cannot tell, since how far saving moves them depends on the encoder.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE, QUARTERS = 16, 2
LEVELS = 1.0
"""Mean difference of brightness, of 255 levels, up to which two prints are of one picture."""
COLOURS = 8
"""The same of colour."""
_BRIGHT = SIDE * SIDE

Print = NDArray[np.uint8]


def picture_print(image: Image.Image) -> Print:
    """A picture as uint8 (264,): brightness, then two colours."""
    small = image.convert("YCbCr").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    coarse = np.asarray(small.resize((QUARTERS, QUARTERS), Image.Resampling.BOX))[:, :, 1:]
    return np.concatenate([np.asarray(small)[:, :, 0].reshape(-1), coarse.reshape(-1)])


def copies(prints: Sequence[Print | None], known: Sequence[Print] = ()) -> list[int | None]:
    """The first picture that each is a copy of.

    Parameters
    ----------
    prints
        Of the pictures in their order; None is a copy of nothing.
    known
        Of pictures that were there before.

    Returns
    -------
    list
        For each picture None, or the place of the picture it repeats in ``[*known, *prints]``.

    Examples
    --------
    >>> black, white = (np.full(264, level, np.uint8) for level in (0, 255))
    >>> copies([white, black, white + 0, None], [black])
    [None, 0, 1, None]
    """
    everything = [*known, *prints]
    there = {place: one for place, one in enumerate(everything) if one is not None}
    found: list[int | None] = [None] * len(everything)
    if not there:
        return found[len(known) :]
    places, rows = list(there), np.stack(list(there.values())).astype(np.int16)
    # two prints differ by at least as much as their means do: only neighbours by mean are compared
    means = rows[:, :_BRIGHT].mean(axis=1)
    order = np.argsort(means, kind="stable")
    low = np.searchsorted(means[order], means - LEVELS, "left")
    high = np.searchsorted(means[order], means + LEVELS, "right")
    for row, place in enumerate(places):
        if place < len(known):
            continue
        near = np.sort(order[low[row] : high[row]])
        near = near[near < row]
        apart = np.abs(rows[near] - rows[row])
        alike = apart[:, :_BRIGHT].mean(axis=1) <= LEVELS
        alike &= apart[:, _BRIGHT:].mean(axis=1) <= COLOURS
        if alike.any():
            found[place] = places[int(near[alike][0])]
    return found[len(known) :]
