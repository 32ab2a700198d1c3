"""Which vectors the runs of an analysis wrote, and which samples brought with them.

Samples that are added from another dataset, or merged with those here, bring what they have in the
field of vectors.  The field is the truth, whoever wrote it, so these vectors are used; that nothing
tells whether the same model made them is said.  Where no run has noted what it wrote nothing is
known: it was an earlier version, was interrupted, or the dataset is a clone.
"""

from __future__ import annotations

from collections.abc import Sequence

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ....coverage.words import counted
from ....vectors.sample_ids import id_column, pack_ids, places
from .. import runs
from ..names import Names
from ..samples import Samples, flat
from ..vectors.marks import Seen, marks_by_id, marks_of
from . import ledger
from .inputs import Inputs
from .step import Step


def by_others(
    step: Step, samples: Samples, field: str, ids: Sequence[str] = (), seen: Seen | None = None
) -> int:
    """How many of the samples have a vector that no run wrote; this run wrote those of ``ids``."""
    known = ledger.find(step.dataset, step.names, step.earlier)
    if known is None or not step.dataset.has_field(field):
        return 0
    found = marks_of(flat(samples), field, seen=seen)
    now = places(pack_ids(ids), found.ids) >= 0
    others = ~_written(known, found.ids, found.marks[:, 0])
    return int((found.there[:, 0] & others & ~now).sum())


def others_among(dataset: fo.Dataset, names: Names, inputs: Inputs) -> int:
    """How many vectors of S and U no run of ``compute_embeddings`` wrote."""
    known = ledger.find(dataset, names, runs.read(dataset, names, "embeddings"))
    if known is None:
        return 0
    return sum(
        int((~_written(known, pack_ids(part.ids), marks)).sum())
        for part, marks in zip((inputs.owned, inputs.pool), inputs.marks, strict=True)
    )


def said(others: int) -> tuple[str, ...]:
    """A sentence where there are any."""
    if not others:
        return ()
    return (
        f"{counted(others, 'image', 'has|have')} a vector that no run of this analysis wrote. "
        "Where another model made it, distances to it mean nothing: clear the field there and "
        "embed again.",
    )


def _written(
    known: ledger.Columns, ids: NDArray[np.uint8], marks: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which vectors, by ids and marks, are as runs noted them."""
    row = places(pack_ids(_ids(known)), ids)
    noted = np.append(_marks(known), 0)  # row -1
    return (row >= 0) & (noted[row] == marks)


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
