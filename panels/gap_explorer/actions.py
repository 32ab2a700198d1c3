"""What one click does with an answer: the grid, a tag, a saved view, a hand-over to an operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.server.view import get_view

from ...plugin.errors import InputError
from . import memory

PLUGIN = "@gapsphere/gap-explorer"
HANDOVERS = {"heatmap": "compute_heatmaps", "spec": "export_visual_spec"}
EXTENDED_MAX = 10_000
"""Ids in an extended selection, FiftyOne's own limit: it travels with every request of the grid."""


def available() -> dict[str, bool]:
    """Which operators the panel can hand over to."""
    from fiftyone.operators.registry import OperatorRegistry

    known = {operator.uri for operator in OperatorRegistry().list_operators()}
    names = ("find_gaps", *HANDOVERS.values())
    return {name: f"{PLUGIN}/{name}" in known for name in names}


def link(ctx: foo.ExecutionContext, ids: Sequence[str]) -> None:
    """Show an answer in the grid without touching the view bar."""
    sent = list(ids[:EXTENDED_MAX])
    memory.of(ctx.panel_id).link(sent)
    ctx.ops.set_extended_selection(selection=sent, scope="global")


def unlink(ctx: foo.ExecutionContext) -> None:
    """Give the grid back."""
    memory.of(ctx.panel_id).link(None)
    ctx.ops.set_extended_selection(reset=True)


def grid_view(ctx: foo.ExecutionContext) -> fo.DatasetView:
    """What the grid shows: view, filters, other panels' selections, but not our own answer.

    An answer lights up its points; were it taken for a filter, it would also dim all the others.
    """
    request = ctx.request_params
    selection = (ctx.extended_selection or {}).get("selection")
    if not memory.of(ctx.panel_id).is_own(selection) or request.get("view_name"):
        return ctx.view
    return get_view(ctx.dataset, stages=request.get("view"), filters=request.get("filters"))


def act(ctx: foo.ExecutionContext, action: Mapping[str, Any], ids: list[str]) -> str:
    """Do one thing with some samples, and say in words what was done.

    Raises
    ------
    InputError
        There is nothing to act on, a name is missing, or the operator does not exist.
    """
    if not ids:
        raise InputError("No sample is left to act on.")
    kind, samples = action.get("kind"), _count(len(ids))
    if kind == "show":
        unlink(ctx)
        ctx.ops.set_view(ctx.dataset.select(ids, ordered=True))
        return f"The grid shows {samples}."
    if kind == "select":
        ctx.ops.set_selected_samples(ids)
        return f"{samples} selected in the grid."
    if kind == "tag":
        tag = _name(action, "tag")
        ctx.dataset.select(ids, ordered=False).tag_samples(tag)
        ctx.ops.reload_samples()
        return f"{samples} tagged “{tag}”."
    if kind == "save_view":
        name = _name(action, "name")
        if ctx.dataset.has_saved_view(name):
            raise InputError(f"There is a view “{name}” already: take another name.")
        ctx.dataset.save_view(name, ctx.dataset.select(ids, ordered=True))
        return f"Saved as the view “{name}”: {samples}."
    operator = HANDOVERS.get(str(kind))
    if operator is None or not available()[operator]:
        raise InputError(f"There is no operator for “{kind}” in this installation.")
    ctx.ops.set_selected_samples(ids)
    # FiftyOne's own target input, and the one of operators that offer more than it knows.
    target = dict.fromkeys(("view_target", "target"), "SELECTED_SAMPLES")
    ctx.prompt(f"{PLUGIN}/{operator}", params=target)
    return f"{samples} handed over to {operator}."


def _name(action: Mapping[str, Any], key: str) -> str:
    name = str(action.get(key) or "").strip()
    if not name:
        raise InputError(f"A {key} needs at least one letter.")
    return name


def _count(number: int) -> str:
    return "1 sample" if number == 1 else f"{number:,} samples"
