"""The drives of U beside those of S: a p-value, an effect size and counts for each.

The one idea: a drive is one observation.  How unusual its median distance to S is among the drives
of S is a p-value (:func:`.verdict.drive_p_values`); how much farther it is, in units of what is
usual in S, is the effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .criterion import COVERED, GAP, OwnDistances
from .verdict import drive_medians, drive_numbers, drive_p_values


@dataclass(frozen=True)
class DriveRow:
    """One drive of U.

    Attributes
    ----------
    drive, frames
        Its name, and how many images of U it has.
    p
        Share of drives at least as far from S, 1 / (m + 1) to 1; None where S has one drive.
    median, effect
        Median distance of its images to S, and the same in units of the median distance inside S;
        the effect is None where that is 0.
    gaps, covered, cannot_say
        Verdicts of its images.
    owned
        Whether S holds images of the same drive: p is then no level, since the drive is not new.
    findings
        What sets it apart by name (:mod:`.named.channel`), as JSON.
    """

    drive: str
    frames: int
    p: float | None
    median: float
    effect: float | None
    gaps: int
    covered: int
    cannot_say: int
    owned: bool = False
    findings: list[dict[str, Any]] = field(default_factory=list)


def drive_table(
    own: OwnDistances | None,
    owned_drives: Sequence[str | None],
    distance: ArrayLike,
    pool_drives: Sequence[str | None],
    verdicts: ArrayLike,
    usual: float | None,
) -> list[DriveRow]:
    """The named drives of U, the most unusual first: by p, then by effect.

    Parameters
    ----------
    own : OwnDistances or None
        Of S; None where S has one image.
    owned_drives, pool_drives : m, n labels
        None where an image has no drive.
    distance, verdicts : (n,)
        Of each image of U: distance to S, and GAP, COVERED or CANNOT_SAY.
    usual : float or None
        Median of the distances inside S.

    Examples
    --------
    >>> own = OwnDistances(np.float32([0.1, 0.2, 0.3]), np.array([0, 1, 2]), False)
    >>> rows = drive_table(own, "abc", [0.4, 0.2, 0.2], ["new", "new", "old"], [1, 0, 0], 0.2)
    >>> [(row.drive, row.frames, row.p, round(row.effect, 3), row.gaps) for row in rows]
    [('new', 2, 0.5, 1.5, 1), ('old', 1, 0.75, 1.0, 0)]
    """
    rows = [row for row, label in enumerate(pool_drives) if label is not None]
    if not rows:
        return []
    labels = [str(pool_drives[row]) for row in rows]
    far, codes = np.asarray(distance, np.float64)[rows], np.asarray(verdicts)[rows]
    names, number = list(dict.fromkeys(labels)), drive_numbers(labels)
    medians = list(drive_medians(far, number, name="U").values())
    p: dict[Any, float] = {}
    if own is not None and own.drives > 1:
        p = drive_p_values(own.distance, own.drive, far, number)
    frames, gaps, covered = (
        np.bincount(number, weights=weight, minlength=len(medians)).astype(int)
        for weight in (None, codes == GAP, codes == COVERED)
    )
    held = set(owned_drives)
    table = [
        DriveRow(
            drive=drive,
            frames=int(frames[i]),
            p=p.get(i),
            median=medians[i],
            effect=medians[i] / usual if usual else None,
            gaps=int(gaps[i]),
            covered=int(covered[i]),
            cannot_say=int(frames[i] - gaps[i] - covered[i]),
            owned=drive in held,
        )
        for i, drive in enumerate(names)
    ]
    return sorted(table, key=lambda row: (1.0 if row.p is None else row.p, -row.median))
