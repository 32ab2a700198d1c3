"""What sets a drive of U apart by name: numbers and categories of its frames, compared by drives.

The one idea: the same test as for distances (:mod:`..verdict`), two-sided, asked of several
attributes at once, and said only where they separate (:mod:`.findings`).  How many comparisons were
made of a drive is part of every answer: one of eight attributes is below .05 by chance once in
three drives, so its p-value is corrected for them (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DimensionError
from ..verdict import drive_numbers, drives_needed
from .findings import Categories, CategoryFinding, Finding, Names, NumberFinding, Numbers, told
from .markers import is_marker
from .ranges import own_range

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


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
            _telling([told(one, about, len(pairs), alpha) for one, about in pairs], markers),
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
