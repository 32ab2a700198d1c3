"""What the gaps are of: counts by the values of one field, and which field to count by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

MOST_VALUES = 20
"""A field with more values counts next to nothing of each."""


def telling_field(columns: Mapping[str, Sequence[Hashable]], distance: ArrayLike) -> str | None:
    """The field whose values tell most of how far a candidate is from S; None if none does.

    By epsilon squared (Kelley 1935), the share of the variance of ``distance`` that lies between
    the values, less what as many random groups would have; of equals, the first.

    Parameters
    ----------
    columns : fields with a value (or None) of each candidate, n each
    distance : (n,)
        To S; candidates without one are left out.

    Examples
    --------
    >>> columns = {"shop": list("abab"), "light": ["day", "day", "dusk", "dusk"]}
    >>> telling_field(columns, [0.1, 0.2, 0.8, 0.9])
    'light'
    """
    far = np.asarray(distance, np.float64)
    told = {name: _epsilon_squared(values, far) for name, values in columns.items()}
    best = max(told, key=lambda name: round(told[name], 9), default=None)
    return best if best is not None and told[best] > 0 else None


def _epsilon_squared(values: Sequence[Hashable], distance: np.ndarray) -> float:
    known = np.array([value is not None for value in values], bool) & np.isfinite(distance)
    groups = {value: i for i, value in enumerate(dict.fromkeys(np.array(values, object)[known]))}
    if not 1 < len(groups) <= MOST_VALUES or known.sum() <= len(groups):
        return 0.0
    group = np.array([groups[value] for value in np.array(values, object)[known]])
    far = distance[known]
    counts = np.bincount(group)
    within = far - (np.bincount(group, far) / counts)[group]
    total = float(((far - far.mean()) ** 2).sum())
    if total == 0:
        return 0.0
    mean_within = float((within**2).sum()) / (len(far) - len(groups))
    return 1 - mean_within * (len(far) - 1) / total


def value_counts(values: Iterable[Hashable]) -> list[tuple[str, int]]:
    """How often there is each value, the most frequent first; no value is not counted.

    Examples
    --------
    >>> value_counts(["day", "dusk", None, "dusk"])
    [('dusk', 2), ('day', 1)]
    """
    return Counter(str(value) for value in values if value is not None).most_common()
