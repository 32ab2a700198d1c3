"""What one click does with an answer: the grid, a tag, a saved view, heatmaps, the Visual Spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.core.utils import to_slug

from ...plugin import PLUGIN
from ...plugin.coverage.words import counted
from ...plugin.dataset.gaps.analysis import Analysis
from ...plugin.dataset.store.fields.fields import blocks
from ...plugin.dataset.store.fiftyone_internals import filtered_view_of
from ...plugin.dataset.store.samples import flat
from ...plugin.errors import InputError
from ..component import can_prompt
from . import heatmaps, memory
from .contract_answers import TRAY_MAX

OPERATORS = ("find_gaps", "compute_heatmaps", "export_visual_spec", "summarize_gaps")
EXTENDED_MAX = 10_000
"""Ids in an extended selection, FiftyOne's own limit: it travels with every request of the grid."""


def available() -> dict[str, bool]:
    """Which operators the panel can hand over to."""
    return {name: can_prompt(f"{PLUGIN}/{name}") for name in OPERATORS}


def link(ctx: foo.ExecutionContext, ids: Sequence[str]) -> None:
    """Show an answer in the grid without touching the view bar."""
    sent = list(ids[:EXTENDED_MAX])
    memory.of(ctx.panel_id).link(sent)
    ctx.ops.set_extended_selection(selection=sent, scope="global")


def flatten_grid(ctx: foo.ExecutionContext) -> bool:
    """Let the grid show every slice: of groups it shows, and selects, the active one alone.

    Returns whether the grid's view is being changed.
    """
    view = ctx.view
    images = view if view is None else flat(view)
    if images is view:
        return False
    ctx.ops.set_view(images)
    return True


def unlink(ctx: foo.ExecutionContext) -> None:
    """Give the grid back."""
    ctx.ops.set_extended_selection(reset=True)
    show_new_fields(ctx, memory.of(ctx.panel_id))


def show_new_fields(ctx: foo.ExecutionContext, panel: memory.PanelMemory) -> bool:
    """Bring new fields into the sidebar, if there are any; whether the grid is drawn anew by that.

    That takes a reload, in which the App drops the sidebar's filters: fields wait for their end.
    """
    if not panel.owes_fields or ctx.request_params.get("filters"):
        return False
    panel.owes_fields = False
    ctx.ops.reload_dataset()
    return True


def grid_view(ctx: foo.ExecutionContext) -> fo.DatasetView:
    """What the grid shows: view, filters, other panels' selections, but not our own answer.

    An answer lights up its points; were it taken for a filter, it would also dim all the others.
    """
    request = ctx.request_params
    selection = (ctx.extended_selection or {}).get("selection")
    if not memory.of(ctx.panel_id).is_own(selection) or request.get("view_name"):
        return ctx.view
    return filtered_view_of(ctx.dataset, request.get("view"), request.get("filters"))


def act(
    ctx: foo.ExecutionContext, action: Mapping[str, Any], ids: list[str], found: Analysis
) -> dict[str, Any]:
    """Do one thing with some samples: ``message`` says in words what was done.

    Raises
    ------
    InputError
        There is nothing to act on, a name is missing, or there is no such action.
    """
    if not ids:
        raise InputError("No sample is left to act on.")
    kind, samples = action.get("kind"), counted(len(ids), "sample")
    if kind == "link":
        link(ctx, ids)
        return {"message": ""}
    if kind == "show":
        unlink(ctx)
        ctx.ops.set_view(flat(ctx.dataset).select(ids, ordered=True))
        return {"message": f"The grid shows {samples}."}
    if kind == "select":
        ctx.ops.set_selected_samples(ids)
        return {"message": f"{samples} selected in the grid."}
    if kind == "tag":
        return _tagged(ctx, _name(action, "tag"), ids)
    if kind == "untag":
        return _untagged(ctx)
    if kind == "save_view":
        name = _free_name(ctx.dataset, _name(action, "name"))
        ctx.dataset.save_view(name, flat(ctx.dataset).select(ids, ordered=True))
        return {"message": f"Saved as the view “{name}”: {samples}."}
    if kind == "heatmap":
        return {"message": "", "making": heatmaps.start(ctx.dataset, ids, found.names.suffix)}
    if kind == "collect":
        return _collected(ids, found)
    if kind == "spec":
        return _spec(ctx, ids, found)
    raise InputError(f"There is no action “{kind}”.")


def _tagged(ctx: foo.ExecutionContext, tag: str, ids: list[str]) -> dict[str, Any]:
    """Tag samples, and remember which of them had no such tag: undoing leaves the others theirs."""
    fresh: list[str] = []
    for block in blocks(ids):
        view = flat(ctx.dataset).select(block, ordered=False)
        fresh += view.match_tags(tag, bool=False).values("id")
        view.tag_samples(tag)
    memory.of(ctx.panel_id).tagged = (tag, fresh)
    ctx.ops.reload_samples()
    samples, had = counted(len(ids), "sample"), len(ids) - len(fresh)
    already = f" ({counted(had, 'sample')} had it already)" if had else ""
    return {"message": f"{samples} tagged “{tag}”{already}.", "undo": bool(fresh)}


def _untagged(ctx: foo.ExecutionContext) -> dict[str, Any]:
    panel = memory.of(ctx.panel_id)
    if panel.tagged is None:
        raise InputError("There is no tag to take back any more.")
    (tag, ids), panel.tagged = panel.tagged, None
    for block in blocks(ids):
        flat(ctx.dataset).select(block, ordered=False).untag_samples(tag)
    ctx.ops.reload_samples()
    return {"message": f"The tag “{tag}” is off {counted(len(ids), 'sample')} again."}


def _collected(ids: list[str], found: Analysis) -> dict[str, Any]:
    """Those of an answer that a Visual Spec can ask for: S has the others already."""
    rows = found.ids.rows_of(ids)
    wanted = rows[~found.owned[rows]]
    if len(wanted) > TRAY_MAX:
        raise InputError(
            f"{len(wanted):,} candidates are more than the tray holds ({TRAY_MAX:,}): tag them, "
            "and give export_visual_spec the tag."
        )
    return {"message": "", "ids": found.ids.text(wanted), "owned": len(rows) - len(wanted)}


def _spec(ctx: foo.ExecutionContext, ids: list[str], found: Analysis) -> dict[str, Any]:
    """Open the form of ``export_visual_spec`` on exactly these samples, selected in the grid."""
    there = flat(ctx.dataset).select(ids, ordered=True).values("id")
    if not there:
        raise InputError("None of these samples is in the dataset any more.")
    ctx.ops.set_selected_samples(there)
    # What was selected for the form alone, it lets go of at its end.
    params = {"target": "SELECTED_SAMPLES", "suffix": found.names.suffix, "handed_over": True}
    ctx.prompt(f"{PLUGIN}/export_visual_spec", params=params)
    gone = len(ids) - len(there)
    left = f" {counted(gone, 'sample')} deleted since, left out." if gone else ""
    return {"message": f"{counted(len(there), 'sample')} handed over to the Visual Spec.{left}"}


def _name(action: Mapping[str, Any], key: str) -> str:
    name = str(action.get(key) or "").strip()
    if not name:
        raise InputError(f"A {key} needs at least one letter.")
    return name


def _free_name(dataset: fo.Dataset, name: str) -> str:
    """The name of a view, where the dataset can have one more of it.

    FiftyOne tells views apart by what of their names an address can hold.
    """
    try:
        slug = to_slug(name)
    except ValueError as error:
        raise InputError(
            f"“{name[:60]}” cannot name a view: a letter from A to Z or a digit is needed, and the "
            "name may not be too long."
        ) from error
    for taken in dataset.list_saved_views():
        if to_slug(taken) == slug:
            raise InputError(f"There is a view “{taken}” already: take another name.")
    return name
