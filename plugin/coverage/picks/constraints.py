"""What picks must keep to: a cap a drive, distance in time, support, no near duplicates.

The one idea: whatever a pick would make impossible stays impossible as more is picked, so a
candidate that is refused once need never be asked about again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DimensionError, InputError
from ..nearest.rows import Metric, Rows, checked_metric, squared_radius
from ..verdict import Labels, drive_numbers, is_missing
from .company import Company, Support
from .quotas import Quota, QuotaPlan

Refusal = Literal["max_per_group", "min_apart", "near duplicate", "no support", "quota"]
_OPEN, _CAP, _APART, _NEAR, _ALONE, _QUOTA = range(6)
_REFUSALS: tuple[Refusal, ...] = get_args(Refusal)


@dataclass(frozen=True, eq=False)
class Constraints:
    """Constraints on picks of U; all are optional and hold together.

    Attributes
    ----------
    drives : n labels
        The drive of each candidate; a missing label is a drive of its own.  Without any, each
        candidate is, and neither ``max_per_group`` nor ``min_apart`` can be asked for.
    times : (n,) of numbers
        Seconds, or frame numbers, within the drive; NaN where unknown.
    max_per_group : int
        Picks a drive at most.
    min_apart : float
        Picks of one drive are at least that far apart, in the unit of ``times``.
    support : Support
        A pick must have company in U; who has none goes to ``look_at``.
    forbidden : float
        No pick is that near to S or to another pick, or nearer.
    quotas : sequence of Quota
        Picks of a kind at least and at most.  With ``max_per_group`` they are met wherever that is
        possible; what the other constraints close on the way may leave them short.
    metric : {"cosine", "euclidean"}
        The unit of ``forbidden`` and of the support's radius and scale.
    """

    drives: Labels | None = None
    times: ArrayLike | None = None
    max_per_group: int | None = None
    min_apart: float | None = None
    support: Support | None = None
    forbidden: float | None = None
    quotas: Sequence[Quota] = ()
    metric: Metric = "cosine"


class ConstraintGate:
    """A :class:`.gate.Gate` for one selection of rows of U."""

    def __init__(self, rules: Constraints, U: Rows, k: int) -> None:
        count = len(U)
        self.rules = rules
        self.closed = np.zeros(count, bool)
        self.look_at: list[int] = []
        self._why = np.zeros(count, np.int8)
        self.drive, named = _drives(rules.drives, count)
        self.times = _times(rules.times, count)
        self._forbidden = squared_radius(rules.forbidden, checked_metric(rules.metric), "forbidden")
        self._by_time = _check_apart(rules.min_apart, self.times)
        _check_cap(rules.max_per_group)
        if rules.drives is None and (rules.max_per_group is not None or self._by_time):
            raise InputError(
                "max_per_group and min_apart need drives; give the drive of each candidate."
            )
        self._named = named
        self._picked = np.zeros(self.drive.max() + 1, np.int64)
        self._company: Company | None = None
        if rules.support is not None:
            self._company = Company(U, self.drive, self.times, rules.support, rules.metric)
        self._plan: QuotaPlan | None = None
        if rules.quotas:
            drive = np.where(named, self.drive, -1)
            self._plan = QuotaPlan(rules.quotas, k, count, drive, rules.max_per_group)
        self._order = np.lexsort((self.times, self.drive))
        self._ends = np.searchsorted(self.drive[self._order], np.arange(self.drive.max() + 2))

    def admits(self, row: int, squared: float) -> bool:
        """Whether ``row`` may be next, d^2 = ``squared`` from S and picks; if not, it is closed."""
        if squared <= self._forbidden:
            self._close(np.array([row]), _NEAR)
            return False
        if self._plan is not None and not self._plan.admits(row):
            self._close(self._plan.alike(row), _QUOTA)
            return False
        if self._company is None or self._company.has(row):
            return True
        self.look_at.append(row)
        self._close(np.array([row]), _ALONE)
        return False

    def expect(self, rows: NDArray[np.int64]) -> None:
        """``rows`` are likely to be asked about next, in this order."""
        if self._company is not None:
            self._company.expect(rows)

    def compared(self, rows: NDArray[np.int64], similarity: Rows) -> None:
        """``similarity`` (m, m) of ``rows`` with one another is known."""
        if self._company is not None:
            self._company.compared(rows, similarity)

    def took(self, row: int) -> None:
        """``row`` was picked."""
        if self._plan is not None:
            self._plan.took(row)
        self._close(np.array([row]), _OPEN)
        drive, rules = self.drive[row], self.rules
        rows = self._order[self._ends[drive] : self._ends[drive + 1]]
        self._picked[drive] += 1
        if self._named[row] and self._picked[drive] == rules.max_per_group:
            self._close(rows, _CAP)
        elif self._by_time:
            self._close(rows[np.abs(self.times[rows] - self.times[row]) < rules.min_apart], _APART)

    def reopen(self) -> bool:
        """Open rows that were kept back for a quota which came out of reach."""
        rows = np.flatnonzero(self._why == _QUOTA)
        if self._plan is None or not len(rows) or not self._plan.reopened(rows):
            return False
        self._why[rows] = _OPEN
        self.closed[rows] = False
        return True

    def refused(self) -> dict[Refusal, int]:
        """How many rows each constraint closed; a row counts for the first that did."""
        counts = np.bincount(self._why, minlength=len(_REFUSALS) + 1)[1:]
        return {name: int(n) for name, n in zip(_REFUSALS, counts, strict=True) if n}

    def _close(self, rows: NDArray[np.int64], why: int) -> None:
        new = rows[~self.closed[rows]]
        self.closed[new] = True
        self._why[new] = why
        if why in (_CAP, _APART):  # and stay so where quotas have kept them back: see reopen
            self._why[rows[self._why[rows] == _QUOTA]] = why
        if self._plan is not None:
            self._plan.closed(new)


def _drives(labels: Labels | None, count: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """A number for each row's drive, and whether the drive has a name."""
    if labels is None:
        return np.arange(count), np.zeros(count, bool)
    if len(labels) != count:
        raise DimensionError(f"U has {count} samples and {len(labels)} drive labels.")
    named = np.fromiter((not is_missing(label) for label in labels), bool, count)
    return drive_numbers(labels), named


def _times(times: ArrayLike | None, count: int) -> NDArray[np.float64]:
    if times is None:
        return np.full(count, np.nan)
    values = np.asarray(times, np.float64)
    if values.shape != (count,):
        raise DimensionError(f"times has shape {values.shape}; give one a row of U, ({count},).")
    return values


def _check_cap(most: object) -> None:
    if most is None or (isinstance(most, (int, np.integer)) and most >= 1):
        return
    raise InputError(f"max_per_group is {most}; give a whole number of picks a drive, at least 1.")


def _check_apart(gap: float | None, times: NDArray[np.float64]) -> bool:
    if gap is None:
        return False
    if not gap >= 0:
        raise InputError(f"min_apart is {gap}; give a time that is not negative.")
    if not np.isfinite(times).any():
        raise InputError("min_apart needs times, and no candidate has one; give times.")
    return gap > 0
