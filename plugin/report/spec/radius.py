"""How far from a candidate an image of the same kind may lie, learnt from drives.

The one idea: frames of one drive lie closer together than drives of one kind do, so a radius that
another drive can meet is read off drives, each left out in turn: how far are its frames from those
of the others?  The drives of the candidates say it for their kind.  Those of S say how far apart
drives of one kind usually are, and the radius is never larger: candidates of several kinds would
otherwise ask for everything between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...coverage.nearest.distances import leave_one_out
from ...coverage.nearest.rows import Metric, Rows
from ...coverage.verdict import drive_numbers, drives_needed, frame_threshold, supported_level
from ...coverage.yardstick import Yardstick

TURNED_AWAY = 0.2
"""Share of the frames of a new drive of the same kind that the radius may turn away."""

Source = Literal["drives", "owned", "delta", "given"]


@dataclass(frozen=True)
class Radius:
    """``distance`` in the metric's unit, and where it comes from.

    ``source`` is "drives" (of the candidates), "owned" (drives of S: the candidates are of one
    drive, or theirs lie farther apart), "delta" (S has fewer than four drives to learn from) or
    "given".  ``drives`` were left out in turn; the radius turns away at most ``level`` of the
    frames of one more drive like these, None where no drive says so.
    """

    distance: float
    source: Source
    drives: int = 0
    level: float | None = None


def learn_radius(
    candidates: Rows,
    drives: Sequence[Any],
    *,
    scale: Yardstick | None,
    owned_drives: int,
    delta: float,
    metric: Metric = "cosine",
) -> Radius:
    """The radius of a request, by the frame threshold of drives that are left out.

    Parameters
    ----------
    candidates : float32 (n, d)
        Unit rows.
    drives : n labels
        The drive of each; a missing one is a drive of its own.
    scale
        Left-out distances of S, of ``owned_drives`` drives.
    delta : float
        The threshold of the analysis, which limits the radius where S has fewer than four drives.

    Returns
    -------
    Radius
        The smaller of what the candidates' drives say, where there are two or more, and of the
        limit.  m drives support no finer level than 1 / (m + 1), so two turn away up to a third.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.eye(2, dtype=np.float32)
    >>> learn_radius(rows, ["a", "a"], scale=None, owned_drives=0, delta=0.3).source
    'delta'
    """
    limit = Radius(delta, "delta")
    if scale is not None and owned_drives >= drives_needed(TURNED_AWAY):
        usual = scale.threshold(TURNED_AWAY, owned_drives)
        limit = Radius(usual, "owned", owned_drives, TURNED_AWAY)
    numbers = drive_numbers(list(drives))
    count = int(numbers.max()) + 1
    if count < 2:
        return limit
    level = max(TURNED_AWAY, supported_level(count))
    apart = leave_one_out(candidates, sequences=numbers.tolist(), metric=metric)
    own = frame_threshold(apart, numbers, level)
    return Radius(own, "drives", count, level) if own < limit.distance else limit
