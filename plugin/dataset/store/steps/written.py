"""Which vectors the runs of an analysis wrote, and which samples brought with them.

Samples that are added from another dataset, or merged with those here, bring what they have in the
field of vectors.  The field is the truth, whoever wrote it, so these vectors are used; that nothing
tells whether the same model made them is said.  Where no run has noted what it wrote nothing is
known: it was an earlier version, was interrupted, or the dataset is a clone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....vectors.sample_ids import id_column, pack_ids, places
from ..samples import Samples, flat
from ..vectors.marks import Seen, marks_by_id, marks_of
from . import ledger
from .step import Step


def by_others(
    step: Step, samples: Samples, field: str, ids: Sequence[str] = (), seen: Seen | None = None
) -> int:
    """How many of the samples have a vector that no run wrote; this run wrote those of ``ids``."""
    known = ledger.find(step.dataset, step.names, step.earlier)
    if known is None or not step.dataset.has_field(field):
        return 0
    found = marks_of(flat(samples), field, seen=seen)
    row = places(pack_ids(_ids(known)), found.ids)
    marks = np.append(_marks(known), 0)  # row -1
    written = (row >= 0) & (marks[row] == found.marks[:, 0])
    now = places(pack_ids(ids), found.ids) >= 0
    return int((found.there[:, 0] & ~written & ~now).sum())


def note(step: Step, field: str, ids: Sequence[str], seen: Seen | None = None) -> None:
    """Note that this run wrote the vectors of these samples, beside what runs before it wrote.

    Where these noted nothing, all of the field is taken to be theirs.
    """
    earlier = step.earlier
    same = earlier is not None and earlier.inputs.get("fingerprint") == step.inputs["fingerprint"]
    before = ledger.find(step.dataset, step.names, earlier) if same else None
    if same and before is None:
        found = marks_of(flat(step.dataset), field, seen=seen)
        there = found.there[:, 0]
        ledger.keep(step, {"ids": id_column(found.ids[there]), "marks": found.marks[there, 0]})
        return
    noted, marks = ledger.ids(ids), marks_by_id(step.dataset, ids, field, seen=seen)[:, 0]
    if before is not None:
        rest = ~np.isin(_ids(before), noted)
        noted = np.concatenate([noted, _ids(before)[rest]])
        marks = np.concatenate([marks, _marks(before)[rest]])
    ledger.keep(step, {"ids": noted, "marks": marks})


def _ids(known: ledger.Columns) -> NDArray[np.bytes_]:
    return known["ids"].astype("S24")


def _marks(known: ledger.Columns) -> NDArray[np.int64]:
    """Of the vectors: the last column, where those that they were copied from come first."""
    marks = known["marks"]
    return marks.reshape(len(marks), -1)[:, -1]
