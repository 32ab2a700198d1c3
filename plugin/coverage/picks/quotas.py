"""Quotas: so many picks of this kind at least, so many at most, several at once.

The one idea: a whole selection that meets everything is kept beside the picks.  A candidate may be
picked where that plan has it already, or can exchange one of its own for it, or where another plan
is found with it; so whatever is picked, the rest can still be met.  Candidates that no rule tells
apart are counted as one cell, which keeps the integer programs small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array

from ...errors import DimensionError, InputError

NODES = 40
"""Nodes that the search of one integer program may open, which takes about two seconds."""
BUDGET = 50_000_000
"""Entries of the programs' matrices times nodes, in all, which takes about a minute: from then on a
candidate has to fit into the plan by one exchange.  Counts and no times, so that a busy machine
picks the same."""


@dataclass(frozen=True, eq=False)
class Quota:
    """At least ``least`` and at most ``most`` picks among ``members``, bool (n,)."""

    name: str
    members: NDArray[np.bool_]
    least: int = 0
    most: int | None = None


class QuotaPlan:
    """Which rows of U may be picked so that all quotas can still be met.

    Parameters
    ----------
    quotas : sequence of Quota
        They may overlap.  Where not all can be met, those before go first, then the number of
        picks.
    k : int
        Picks wanted.
    drives, cap : int64 (n,) and int, optional
        Picks of each drive at most; a drive of -1 has no cap.
    """

    def __init__(
        self,
        quotas: Sequence[Quota],
        k: int,
        count: int,
        drives: NDArray[np.int64] | None = None,
        cap: int | None = None,
    ) -> None:
        for quota in quotas:
            _check(quota, count)
        signs = [quota.members.astype(np.int64) for quota in quotas]
        if drives is not None and cap is not None:
            signs.append(drives)
        cells, self.cell = np.unique(
            np.stack(signs, axis=1) if signs else np.zeros((count, 1)), axis=0, return_inverse=True
        )
        self.cell = self.cell.ravel()
        self.open = np.bincount(self.cell, minlength=len(cells))
        high = [np.inf if quota.most is None else quota.most for quota in quotas]
        rows = [cells[:, at] == 1 for at in range(len(quotas))] + [np.ones(len(cells), bool)]
        groups, of = np.nonzero(np.stack(rows))
        high.append(k)
        if drives is not None and cap is not None:
            named = np.flatnonzero(cells[:, -1] >= 0)
            numbers, group = np.unique(cells[named, -1], return_inverse=True)
            groups, of = np.append(groups, group + len(rows)), np.append(of, named)
            high += [cap] * len(numbers)
        self.groups = csr_array(
            (np.ones(len(of)), (groups, of)), shape=(len(high), len(cells)), dtype=np.float64
        )
        self._cells_of = self.groups.T.tocsr()
        self.wanted = np.zeros(len(high))
        self.wanted[: len(rows)] = [*(quota.least for quota in quotas), k]
        self.high = np.array(high, np.float64)
        self.low = np.zeros(len(high))
        self.plan = np.zeros(len(cells), np.int64)
        self._spent = 0
        self._aim()

    def admits(self, row: int) -> bool:
        """Whether ``row`` may be next; the plan then has it."""
        if (self.plan > self.open).any():
            self._aim()  # another constraint closed what was planned
        cell = int(self.cell[row])
        return self.plan[cell] > 0 or self._exchange(cell) or self._replan(cell)

    def took(self, row: int) -> None:
        """``row`` was picked; it is closed apart from that."""
        cell = int(self.cell[row])
        self.plan[cell] -= 1
        mine = self._of(cell)
        for each in (self.low, self.wanted, self.high):
            each[mine] -= 1
        np.maximum(self.low, 0, out=self.low)

    def closed(self, rows: NDArray[np.int64]) -> None:
        """Rows that were open may not be picked any more."""
        np.subtract.at(self.open, self.cell[rows], 1)

    def reopened(self, rows: NDArray[np.int64]) -> bool:
        """Take rows back and aim anew; whether any of them may be picked."""
        np.add.at(self.open, self.cell[rows], 1)
        self._aim()
        return bool(self.plan.any())

    def alike(self, row: int) -> NDArray[np.int64]:
        """Rows that no quota tells from ``row``: where it may not be picked, none of them may."""
        return np.flatnonzero(self.cell == self.cell[row])

    def _of(self, cell: int) -> NDArray[np.int64]:
        start, end = self._cells_of.indptr[cell : cell + 2]
        return np.asarray(self._cells_of.indices[start:end])

    def _exchange(self, cell: int) -> bool:
        """Put ``cell`` in the place of another of the plan."""
        planned = self.groups @ self.plan
        mine = np.zeros(len(planned), bool)
        mine[self._of(cell)] = True
        full = mine & (planned + 1 > self.high)
        needed = ~mine & (planned - 1 < self.low)
        fits = (self._cells_of @ full == full.sum()) & (self._cells_of @ needed == 0)
        other = np.flatnonzero(fits & (self.plan > 0))
        if not len(other):
            return False
        self.plan[other[0]] -= 1
        self.plan[cell] += 1
        return True

    def _replan(self, cell: int) -> bool:
        """Find another plan that has ``cell``."""
        if (self.high[self._of(cell)] < 1).any():
            return False
        if not self.low.any():  # nothing is planned: only caps hold
            self.plan[cell] = 1
            return True
        least = np.zeros(len(self.plan))
        least[cell] = 1
        found = self._solve(self.low, least=least)
        if found is None:
            return False
        self.plan = found
        return True

    def _aim(self) -> None:
        """Set what can be met, and a plan that meets it."""
        low = np.maximum(self.wanted, 0)
        found = self._solve(low)
        if found is None:
            low = np.zeros(len(low))
            for group in np.flatnonzero(self.wanted > 0):
                best = self._solve(low, group=int(group))
                if best is None:
                    break
                found, low[group] = best, min((self.groups @ best)[group], self.wanted[group])
        self.low = low if found is not None else np.zeros(len(low))
        self.plan = np.zeros(len(self.plan), np.int64) if found is None else found

    def _solve(
        self,
        low: NDArray[np.float64],
        *,
        least: NDArray[np.float64] | None = None,
        group: int | None = None,
    ) -> NDArray[np.int64] | None:
        """A plan within the bounds, with as much of ``group`` as there can be; None without one."""
        goal = np.zeros(len(self.plan))
        if group is not None:
            goal = -self.groups[[group]].toarray()[0]
        if self._spent > BUDGET or (low > self.high).any():
            return None
        found = milp(
            goal,
            integrality=np.ones(len(goal)),
            bounds=(np.zeros(len(goal)) if least is None else least, self.open),
            constraints=LinearConstraint(self.groups, low, self.high),
            options={"node_limit": NODES},
        )
        # The count is missing where no plan was found: at the limit, or at once as there is none.
        opened = found.mip_node_count or (NODES if found.status in (1, 4) else 1)
        self._spent += self.groups.nnz * opened
        if found.x is None:
            return None
        plan = np.round(found.x).astype(np.int64)
        held = self.groups @ plan
        fits = ((held >= low) & (held <= self.high)).all() and (plan <= self.open).all()
        return plan if fits else None


def _check(quota: Quota, count: int) -> None:
    if quota.members.shape != (count,):
        raise DimensionError(
            f"Quota {quota.name!r} has members of shape {quota.members.shape}; give one a row of "
            f"U, ({count},)."
        )
    most = quota.least if quota.most is None else quota.most
    if not 0 <= quota.least <= most:
        raise InputError(
            f"Quota {quota.name!r} asks for {quota.least} to {quota.most} picks; give two whole "
            "numbers from 0, the smaller first."
        )
