"""Frames that are harder to rebuild from few pixels than most frames of S.

A gap has nothing like it in S; a hard frame has more detail than S's frames usually have.
"""

from __future__ import annotations

import fiftyone as fo
import numpy as np
from fiftyone import ViewField as F

from ..store.database import counted
from ..store.fields import fields
from ..store.names import Names
from ..store.samples import flat
from ..store.sets.resolve import resolve


def mark_hard(dataset: fo.Dataset, names: Names, owned: str, quantile: float) -> float | None:
    """Write ``is_hard`` on every simulated frame; the error above which a frame is hard.

    That is the ``quantile`` of the errors of S (``owned``), None with no simulated frame in it.
    """
    simulated = flat(dataset).exists(names.reconstruction_error)
    mine = resolve(simulated, owned).values(names.reconstruction_error)
    if not mine:
        fields.write(dataset, names.is_hard, [], [])
        return None
    above = float(np.quantile(mine, quantile))
    ids, errors = simulated.values(["id", names.reconstruction_error])
    fields.write(dataset, names.is_hard, ids, (error > above for error in errors))
    return above


def count_hard(dataset: fo.Dataset, names: Names) -> tuple[int, int | None]:
    """How many frames are hard, and how many of them are gaps; None where no gap was looked for.

    Gaps are those of the analysis of the same suffix, else of the one without.
    """
    hard = flat(dataset).match(F(names.is_hard) == True)  # noqa: E712
    for gap in (names.is_gap, Names().is_gap):
        if dataset.has_field(gap):
            return counted(hard), counted(hard.match(F(gap) == True))  # noqa: E712
    return counted(hard), None
