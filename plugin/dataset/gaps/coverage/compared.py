"""What coverage computes on its engine: how far U is from S, and S from itself.

Everything here is a product of rows with S, cut in shards where the engine cuts, and the same to
the last bit wherever it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....cards.near_drives import NearTally
from ....cards.stability import can_be_drawn
from ....coverage.criterion import OwnDistances, Threshold, choose_threshold, own_distances
from ....coverage.nearest.distances import Nearest, nearest_distance
from ....coverage.support import Counts, nearest_and_support
from ....engine.engine import opened
from ....progress import Progress
from ....settings.steps import CoverageParams
from ...store.sets.drives import Drives
from ...store.steps.inputs import Inputs
from ...store.steps.step import Step
from .kept_delta import KeptDelta
from .remeasured import Remeasured


@dataclass(frozen=True, eq=False)
class Compared:
    """Distances of one run.

    ``order`` int64 (m,) and ``owned`` float32 (m, d): S as it was recorded; ``own`` its distances;
    ``nearest``, ``support`` and ``support_drives`` (n,) of U.
    """

    order: NDArray[np.int64]
    owned: NDArray[np.float32]
    own: OwnDistances | None
    threshold: Threshold
    nearest: Nearest
    support: Counts
    support_drives: Counts


def compare(
    step: Step,
    inputs: Inputs,
    drives: Drives,
    params: CoverageParams,
    kept: KeptDelta | None,
    before: Remeasured | None,
    progress: Progress,
) -> Compared:
    """Compare U and S with S; what ``before`` holds is not computed again."""
    with opened(params.engine, params.ray_address) as engine:
        how: dict[str, Any] = {
            "metric": params.metric,
            "memory_mb": params.memory_mb,
            "engine": engine,
        }
        order = drives.order
        owned, pool = _in_order(inputs.owned.matrix, order), inputs.pool.matrix
        own = before.own(owned, drives, **how) if before else None
        if own is None:
            order, own = _own(inputs.owned.matrix, drives, how)
            owned = _in_order(inputs.owned.matrix, order)
        threshold = choose_threshold(
            owned,
            own,
            lambda: nearest_distance(pool, owned, **how).distance,
            alpha=params.alpha,
            score=params.score,
            given=params.delta,
            kept=kept.delta if kept else None,
            **how,
        )
        if kept:
            threshold = replace(threshold, source=kept.source)
        again = before.nearest(pool, owned, own, threshold.delta, **how) if before else None
        if again is not None:
            step.of_new = float(len(owned) + len(pool))
        else:
            drive = np.zeros(1, np.int64) if own is None else own.drive
            told = can_be_drawn(threshold.drives, threshold.basis, threshold.score)
            listed = inputs.draws and told and not engine.cuts
            memory = params.memory_mb
            near = NearTally(pool, owned, drive, memory_mb=memory) if listed else None
            again = nearest_and_support(
                pool, owned, drive, threshold.delta, also=near, progress=progress, **how
            )
            if near is not None:
                of = np.empty(len(order), np.int64)
                of[order] = drive
                inputs.keep_near(of, params.metric, near.lists(order, params.metric))
        return Compared(order, owned, own, threshold, *again)


def _own(
    matrix: NDArray[np.float32], drives: Drives, how: Mapping[str, Any]
) -> tuple[NDArray[np.int64], OwnDistances | None]:
    """The order of S, and its distances to the other drives.

    Groups that nothing names the scenes of count as one drive each, unless those that follow each
    other are near-copies: S is then one drive.
    """
    if drives.by_file is not None:
        own = own_distances(_in_order(matrix, drives.by_file), None, **how)
        if own is not None and own.looks_like_video:
            return drives.by_file, own
    return drives.order, own_distances(_in_order(matrix, drives.order), drives.named, **how)


def _in_order(matrix: NDArray[np.float32], order: NDArray[np.int64]) -> NDArray[np.float32]:
    """Rows in recorded order; the matrix itself where they are."""
    return matrix if np.array_equal(order, np.arange(len(order))) else matrix[order]
