"""Heatmaps for the results pane: made in a thread while the panel goes on, sent as small grids.

The panel's button runs ``compute_heatmaps`` on an answer with the defaults of its form.  The work
belongs to the dataset, not to the panel that began it: a second panel, or the same one after a
reload, sees the same progress and can stop it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId

from ...plugin.dataset.gaps import heatmaps
from ...plugin.dataset.store.fiftyone_internals import dataset_id, detached
from ...plugin.dataset.store.names import Names
from ...plugin.dataset.store.samples import flat
from ...plugin.encoders.hub import offline
from ...plugin.errors import Cancelled, GapsphereError, InputError
from ...plugin.settings.steps import HeatmapParams
from ..wire import b64

logger = logging.getLogger(__name__)


class Making:
    """One run of ``compute_heatmaps`` in a thread: how far it is, and what came of it."""

    def __init__(self, dataset: fo.Dataset, ids: Sequence[str], suffix: str) -> None:
        self.done, self.total = 0, len(ids)
        self.message: str | None = None
        self.error: str | None = None
        self.reported = False
        self.new_field = not dataset.has_field(Names(suffix).heatmap)
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(dataset, list(ids), suffix), name="gap-heatmaps", daemon=True
        )
        self._thread.start()

    def _run(self, dataset: fo.Dataset, ids: list[str], suffix: str) -> None:
        try:
            view = detached(dataset).select(ids, ordered=True)
            params = HeatmapParams(suffix=suffix)
            with offline():
                made = heatmaps.compute_heatmaps(view, params, progress=self._progress)
            self.message = _sentence(made)
        except GapsphereError as error:
            self.error = str(error)
        except Exception as error:  # the panel says it, the log has the traceback
            logger.exception("Making heatmaps failed")
            self.error = f"Making heatmaps failed: {error}"

    def _progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self._stopped.is_set():
            raise Cancelled("Stopped. The heatmaps made so far are kept.")

    def stop(self) -> None:
        """End it after the batch it is at."""
        self._stopped.set()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def state(self) -> dict[str, Any]:
        """What the panel shows of it."""
        return {
            "running": self.running,
            "done": self.done,
            "total": self.total,
            "message": self.message,
            "error": self.error,
        }


_making: dict[ObjectId, Making] = {}
"""By the dataset's id: one of the same name made later is another dataset."""
_lock = threading.Lock()


def start(dataset: fo.Dataset, ids: Sequence[str], suffix: str) -> Making:
    """Begin to make heatmaps of some samples.

    Raises
    ------
    InputError
        This dataset's last heatmaps are still being made.
    """
    with _lock:
        key = dataset_id(dataset)
        last = _making.get(key)
        if last is not None and last.running:
            raise InputError(
                f"Heatmaps of this dataset are being made ({last.done} of {last.total}): wait for "
                "them or stop them first."
            )
        _making[key] = Making(dataset, ids, suffix)
        return _making[key]


def current(dataset: fo.Dataset) -> Making | None:
    """What is being made on this dataset, or was made last."""
    return _making.get(dataset_id(dataset))


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
