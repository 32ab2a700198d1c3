"""Coordinates of a feature cache as brain runs: as they are, and on the sphere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
from numpy.typing import NDArray

from ..interchange.feature_cache import FeatureCache
from ..projection.lambert import REACH, lift_to_sphere
from ..projection.sphere import robust_centre, to_unit_sphere
from . import runs, sphere, vectors
from .names import Names
from .sphere import Laid

Array = NDArray[Any]
LIFTED = "feature cache"


def write_map(
    dataset: fo.Dataset, names: Names, cache: FeatureCache, ids: Mapping[int, str]
) -> int:
    """Register the coordinates as the brain run ``feature_cache`` and lay them onto the sphere.

    A sphere that ``compute_sphere`` made stays as it is.

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
    placed, points = [ids[row] for row in rows.tolist()], cache.coordinates[rows]
    _register(dataset, names.map_key, placed, points)
    record = runs.read(dataset, names, sphere.STEP)
    if record is None or record.inputs.get("encoder") == LIFTED:
        _lay(dataset, names, placed, points)
    return len(placed)


def _lay(dataset: fo.Dataset, names: Names, ids: Sequence[str], points: Array) -> None:
    if points.shape[1] == 3:
        centre = robust_centre(points)
        places, free = to_unit_sphere(points, centre), points
        how: dict[str, Any] = {"centre": centre.tolist()}
    else:
        lift = lift_to_sphere(points)
        # On the sphere a flat map is its own free projection: new samples are placed among it.
        places = free = lift.places
        how = {
            "centre": [0.0, 0.0, 0.0],
            "projection": "inverse Lambert azimuthal equal-area",
            "map_centre": lift.centre.tolist(),
            "map_scale": lift.scale,
            "reach": REACH,
        }
    vectors.declare(dataset, names.umap3d, "Free projection of the feature cache")
    vectors.declare(dataset, names.sphere, "Place on the unit sphere, from the feature cache")
    sphere.write_places(dataset, names, list(ids), free, places)
    laid = Laid(len(ids), len(ids), None, None, 0, how, 0.0)
    runs.write(dataset, names, runs.Record(sphere.STEP, {}, {"encoder": LIFTED}, asdict(laid)))


def _register(dataset: fo.Dataset, key: str, ids: Sequence[str], points: Array) -> None:
    if dataset.has_brain_run(key):
        dataset.delete_brain_run(key)
    fob.compute_visualization(
        dataset.select(list(ids), ordered=True),
        points=dict(zip(ids, points, strict=True)),
        brain_key=key,
        num_dims=points.shape[1],
        verbose=False,
        progress=False,
    )
