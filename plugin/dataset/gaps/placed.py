"""New images on the sphere that is there: which places still hold, and where the others go.

A place holds where the image's vector is what it was; coordinates that somebody has changed are put
right.  Those places do not move; every other image of S and U is placed among the fitted ones
(:mod:`...projection.place`), as long as few are: what is placed says nothing about the layout, so
that past a share all is fitted anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.engine import opened
from ...progress import Progress, silent
from ...projection.place import Reducer
from ...settings.steps import SphereParams
from ...vectors.beside import beside
from ..store.samples import flat
from ..store.steps import ledger
from ..store.steps.inputs import Inputs
from ..store.steps.step import Step
from ..store.vectors.marks import FEW, Seen, marks_by_id, marks_of

FREE = frozenset({"suffix", "slices", "owned", "pool", "place_share"})
"""Settings that say nothing about how a layout is fitted."""
Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Places:
    """Coordinates of S and U in their order, and how each came there, (n,) rows each.

    ``umap3d``, ``sphere`` float32 (n, 3); ``fitted`` bool, by UMAP; ``first`` bool, laid out with
    the fit and not since; ``unwritten`` int64, the rows that do not hold theirs yet.
    """

    umap3d: Array
    sphere: Array
    fitted: Array
    first: Array
    unwritten: Array


def place(
    step: Step, inputs: Inputs, params: SphereParams, progress: Progress = silent
) -> Places | None:
    """Place what is new; None where the sphere has to be fitted."""
    known = _known(step, inputs, params)
    if known is None:
        return None
    row, written, kept = known
    ids = inputs.owned.ids + inputs.pool.ids
    new = np.flatnonzero(row < 0)
    first = np.where(row >= 0, kept["first"][row], False)
    fitted = np.where(row >= 0, kept["fitted"][row], False)
    if not fitted.any() or (~first).sum() > params.place_share * len(ids):
        return None
    umap3d, sphere = kept["umap3d"][row], kept["sphere"][row]
    if len(new):
        matrix, there = beside(inputs.owned.matrix, inputs.pool.matrix), np.flatnonzero(fitted)
        one_after_the_other = there[-1] - there[0] == len(there) - 1
        among = matrix[there[0] : there[-1] + 1] if one_after_the_other else matrix[there]
        assert step.earlier is not None, "it has the ledger"
        reducer = Reducer.from_record(step.earlier.results["reducer"], among, umap3d[fitted])
        with opened(params.engine, params.ray_address) as engine:
            placed = reducer.place(matrix[new], engine=engine, progress=progress)
        umap3d[new] = placed.sphere if params.native_sphere else placed.umap3d
        sphere[new] = placed.sphere
    return Places(umap3d, sphere, fitted, first, np.flatnonzero((row < 0) | ~written))


def note(step: Step, inputs: Inputs, places: Places) -> None:
    """Keep where everybody is, for the next run; after the fields are written."""
    ids = inputs.owned.ids + inputs.pool.ids
    if inputs.seen is not None:
        _follow(step, inputs.seen, [ids[row] for row in places.unwritten.tolist()])
    columns = {
        "ids": np.array(ids, "S24"),
        "vectors": np.concatenate(inputs.marks),
        "places": _places(step, ids, inputs.seen),
        "umap3d": places.umap3d,
        "sphere": places.sphere,
        "fitted": places.fitted,
        "first": places.first,
    }
    ledger.keep(step, columns)


def _known(
    step: Step, inputs: Inputs, params: SphereParams
) -> tuple[NDArray[np.int64], NDArray[np.bool_], ledger.Columns] | None:
    """The row in the ledger of each image whose place holds, -1 for others; and the ledger.

    Between them, which images hold the coordinates that they had.
    """
    record, names = step.earlier, step.names
    there = all(step.dataset.has_field(name) for name in (names.umap3d, names.sphere))
    if record is None or not there:
        return None
    said = params.model_dump(mode="json")
    same = all(record.params.get(name) == said[name] for name in said if name not in FREE)
    if not same or record.inputs.get("fingerprint") != inputs.fingerprint:
        return None
    kept = ledger.find(step.dataset, names, record)
    if kept is None or not step.dataset.has_brain_run(names.brain_key):
        return None
    ids = inputs.owned.ids + inputs.pool.ids
    row = ledger.rows(kept["ids"], kept["vectors"], ids, np.concatenate(inputs.marks))
    written = (kept["places"][row] == _places(step, ids, inputs.seen)).all(axis=1)
    return row, written, kept


def _places(step: Step, ids: Sequence[str], seen: Seen | None) -> NDArray[np.int64]:
    """Marks of the coordinates that samples hold, int64 (n, 2); 0 where there are none.

    A sample that was deleted meanwhile has none.
    """
    return marks_by_id(step.dataset, ids, step.names.umap3d, step.names.sphere, seen=seen)


def _follow(step: Step, seen: Seen, written: Sequence[str]) -> None:
    """Ask what the samples hold now whose coordinates were written; where many were, of all."""
    names = step.names.umap3d, step.names.sphere
    few = len(written) <= FEW
    found = marks_of(flat(step.dataset).select(written, ordered=False), *names) if few else None
    known = found is not None and bool(found.there.all())
    ids = [] if found is None else [row.tobytes().hex() for row in found.ids]
    for at, name in enumerate(names):
        seen.wrote(name, ids, found.marks[:, at] if found is not None and known else None)
