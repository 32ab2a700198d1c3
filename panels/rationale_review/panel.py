"""The rationale review panel: shows a sample's verdict, saves the decision, opens the next.

It opens in the App's modal, where FiftyOne shows a panel in place of the image, so the component
shows the image itself.  Every event names its sample: the one on the person's screen, which may not
be the one that the session opened last.
"""

from __future__ import annotations

from typing import Any, get_args

import fiftyone.operators as foo

from ...plugin.dataset.rationales import decisions, queue
from ...plugin.dataset.store.names import Names
from ...plugin.dataset.store.samples import flat
from ...plugin.errors import InputError
from ..event import answered
from ..verdicts import VerdictPanel, model_of
from . import cards
from .contract import COMPONENT, EVENTS, Over
from .orders import Orders

_ORDERS = Orders()


class RationaleReview(VerdictPanel):
    """A language model's verdict on the open sample, and a person's decision on it."""

    panel = "rationale_review"
    label = "Rationale review"
    help = (
        "What a language model said of this image, its neighbours in embedding space, and "
        "your decision: 1 agree, 2 disagree, 3 relabel, 4 unsure, U undo."
    )
    icon = "rate_review"
    surfaces = "modal"
    component = COMPONENT
    events = tuple(EVENTS)

    # What the panel asks ------------------------------------------------------------------------

    def ready(self, ctx: foo.ExecutionContext, model: str) -> dict[str, Any]:
        """Classes to relabel to, scale of the score, and how far the review is."""
        for over in get_args(Over):
            _ORDERS.get(ctx.view, model, over, renew=True)
        return {
            "labels": decisions.labels(ctx.dataset),
            "scale": queue.score_range(ctx.dataset, model=model),
            "embeddings": ctx.dataset.has_field(Names().embedding),
            **_progress(ctx, model),
        }

    @answered
    def card(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        return {"card": _card(ctx, _sample(ctx))}

    @answered
    def decide(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Save the decision; ``advance`` opens the next undecided sample of the queue."""
        params, sample_id, model = ctx.params, _sample(ctx), model_of(ctx)
        said = str(params.get("decision")), params.get("label"), params.get("note")
        decisions.decide(ctx.dataset, sample_id, *said, model=model)
        ahead = _ORDERS.get(ctx.view, model, "queue").around(sample_id)
        following = None
        if params.get("advance"):
            following = queue.first_undecided(ctx.dataset, ahead, model=model)
            if following is not None:
                ctx.ops.open_sample(id=following)
        return {
            "card": _card(ctx, sample_id),
            "next": None if following is None else _card(ctx, following),
            **_progress(ctx, model),
        }

    @answered
    def undo(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Take the latest decision back and open its sample."""
        model = model_of(ctx)
        undone = decisions.undo(ctx.dataset, model=model)
        if undone is None:
            return {"card": None, **_progress(ctx, model)}
        if len(flat(ctx.view).select(undone.sample_id)):
            ctx.ops.open_sample(id=undone.sample_id)
        return {
            "card": _card(ctx, undone.sample_id),
            "taken": undone.taken.decision,
            **_progress(ctx, model),
        }

    @answered
    def step(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Open the sample before or after this one, in the queue or in the view."""
        params, model = ctx.params, model_of(ctx)
        over: Over = "view" if params.get("over") == "view" else "queue"
        order = _ORDERS.get(ctx.view, model, over)
        at, by = order.at(_sample(ctx)), -1 if int(params.get("by", 1)) < 0 else 1
        ahead = order.ids if at is None else order.ids[at + 1 :] if by > 0 else order.ids[:at][::-1]
        for sample_id in ahead:
            if len(ctx.dataset.select(sample_id)):
                ctx.ops.open_sample(id=sample_id)
                return {"card": _card(ctx, sample_id)}
        return {"card": None}

    @answered
    def show(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Open a neighbour."""
        sample_id = _sample(ctx)
        if not len(flat(ctx.view).select(sample_id)):
            raise InputError("The current view does not have this sample: clear the view first.")
        ctx.ops.open_sample(id=sample_id)
        return {"card": _card(ctx, sample_id)}

    @answered
    def neighbors(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        found = cards.near(ctx.dataset, ctx.view, _sample(ctx), model_of(ctx))
        return {"id": _sample(ctx), "neighbors": found}


def _card(ctx: foo.ExecutionContext, sample_id: str) -> dict[str, Any]:
    model = model_of(ctx)
    at = _ORDERS.get(ctx.view, model, "queue").at(sample_id)
    in_view = _ORDERS.get(ctx.view, model, "view").at(sample_id)
    return {
        **cards.card(ctx.dataset, sample_id, model),
        "model": model,
        "at": {"queue": at, "view": in_view},
    }


def _progress(ctx: foo.ExecutionContext, model: str) -> dict[str, Any]:
    return {
        "progress": {
            "decided": queue.decided(ctx.view, model=model),
            "total": len(_ORDERS.get(ctx.view, model, "queue")),
        },
        "can_undo": decisions.undoable(ctx.dataset, model=model),
    }


def _sample(ctx: foo.ExecutionContext) -> str:
    sample_id = ctx.params.get("id")
    if not sample_id:
        raise InputError("No sample is open.")
    return str(sample_id)
