"""What the last coverage run measured of images that are still what they were.

It keeps columns of S and U beside its record (:mod:`...store.steps.ledger`): ids, the marks of
vectors, and what was nearest.  They count where the metric is the same, and where the images of S
that are still there have the drives and the order that they had; else everything is measured anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....coverage.criterion import OwnDistances
from ....coverage.nearest.distances import Nearest
from ....coverage.nearest.rows import Rows
from ....coverage.novelty import Subspace, subspace
from ....coverage.support import Counts
from ....coverage.update import Before, nearest_again, own_again
from ....coverage.verdict import drive_numbers
from ...store.sets.drives import Drives
from ...store.steps import ledger
from ...store.steps.inputs import Inputs
from ...store.steps.step import Step

Columns = dict[str, NDArray[Any]]
SPACE = ("novelty_mean", "novelty_components", "novelty_outside")
"""Columns that keep what S varies in."""


@dataclass(frozen=True, eq=False)
class Remeasured:
    """An earlier run's columns, and which rows they still hold for."""

    columns: Columns
    before: Before

    def own(self, owned: Rows, drives: Drives, **how: Any) -> OwnDistances | None:
        """Distances inside S; None where all of S says whether it is one video."""
        kept = self.columns
        if self.before.same_owned:
            return OwnDistances(
                kept["own_distance"],
                kept["own_drive"],
                bool(kept["looks_like_video"]),
                kept["own_nearest"],
            )
        if drives.named is None or kept["looks_like_video"]:
            return None
        drive = drive_numbers(drives.named)
        return own_again(owned, drive, self.before, **how) if drive.max() > 0 else None

    def nearest(
        self, pool: Rows, owned: Rows, own: OwnDistances | None, delta: float, **how: Any
    ) -> tuple[Nearest, Counts, Counts] | None:
        """Distances and support; None where support was counted otherwise.

        That is within another δ, or with S as one video where it is none now.
        """
        one = own is not None and own.looks_like_video
        if delta != self.columns["delta"] or one != self.columns["looks_like_video"]:
            return None
        drive = np.zeros(len(owned), np.int64) if own is None else own.drive
        return nearest_again(pool, owned, drive, delta, self.before, **how)

    def novelty(self, pool: Rows, owned: Rows) -> tuple[NDArray[np.float32], Subspace]:
        """Novelty, and what S varies in; where S is the same, both are known of before."""
        values, space = self.columns.get("novelty"), self._space()
        if values is None or not self.before.same_owned:
            return measured_novelty(pool, owned)
        space = space or subspace(owned)
        rows = self.before.pool_from
        found, new = values[rows], np.flatnonzero(rows < 0)
        if len(new):
            found[new] = space.residual(pool[new]).astype(np.float32)
        return found, space

    def _space(self) -> Subspace | None:
        kept = [self.columns.get(name) for name in SPACE]
        mean, components, outside = kept
        if mean is None or components is None or outside is None:
            return None  # of an earlier version
        return Subspace(mean, components, bool(outside))


def measured_novelty(pool: Rows, owned: Rows) -> tuple[NDArray[np.float32], Subspace]:
    """Novelty of all candidates, and what S varies in."""
    space = subspace(owned)
    return space.residual(pool).astype(np.float32), space


def recall(step: Step, inputs: Inputs, drives: Drives, metric: str) -> Remeasured | None:
    """What the last run measured; None where nothing of it holds."""
    record = step.earlier
    if record is None or drives.by_file is not None or record.params.get("metric") != metric:
        return None
    kept = ledger.find(step.dataset, step.names, record)
    if kept is None:
        return None
    order, (owned_marks, pool_marks) = drives.order, inputs.marks
    owned_from = ledger.rows(
        kept["owned"],
        kept["owned_marks"],
        [inputs.owned.ids[row] for row in order.tolist()],
        owned_marks[order],
    )
    still = np.flatnonzero(owned_from >= 0)
    of = owned_from[still]
    labels = ledger.labels([drives.owned[row] for row in order.tolist()])
    if not len(of) or (np.diff(of) <= 0).any() or (labels[still] != kept["drives"][of]).any():
        return None
    pool_from = ledger.rows(kept["pool"], kept["pool_marks"], inputs.pool.ids, pool_marks)
    wanted = ("nearest", "support", "support_drives", "own_nearest")
    return Remeasured(kept, Before(owned_from, pool_from, *(kept[name] for name in wanted)))


def note(
    step: Step,
    inputs: Inputs,
    drives: Drives,
    own: OwnDistances | None,
    measured: tuple[Nearest, Counts, Counts],
    novelty: tuple[NDArray[np.float32], Subspace] | None,
    delta: float,
) -> None:
    """Keep what this run measured, for the next."""
    if own is None or own.nearest is None or drives.by_file is not None:
        return
    order, (owned_marks, pool_marks) = drives.order, inputs.marks
    columns = {
        "owned": ledger.ids(inputs.owned.ids)[order],
        "owned_marks": owned_marks[order],
        "drives": ledger.labels([drives.owned[row] for row in order.tolist()]),
        "own_nearest": own.nearest,
        "own_distance": own.distance,
        "own_drive": own.drive,
        "looks_like_video": np.array(own.looks_like_video),
        "pool": ledger.ids(inputs.pool.ids),
        "pool_marks": pool_marks,
        "nearest": measured[0].index,
        "support": measured[1],
        "support_drives": measured[2],
        "delta": np.array(delta),
    }
    if novelty is not None:
        values, space = novelty
        kept = space.mean, space.components, np.array(space.outside)
        columns |= {"novelty": values, **dict(zip(SPACE, kept, strict=True))}
    ledger.keep(step, columns)
