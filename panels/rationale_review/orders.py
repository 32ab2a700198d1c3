"""The place of a sample in the queue and in the view, computed once and kept during a review.

An order depends on the model's verdicts and on the view, neither of which a decision changes; it is
renewed each time the panel opens.  Callers skip samples that were deleted since.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property

import fiftyone as fo
from cachetools import LRUCache

from ...plugin.dataset.rationales import queue
from ...plugin.dataset.store.samples import flat
from ...plugin.dataset.store.vectors import points
from ...plugin.vectors.sample_ids import id_words
from ..component import stages
from .contract import Over

KEPT = 8
"""Orders held in memory: two for each of a few open panels; 100,000 ids take some 20 MB."""


@dataclass(frozen=True, eq=False)
class Order:
    """Sample ids, first to last."""

    ids: list[str]

    @cached_property
    def _place(self) -> dict[str, int]:
        return {sample_id: at for at, sample_id in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.ids)

    def at(self, sample_id: str) -> int | None:
        """Place of a sample, from 0; None where the view does not hold it."""
        return self._place.get(sample_id)

    def around(self, sample_id: str) -> list[str]:
        """All other samples, those after it first, then from the start on to it."""
        at = self.at(sample_id)
        return self.ids if at is None else [*self.ids[at + 1 :], *self.ids[:at]]


class Orders:
    """The orders used last, by view, model and kind."""

    def __init__(self) -> None:
        self._kept: LRUCache[tuple[str, ...], Order] = LRUCache(KEPT)
        self._lock = threading.Lock()

    def get(self, view: fo.DatasetView, model: str, over: Over, *, renew: bool = False) -> Order:
        """The order of a view, kept from before unless ``renew``."""
        queued = over == "queue"
        key = (stages(view), view.dataset_name, model if queued else "", over)
        with self._lock:
            found = None if renew else self._kept.get(key)
            if found is None:
                found = self._kept[key] = Order(
                    queue.queue(view, model=model)
                    if queued
                    else id_words(points.view_ids(flat(view)))
                )
            return found

    def __len__(self) -> int:
        return len(self._kept)
