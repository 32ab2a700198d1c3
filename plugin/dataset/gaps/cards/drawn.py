"""Runs with drives of S drawn anew, from what the last run knew of images that are still there.

It keeps the nearest drives of each image beside its record (:mod:`...store.steps.ledger`).  They
count where the images of S that are still there have the drives that they had.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....cards.near_drives import NearDrives
from ....cards.stability import Known, lists_of
from ....progress import Progress
from ...store.steps import ledger
from ...store.steps.step import Step
from .card_scene import Scene

Lists = tuple[NearDrives, NearDrives]


def lists(step: Step, scene: Scene, progress: Progress) -> Lists:
    """The drives of S nearest to each image of S, but its own, and of U."""
    return lists_of(
        scene.inputs.owned.matrix,
        scene.owned_drives,
        scene.inputs.pool.matrix,
        known=_known(step, scene),
        metric=scene.covered.metric,
        memory_mb=scene.settings.memory_mb,
        progress=progress,
    )


def keep(step: Step, scene: Scene, found: Lists) -> None:
    """Keep them for the next run, which is begun by now."""
    owned, pool = scene.inputs.owned, scene.inputs.pool
    if owned.marks is None or pool.marks is None:
        return
    columns: dict[str, NDArray[Any]] = {
        "owned": ledger.ids(owned.ids),
        "owned_marks": owned.marks,
        "drives": ledger.labels(scene.owned_drives),
        "pool": ledger.ids(pool.ids),
        "pool_marks": pool.marks,
        "metric": np.array(scene.covered.metric),
    }
    for name, one in zip(("owned", "pool"), found, strict=True):
        columns[f"{name}_distance"] = one.distance
        columns[f"{name}_row"] = one.row.astype(np.int32)
    ledger.keep(step, columns)


def _known(step: Step, scene: Scene) -> Known | None:
    """What the last run knew; None where nothing of it counts."""
    owned, pool = scene.inputs.owned, scene.inputs.pool
    if step.earlier is None or owned.marks is None or pool.marks is None:
        return None
    kept = ledger.find(step.dataset, step.names, step.earlier)
    if kept is None or kept["metric"] != scene.covered.metric:
        return None
    owned_from = ledger.rows(kept["owned"], kept["owned_marks"], owned.ids, owned.marks)
    still = np.flatnonzero(owned_from >= 0)
    labels = ledger.labels(scene.owned_drives)
    if (labels[still] != kept["drives"][owned_from[still]]).any():
        return None
    pool_from = ledger.rows(kept["pool"], kept["pool_marks"], pool.ids, pool.marks)
    return Known(_lists(kept, "owned"), _lists(kept, "pool"), owned_from, pool_from)


def _lists(kept: ledger.Columns, name: str) -> NearDrives:
    return NearDrives(kept[f"{name}_distance"], kept[f"{name}_row"].astype(np.int64))
