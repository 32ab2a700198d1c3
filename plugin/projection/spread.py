"""A few images that stand for a neighbourhood: eight frames of one traffic jam tell one thing.

Farthest first from the nearest image (Gonzalez 1985), within the neighbourhood only, so that what
is shown is near and yet not alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
NEIGHBOURHOOD = 6
"""Images looked at for each one shown."""


def spread(vectors: Array, k: int) -> NDArray[np.int64]:
    """Positions of ``k`` rows (fewer if there are fewer) that stand for all, ascending.

    Parameters
    ----------
    vectors : (n, d)
        Best first: the first row is always among them.  Of equal rows the first stands for all, and
        a copy is taken only where nothing else is left.

    Examples
    --------
    >>> jam = [[1, 0], [1, 0], [1, 0], [0, 1], [0.9, 0.1]]
    >>> spread(np.array(jam), 3).tolist()
    [0, 3, 4]
    """
    rows = np.asarray(vectors, np.float64)
    if len(rows) <= k:
        return np.arange(len(rows))
    chosen = [0]
    apart = np.linalg.norm(rows - rows[0], axis=1)
    apart[0] = -1
    while len(chosen) < k:
        next_one = int(np.argmax(apart))
        chosen.append(next_one)
        apart = np.minimum(apart, np.linalg.norm(rows - rows[next_one], axis=1))
        apart[chosen] = -1
    return np.sort(np.array(chosen, np.int64))
