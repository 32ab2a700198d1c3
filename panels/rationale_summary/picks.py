"""A click on a bar as a view: the samples that the bar counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone as fo
from fiftyone import ViewExpression
from fiftyone import ViewField as F

from ...plugin.dataset.rationales import decisions, queue
from ...plugin.dataset.store.fields.decided import is_decided
from ...plugin.dataset.store.names import ReviewNames
from ...plugin.errors import InputError

KINDS = ("status", "class", "decision", "tier", "score")


def expression(view: fo.DatasetView, pick: Mapping[str, Any], model: str) -> Any:
    """View expression of a pick; an :class:`InputError` where it is not a valid one."""
    names = ReviewNames(model)
    if not pick or not set(pick) <= set(KINDS):
        raise InputError("Unknown bar: reload the panel.")
    parts = [_part(view, names, kind, pick[kind]) for kind in KINDS if kind in pick]
    return ViewExpression.all(parts)


def _part(view: fo.DatasetView, names: ReviewNames, kind: str, value: Any) -> Any:
    if kind == "tier":
        if value not in queue.TIERS:
            raise InputError(f"{value!r} is not a tier of the queue.")
        return queue.tier_of(names, value)
    if kind == "score":
        low, high, last = float(value[0]), float(value[1]), bool(value[2])
        score = F(names.llm_score)
        return (score >= low) & ((score <= high) if last else (score < high))
    if kind == "decision" and value is None and not is_decided(view, names):
        return ViewExpression(True)
    path = {
        "status": names.prediction_status,
        "class": decisions.truth_path(view),
        "decision": names.decision,
    }[kind]
    if path is None:
        raise InputError("The samples have no ground truth to pick by.")
    if value is not None and not isinstance(value, str):
        raise InputError(f"{value!r} is not a valid {kind}.")
    # `== None` is true of a field that is not there; FiftyOne's `exists` of one that is.
    return F(path) == value if value is not None else ~F(path).exists()
