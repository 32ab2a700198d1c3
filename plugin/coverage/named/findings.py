"""What is asked of drives by name, what was found of one beside those of S, and its sentence.

A p-value decides wherever S has the drives to support the level.  Where it has not, a plain
statement remains, without a p-value, and only where it is strong: the drive is beyond every drive
of S, and so are most of its frames.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from numpy.typing import ArrayLike

from ..words import counted, rounded
from .ranges import outside_by

MOST_FRAMES = 0.5
"""Share of a drive's frames that a plain statement on a category needs."""
_ROUNDING = 1e-9
"""A p-value this close to the level reaches it."""

Names = Sequence[Hashable]


@dataclass(frozen=True)
class Numbers:
    """A number of each frame, NaN or None where a frame has none.

    ``owned`` (n,) of S and ``pool`` (k,) of U; ``below`` and ``above`` say what a lower and a
    higher number means (``lower NAME`` if empty); ``of`` follows a median, as in ``of 255``.
    """

    name: str
    owned: ArrayLike
    pool: ArrayLike
    below: str = ""
    above: str = ""
    of: str = ""


@dataclass(frozen=True)
class Categories:
    """A word of each frame, None where it has none: ``owned`` (n,) of S and ``pool`` (k,) of U."""

    name: str
    owned: Names
    pool: Names


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One drive of U beside the drives of S in one attribute.

    Attributes
    ----------
    attribute, camera
        What was compared, and among the frames of which camera where cameras are told apart.
    sentence
        What separates the drive; empty where nothing does.
    frames, outside
        Frames of the drive that have a value, and the share of them that S's own frames do not
        reach: of a number those outside the range that holds 99 % of S, of a category those with
        ``value`` where no drive of S has it.
    owned_drives
        Drives of S that have values.
    p, asked, corrected
        The drive's p-value (two-sided for numbers), how many comparisons were made of the drive,
        and the p-value corrected for them.
    supported
        Whether so many drives of S could reach the level at all: only then does ``corrected``
        decide, and only then does the sentence name it.
    """

    attribute: str
    frames: int
    outside: float
    owned_drives: int
    p: float
    camera: str | None = None
    asked: int = 1
    corrected: float = 1.0
    supported: bool = False
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class NumberFinding(Finding):
    """A number: ``median`` of the drive, ``lowest`` and ``highest`` median of the drives of S.

    ``low`` and ``high`` are S's own range; ``drives_below`` counts the drives of S with a lower
    median, ``drives_above`` those with a higher one.
    """

    median: float
    lowest: float
    highest: float
    low: float
    high: float
    drives_below: int
    drives_above: int


@dataclass(frozen=True, kw_only=True)
class CategoryFinding(Finding):
    """A category: ``value`` is the drive's most frequent one.

    ``owned_with`` of ``owned_drives`` drives of S have it in some frame, and ``pool_with`` of
    ``pool_drives`` drives of U.
    """

    value: str
    owned_with: int
    pool_with: int
    pool_drives: int


def told(finding: Finding, about: Numbers | None, asked: int, alpha: float) -> Finding:
    """The finding, corrected for what was asked, with its sentence where the drive stands apart."""
    sides = 1 if about is None else 2
    finding = replace(
        finding,
        asked=asked,
        corrected=min(1.0, finding.p * asked),
        supported=sides * asked / (finding.owned_drives + 1) <= alpha + _ROUNDING,
    )
    by_level = finding.corrected <= alpha + _ROUNDING
    if not (by_level if finding.supported else _plainly_apart(finding)):
        return finding
    words = _category(finding) if isinstance(finding, CategoryFinding) else _number(finding, about)
    return replace(finding, sentence=words)


def _plainly_apart(finding: Finding) -> bool:
    """Whether the drive and most of its frames are beyond every drive of S."""
    if isinstance(finding, CategoryFinding):
        return finding.outside >= MOST_FRAMES
    assert isinstance(finding, NumberFinding)
    ends = (finding.lowest, finding.low), (finding.highest, finding.high)
    return finding.median < min(ends[0]) or finding.median > max(ends[1])


def _number(finding: Finding, about: Numbers | None) -> str:
    assert isinstance(finding, NumberFinding)
    assert about is not None
    lower = finding.drives_above >= finding.drives_below
    word = about.below if lower else about.above
    word = word or f"{'lower' if lower else 'higher'} `{about.name}`"
    beyond, count = max(finding.drives_above, finding.drives_below), finding.owned_drives
    than = "every owned drive" if beyond == count else f"{beyond:,} of {count:,} owned drives"
    than = "the one owned drive" if count == 1 else than
    gap = outside_by(finding.median, finding.lowest, finding.highest)
    spread = " to ".join(
        dict.fromkeys(_figure(end, gap) for end in (finding.lowest, finding.highest))
    )
    camera = f"camera {finding.camera}: " if finding.camera else ""
    return (
        f"{camera}{word} than {than} (median {_figure(finding.median, gap)}{about.of}; "
        f"owned: {spread}{_p(finding)})"
    )


def _category(finding: CategoryFinding) -> str:
    p = _p(finding)
    pool = counted(finding.pool_drives, "candidate drive")
    return (
        f"`{finding.attribute}` = {finding.value}: {finding.owned_with:,} of "
        f"{finding.owned_drives:,} owned drives, {finding.pool_with:,} of {pool}"
        + (f" ({p[2:]})" if p else "")
    )


def _p(finding: Finding) -> str:
    if not finding.supported:
        return ""
    return f"; p {finding.corrected:.2g} over {counted(finding.asked, 'comparison')}"


def _figure(value: float, gap: float) -> str:
    """A number beside another one that is ``gap`` away."""
    text = f"{value:.0f}" if abs(value) >= 999.5 else f"{value:.3g}"
    return rounded(value, 3, gap) if abs(float(text) - value) > gap / 10 else text
