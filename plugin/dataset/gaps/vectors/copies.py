"""Which vectors of a user's field are copied already, and which are new or have changed since.

A copy is as it was where the marks of both, of the vector and of its copy, are those that the last
run noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....coverage.words import counted
from ....encoders.protocol import unit_rows
from ....errors import EmptySetError, NotFiniteError
from ....vectors.sample_ids import id_column, id_words, pack_ids, places
from ...store.samples import Samples, flat
from ...store.steps import ledger
from ...store.steps.step import Step
from ...store.vectors.marks import Seen, marks_by_id, marks_of
from ...store.vectors.vectors import Allocate, Vectors, memory

AT_ONCE = 1024
"""Vectors that are compared or divided at once."""
SAME_NUMBER = 1e-5
"""Unit vectors whose numbers differ by less are the same, written twice."""


@dataclass(frozen=True, eq=False)
class Copies:
    """The samples that have a vector in the source, as the run found them.

    ``ids`` hex (n,); ``source`` int64 (n,) marks of the vectors; ``same`` bool (n,): copied and not
    changed since; ``copied`` bool (n,): there is some copy.  ``missing`` samples have no vector;
    ``left`` are the ids of those that have a copy still, that of a run.
    """

    ids: NDArray[np.str_]
    source: NDArray[np.int64]
    same: NDArray[np.bool_]
    copied: NDArray[np.bool_]
    missing: int
    left: Sequence[str]


def look(step: Step, samples: Samples, source: str, field: str, seen: Seen | None = None) -> Copies:
    """Compare the samples with what the last complete run noted."""
    fields = (source, field) if step.dataset.has_field(field) else (source,)
    found = marks_of(flat(samples), *fields, seen=seen)
    there = found.there[:, 0]
    ids, marks = id_column(found.ids[there]).astype("U24"), found.marks[there]
    copied = found.there[there, -1] if len(fields) == 2 else np.zeros(len(ids), bool)
    same = np.zeros(len(ids), bool)
    old = found.there[:, -1] & ~there
    known = _noted(step)
    noted = _of_both(ledger.last(step.dataset, step.names, step.name)) if known is None else known
    if noted is not None and len(fields) == 2:
        at = places(pack_ids(noted["ids"].tolist()), found.ids)
        as_noted = (at >= 0) & found.there[:, 1] & (noted["marks"][at, 1] == found.marks[:, 1])
        if known is not None:
            same = (as_noted & (known["marks"][at, 0] == found.marks[:, 0]))[there]
        old &= as_noted  # a vector in our field that no run copied came with the sample, and stays
    return Copies(ids, marks[:, 0], same, copied, int((~there).sum()), id_words(found.ids[old]))


def note(step: Step, found: Copies, field: str, seen: Seen | None = None) -> None:
    """Note what is copied now, beside what is known of samples that the run was not about."""
    ids = found.ids
    copies = marks_by_id(step.dataset, ids.tolist(), field, seen=seen)
    marks = np.stack([found.source, copies[:, 0]], axis=1)
    before = _noted(step)
    if before is not None:
        rest = ~np.isin(before["ids"], ids)
        ids = np.concatenate([ids, before["ids"][rest]])
        marks = np.concatenate([marks, before["marks"][rest]])
    ledger.keep(step, {"ids": ids, "marks": marks})


def _noted(step: Step) -> ledger.Columns | None:
    """The marks of both that the last run noted; None where it copied nothing."""
    return _of_both(ledger.find(step.dataset, step.names, step.earlier))


def _of_both(known: ledger.Columns | None) -> ledger.Columns | None:
    return known if known is not None and known["marks"].ndim == 2 else None


def unit(found: Vectors, source: str, room: Allocate = memory) -> Vectors:
    """The vectors as unit rows, in place where they may be written.

    Raises
    ------
    EmptySetError, NotFiniteError
        There is none, or one has no direction.
    """
    if not found.ids:
        raise EmptySetError(f"No sample has a vector in {source!r}.")
    rows = found.matrix if found.matrix.flags.writeable else room(found.matrix.shape)
    zeros: list[str] = []
    for part in _parts(len(found.ids)):
        rows[part] = unit_rows(found.matrix[part])
        zeros += [found.ids[part.start + at] for at in np.flatnonzero(np.isnan(rows[part, 0]))]
    if zeros:
        raise NotFiniteError(
            f"{counted(len(zeros), 'sample')} with {source!r} of zeros, or too small for float32: "
            f"they have no direction. The first is {zeros[0]}. Clear {source!r} there, and these "
            "images are left out."
        )
    return Vectors(found.ids, rows, found.missing)


def agree(copied: Vectors, found: Vectors) -> bool:
    """Whether the copies that are there are these vectors: of one model, or so it seems."""
    row = {sample_id: at for at, sample_id in enumerate(copied.ids)}
    both = np.array([at for at, each in enumerate(found.ids) if each in row], np.int64)
    if not len(both) or copied.matrix.shape[1] != found.matrix.shape[1]:
        return False
    of = np.array([row[found.ids[at]] for at in both.tolist()])
    return all(
        np.allclose(copied.matrix[of[part]], found.matrix[both[part]], rtol=0, atol=SAME_NUMBER)
        for part in _parts(len(both))
    )


def _parts(count: int) -> Iterator[slice]:
    yield from (slice(start, start + AT_ONCE) for start in range(0, count, AT_ONCE))
