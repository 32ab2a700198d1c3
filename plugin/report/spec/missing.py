"""What a gap's images have in common that the owned ones lack, read off their metadata.

A value is named only where chance does not explain it: Fisher's exact test (the hypergeometric
tail), one-sided, corrected for the number of values tried (Holm 1979), and at least three images.
Frames of one drive are not independent, so this guards against small numbers, not against a gap
that was filmed on one afternoon.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...cards.columns import as_text
from ...coverage.words import rounded

LEVEL = 0.01
LEAST_COUNT = 3
LEAST_LIFT = 1.5
MOST = 8
"""Values that are named."""
MOST_CATEGORIES = 12
"""Numbers with more distinct values than this are cut into low, middle and high."""


@dataclass(frozen=True)
class Shared:
    """``value`` of ``field`` in ``here`` of ``here_total`` images and ``owned`` of ``owned_total``.

    ``lift`` is how many times as frequent it is here, None where S has none of it; ``p`` the
    corrected probability of at least so many by chance.
    """

    field: str
    value: str
    here: int
    here_total: int
    owned: int
    owned_total: int
    lift: float | None
    p: float

    def __str__(self) -> str:
        times = "not owned at all" if self.lift is None else f"{self.lift:.1f}x"
        counts = f"{self.here} of {self.here_total}; owned: {self.owned} of {self.owned_total}"
        return f"{self.field} = {self.value}: {times} ({counts})"


def over_represented(
    here: Mapping[str, Sequence[Any]],
    owned: Mapping[str, Sequence[Any]],
    *,
    markers: Collection[str] = (),
) -> list[Shared]:
    """Metadata values that are more frequent here than in S.

    Parameters
    ----------
    here, owned : mapping of field name to one value an image
        Text, bool or number; None where an image has no value, which then does not count.  A
        number of many values is cut at the 10th and 90th percentile of S.
    markers : names of fields
        They may only say which images are in U (:func:`~...coverage.named.markers.is_marker` of S
        and all of U), and are given only where there is no other.

    Returns
    -------
    list of Shared
        The most surprising first; at most :data:`MOST`.  Each has at least three images here, is at
        least 1.5 times as frequent as in S, and has a corrected p below :data:`LEVEL`.

    Examples
    --------
    >>> print(over_represented({"light": ["night"] * 8}, {"light": ["day"] * 40})[0])
    light = night: not owned at all (8 of 8; owned: 0 of 40)
    """
    from scipy.stats import hypergeom

    tried: list[Shared] = []
    for name in here.keys() & owned.keys():
        mine, theirs = _categories(here[name], owned[name])
        if not mine or not theirs:
            continue
        counts, base = Counter(mine), Counter(theirs)
        for value, count in counts.items():
            share, owned_share = count / len(mine), base[value] / len(theirs)
            p = hypergeom.sf(count - 1, len(mine) + len(theirs), count + base[value], len(mine))
            lift = share / owned_share if owned_share else None
            tried.append(
                Shared(name, value, count, len(mine), base[value], len(theirs), lift, float(p))
            )
    tried.sort(key=lambda shared: (shared.p, -shared.here, shared.field, shared.value))
    found, worst = [], 0.0
    for rank, shared in enumerate(tried):
        worst = max(worst, min(1.0, shared.p * (len(tried) - rank)))
        if worst > LEVEL:
            break
        if shared.here >= LEAST_COUNT and (shared.lift is None or shared.lift >= LEAST_LIFT):
            found.append(Shared(**{**vars(shared), "p": worst}))
    return ([shared for shared in found if shared.field not in markers] or found)[:MOST]


def _categories(here: Sequence[Any], owned: Sequence[Any]) -> tuple[list[str], list[str]]:
    """Both columns as words, values that are missing left out."""
    mine = [value for value in here if _is_value(value)]
    theirs = [value for value in owned if _is_value(value)]
    both = [*mine, *theirs]
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in both)
    if not numbers or len(set(both)) <= MOST_CATEGORIES or not theirs:
        return [as_text(value) for value in mine], [as_text(value) for value in theirs]
    low, high = (float(edge) for edge in np.quantile(np.asarray(theirs, np.float64), [0.1, 0.9]))

    gap = high - low or min((abs(one - low) for one in both if one != low), default=math.inf)
    least, most = (rounded(end, 3, gap) for end in (low, high))
    between = " – ".join(dict.fromkeys((least, most)))

    def cut(value: float) -> str:
        if value < low:
            return f"< {least}"
        return f"> {most}" if value > high else between

    return [cut(value) for value in mine], [cut(value) for value in theirs]


def _is_value(value: Any) -> bool:
    if value is None or value == "":
        return False
    return not isinstance(value, float) or bool(np.isfinite(value))
