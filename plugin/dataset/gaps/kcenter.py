"""``select_kcenter``: which candidates to add first, in order, with the radius after each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ...coverage.distances import nearest_distance
from ...coverage.kcenter import k_center_greedy
from ...coverage.rows import squared_to_metric
from ...progress import Progress, silent
from ...results import Result
from ...settings.steps import KCenterParams
from ..store.door import admitted
from ..store.inputs import Inputs, read_inputs
from ..store.leases import holds_lease
from ..store.names import Names
from ..store.ownership import Column, Writes, refuse_foreign
from ..store.samples import by_slice, slices_line
from ..store.sets import Samples
from ..store.step import Step

STEP = "kcenter"


@dataclass(frozen=True, repr=False)
class KCenterResult(Result):
    """K-Center's picks.

    ``ids`` sample ids, first pick first; ``radii`` the covering radius (``delta_max``) after each,
    in ``metric``; ``radius_before`` the one with no pick; ``reused``: read off an earlier run.
    """

    ids: list[str]
    radii: list[float]
    radius_before: float
    metric: str
    wanted: int
    seconds: float
    reused: bool = False
    slices: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        short = f" (U holds no more; {self.wanted} wanted)" if len(self.ids) < self.wanted else ""
        after = f"{self.radii[-1]:.4f} after" if self.radii else "unknown after"
        text = (
            f"{len(self.ids)} picks{short}: covering radius {self.radius_before:.4f} before, "
            f"{after} ({self.metric})"
        )
        return "\n".join([text, *slices_line(self.slices)])


@holds_lease("select_kcenter")
def select_kcenter(
    samples: Samples,
    params: KCenterParams | None = None,
    *,
    inputs: Inputs | None = None,
    progress: Progress = silent,
) -> KCenterResult:
    """Pick ``params.k`` candidates of U by exact K-Center greedy, S being covered already.

    Writes ``kcenter_rank`` (1 = first), ``kcenter_radius`` and the tag ``kcenter``; those of an
    earlier run are cleared first.  Where U holds fewer than ``k``, all of it is ranked.
    """
    params = params or KCenterParams()
    samples = admitted(samples, params.slices)
    inputs = inputs or read_inputs(samples, params)
    step = Step.of(STEP, samples, params, inputs.trace(), writes)
    if known := step.current():
        return KCenterResult(**{**known, "reused": True})
    refuse_foreign(step.dataset, step.names, writes(step.names))
    owned, pool = inputs.owned.matrix, inputs.pool.matrix
    nearest = nearest_distance(pool, owned, metric="euclidean")
    k = min(params.k, len(pool))
    indices, radii = k_center_greedy(owned, pool, k, nearest.distance, progress=progress)
    picked = KCenterResult(
        [inputs.pool.ids[index] for index in indices],
        _in_metric(radii, params),
        _in_metric(np.max(nearest.distance, keepdims=True), params)[0],
        params.metric,
        params.k,
        step.seconds,
    )
    ids = picked.ids
    picked = replace(picked, slices=by_slice(samples.select(ids)) if ids else {})
    write(step, picked)
    return picked


def _in_metric(radii: NDArray[np.floating], params: KCenterParams) -> list[float]:
    """Euclidean radii in the unit the user reads distances in."""
    return squared_to_metric(np.asarray(radii, np.float64) ** 2, params.metric).tolist()


def writes(names: Names) -> Writes:
    """What the step writes."""
    return Writes(
        STEP,
        (
            Column(names.kcenter_rank, int, "Place among K-Center's picks, 1 = first", first=True),
            Column(
                names.kcenter_radius,
                float,
                "Covering radius of S and the picks up to this one",
                first=True,
            ),
        ),
        tags=(names.kcenter_tag,),
    )


def write(step: Step, picked: KCenterResult) -> None:
    """Write rank, radius and tag of the picks in place of earlier ones', then the record."""
    names = step.names
    step.begin()
    step.write(names.kcenter_rank, picked.ids, range(1, len(picked.ids) + 1))
    unknown: list[float | None] = [None] * len(picked.ids)  # an import may not tell radii
    step.write(names.kcenter_radius, picked.ids, picked.radii or unknown)
    step.tag(names.kcenter_tag, picked.ids)
    step.complete(picked)
