"""Where a sample stands in the queue and in the view, worked out once and kept while one reviews.

An order is made of what the model said and of the view, neither of which a decision changes; it is
made anew each time the panel opens.  Samples deleted meanwhile are passed over by whoever walks it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import fiftyone as fo

from ...plugin.dataset.rationales import queue as review_queue
from ...plugin.dataset.store import points
from ..component import stages

Over = Literal["queue", "view"]
KEPT = 8
"""Orders held in memory: two for each of a few open panels; 100,000 ids take some 20 MB."""

Key = tuple[str, str, str, str]


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


_orders: OrderedDict[Key, Order] = OrderedDict()
_lock = threading.Lock()


def order(view: fo.DatasetView, model: str, over: Over, *, renew: bool = False) -> Order:
    """The order of a view, kept from before unless ``renew``."""
    key = (stages(view), view.dataset_name, model if over == "queue" else "", over)
    with _lock:
        found = None if renew else _orders.get(key)
        if found is None:
            queued = over == "queue"
            ids = (
                review_queue.queue(view, model=model)
                if queued
                else points.words(points.view_ids(view))
            )
            found = _orders[key] = Order(ids)
        _orders.move_to_end(key)
        while len(_orders) > KEPT:
            _orders.popitem(last=False)
        return found
