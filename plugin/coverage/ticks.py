"""Distances worth trying as δ, each with the rule that it comes from.

The one idea: a number between 0 and 2 says little, so δ is offered by what it means: the level of
false gaps that S can hold, a tenth of U, and where a next pick buys little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .knee import knee
from .verdict import drives_needed, supported_level
from .words import counted, share
from .yardstick import Yardstick

TickName = Literal["level", "p90", "knee"]
FAR = 0.9
"""Quantile of U that the second tick stands at."""


@dataclass(frozen=True)
class Tick:
    """A δ with its name.

    ``label`` is short, ``rule`` says in a sentence what the distance is.  ``supported`` is whether
    the evidence carries it: a level needs its number of drives of S.
    """

    name: TickName
    delta: float
    label: str
    rule: str
    supported: bool = True


def ticks(
    distance: ArrayLike,
    scale: Yardstick | None = None,
    drives: int = 0,
    alpha: float = 0.1,
    radii: Sequence[float] = (),
    *,
    at_level: float | None = None,
) -> list[Tick]:
    """The ticks that there is something to say for.

    Parameters
    ----------
    distance : (n,)
        Distance of each candidate to S; NaN is left out.
    scale, drives
        Left-out distances of S, and how many drives they come from; no level without two drives.
    alpha
        The level asked for.
    radii : (k + 1,)
        Covering radius before the first pick and after each, in the unit of ``distance``.
    at_level
        The δ that holds ``alpha``, where it is known; else it is read off ``scale``.

    Examples
    --------
    >>> for tick in ticks(np.linspace(0, 1, 11), Yardstick.of([0.4, 0.5], ["a", "b"]), 2):
    ...     print(tick.label, round(tick.delta, 2), tick.supported)
    level 33 % 0.5 False
    p90 0.9 True
    """
    found = []
    if scale is not None and drives > 1:
        found.append(_level(scale, drives, alpha, at_level))
    known = np.asarray(distance, np.float64)
    known = known[np.isfinite(known)]
    if len(known):
        far = float(np.quantile(known, FAR))
        rule = "a tenth of the candidates lie farther, whatever they are"
        found.append(Tick("p90", far, "p90", rule))
    at = knee(radii) if len(radii) else None
    if at is not None:
        rule = (
            f"after {counted(at, 'pick')} the next ones buy little: each candidate is this near to "
            "an owned image or a pick (knee of the radius, Satopää et al. 2011)"
        )
        found.append(Tick("knee", float(radii[at]), "knee", rule))
    return found


def _level(scale: Yardstick, drives: int, alpha: float, at_level: float | None) -> Tick:
    needed = drives_needed(alpha)
    if drives >= needed:
        delta = scale.threshold(alpha, drives) if at_level is None else at_level
        rule = (
            f"of a new drive of a kind that is owned, {share(alpha)} of the frames at most are "
            "called gaps by mistake"
        )
        return Tick("level", delta, f"level {share(alpha)}", rule)
    finest = supported_level(drives)
    rule = (
        f"the finest level that {counted(drives, 'owned drive')} support; level {share(alpha)} "
        f"needs {needed:,}"
    )
    delta = scale.threshold(finest, drives)
    return Tick("level", delta, f"level {share(finest)}", rule, supported=False)
