"""What metadata can name a card by: the values of a column, by the kind of column it is.

The one idea: a value speaks for a kind of scene only if several drives could share it.  Columns
that number images or drives, or run like a clock, find one drive again and name nothing.  A flag
that is never set in S, or a word that all of U has and S never, may only say which images are gaps:
they are asked last.  Kinds are told by the values, never by a column's name.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..coverage.named.markers import is_flag, is_marker
from ..coverage.named.ranges import own_range, range_ends, short
from ..coverage.verdict import drive_numbers
from ..errors import DimensionError

MOST_CATEGORIES = 12
"""Numbers with more distinct values than this are asked by range, others by value."""

MOST_VALUES = 64
"""Values of a column at most: what has more, such as a street, is no kind of scene."""

MOST_FIELDS = 16
"""Fields that names are made of, the first that can: names to ask grow with the cube."""

EXACT_DRIVES = 512
"""Drives of S up to which a range is read without the drive asked; of more, one moves no end."""

SHARED = 0.5
"""Share of drives that has to share its usual value with another drive."""

GRADES = frozenset((
    "none", "no", "yes", "few", "little", "low", "small", "medium", "moderate", "large", "high",
    "much", "many",
))  # fmt: skip
"""Words that say how much, and not of what."""

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Column:
    """A field of the metadata, one value an image: ``owned`` of S, ``pool`` of U; None is missing.

    Text, bool or number.
    """

    name: str
    owned: Sequence[Any]
    pool: Sequence[Any]


@dataclass(frozen=True, eq=False)
class Term:
    """A value, or a range, of one field.

    ``owned`` float64 (m,) and ``pool`` (n,) are 1 where an image has it.  ``inside`` (m,) is the
    same of S for the comparison between drives: a range of S is read without the drive that is
    asked.  ``last`` where the field may only say that S lacks the gaps.
    """

    field: str
    value: str
    word: bool
    owned: Mask
    pool: Mask
    inside: Mask
    last: bool

    def __str__(self) -> str:
        return f"`{self.field}` {self.value}" if self.ranged else f"`{self.field}` = {self.value}"

    @property
    def ranged(self) -> bool:
        """Whether it is a range of numbers."""
        return self.value.startswith(("above ", "below ")) and not self.word

    @property
    def short(self) -> str:
        """As a title has it: a word alone, a number or a grade with its field.

        Examples
        --------
        >>> no = np.zeros(1, bool)
        >>> [Term("light", "night", True, no, no, no, False).short,
        ...  Term("traffic", "low", True, no, no, no, False).short,
        ...  Term("speed", "above 31", False, no, no, no, False).short]
        ['night', 'traffic low', 'speed above 31']
        """
        alone = self.word and self.value.lower() not in GRADES
        return self.value if alone else f"{self.field} {self.value}"


@dataclass(frozen=True, eq=False)
class Terms:
    """``terms`` that names are made of, and why each of the other columns was ``left_out``."""

    terms: tuple[Term, ...]
    left_out: Mapping[str, str]


def terms_of(
    columns: Sequence[Column],
    owned_drives: Sequence[Hashable],
    pool_drives: Sequence[Hashable],
) -> Terms:
    """Values and ranges of the columns that can name a card.

    Parameters
    ----------
    owned_drives, pool_drives : m, n labels
        The drive of each image; a missing label is a drive of its own.

    Raises
    ------
    DimensionError
        A column is not as long as the drives.

    Examples
    --------
    >>> columns = [Column("light", ["day", "day", "dusk"], ["night", "day"]),
    ...            Column("camera", ["a", "a", "a"], ["a", "a"]),
    ...            Column("file", ["1.jpg", "2.jpg", "3.jpg"], ["4.jpg", "5.jpg"])]
    >>> found = terms_of(columns, ["k", "l", "m"], ["u", "v"])
    >>> [str(term) for term in found.terms]
    ['`light` = night', '`light` = day', '`light` = dusk']
    >>> found.left_out["camera"], found.left_out["file"]
    ('one value', 'names images or drives')
    """
    drive, m = drive_numbers([*owned_drives, *pool_drives]), len(owned_drives)
    terms: list[Term] = []
    left_out: dict[str, str] = {}
    for column in columns:
        if len(column.owned) != m or len(column.pool) != len(drive) - m:
            raise DimensionError(
                f"{column.name!r} has {len(column.owned)} and {len(column.pool)} values for {m} "
                f"images of S and {len(drive) - m} of U."
            )
        values = [_plain(value) for value in (*column.owned, *column.pool)]
        reason = _reason(values, drive, m)
        if not reason and len({term.field for term in terms}) == MOST_FIELDS:
            reason = f"{MOST_FIELDS} fields are asked before it"
        if reason:
            left_out[column.name] = reason
        elif _is_number(values) and len(_distinct(values)) > MOST_CATEGORIES:
            terms += _ranges(column.name, np.array(values, np.float64), drive, m)
        else:
            terms += _values(column.name, values, m)
    return Terms(tuple(terms), left_out)


def _reason(values: Sequence[Any], drive: Ints, m: int) -> str:
    """Why no name is made of a column; empty where names are."""
    known = np.array([value is not None for value in values])
    if not known[:m].any():
        return "no owned image has a value"
    distinct = _distinct(values)
    if len(distinct) == 1:
        return "one value"
    if _is_number(values) and len(distinct) > MOST_CATEGORIES:
        numbers = np.array(values, np.float64)
        whole = not (numbers[known] % 1).any()
        if whole and len(distinct) == known.sum():
            return "numbers images"
        return "runs on from drive to drive" if _clock(numbers[known], drive[known]) else ""
    if not _shared(values, drive):
        return "names images or drives"
    return f"more than {MOST_VALUES} values" if len(distinct) > MOST_VALUES else ""


def _clock(values: NDArray[np.float64], drive: Ints) -> bool:
    """Whether drives lie one after the other in a number, as in a time or a running number."""
    number = drive_numbers(drive)
    count = int(number.max()) + 1
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, number, values)
    np.maximum.at(high, number, values)
    several = np.bincount(number) > 1  # one image is apart from any other
    low, high = low[several], high[several]
    order = np.argsort(low, kind="stable")
    apart = low[order][1:] > high[order][:-1]
    return len(low) > 2 and bool(apart.mean() > SHARED)


def _shared(values: Sequence[Any], drive: Ints) -> bool:
    """Whether most drives have their usual value in common with another drive."""
    known = [at for at, value in enumerate(values) if value is not None]
    names = {value: at for at, value in enumerate(_distinct(values))}
    code = np.array([names[values[at]] for at in known])
    pairs, frames = np.unique(np.stack([drive[known], code]), axis=1, return_counts=True)
    drives_with = np.bincount(pairs[1])
    # Of each drive the most frequent value: the last of its pairs by frames.
    order = np.lexsort((frames, pairs[0]))
    last = np.flatnonzero(np.diff(pairs[0][order], append=-1))
    usual = pairs[1][order][last]
    return bool((drives_with[usual] > 1).mean() >= SHARED)


def _values(name: str, values: Sequence[Any], m: int) -> list[Term]:
    """A term for each value; those of S alone name no card, but say what chance would name."""
    words = not _is_number(values) and not is_flag(_distinct(values))
    ours, theirs = _distinct(values[:m]), _distinct(values[m:])
    last = is_marker(ours, theirs)
    code = {value: at for at, value in enumerate(_distinct(values))}
    codes = np.array([-1 if value is None else code[value] for value in values])
    found = []
    for value in {**theirs, **ours}:
        has = codes == code[value]
        found.append(Term(name, as_text(value), words, *_cut(has, m), has[:m], last))
    return found


def _ranges(name: str, values: NDArray[np.float64], drive: Ints, m: int) -> list[Term]:
    """Below and above the range that holds 99 % of S, drives weighted alike."""
    known = np.isfinite(values)
    ours = np.flatnonzero(known[:m])
    whole = own_range(values[ours], drive[ours])
    low, high = ranges_without(values[ours], drive[ours])
    inside = np.zeros((2, m), bool)
    inside[:, ours] = values[ours] < low, values[ours] > high
    beyond = values[known][whole.outside(values[known])]
    gap = whole.high - whole.low or np.abs(beyond - whole.low).min(initial=np.inf)
    below, above = f"below {short(whole.low, gap)}", f"above {short(whole.high, gap)}"
    with np.errstate(invalid="ignore"):
        return [
            Term(name, below, False, *_cut(values < whole.low, m), inside[0], False),
            Term(name, above, False, *_cut(values > whole.high, m), inside[1], False),
        ]


def ranges_without(
    values: NDArray[np.float64], drive: Ints
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both ends of :func:`~..coverage.named.ranges.own_range` without each image's own drive.

    Parameters
    ----------
    values, drive : (n,)
        Of S, finite; one drive alone keeps its own range, and so do more than
        :data:`EXACT_DRIVES`, of which one is less than half of a tail.

    Examples
    --------
    >>> low, high = ranges_without(np.array([1.0, 2.0, 3.0]), np.array([0, 1, 1]))
    >>> low.tolist(), high.tolist()
    ([2.0, 1.0, 1.0], [3.0, 1.0, 1.0])
    """
    number = drive_numbers(drive)
    count, frames = int(number.max()) + 1, np.bincount(number)
    order = np.argsort(values, kind="stable")
    ordered, whose = values[order], number[order]
    weight = 1 / (max(count - 1, 1) * frames[whose])
    if count > EXACT_DRIVES:
        whole = own_range(values, number)
        return np.full(len(values), whole.low), np.full(len(values), whole.high)
    ends = np.empty((2, count))
    for one in range(count):
        rest = np.flatnonzero(whose != one) if count > 1 else np.arange(len(values))
        ends[:, one] = ordered[rest[range_ends(weight[rest])]]
    return ends[0][number], ends[1][number]


def _cut(has: Mask, m: int) -> tuple[Mask, Mask]:
    return has[:m], has[m:]


def _plain(value: Any) -> Any:
    """A value, or None where there is none."""
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or value == "":
        return None
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _distinct(values: Sequence[Any]) -> dict[Any, None]:
    return dict.fromkeys(value for value in values if value is not None)


def _is_number(values: Sequence[Any]) -> bool:
    return all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in _distinct(values))


def as_text(value: Any) -> str:
    """A value of a field as sentences and tables have it; a number with all of its digits.

    One that was a float32 has as many as tell it from every other: more are of its way to float64.

    >>> as_text(True), as_text(0.1 + 0.2), as_text(1699999999.0), as_text(11.576124)
    ('yes', '0.3', '1699999999', '11.576124')
    >>> as_text(float(np.float32(0.3))), as_text(float(np.float32(59.913868)))
    ('0.3', '59.913868')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return str(value)
    if abs(value) < 1e6 and float(single := np.float32(value)) == value:
        value = float(str(single))
    return f"{value:.15g}"
