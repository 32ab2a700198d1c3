"""Groups of gaps, and runs with drives of S drawn anew, from what the last run knew of both.

It keeps the nearest drives of each image beside its record (:mod:`...store.steps.ledger`).  They
count where the images of S that are still there have the drives that they had.  And it keeps which
gaps chains of near ones join, in the run itself and in each drawn one: that counts where all that
were gaps in it are gaps still, joined by the same distance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....cards.group import Links
from ....cards.near_drives import NearDrives
from ....cards.stability import Known, lists_of
from ....coverage.verdict import drive_numbers
from ....progress import Progress
from ...store.steps import ledger
from ...store.steps.step import Step
from .card_scene import Scene

Lists = tuple[NearDrives, NearDrives]
ITSELF, DRAWN = "itself", "drawn"
"""Links of the run itself, and of those with drives drawn anew."""


@dataclass(frozen=True, eq=False)
class Before:
    """What the last run kept, and the row of then of each image of U, -1 where it is new."""

    columns: ledger.Columns
    pool_from: NDArray[np.int64]

    def links(self, name: str) -> tuple[Links, NDArray[np.int64]] | None:
        """Which gaps were joined, as :func:`....cards.group.linked_runs` takes it."""
        row, label, scale = (self.columns.get(f"{name}_{of}") for of in ("gap", "label", "scale"))
        if row is None or label is None or scale is None:
            return None  # of an earlier version
        return Links(row.astype(np.int64), label.astype(np.int64), scale), self.pool_from


def recall(step: Step, scene: Scene) -> Before | None:
    """What the last run kept; None where nothing of it counts."""
    kept = ledger.find(step.dataset, step.names, step.earlier)
    if kept is None or kept["metric"] != scene.covered.metric:
        return None
    now = scene.inputs.pool.ids, scene.inputs.marks[1]
    return Before(kept, ledger.rows(kept["pool"], kept["pool_marks"], *now))


def lists(scene: Scene, before: Before | None, progress: Progress) -> Lists:
    """The drives of S nearest to each image of S, but its own, and of U."""
    metric = scene.covered.metric
    return lists_of(
        scene.inputs.owned.matrix,
        scene.owned_drives,
        scene.inputs.pool.matrix,
        known=None if before is None else _known(scene, before),
        outside=scene.inputs.near(drive_numbers(scene.owned_drives), metric),
        metric=metric,
        memory_mb=scene.settings.memory_mb,
        progress=progress,
    )


def keep(step: Step, scene: Scene, found: Lists, links: Mapping[str, Links]) -> None:
    """Keep them for the next run, which is begun by now."""
    owned_marks, pool_marks = scene.inputs.marks
    columns: dict[str, NDArray[Any]] = {
        "owned": ledger.ids(scene.inputs.owned.ids),
        "owned_marks": owned_marks,
        "drives": ledger.labels(scene.owned_drives),
        "pool": ledger.ids(scene.inputs.pool.ids),
        "pool_marks": pool_marks,
        "metric": np.array(scene.covered.metric),
    }
    for name, one in zip(("owned", "pool"), found, strict=True):
        columns[f"{name}_distance"] = one.distance
        columns[f"{name}_row"] = one.row.astype(np.int32)
    for name, of in links.items():
        columns[f"{name}_gap"] = of.row.astype(np.int32)
        columns[f"{name}_label"] = of.label.astype(np.int32)
        columns[f"{name}_scale"] = of.scale
    ledger.keep(step, columns)


def _known(scene: Scene, before: Before) -> Known | None:
    """Lists of the last run; None where an image of S has another drive now."""
    kept, now = before.columns, (scene.inputs.owned.ids, scene.inputs.marks[0])
    owned_from = ledger.rows(kept["owned"], kept["owned_marks"], *now)
    still = np.flatnonzero(owned_from >= 0)
    labels = ledger.labels(scene.owned_drives)
    if (labels[still] != kept["drives"][owned_from[still]]).any():
        return None
    return Known(_lists(kept, "owned"), _lists(kept, "pool"), owned_from, before.pool_from)


def _lists(kept: ledger.Columns, name: str) -> NearDrives:
    return NearDrives(kept[f"{name}_distance"], kept[f"{name}_row"].astype(np.int64))
