"""Where the next pick begins to buy little: the knee of a curve over budgets.

The one idea: scaled to a unit square, a curve of falling returns sags below its chord, and it bends
most where it sags most.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

ROUNDING = 1e-9
"""Of the unit square: a curve that sags less is straight."""


def knee(values: ArrayLike) -> int | None:
    """Where a falling, convex curve bends most: picks after which the next ones buy little.

    The largest value of the difference curve of Kneedle (Satopaa, Albrecht, Irwin & Raghavan 2011,
    "Finding a 'kneedle' in a haystack"), without its smoothing and its threshold for curves that
    are still growing.  It moves with the last pick, since the curve is scaled to its ends.

    Parameters
    ----------
    values : (k + 1,)
        A curve over 0, 1, ... k picks that never rises, such as :attr:`Curve.radius`; entries
        before the first finite one are left out.

    Returns
    -------
    int or None
        Number of picks; ``values[knee(values)]`` is the radius there.  None where the curve has no
        bend: it is flat, or falls on no side of its chord.

    Examples
    --------
    >>> knee([1.0, 0.4, 0.2, 0.15, 0.1])
    1
    """
    curve = np.asarray(values, np.float64)
    start = int(np.isfinite(curve).argmax())
    curve = curve[start:]
    if len(curve) < 3 or not np.isfinite(curve).all() or not curve[0] > curve[-1]:
        return None
    scaled = (curve - curve[-1]) / (curve[0] - curve[-1])
    difference = 1 - scaled - np.linspace(0, 1, len(curve))
    at = int(difference.argmax())
    return start + at if difference[at] > ROUNDING else None
