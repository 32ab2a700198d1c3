"""The views that panels set in the grid: a panel knows its own and can restore the one before.

A panel that narrows the grid to a part of its data must keep describing all of it, otherwise the
first click would leave nothing to click.  The server therefore remembers, for each open panel, what
it set over which view, and ignores it once the grid shows another view.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from cachetools import LRUCache

from ..plugin.dataset.store.fiftyone_internals import filtered_view_of, stages, view_of

PANELS_KEPT = 64


@dataclass(frozen=True)
class _Shown:
    """The stages it was put over, what the view then was, and what was shown, as the panel says."""

    base: list[Any]
    text: str
    what: dict[str, Any]


class OwnViews:
    """The views that the open panels of one kind have set."""

    def __init__(self) -> None:
        self._shown: LRUCache[str, _Shown] = LRUCache(PANELS_KEPT)
        self._lock = threading.Lock()

    def base(self, ctx: foo.ExecutionContext) -> fo.DatasetView:
        """The grid's view without what this panel put over it."""
        own = self._own(ctx)
        if own is None or ctx.request_params.get("view_name"):
            return ctx.view
        return filtered_view_of(ctx.dataset, own.base, ctx.request_params.get("filters"))

    def shown(self, ctx: foo.ExecutionContext) -> dict[str, Any] | None:
        """What the grid shows of this panel; None where it shows something else."""
        own = self._own(ctx)
        return None if own is None else own.what

    def show(
        self,
        ctx: foo.ExecutionContext,
        base: fo.DatasetView,
        view: fo.DatasetView,
        what: dict[str, Any],
    ) -> None:
        """Set the grid's view to ``view``, which was made of ``base``."""
        with self._lock:
            self._shown[str(ctx.panel_id)] = _Shown(stages(base), text_of(stages(view)), what)
        ctx.ops.set_view(view)

    def back(self, ctx: foo.ExecutionContext) -> None:
        """The view as it was before; the whole dataset where the grid shows nothing of ours."""
        own = self._own(ctx)
        with self._lock:
            self._shown.pop(str(ctx.panel_id), None)
        if own is not None and own.base:
            ctx.ops.set_view(view_of(ctx.dataset, own.base))
        else:
            ctx.ops.clear_view()

    def _own(self, ctx: foo.ExecutionContext) -> _Shown | None:
        """What is remembered of this panel, where the grid still shows it."""
        with self._lock:
            own = self._shown.get(str(ctx.panel_id))
        seen = text_of(ctx.request_params.get("view") or [])
        return own if own is not None and seen == own.text else None


def text_of(found: list[Any]) -> str:
    """Stages without their uuids, which the App renews, and with a browser's numbers: 1 is 1.0."""
    plain = [{"_cls": stage["_cls"], "kwargs": stage["kwargs"]} for stage in found]
    text = json.dumps(plain, sort_keys=True, default=str)
    return json.dumps(json.loads(text, parse_int=float), sort_keys=True)
