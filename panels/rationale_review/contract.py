"""What the review panel's Python and TypeScript exchange; ``web/contract.gen.ts`` is generated.

The browser knows which sample is open and what the person chose, so it asks and every event answers
with all that changed.  Panel data only carries ``view``, another number for another view.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import NotRequired, TypedDict

from ..verdict_types import Decision, Empty, Model, NoVerdicts, Status, Tier

COMPONENT = "GapsphereRationaleReview"
TEXT_MAX = 20_000
"""Characters of a rationale that are sent, so that a runaway model cannot stall the browser."""
NEIGHBORS = 8

Over = Literal["queue", "view"]


class Standing(TypedDict):
    """The decision that holds for a sample; ``time`` is ISO, UTC."""

    decision: Decision | None
    label: str | None
    note: str | None
    time: str | None


class Centroid(TypedDict):
    """Similarity to the centre of the sample's class, and whether in the lowest 5 %."""

    similarity: float | None
    bottom: bool


class OtherModel(TypedDict):
    model: str
    status: Status | None
    score: float | None


class Place(TypedDict):
    """Positions from 0; null where the view does not hold the sample."""

    queue: int | None
    view: int | None


class Verdict(TypedDict):
    """One sample in full."""

    id: str
    filepath: str
    name: str
    truth: str | None
    status: Status | None
    """null: the model has no status for this sample."""
    score: float | None
    prediction: str | None
    """The class that the model answered with, where its table has one."""
    rationale: str | None
    raw: str | None
    """The model's text, where it did not parse."""
    cut: int
    """Characters left out of the text."""
    tier: Tier
    centroid: Centroid
    others: list[OtherModel]
    decision: Standing


class Card(Verdict):
    model: str
    """The model judged by; "" is the model without a name."""
    at: Place


class Neighbor(TypedDict):
    id: str
    filepath: str
    truth: str | None
    status: Status | None
    decision: Decision | None
    distance: float
    """Cosine distance, 0 to 2."""
    here: bool
    """Whether the view holds it: the App's modal opens no other."""


class Decided(TypedDict):
    decided: int
    total: int


class Progress(TypedDict):
    progress: Decided
    can_undo: bool


class Ready(Progress):
    kind: Literal["ready"]
    models: list[Model]
    model: str
    labels: list[str]
    """Classes to relabel to, the most frequent first."""
    scale: tuple[float, float]
    """Lowest and highest possible score."""
    embeddings: bool


Opened = Ready | Empty | NoVerdicts


class Choice(TypedDict):
    decision: Decision
    label: str | None
    note: str | None


ABOUT = {"id": str, "model": str}
PROGRESS = {"progress": Decided, "can_undo": bool}
EVENTS = {
    "open": ({"model": str | None}, Opened),
    "card": (ABOUT, {"card": Card}),
    "decide": (
        {**ABOUT, "decision": Decision, "label": str | None, "note": str | None, "advance": bool},
        {**PROGRESS, "card": Card, "next": Card | None},
    ),
    "undo": ({"model": str}, {**PROGRESS, "card": Card | None, "taken": NotRequired[Decision]}),
    "step": ({**ABOUT, "over": Over, "by": Literal[1, -1]}, {"card": Card | None}),
    "show": (ABOUT, {"card": Card}),
    "neighbors": (ABOUT, {"id": str, "neighbors": list[Neighbor]}),
    "import_cache": ({}, {}),
}
"""What the component may call: the parameters and the answer of each event."""
