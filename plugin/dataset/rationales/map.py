"""Coordinates of a feature cache as brain runs: unchanged, and on the sphere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ...interchange.features.feature_cache import FeatureCache
from ...projection.lambert import REACH, lift_to_sphere
from ...projection.sphere import robust_centre, to_unit_sphere
from ..gaps import sphere
from ..gaps.sphere import SphereResult, register
from ..store import runs
from ..store.names import Names
from ..store.steps.step import Step

Array = NDArray[Any]
LIFTED = "feature cache"


@dataclass(frozen=True, eq=False)
class SphereMap:
    """The place of each row of a cache: float32 (rows, 3), NaN where it has no coordinates."""

    free: Array
    places: Array
    step: Step
    """Begun: the record of the sphere is running until the map is written."""
    how: Mapping[str, Any]
    """What places new samples among these; see :class:`~...projection.place.Reducer`."""

    def fields(self, names: Names, row: int) -> dict[str, Array]:
        """The two fields of a sample, none where it has no place."""
        if np.isnan(self.places[row, 0]):
            return {}
        return {names.umap3d: self.free[row], names.sphere: self.places[row]}


def plan_map(dataset: fo.Dataset, names: Names, cache: FeatureCache) -> SphereMap | None:
    """Map the coordinates onto the sphere; None where there are none, or a better sphere is there.

    A sphere that ``compute_sphere`` made stays as it is.
    """
    record = runs.read(dataset, names, sphere.STEP)
    ours = record is None or record.inputs.get("encoder") == LIFTED
    if cache.coordinates is None or not ours:
        return None
    known = np.isfinite(cache.coordinates).all(axis=1)
    if not known.any():
        return None
    step = Step(sphere.STEP, dataset, names, {}, {"encoder": LIFTED}, sphere.writes(names))
    step.begin()
    points = cache.coordinates[known]
    places = np.full((cache.rows, 3), np.nan, np.float32)
    if points.shape[1] == 3:
        centre = robust_centre(points)
        places[known] = to_unit_sphere(points, centre)
        return SphereMap(cache.coordinates, places, step, {"centre": centre.tolist()})
    lift = lift_to_sphere(points)
    places[known] = lift.places
    how = {
        "centre": [0.0, 0.0, 0.0],
        "projection": "inverse Lambert azimuthal equal-area",
        "map_centre": lift.centre.tolist(),
        "map_scale": lift.scale,
        "reach": REACH,
    }
    # On the sphere a flat map is its own free projection: new samples are placed among it.
    return SphereMap(places, places, step, how)


def write_map(
    dataset: fo.Dataset,
    names: Names,
    cache: FeatureCache,
    sphere_map: SphereMap | None,
    ids: Mapping[int, str],
    *,
    rewrite: bool,
) -> int:
    """Register the coordinates as brain runs, ``feature_cache`` as they are and on the sphere.

    Parameters
    ----------
    ids
        Sample of each row.
    rewrite
        Also write the fields: some of the samples were there before.

    Returns
    -------
    int
        Samples that have coordinates.
    """
    if cache.coordinates is None:
        return 0
    rows = np.fromiter(ids, np.int64, len(ids))
    rows = rows[np.isfinite(cache.coordinates[rows]).all(axis=1)]
    if not len(rows):
        return 0
    placed = [ids[row] for row in rows.tolist()]
    view = dataset.select(placed, ordered=True)
    register(view, names.map_key, placed, cache.coordinates[rows])
    if sphere_map is not None:
        if rewrite:
            sphere_map.step.write(names.umap3d, placed, sphere_map.free[rows])
            sphere_map.step.write(names.sphere, placed, sphere_map.places[rows])
        register(view, names.brain_key, placed, sphere_map.places[rows])
        result = SphereResult(len(placed), len(placed), None, None, 0, sphere_map.how, 0.0)
        sphere_map.step.complete(result)
    return len(placed)
