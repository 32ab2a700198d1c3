"""Long work on the dataset as panels show it: how far it is, a stop, its last word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo

from ..plugin.dataset.work import told
from ..plugin.dataset.work.told import Told
from .component import can_prompt

PLUGIN = "@gapsphere/gap-explorer"


def work(dataset: fo.Dataset | None) -> list[dict[str, Any]]:
    """What runs on a dataset and what has ended since, oldest first."""
    return [] if dataset is None else [_shown(one) for one in told.listed(dataset)]


def end(ctx: foo.ExecutionContext, params: Mapping[str, Any]) -> dict[str, Any]:
    """Stop some work, take its last word off, or open the form that goes on with it."""
    which, do = str(params["id"]), params.get("do")
    if do == "stop":
        told.stop(ctx.dataset, which)
    elif do == "dismiss":
        told.forget(ctx.dataset, which)
    else:  # its last word stays until work begins
        for one in told.listed(ctx.dataset):
            if one.id == which:
                ctx.prompt(f"{PLUGIN}/{one.by.step}", params=dict(one.params))
    return {}


def _shown(one: Told) -> dict[str, Any]:
    goes_on = one.state in ("stopped", "interrupted") and can_prompt(f"{PLUGIN}/{one.by.step}")
    return {
        "id": one.id,
        "label": one.label,
        "state": one.state,
        "stage": one.stage,
        "done": one.done,
        "total": one.total,
        "left": one.left,
        "text": one.text,
        "then": one.then,
        "file": one.file,
        "again": goes_on,
    }
