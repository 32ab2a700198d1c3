"""The range of S in one number of each frame, such as brightness, and what lies outside of it.

The one idea: the same threshold as for distances (:mod:`..verdict`), at both ends, since an
attribute can be too low as well as too high.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..verdict import Labels, drive_weights, frame_threshold
from ..words import rounded, share

OWN_RANGE = 0.99
"""Share of S, drives weighted alike, that lies inside of its own range."""


@dataclass(frozen=True)
class Range:
    """Lowest and highest usual value; infinite ends where S cannot support the level."""

    low: float
    high: float

    def outside(self, values: ArrayLike) -> NDArray[np.bool_]:
        """Which values lie beyond an end."""
        array = np.asarray(values, np.float64)
        return (array < self.low) | (array > self.high)


@dataclass(frozen=True)
class NamedRange:
    """The range of S in one attribute, among the images of one camera where that is named.

    ``level`` is the rate at which a frame of a new drive of a known kind leaves it, at most; None
    where S has too few drives, and the range holds 99 % of S instead.  ``of`` follows a number in
    words, as in ``of 255``.
    """

    attribute: str
    low: float
    high: float
    level: float | None = None
    camera: str | None = None
    of: str = ""

    @classmethod
    def of_owned(
        cls, attribute: str, values: ArrayLike, drives: Labels, alpha: float, **about: Any
    ) -> NamedRange:
        """The range at level ``alpha``, or else S's own."""
        found = level_range(values, drives, alpha)
        level: float | None = alpha
        if not np.isfinite([found.low, found.high]).all():
            found, level = own_range(values, drives), None
        return cls(attribute, found.low, found.high, level, **about)

    def phrase(self, value: float) -> str:
        """A value beside the range.

        Examples
        --------
        >>> NamedRange("brightness", 71.2, 140, of=" of 255").phrase(38.4)
        'brightness 38 of 255 (71 to 140)'
        """
        name, gap = called(self.attribute), outside_by(value, self.low, self.high)
        return f"{name} {short(value, gap)}{self.of} ({short_span(self.low, self.high, gap)})"


def called(attribute: str) -> str:
    """An attribute, or another name of a field, as a person says it.

    >>> called("edge_density"), called("blue_red")
    ('edge density', 'blue minus red')
    """
    return "blue minus red" if attribute == "blue_red" else attribute.replace("_", " ")


def outside_ranges(
    values: Mapping[str, float | None], ranges: Iterable[NamedRange], camera: str | None = None
) -> list[tuple[NamedRange, float]]:
    """The ranges of S that an image of ``camera`` is outside of, each with the image's value.

    Examples
    --------
    >>> ranges = [NamedRange("brightness", 71, 140), NamedRange("contrast", 20, 60)]
    >>> [(known, value)] = outside_ranges({"brightness": 38.0, "contrast": 40.0}, ranges)
    >>> known.phrase(value)
    'brightness 38 (71 to 140)'
    """
    found = []
    for each in ranges:
        value = values.get(each.attribute)
        if value is not None and each.camera == camera and not each.low <= value <= each.high:
            found.append((each, value))
    return found


def outside_sentence(outside: Sequence[tuple[NamedRange, float]]) -> str:
    """What an image is outside of, as :func:`outside_ranges` found it; empty for nothing.

    A sentence for each level: an attribute that fewer drives of S have may lack one.

    Examples
    --------
    >>> outside_sentence([(NamedRange("brightness", 71, 140, of=" of 255"), 38.0)])
    'Outside the range of owned images (99 % of them): brightness 38 of 255 (71 to 140).'
    """
    phrases: dict[tuple[str | None, float | None], list[str]] = {}
    for each, value in outside:
        phrases.setdefault((each.camera, each.level), []).append(each.phrase(value))
    sentences = []
    for (camera, level), those in phrases.items():
        of = "" if camera is None else f" with camera {camera}"
        held = f"{share(OWN_RANGE)} of them" if level is None else f"level {share(level)}"
        sentences.append(f"Outside the range of owned images{of} ({held}): {', '.join(those)}.")
    return " ".join(sentences)


def short(value: float, gap: float = math.inf) -> str:
    """A number as sentences have it, beside another one that is ``gap`` away.

    >>> short(71.2), short(0.1234), short(59.9138, 0.0073)
    ('71', '0.123', '59.914')
    """
    text = f"{value:.0f}" if abs(value) >= 10 else f"{value:.3g}"
    if abs(float(text) - value) > gap / 10:
        text = rounded(value, 3, gap)
    return text


def short_span(low: float, high: float, gap: float | None = None) -> str:
    """Both ends of a range as :func:`short` has them; ``gap`` is its width by default.

    >>> short_span(71.2, 140), short_span(59.9138, 59.9211), short_span(2.0, 2.0)
    ('71 to 140', '59.914 to 59.921', '2')
    """
    gap = (high - low if gap is None else gap) or math.inf
    ends = dict.fromkeys((short(low, gap), short(high, gap)))
    return " to ".join(ends)


def outside_by(value: float, low: float, high: float) -> float:
    """How far a number lies outside of a range; infinite inside, where nothing is to be told.

    >>> outside_by(1.0, 3.0, 4.0), outside_by(3.5, 3.0, 4.0)
    (2.0, inf)
    """
    return max(low - value, value - high) if value < low or value > high else math.inf


def own_range(values: ArrayLike, drives: Labels) -> Range:
    """The range that holds 99 % of S, drives weighted alike: half a percent is cut at each end.

    Examples
    --------
    >>> own_range([1.0, 2.0, 3.0], ["a", "a", "b"])
    Range(low=1.0, high=3.0)
    """
    array = np.asarray(values, np.float64)
    order = np.argsort(array, kind="stable")
    low, high = array[order[range_ends(drive_weights(drives, len(array))[order])]].tolist()
    return Range(low, high)


def range_ends(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Where, in ascending order, a range begins and ends that holds 99 % of such weights, (2,)."""
    reached, tail = np.cumsum(weights), (1 - OWN_RANGE) / 2
    low = np.searchsorted(reached, tail, side="right")
    high = np.searchsorted(reached, 1 - tail - 1e-12)
    return np.minimum([low, high], len(weights) - 1)


def level_range(values: ArrayLike, drives: Labels, alpha: float) -> Range:
    """The range that a frame of a new drive of a known kind leaves at most at the rate ``alpha``.

    Half of it at each end; infinite where the drives of S are too few.
    """
    array = np.asarray(values, np.float64)
    return Range(
        -frame_threshold(-array, drives, alpha / 2), frame_threshold(array, drives, alpha / 2)
    )
