"""How a gap's images differ from S in light, colour and sharpness: which of them leave its ranges.

The one idea: a range of S says how many images of a known kind leave it, so the candidates are set
apart only where more of them do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ...coverage.named.ranges import OWN_RANGE, NamedRange, short_span
from ...embeddings.attributes import WORDS
from .missing import LEAST_COUNT


@dataclass(frozen=True)
class Apart:
    """``here`` of ``here_total`` images are below, or above, the range of S in ``attribute``.

    ``word`` says what that means, as in *darker*.  ``low``, ``high`` and ``level`` are those of the
    range; they are None where the images are of several cameras, each with a range of its own, and
    ``level`` also where the range holds 99 % of S.
    """

    attribute: str
    word: str
    side: Literal["below", "above"]
    here: int
    here_total: int
    low: float | None = None
    high: float | None = None
    level: float | None = None

    def __str__(self) -> str:
        where = f"{self.word}: {self.here} of {self.here_total} {self.side} the range of S"
        if self.low is None or self.high is None:
            return where
        return f"{where}, {short_span(self.low, self.high)}"


def set_apart(
    values: Mapping[str, Sequence[float | None]],
    ranges: Sequence[NamedRange],
    cameras: Sequence[str | None],
) -> list[Apart]:
    """The attributes in which more images leave the range of S than it lets out.

    Parameters
    ----------
    values : mapping of attribute to one value an image
        None where an image has none, which then does not count.
    ranges
        Of S; an image is compared with the range of its camera.
    cameras : (n,)
        Of each image, None where ranges are not by camera.

    Returns
    -------
    list of Apart
        The largest share first.  Each has at least three images, or all where there are fewer.

    Examples
    --------
    >>> ranges = [NamedRange("brightness", 71.2, 140)]
    >>> print(set_apart({"brightness": [38, 40, 42, 90]}, ranges, [None] * 4)[0])
    darker: 3 of 4 below the range of S, 71 to 140
    """
    known = {(each.attribute, each.camera): each for each in ranges}
    found = []
    for attribute, column in values.items():
        pairs = [
            (value, known[attribute, camera])
            for value, camera in zip(column, cameras, strict=True)
            if value is not None and (attribute, camera) in known
        ]
        if not pairs:
            continue
        used = {each for _, each in pairs}
        one = used.pop() if len(used) == 1 else None
        lets_out = max((_lets_out(each) for _, each in pairs))
        below = sum(value < each.low for value, each in pairs)
        above = sum(value > each.high for value, each in pairs)
        sides: list[tuple[Literal["below", "above"], int, str]] = [
            ("below", below, WORDS[attribute][0]),
            ("above", above, WORDS[attribute][1]),
        ]
        for side, here, word in sides:
            if here >= min(LEAST_COUNT, len(pairs)) and here > lets_out * len(pairs):
                about = () if one is None else (one.low, one.high, one.level)
                found.append(Apart(attribute, word, side, here, len(pairs), *about))
    return sorted(found, key=lambda apart: -apart.here / apart.here_total)


def _lets_out(each: NamedRange) -> float:
    return 1 - OWN_RANGE if each.level is None else each.level
