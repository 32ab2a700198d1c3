"""What sets a drive of U apart by name: numbers and categories of its frames, compared by drives.

The one idea: the statistics of :mod:`.contrasts`, asked of several attributes at once, and said
only where they separate.  How many comparisons were made of a drive is part of every answer: its
p-value is corrected for them (Bonferroni), and decides wherever S has the drives to support the
level.  Where it has not, a plain statement remains, without a p-value, and only where it is strong:
the drive is beyond every drive of S, and so are most of its frames.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DimensionError
from ..verdict import drive_numbers, drives_needed
from ..words import counted
from .contrasts import own_range
from .markers import is_marker

MOST_FRAMES = 0.5
"""Share of a drive's frames that a plain statement on a category needs."""
_ROUNDING = 1e-9
"""A p-value this close to the level reaches it."""

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
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


def named(
    attributes: Sequence[Numbers | Categories],
    owned_drives: Names,
    pool_drives: Names,
    alpha: float = 0.1,
    *,
    owned_cameras: Names | None = None,
    pool_cameras: Names | None = None,
) -> dict[Hashable, list[Finding]]:
    """Compare each named drive of U with the drives of S in every attribute.

    Parameters
    ----------
    attributes : sequence of Numbers or Categories
        What is asked, each for the n frames of S and the k frames of U.
    owned_drives, pool_drives : n, k labels
        The drive of each frame; None where it has no name: each such frame is a drive of its own,
        and in U gets no finding.
    alpha : float
        Level that a corrected p-value has to reach, 0 to 1.
    owned_cameras, pool_cameras : n, k labels, optional
        Numbers are compared among frames of the same camera, since exposure differs between them;
        frames of a camera that S lacks are not compared.

    Returns
    -------
    dict of drive to list of Finding
        One of each comparison, in the order in which drives first appear; those with a sentence
        first, then by ``corrected`` and by the share of frames ``outside``.

    Raises
    ------
    DimensionError
        A column is not as long as the drives.
    InputError
        ``alpha`` is no level.

    Examples
    --------
    >>> light = Numbers("brightness", [90, 99, 110, 120], [30, 40], "darker", "brighter", " of 255")
    >>> sky = Categories("weather", ["sun", "sun", "rain", "sun"], ["snow", "snow"])
    >>> found = named([light, sky], ["a", "b", "c", "c"], ["night", "night"])
    >>> for finding in found["night"]:
    ...     print(finding.sentence)
    `weather` = snow: 0 of 3 owned drives, 1 of 1 candidate drive
    darker than every owned drive (median 35 of 255; owned: 90 to 115)
    """
    drives_needed(alpha)  # refuses what is no level
    drives = _Drives.of(owned_drives, pool_drives)
    cameras = _cameras(owned_cameras, pool_cameras, drives)
    found: dict[int, list[tuple[Finding, Numbers | None]]] = {at: [] for at in drives.named}
    for attribute in attributes:
        _check(attribute.name, attribute.owned, attribute.pool, drives)
        if isinstance(attribute, Categories):
            for at, category in _categories(attribute, drives):
                found[at].append((category, None))
        else:
            for camera in cameras:
                for at, number in _numbers(attribute, drives, *camera):
                    found[at].append((number, attribute))
    markers = {one.name for one in attributes if is_marker(_listed(one.owned), _listed(one.pool))}
    return {
        drives.named[at]: sorted(
            _telling([_told(one, about, len(pairs), alpha) for one, about in pairs], markers),
            key=lambda finding: (not finding.sentence, finding.corrected, -finding.outside),
        )
        for at, pairs in found.items()
    }


def _listed(column: Any) -> list[Any]:
    return np.asarray(column).tolist()


def _telling(findings: list[Finding], markers: set[str]) -> list[Finding]:
    """Findings without the sentences of columns that say no more than another sentence does."""
    if not any(one.sentence for one in findings if one.attribute not in markers):
        return findings
    return [replace(one, sentence="") if one.attribute in markers else one for one in findings]


@dataclass(frozen=True)
class _Drives:
    """The number of each frame's drive; ``named`` gives the label of those of U that have one."""

    owned: Ints
    pool: Ints
    named: dict[int, Hashable]

    @classmethod
    def of(cls, owned: Names, pool: Names) -> _Drives:
        numbers = drive_numbers(pool)
        labels = zip(numbers.tolist(), pool, strict=True)
        return cls(
            drive_numbers(owned), numbers, {at: label for at, label in labels if _word(label)}
        )


def _check(name: str, owned: Any, pool: Any, drives: _Drives) -> None:
    for role, column, drive in (("S", owned, drives.owned), ("U", pool, drives.pool)):
        if np.shape(column)[:1] != drive.shape:
            raise DimensionError(
                f"{name!r} has {np.size(column)} values for {len(drive)} frames of {role}."
            )


def _cameras(
    owned: Names | None, pool: Names | None, drives: _Drives
) -> list[tuple[str | None, Mask, Mask]]:
    """Each camera of S, with its frames of S and of U."""
    if owned is None or pool is None:
        return [(None, np.ones(len(drives.owned), bool), np.ones(len(drives.pool), bool))]
    _check("camera", owned, pool, drives)
    ours, theirs = (np.array([_word(value) for value in side]) for side in (owned, pool))
    return [(str(name), ours == name, theirs == name) for name in np.unique(ours[ours != ""])]


def _numbers(
    about: Numbers, drives: _Drives, camera: str | None, inside: Mask, outside: Mask
) -> Iterator[tuple[int, NumberFinding]]:
    """Each named drive of U in one number, among the chosen frames that have it."""
    owned, pool = (np.asarray(side, np.float64) for side in (about.owned, about.pool))
    inside, outside = inside & np.isfinite(owned), outside & np.isfinite(pool)
    if not inside.any() or not outside.any():
        return
    usual = medians(owned[inside], drives.owned[inside])
    usual = np.sort(usual[np.isfinite(usual)])
    limits, count = own_range(owned[inside], drives.owned[inside]), len(usual)
    drive, values = drives.pool[outside], pool[outside]
    middle, frames = medians(values, drive), np.bincount(drive)
    beyond = np.bincount(drive, weights=limits.outside(values))
    below = np.searchsorted(usual, middle, side="left")
    above = count - np.searchsorted(usual, middle, side="right")
    p = np.minimum(1.0, 2 * (1 + count - np.maximum(below, above)) / (count + 1))
    for at in drives.named:
        if at < len(frames) and frames[at]:
            yield (
                at,
                NumberFinding(
                    attribute=about.name,
                    camera=camera,
                    frames=int(frames[at]),
                    outside=float(beyond[at] / frames[at]),
                    owned_drives=count,
                    p=float(p[at]),
                    median=float(middle[at]),
                    lowest=float(usual[0]),
                    highest=float(usual[-1]),
                    low=limits.low,
                    high=limits.high,
                    drives_below=int(below[at]),
                    drives_above=int(above[at]),
                ),
            )


def medians(values: ArrayLike, drive: Ints) -> NDArray[np.float64]:
    """Median of each drive, by number; NaN for a number that no frame has.

    Examples
    --------
    >>> medians([1.0, 5.0, 2.0, 3.0], np.array([0, 2, 0, 0])).tolist()
    [2.0, nan, 5.0]
    """
    array = np.asarray(values, np.float64)
    ordered = array[np.lexsort((array, drive))]
    frames = np.bincount(drive)
    start = np.minimum(np.cumsum(frames) - frames, len(array) - 1)
    low = ordered[start + np.maximum(frames - 1, 0) // 2]
    return np.where(frames > 0, (low + ordered[start + frames // 2]) / 2, np.nan)


def _categories(about: Categories, drives: _Drives) -> Iterator[tuple[int, CategoryFinding]]:
    """Each named drive of U in one category.

    How usual a drive is, is how many of the other drives have its most frequent value; p is the
    share of S and the drive itself that is no more usual (full conformal).
    """
    codes: dict[str, int] = {}
    owned, pool = (
        np.array([codes.setdefault(_word(value), len(codes)) for value in side], np.int64)
        for side in (about.owned, about.pool)
    )
    ours = _table(owned, drives.owned, codes)
    theirs = _table(pool, drives.pool, codes)
    ours = ours[ours.any(axis=1)]
    words, count = list(codes), len(ours)
    if not count:
        return
    held, shown = (ours > 0).sum(axis=0), (theirs > 0).sum(axis=0)
    main, pool_drives = ours.argmax(axis=1), int(theirs.any(axis=1).sum())
    for at in drives.named:
        frames = int(theirs[at].sum())
        if not frames:
            continue
        value = int(theirs[at].argmax())
        others = held[main] - 1 + (theirs[at, main] > 0)
        yield (
            at,
            CategoryFinding(
                attribute=about.name,
                frames=frames,
                outside=0.0 if held[value] else float(theirs[at, value] / frames),
                owned_drives=count,
                p=float((1 + (others <= held[value]).sum()) / (count + 1)),
                value=words[value],
                owned_with=int(held[value]),
                pool_with=int(shown[value]),
                pool_drives=pool_drives,
            ),
        )


def _table(codes: Ints, drive: Ints, words: dict[str, int]) -> Ints:
    """Frames of each drive (rows) that have each word (columns); missing words count nowhere."""
    table = np.zeros((int(drive.max(initial=-1)) + 1, len(words)), np.int64)
    np.add.at(table, (drive, codes), 1)
    if "" in words:
        table[:, words[""]] = 0
    return table


def _word(value: Hashable) -> str:
    """A value as text; missing values (None, NaN) are empty."""
    return "" if value is None or value != value else str(value)


def _told(finding: Finding, about: Numbers | None, asked: int, alpha: float) -> Finding:
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
    spread = _figure(finding.lowest)
    if finding.highest > finding.lowest:
        spread += f" to {_figure(finding.highest)}"
    camera = f"camera {finding.camera}: " if finding.camera else ""
    return (
        f"{camera}{word} than {than} (median {_figure(finding.median)}{about.of}; owned: {spread}"
        f"{_p(finding)})"
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


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"
