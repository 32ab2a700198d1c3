"""Questions, answers, and what is done with them; see :mod:`.contract`."""

from __future__ import annotations

from typing import Literal

from typing_extensions import NotRequired, TypedDict

from ..work_types import Work
from .contract_kinds import Base64, GapVerdict, Metric, OfStamp, Show, Tone, Vec3

TRAY_MAX = 1000
"""Samples that a tray holds: as many as a person gathers by hand."""


class SampleQuery(TypedDict):
    kind: Literal["point"]
    id: str


class PointQuery(TypedDict):
    kind: Literal["point"]
    index: int
    id: NotRequired[str]
    """In an answer: the sample, whatever its position becomes."""


class PlaceQuery(TypedDict):
    kind: Literal["place"]
    direction: Vec3


class CapQuery(TypedDict):
    kind: Literal["cap"]
    direction: Vec3
    angle: float


class LassoQuery(TypedDict):
    kind: Literal["lasso"]
    mask: Base64
    """Bitmask over the points shown: 1 is inside."""


class DriveQuery(TypedDict):
    kind: Literal["drive"]
    drive: str


Query = SampleQuery | PointQuery | PlaceQuery | CapQuery | LassoQuery | DriveQuery


class QueryParams(OfStamp):
    query: Query
    k: int
    metric: Metric
    search: Show
    rerank: bool
    spread: bool
    delta: float | None


class Card(TypedDict):
    """One image in an answer."""

    id: str
    index: int
    """Position among the points shown, -1 when it is not shown."""
    filepath: str
    drive: str | None
    """Null where no field names it."""
    set: Literal["S", "U"]
    dist_to_S: float | None
    """In the unit of the answer, else the run's."""
    percentile: float | None
    verdict: GapVerdict | None
    """Null for an image of S."""
    support: int | None
    """Images of S within δ."""
    support_drives: int | None
    pick: int | None
    """K-Center rank, null when it was not picked."""
    distance: float | None
    """Distance to the image asked about, in the query's metric; null elsewhere."""


class Trust(TypedDict):
    level: Literal["supported", "weak", "artefact"]
    text: str


class Sentences(TypedDict):
    """A verdict in words, for a person."""

    tone: Tone
    apart: str
    """How far an image is from the owned image beside it; may be empty."""
    evidence: list[str]
    badge: str
    """A word or two; empty of a place and a cap."""
    headline: str
    """The verdict and its reservation; may be empty."""
    advice: str
    """What to do; may be empty."""
    trust: Trust | None


class Answer(OfStamp):
    query: Query
    cards: list[Card]
    owned: list[Card]
    """Images of S around a place or in a cap."""
    beside: Card | None
    """The image of S nearest to a point; of another drive, where the point is of S itself."""
    more: dict[str, int]
    """Images of U near here that are not shown and of the drive of one that is, by its id."""
    metric: Metric
    """Unit of every distance in the answer."""
    total: int
    """Samples in the answer: K neighbours, or everything inside a cap or lasso or of a drive."""
    words: Sentences | None
    """The verdict; null where S has no image on the sphere."""
    highlight: Base64
    """uint32 positions, among the points shown, to light up."""
    ms: float
    """Milliseconds the query took in Python, which the benchmark reads."""


class PlainAction(TypedDict):
    kind: Literal["link", "show", "select", "heatmap", "collect", "spec", "untag"]
    """`link` shows them in the grid and leaves the view bar; `untag` undoes the last tag."""


class TagAction(TypedDict):
    kind: Literal["tag"]
    tag: str


class SaveViewAction(TypedDict):
    kind: Literal["save_view"]
    name: str


Action = PlainAction | TagAction | SaveViewAction


class OnAnswer(QueryParams):
    """On everything in the answer to a query."""

    action: Action
    ids: None


class OnSamples(OfStamp):
    """On samples chosen one by one; the query is not read."""

    action: Action
    ids: list[str]


class CardGroup(TypedDict):
    kind: Literal["card"]
    key: str
    """A value of the field `gap_card`."""


class PicksGroup(TypedDict):
    kind: Literal["picks"]
    count: int
    """So many, the first pick first."""


class ValueGroup(TypedDict):
    """Candidates with a value."""

    kind: Literal["value"]
    field: str
    value: str


class DriveGroup(TypedDict):
    kind: Literal["drive"]
    drive: str


Group = CardGroup | PicksGroup | ValueGroup | DriveGroup


class OnGroup(OfStamp):
    """On samples that belong together without a question."""

    action: Action
    group: Group


ActionParams = OnAnswer | OnSamples | OnGroup


class ActionAnswer(TypedDict):
    message: str
    """What was done, for the person."""
    undo: NotRequired[bool]
    """`tag`: `untag` takes it back."""
    making: NotRequired[Work]
    """`heatmap`: the work that has begun."""
    ids: NotRequired[list[str]]
    """`collect`: the candidates meant."""
    owned: NotRequired[int]
    """`collect`: how many samples of S were left out."""


class HeatGridPayload(TypedDict):
    """One heatmap as it is stored: uint8, row by row, covering the whole image."""

    rows: int
    columns: int
    values: Base64
