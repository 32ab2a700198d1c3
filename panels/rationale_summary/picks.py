"""A click on a bar as a view, and the view that the counts are of.

The counts stay those of the view before the click, otherwise the first click would leave one bar;
the server remembers per panel what it put over which view, and forgets it when the view is another.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone import ViewField as F
from fiftyone.server.view import get_view

from ...plugin.dataset import review, review_queue
from ...plugin.dataset.names import ReviewNames
from ...plugin.errors import InputError

PANELS_KEPT = 64
KINDS = ("status", "class", "decision", "tier", "score")


@dataclass
class _Picked:
    """One panel's pick: the stages it was put over, and what the view then was."""

    base: list[Any]
    shown: str
    pick: dict[str, Any]


_picked: OrderedDict[str, _Picked] = OrderedDict()
_lock = threading.Lock()


def base_view(ctx: foo.ExecutionContext) -> fo.DatasetView:
    """The view that the panel counts: the grid's, without the panel's own pick."""
    with _lock:
        own = _picked.get(str(ctx.panel_id))
    stages = ctx.request_params.get("view") or []
    if own is None or _text(stages) != own.shown or ctx.request_params.get("view_name"):
        return ctx.view
    return get_view(ctx.dataset, stages=own.base, filters=ctx.request_params.get("filters"))


def current(ctx: foo.ExecutionContext) -> dict[str, Any] | None:
    """The pick that the grid shows, None where it shows something else."""
    with _lock:
        own = _picked.get(str(ctx.panel_id))
    shown = own is not None and _text(ctx.request_params.get("view") or []) == own.shown
    return own.pick if own is not None and shown else None


def show(ctx: foo.ExecutionContext, pick: Mapping[str, Any], model: str) -> int:
    """Set the grid's view to what was clicked; returns how many samples that is.

    Raises
    ------
    InputError
        It is no pick.
    """
    base = base_view(ctx).view()
    stages = _stages(base)
    picked = base.match(expression(base, pick, model))
    remembered = _Picked(stages, _text(_stages(picked)), dict(pick))
    with _lock:
        _picked[str(ctx.panel_id)] = remembered
        _picked.move_to_end(str(ctx.panel_id))
        while len(_picked) > PANELS_KEPT:
            _picked.popitem(last=False)
    ctx.ops.set_view(picked)
    return len(picked)


def back(ctx: foo.ExecutionContext) -> None:
    """The view as it was before the pick; where nothing is remembered, the whole dataset."""
    with _lock:
        own = _picked.pop(str(ctx.panel_id), None)
    if own is not None and own.base:
        ctx.ops.set_view(fo.DatasetView._build(ctx.dataset, own.base))
    else:
        ctx.ops.clear_view()


def expression(view: fo.DatasetView, pick: Mapping[str, Any], model: str) -> Any:
    """View expression of a pick."""
    names = ReviewNames(model)
    if not pick or not set(pick) <= set(KINDS):
        raise InputError("That is no bar of this panel.")
    parts = [_part(view, names, kind, pick[kind]) for kind in KINDS if kind in pick]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole & part
    return whole


def _part(view: fo.DatasetView, names: ReviewNames, kind: str, value: Any) -> Any:
    if kind == "tier":
        if value not in review_queue.TIERS:
            raise InputError(f"{value!r} is no part of the queue.")
        return review_queue.tier_of(names, value)
    if kind == "score":
        low, high, last = float(value[0]), float(value[1]), bool(value[2])
        score = F(names.llm_score)
        return (score >= low) & ((score <= high) if last else (score < high))
    path = {
        "status": names.prediction_status,
        "class": review.truth_path(view),
        "decision": names.decision,
    }[kind]
    if path is None:
        raise InputError("The samples have no ground truth to pick by.")
    if value is not None and not isinstance(value, str):
        raise InputError(f"{value!r} is no {kind}.")
    # `== None` is true of a field that is not there; FiftyOne's `exists` of one that is.
    return F(path) == value if value is not None else ~F(path).exists()


def _stages(view: fo.DatasetView) -> list[Any]:
    return list(view._serialize(include_uuids=False))


def _text(stages: list[Any]) -> str:
    """Stages without their uuids, which the App renews, and with a browser's numbers: 1 is 1.0."""
    plain = [{"_cls": stage["_cls"], "kwargs": stage["kwargs"]} for stage in stages]
    text = json.dumps(plain, sort_keys=True, default=str)
    return json.dumps(json.loads(text, parse_int=float), sort_keys=True)
