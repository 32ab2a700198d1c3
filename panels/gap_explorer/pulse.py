"""Whether the panel is out of date: asked now and then, and cheap where nothing has changed.

``state`` names all that the panel shows.  It is compared in the browser, which then asks for the
contents; while a step writes them there is none, and the panel keeps what it has.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo

from ...plugin.dataset.gaps import analysis
from ...plugin.dataset.gaps.analysis import Analysis, UnfinishedAnalysisError
from ...plugin.dataset.store import leases
from ...plugin.dataset.store.database import is_empty
from ...plugin.dataset.store.vectors import points
from ...plugin.errors import GapsphereError
from ..work import work
from . import begun, overview
from .actions import show_new_fields
from .memory import PanelMemory


def stamp_of(found: Analysis, limit: int) -> str:
    """Names the analysis and the points shown of it: all that a later event needs to find both."""
    return f"{found.names.suffix}|{limit}|{found.stamp}"


def pulse(ctx: foo.ExecutionContext, panel: PanelMemory) -> dict[str, Any]:
    """What the panel asks now and then."""
    dataset = ctx.dataset
    now = look(dataset, panel).state
    unfinished = now is not None and now.startswith(_UNFINISHED)
    return {
        "state": now,
        "mark": None if now is None else mark(dataset),
        "unfinished": now.removeprefix(_UNFINISHED) if now and unfinished else None,
        "work": work(dataset),
    }


_UNFINISHED = "unfinished: "


@dataclass(frozen=True)
class Look:
    """What there is to show: its name, and the analysis where there is a whole one.

    ``state`` is None while a step writes what is shown already.  ``version`` is of the records that
    the first screen is made of.
    """

    state: str | None
    found: Analysis | None = None
    version: str = ""


def look(dataset: fo.Dataset | None, panel: PanelMemory) -> Look:
    """What there is to show now."""
    if dataset is None or is_empty(dataset):
        return Look("empty")
    known = analysis.analyses(dataset)
    if not known and (writer := first_writer(dataset)):
        return Look(f"written by {writer}")
    suffix = panel.shown_of(known)
    if is_written(dataset, suffix):
        return Look(None)
    fields = fields_of(dataset)
    if not known:
        there = begun.begun(dataset, begun.suffix_of(dataset))
        return Look(f"not computed: {points.mark_of(dataset)} {fields} {there}")
    try:
        found = analysis.load(dataset, suffix)
    except UnfinishedAnalysisError as error:
        return Look(f"{_UNFINISHED}{error}")
    except GapsphereError as error:
        return Look(f"failed: {error}")
    version = overview.version(found)
    added = found.stale.added if found.stale else 0
    shown = (stamp_of(found, panel.limit), version, str(added), fields)
    return Look("|".join([*shown, *known]), found, version)


def mark(dataset: fo.Dataset | None) -> str:
    """Changes with every edit of a sample."""
    return "" if dataset is None else str(points.mark_of(dataset))


def is_written(dataset: fo.Dataset, suffix: str) -> bool:
    """Whether a step writes this analysis now, or loads images."""
    keys = (f"{leases.ANALYSIS}/{suffix}", f"{leases.LOADING}/")
    return any(leases.holder(dataset, key) is not None for key in keys)


def first_writer(dataset: fo.Dataset) -> str | None:
    """The step that is at work on a dataset without an analysis; None where none is."""
    return next((lease.step for lease in leases.writers(dataset)), None)


def fields_of(dataset: fo.Dataset | None) -> str:
    """Changes with the names of the dataset's fields."""
    if dataset is None:
        return ""
    names = sorted(dataset.get_field_schema(flat=True))
    return hashlib.blake2b("\n".join(names).encode(), digest_size=6).hexdigest()


def draw_grid_anew(ctx: foo.ExecutionContext, panel: PanelMemory) -> None:
    """Let the grid show what was written; new fields come into the sidebar with a reload only.

    That drops the extended selection: where it is the panel's answer, closing the answer reloads.
    """
    if ctx.dataset is None:
        return
    panel.owes_fields |= bool(panel.fields) and panel.fields != fields_of(ctx.dataset)
    answered = panel.is_own((ctx.extended_selection or {}).get("selection"))
    if answered or not show_new_fields(ctx, panel):
        ctx.ops.reload_samples()
