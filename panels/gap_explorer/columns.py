"""The columns that the panel draws: which points are shown, and what is sent of each.

The first frame costs 14 bytes and two bits a point: float32 coordinates, the distance as uint16,
one bit for S or U and one for the run's gaps.  Everything else (another colour, ids, the free
projection) follows when asked for.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ...plugin.coverage.criterion import CANNOT_SAY
from ...plugin.coverage.words import notes, standing, standing_in_short, unit
from ...plugin.dataset.gaps import deltas
from ...plugin.dataset.gaps.analysis import Analysis
from ...plugin.dataset.store.fiftyone_internals import dataset_id, is_generated, is_whole
from ...plugin.dataset.store.samples import flat
from ...plugin.dataset.store.vectors import points, vectors
from ...plugin.errors import InputError
from ..wire import b64, bitmask
from .colours import colour_fields, numeric_column
from .contract import DRIVES_MAX

Array = NDArray[Any]
QUANTILES = 257
"""Entries of the tables that the δ slider reads its count and its percentile from: 1 KB each, right
to 0.4 %."""
SOURCE = "panel"
"""Who serves the coordinates where both could.  FiftyOne's routes send a quarter fewer bytes and
read the brain run's results for it, seconds for a million points that are not in memory; the points
kept by :mod:`plugin.dataset.store.points` are there at once.  ``scripts/bench/panel.py`` prints
both."""


def payload(analysis: Analysis, rows: Array, stamp: str, source: str) -> dict[str, Any]:
    """``data.columns``: all that the first frame needs."""
    ranks = analysis.pick[rows]
    picked = np.flatnonzero(ranks)
    picked = picked[np.argsort(ranks[picked], kind="stable")]
    return {
        "stamp": stamp,
        "n": len(rows),
        "xyz": None if source == "routes" else b64(analysis.sphere[rows]),
        "sets": bitmask(analysis.owned[rows]),
        "gaps": bitmask(analysis.gaps[rows]),
        "picks": b64(picked.astype(np.uint32)),
        "ranks": b64(ranks[picked].astype(np.uint32)),
        "dist": numeric_column("dist_to_S", analysis.dist[rows], 0.0, analysis.delta_max),
    }


def run_info(analysis: Analysis, stamp: str, source: str, version: str) -> dict[str, Any]:
    """``data.run``: the analysis in numbers.

    ``version`` is that of the first screen's records (:func:`.overview.version`).
    """
    dist = analysis.dist[np.isfinite(analysis.dist)]
    table = np.quantile(dist, np.linspace(0, 1, QUANTILES)) if len(dist) else np.empty(0)
    scale, stale, covered = analysis.yardstick, analysis.stale, analysis.covered
    threshold = analysis.threshold
    own = np.empty(0) if scale is None else scale.distance(np.linspace(0, 100, QUANTILES))
    inside = np.array(covered.inside if covered else [])
    return {
        "dataset": analysis.dataset.name,
        "dataset_id": str(dataset_id(analysis.dataset)),
        "brain_key": analysis.names.brain_key,
        "sphere": analysis.placed,
        "suffix": analysis.names.suffix,
        "stamp": stamp,
        "grouped": analysis.dataset.media_type == "group",
        "total": len(analysis),
        "S": int(analysis.owned.sum()),
        "U": int((~analysis.owned).sum()),
        "gaps": int(analysis.gaps.sum()),
        "delta": threshold.delta,
        "delta_given": deltas.is_given(analysis),
        "ticks": [
            {**asdict(tick), "gaps": int(deltas.gaps_at(analysis, tick.delta).sum())}
            for tick in deltas.ticks_of(analysis)
            if np.isfinite(tick.delta)
        ],
        "metric": threshold.metric,
        "basis": threshold.basis,
        "score": threshold.score,
        "level": threshold.level,
        "cannot_say": int((analysis.verdicts == CANNOT_SAY).sum()),
        "drives_owned": threshold.drives,
        "standing": standing(threshold),
        "standing_in_short": standing_in_short(threshold),
        "unit": unit(covered) if covered and covered.basis != "unrated" else "",
        "notes": [
            *(notes(covered) if covered else []),
            *([analysis.lacks] if analysis.lacks else []),
        ],
        "sequence_field": analysis.sequence_field,
        "drives": covered.drives[:DRIVES_MAX] if covered else [],
        "quantiles": b64(table.astype(np.float32)),
        "own_quantiles": b64(own.astype(np.float32)),
        "inside_quantiles": b64(inside.astype(np.float32)),
        "fields": colour_fields(analysis.dataset, analysis.names),
        "stale": {"added": stale.added, "removed": stale.removed} if stale else None,
        "overview": version,
        "source": source,
    }


def source_of(analysis: Analysis, rows: Array, insisted: str | None = None) -> str:
    """Where coordinates and ids come from: ``routes`` (FiftyOne's own) or ``panel`` (this data).

    FiftyOne's routes know a run as a whole, so a part of it always comes from here.
    """
    if not analysis.whole or len(rows) < len(analysis):
        return "panel"
    return insisted or SOURCE


def cartesian(analysis: Analysis, rows: Array) -> Array:
    """The free 3D projection of the points shown, float32 (m, 3).

    Raises
    ------
    InputError
        The dataset does not hold it.
    """
    read = vectors.read(analysis.dataset, analysis.names.umap3d)
    place = {sample_id: i for i, sample_id in enumerate(read.ids)}
    wanted = analysis.ids.text(rows)
    if any(sample_id not in place for sample_id in wanted):
        raise InputError(
            f"Not every point has a {analysis.names.umap3d!r}: run compute_sphere again."
        )
    return read.matrix[[place[sample_id] for sample_id in wanted]]


def match_mask(analysis: Analysis, rows: Array, view: fo.DatasetView | fo.Dataset) -> Array | None:
    """Which of the points shown the grid shows, bool (m,); None where it shows them all."""
    if isinstance(view, fo.Dataset) or is_whole(view):
        return None
    visible = np.zeros(len(analysis), dtype=bool)
    if is_generated(view):
        # Patches and frames belong to a sample: what they show is that sample.
        visible[analysis.ids.rows_of(view.values("sample_id"))] = True
    else:
        at = analysis.ids.places(points.view_ids(flat(view)).tobytes())
        visible[at[at >= 0]] = True
    return visible[rows]
