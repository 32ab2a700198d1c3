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
Step = Literal[1, -1]


class Standing(TypedDict):
    """The decision that holds for a sample; ``time`` is ISO, UTC."""

    decision: Decision | None
    label: str | None
    note: str | None
    time: str | None


class Centroid(TypedDict):
    """Similarity to the centre of the sample's class, its rank, and whether in the lowest 5 %."""

    similarity: float | None
    rank: float | None
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
    score: float | None
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


class OfModel(TypedDict):
    model: str


class OfModelOrNone(TypedDict):
    model: str | None


class About(OfModel):
    id: str


class Decide(About, Choice):
    advance: bool


class Saved(Progress):
    card: Card
    next: Card | None
    new_fields: bool


class Undone(Progress):
    card: Card | None
    taken: NotRequired[Decision]


class StepFrom(About):
    over: Over
    by: Step


class OneCard(TypedDict):
    card: Card


class OneCardOrNone(TypedDict):
    card: Card | None


class Neighbors(TypedDict):
    id: str
    neighbors: list[Neighbor]


class Nothing(TypedDict):
    pass


EVENTS = {
    "open": (OfModelOrNone, Opened),
    "card": (About, OneCard),
    "decide": (Decide, Saved),
    "undo": (OfModel, Undone),
    "step": (StepFrom, OneCardOrNone),
    "show": (About, OneCard),
    "neighbors": (About, Neighbors),
    "import_cache": (Nothing, Nothing),
}
"""What the component may call: the parameters and the answer of each event."""
