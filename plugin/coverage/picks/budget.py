"""What a budget buys by several orders: the picks, plain K-Center, chance, a share for each drive.

The one idea: an order is judged by its :func:`.curve.curve` alone, so whatever made it can be
compared with whatever did not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import DimensionError
from ...progress import Progress, silent
from ..nearest.rows import Metric, Rows
from ..verdict import Labels
from .curve import Curve, curve, equal_share, random_orders
from .kcenter import k_center_greedy

if TYPE_CHECKING:
    import pandas as pd

PICKS, KCENTER, RANDOM, SHARE = "picks", "K-Center", "random", "equal share"
FIGURES = ("radius", "p99", "covered", "supported", "cards")
SEEDS = 20

Figures = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Line:
    """Figures of one order after 0, 1, ... k picks, float64 (k + 1,) each by name.

    ``radius``, ``p99``, ``covered`` and ``supported`` as :class:`.curve.Curve` has them, ``cards``
    of :func:`touched`; what is not known is left out.  Of several orders they are medians, ``low``
    and ``high`` the least and the highest.
    """

    name: str
    figures: Figures
    low: Figures = field(default_factory=dict)
    high: Figures = field(default_factory=dict)


def touched(order: ArrayLike, card: ArrayLike) -> NDArray[np.int64]:
    """How many distinct cards have a pick after 0, 1, ... k picks, int64 (k + 1,).

    Parameters
    ----------
    order : int (k,)
        Rows of U in the order of picking.
    card : int (n,)
        The card of each row of U, negative for none.

    Examples
    --------
    >>> touched([2, 0, 1, 3], [5, 5, -1, 7]).tolist()
    [0, 0, 1, 1, 2]
    """
    found = np.asarray(card)[np.asarray(order, np.int64)]
    cards, first = np.unique(found, return_index=True)
    steps = np.zeros(len(found) + 1, np.int64)
    steps[first[cards >= 0] + 1] = 1
    return np.cumsum(steps)


def figures(bought: Curve, cards: ArrayLike | None = None) -> dict[str, NDArray[np.float64]]:
    """What is known of a curve, by name."""
    known = {name: getattr(bought, name) for name in FIGURES[:4]} | {"cards": cards}
    return {k: np.asarray(v, np.float64) for k, v in known.items() if v is not None}


def budget_lines(
    U: Rows,
    picks: ArrayLike,
    d0: ArrayLike,
    *,
    drives: Labels,
    delta: float | None = None,
    support: ArrayLike | None = None,
    card: ArrayLike | None = None,
    metric: Metric = "cosine",
    seeds: int = SEEDS,
    progress: Progress = silent,
) -> list[Line]:
    """The picks beside what to compare them with, each of as many picks.

    Parameters
    ----------
    U : float32 (n, d)
        Unit rows.
    picks : int (k,)
        Rows of U in the order of picking.
    d0 : (n,) of any float dtype
        Euclidean distance of each row to S, computed once for all.
    drives : n labels
        For the equal share.
    delta, support
        As for :func:`.curve.curve`.
    card : int (n,), optional
        The gap card of each row, negative for none.
    seeds : int
        Random orders, whose least, median and highest figure is one line.

    Returns
    -------
    list of Line
        ``picks``, ``K-Center`` unless the picks are its own, ``random`` and ``equal share``.

    Examples
    --------
    >>> U = np.eye(4, dtype=np.float32)
    >>> lines = budget_lines(U, [3, 0], [0.1, 0.2, 0.3, 1.0], drives="aabb", seeds=2)
    >>> [line.name for line in lines], lines[0].figures["radius"].round(3).tolist()
    (['picks', 'K-Center', 'random', 'equal share'], [0.5, 0.045, 0.045])
    """
    order = np.asarray(picks, np.int64)
    if len(drives) != len(U):
        raise DimensionError(f"U has {len(U)} samples and {len(drives)} drive labels.")
    orders: dict[str, list[NDArray[np.int64]]] = {PICKS: [order]}
    if len(order):
        plain, _ = k_center_greedy(None, U, len(order), d0)
        orders |= {} if np.array_equal(plain, order) else {KCENTER: [plain]}
        orders[RANDOM] = list(random_orders(len(U), len(order), seeds))
        orders[SHARE] = [equal_share(drives, len(order))]
    lines, done, total = [], 0, sum(map(len, orders.values()))
    for name, several in orders.items():
        found = []
        for one in several:
            bought = curve(U, one, d0, delta=delta, support=support, metric=metric)
            found.append(figures(bought, None if card is None else touched(one, card)))
            done += 1
            progress(done, total)
        lines.append(_line(name, found))
    return lines


def _line(name: str, found: Sequence[Figures]) -> Line:
    if len(found) == 1:
        return Line(name, found[0])
    stacked = {key: np.stack([each[key] for each in found]) for key in found[0]}
    middle, low, high = (
        {key: summary(values, axis=0) for key, values in stacked.items()}
        for summary in (np.median, np.min, np.max)
    )
    return Line(name, middle, low, high)


def table(lines: Iterable[Line]) -> pd.DataFrame:
    """A row for each line and number of picks; ``_low`` and ``_high`` where there are several.

    Examples
    --------
    >>> table([Line("picks", {"radius": np.array([0.4, 0.1])})])
        line  picks  radius
    0  picks      0     0.4
    1  picks      1     0.1
    """
    import pandas as pd

    parts = []
    for line in lines:
        columns = {
            f"{key}{ending}": values
            for ending, some in (("", line.figures), ("_low", line.low), ("_high", line.high))
            for key, values in some.items()
        }
        count = len(next(iter(line.figures.values())))
        parts.append(pd.DataFrame({"line": line.name, "picks": range(count), **columns}))
    return pd.concat(parts, ignore_index=True)
