"""The rationale summary panel: counts of the grid's view, each bar a way into it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import fiftyone.operators as foo

from ...plugin.dataset.rationales import queue
from ...plugin.dataset.rationales.queue import TIERS, Counts
from ...plugin.dataset.store.samples import all_of
from ...plugin.errors import EmptySetError
from ..event import answered
from ..own_view import OwnViews
from ..verdicts import VerdictPanel, model_of
from .contract import COMPONENT, EVENTS
from .picks import expression

_VIEWS = OwnViews()


class RationaleSummary(VerdictPanel):
    """Status, classes, scores and the review's progress, beside the grid."""

    panel = "rationale_summary"
    label = "Rationale summary"
    help = (
        "What a language model said of these samples and how far the review of it is. "
        "Click a bar to see its samples in the grid."
    )
    icon = "fact_check"
    component = COMPONENT
    events = tuple(EVENTS)

    # What the panel asks ------------------------------------------------------------------------

    def ready(self, ctx: foo.ExecutionContext, model: str) -> dict[str, Any]:
        """All counts of the view under the pick."""
        counts = counts_of(queue.counts(_VIEWS.base(ctx), model=model))
        return {"pick": _VIEWS.shown(ctx), "counts": counts}

    @answered
    def pick(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Show the samples of a bar in the grid."""
        chosen = dict(ctx.params.get("pick") or {})
        base = _VIEWS.base(ctx).view()
        whole = all_of(base)
        view = whole.match(expression(whole, chosen, model_of(ctx)))
        _VIEWS.show(ctx, base, view, chosen)
        return {"shown": len(view), "pick": chosen}

    @answered
    def back(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Restore the grid's previous view."""
        _VIEWS.back(ctx)
        return {}

    @answered
    def review(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Open the first undecided sample in the queue."""
        model = model_of(ctx)
        ids = queue.queue(ctx.view, model=model)
        first = queue.first_undecided(ctx.dataset, ids, model=model)
        if first is None and not ids:
            raise EmptySetError("The grid shows no sample to review.")
        ctx.ops.open_sample(id=first or ids[0])
        return {"id": first or ids[0]}


def counts_of(found: Counts) -> dict[str, Any]:
    """The counts as the component reads them; a ``name`` of null means "none"."""

    def bars(by: Mapping[str | None, int]) -> list[dict[str, Any]]:
        return [{"name": name, "count": count} for name, count in by.items()]

    tiers = [[cell for cell in found.cells if cell.tier == tier] for tier in TIERS]
    return {
        "total": found.total,
        "decided": found.decided,
        "agreement": found.agreement,
        "statuses": bars(found.by("status")),
        "decisions": bars(found.by("decision")),
        "tiers": [
            {
                "name": tier,
                "count": sum(cell.count for cell in cells),
                "decided": sum(cell.count for cell in cells if cell.decision is not None),
            }
            for tier, cells in zip(TIERS, tiers, strict=True)
        ],
        "agreed": _agreed(found),
        "classes": [{"name": one.name, "bars": bars(one.by_status)} for one in found.classes],
        "classes_total": found.classes_total,
        "edges": found.edges,
        "scores": found.scores,
    }


def _agreed(found: Counts) -> list[dict[str, Any]]:
    """Decisions by status, for the statuses that have any."""
    by: dict[Any, Counter[str]] = {}
    for cell in found.cells:
        if cell.decision is not None:
            by.setdefault(cell.status, Counter())[cell.decision] += cell.count
    return [{"status": status, **one} for status, one in by.items()]
