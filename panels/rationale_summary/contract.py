"""What the summary panel's Python and TypeScript exchange; ``web/contract.gen.ts`` is generated.

Panel data only carries ``view``, another number for another view.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import NotRequired, TypedDict

from ..verdict_types import Decision, Empty, Model, NoVerdicts, Status, Tier

COMPONENT = "GapsphereRationaleSummary"

Pick = TypedDict(
    "Pick",
    {
        "status": Status | None,
        "class": str | None,
        "decision": Decision | None,
        "tier": Tier,
        "score": tuple[float, float, bool],
    },
    total=False,
)
"""What was clicked: everything given must hold, and null is the value "none".  ``score`` is low,
high and whether the bin is the last one, which includes its end."""


class StatusBar(TypedDict):
    name: Status | None
    count: int


class DecisionBar(TypedDict):
    name: Decision | None
    count: int


class TierBar(TypedDict):
    name: Tier
    count: int
    decided: int


class ClassBars(TypedDict):
    name: str | None
    bars: list[StatusBar]


class Agreed(TypedDict):
    """Decisions counted for one status."""

    status: Status | None
    agree: NotRequired[int]
    disagree: NotRequired[int]
    relabel: NotRequired[int]
    unsure: NotRequired[int]


class Counts(TypedDict):
    total: int
    decided: int
    agreement: float | None
    """Share of "agree" among agree, disagree and relabel."""
    statuses: list[StatusBar]
    decisions: list[DecisionBar]
    tiers: list[TierBar]
    agreed: list[Agreed]
    classes: list[ClassBars]
    """The most misclassified first."""
    classes_total: int
    edges: list[float]
    """One more than there are bins."""
    scores: dict[Status, list[int]]


class Ready(TypedDict):
    kind: Literal["ready"]
    models: list[Model]
    model: str
    pick: Pick | None
    """What the grid shows of these counts, null for all."""
    counts: Counts


Opened = Ready | Empty | NoVerdicts


EVENTS = {
    "open": ({"model": str | None}, Opened),
    "pick": ({"model": str, "pick": Pick}, {"shown": int, "pick": Pick}),
    "back": ({}, {}),
    "review": ({"model": str}, {"id": str}),
    "import_cache": ({}, {}),
}
"""What the component may call: the parameters and the answer of each event."""
