"""Heatmaps for the results pane: made in the background as operators' work, sent as small grids.

The panel's button runs ``compute_heatmaps`` on an answer with the defaults of its form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import fiftyone as fo
import numpy as np

from ...plugin.dataset.gaps import heatmaps
from ...plugin.dataset.store.names import Names
from ...plugin.dataset.store.samples import flat
from ...plugin.dataset.work import told
from ...plugin.dataset.work.told import MEANT, Told
from ...plugin.errors import InputError
from ...plugin.progress import Reporter
from ...plugin.settings.steps import HeatmapParams
from .. import work
from ..wire import b64

STEP, LABEL = "compute_heatmaps", "Compute heatmaps"


def start(dataset: fo.Dataset, ids: Sequence[str], suffix: str) -> dict[str, Any]:
    """Begin to make heatmaps of some samples.

    Raises
    ------
    InputError
        Heatmaps of this dataset are being made.
    """
    last = current(dataset)
    if last is not None and last.state == "running":
        raise InputError(
            f"Heatmaps of this dataset are being made ({last.done} of {last.total}): wait for "
            "them or stop them first."
        )

    def make(own: fo.Dataset, report: Reporter) -> str:
        view = flat(own).select(list(ids), ordered=True)
        params = HeatmapParams(suffix=suffix)
        return _sentence(heatmaps.compute_heatmaps(view, params, progress=report("Heatmaps")))

    form = {"suffix": suffix, "view_target": "SELECTED_SAMPLES", MEANT: {"selected": list(ids)}}
    return work.shown(work.begin(dataset, STEP, LABEL, make, form).now)


def current(dataset: fo.Dataset) -> Told | None:
    """The heatmaps that are being made on this dataset, or were made last."""
    made = [one for one in told.listed(dataset) if one.by.step == STEP]
    return made[-1] if made else None


def making(dataset: fo.Dataset) -> dict[str, Any]:
    """The same as the panel has it."""
    last = current(dataset)
    return {"making": None if last is None else work.shown(last)}


def grids(dataset: fo.Dataset, ids: Sequence[str], suffix: str) -> dict[str, dict[str, Any]]:
    """The heatmaps of some samples as they are stored: a small uint8 grid each."""
    field = Names(suffix).heatmap
    if not ids or not dataset.has_field(field):
        return {}
    view = flat(dataset).select(list(ids), ordered=False).exists(field)
    found = {}
    for sample_id, heatmap in zip(*view.values(["id", field]), strict=True):
        values = heatmap.map
        # A map of another tool, or one kept as a file, is not ours to draw.
        if values is None or values.ndim != 2 or values.dtype != np.uint8:
            continue
        rows, columns = values.shape
        found[sample_id] = {"rows": rows, "columns": columns, "values": b64(values)}
    return found


def _sentence(made: heatmaps.HeatmapResult) -> str:
    parts = [f"{made.done} made"] if made.done else []
    if made.known:
        parts.append(f"{made.known} already there")
    if made.skipped:
        parts.append(f"{len(made.skipped)} skipped ({made.skipped[0].reason})")
    return " ".join([f"Heatmaps by {made.method}: {', '.join(parts)}.", *made.notes])
