"""What the panel's Python and TypeScript exchange; ``web/contract.gen.ts`` is generated.

*Data* is what was computed: pushed from here, gone on reload, sent again by ``on_load``.  *Choices*
are the person's: kept by the browser (:mod:`.memory` says why) and sent with each event that needs
them.  An *event* returns its answer.  Arrays cross as base64 of little-endian bytes, per-point
columns in one order: that of the sphere's brain run, restricted to the points shown.
"""

from __future__ import annotations

from typing import Annotated, Literal

from typing_extensions import NotRequired, TypedDict

from ..wire import MISSING as MISSING
from ..wire import STEPS as STEPS

COMPONENT = "GapsphereGapExplorer"
TRAY_MAX = 1000
"""Samples that a tray holds: as many as a person gathers by hand."""

Base64 = Annotated[str, "Base64"]
Vec3 = tuple[float, float, float]
Projection = Literal["sphere", "cartesian"]
Show = Literal["S", "U", "both"]
Metric = Literal["cosine", "euclidean"]
QueryMode = Literal["point", "place", "cap"]
SourceName = Literal["panel", "routes"]
"""Who serves coordinates and ids: this panel, or FiftyOne's own ``/embeddings/v2``."""
Kind = Literal["numeric", "categorical"]
Palette = Literal["viridis", "cividis"]


class Choices(TypedDict):
    """What the person chose."""

    show: Show
    colour: str
    """`dist_to_S`, `density`, or a field's path."""
    range: tuple[float, float] | None
    """Legend range; null follows the data."""
    projection: Projection
    limit: int
    """Most points shown; 0 shows all."""
    topK: int
    metric: Metric
    search: Show
    rerank: bool
    delta: float | None
    """δ in the run's metric; null follows the run."""
    mode: QueryMode
    sphere: bool
    lattice: bool
    picks: bool
    palette: Palette
    suffix: str | None
    """Which analysis, where there are several; null takes the first."""
    heat: bool
    """Heatmaps over the thumbnails that have one."""
    heatOpacity: float


DEFAULT_CHOICES: Choices = {
    "show": "both",
    "colour": "dist_to_S",
    "range": None,
    "projection": "sphere",
    "limit": 50_000,
    "topK": 8,
    "metric": "cosine",
    "search": "U",
    "rerank": True,
    "delta": None,
    "mode": "point",
    "sphere": True,
    "lattice": True,
    "picks": True,
    "palette": "viridis",
    "suffix": None,
    "heat": True,
    "heatOpacity": 0.6,
}


class IsReady(TypedDict):
    kind: Literal["ready"]


class EmptyDataset(TypedDict):
    kind: Literal["empty_dataset"]


class NotComputed(TypedDict):
    kind: Literal["not_computed"]
    samples: int
    S: int
    U: int
    can_run: bool


class Failed(TypedDict):
    kind: Literal["failed"]
    message: str


Status = IsReady | EmptyDataset | NotComputed | Failed


class FieldChoice(TypedDict):
    path: str
    kind: Kind


class Stale(TypedDict):
    """Samples added to or removed from the dataset since the run."""

    added: int
    removed: int


class Operators(TypedDict):
    """Which operators the panel may open."""

    find_gaps: bool
    compute_heatmaps: bool
    export_visual_spec: bool


class RunInfo(TypedDict):
    """The analysis that the points belong to."""

    dataset: str
    dataset_id: str
    brain_key: str
    suffix: str
    suffixes: list[str]
    """Every analysis that has a sphere."""
    stamp: str
    """Changes whenever the columns do; answers with another stamp are dropped."""
    limit: int
    total: int
    shown: int
    S: int
    U: int
    gaps: int
    delta: float
    delta_max: float
    delta_source: str
    metric: Metric
    quantiles: Base64
    """Equally spaced quantiles of `dist_to_S` over all of U, 0 % to 100 %."""
    own_quantiles: Base64
    """Equally spaced quantiles of the leave-one-out distances of S."""
    encoder: str
    fields: list[FieldChoice]
    stale: Stale | None
    operators: Operators
    source: SourceName


class ColourColumn(TypedDict):
    """uint16: numeric is min + (max - min) * u16 / STEPS, categorical an index of `classes`."""

    field: str
    kind: Kind
    values: Base64
    min: float
    max: float
    classes: list[str]
    """Most frequent first."""


class StampedColumn(ColourColumn):
    stamp: str


class ColumnsPayload(TypedDict):
    """14 bytes and one bit a point."""

    stamp: str
    n: int
    xyz: Base64 | None
    """float32, interleaved; null when the source is `routes`."""
    sets: Base64
    """Bitmask, little bit order: 1 is S."""
    picks: Base64
    """uint32 positions of the K-Center picks, first pick first."""
    dist: ColourColumn


class MasksPayload(TypedDict):
    """Which points the grid's view and filters keep."""

    stamp: str
    match: Base64 | None
    """null: nothing is filtered."""
    count: int


class PanelData(TypedDict, total=False):
    dataset: str
    """Name of the dataset that all of this but `opened` is about."""
    status: Status
    run: RunInfo | None
    columns: ColumnsPayload | None
    masks: MasksPayload | None
    opened: str | None
    """Sample id of the image opened in the modal."""


class SampleQuery(TypedDict):
    kind: Literal["point"]
    id: str


class PointQuery(TypedDict):
    kind: Literal["point"]
    index: int


class PlaceQuery(TypedDict):
    kind: Literal["place"]
    direction: Vec3


class CapQuery(TypedDict):
    kind: Literal["cap"]
    direction: Vec3
    angle: float


Query = SampleQuery | PointQuery | PlaceQuery | CapQuery


class OfStamp(TypedDict):
    stamp: str


class QueryParams(OfStamp):
    query: Query
    k: int
    metric: Metric
    search: Show
    rerank: bool
    delta: float | None


class Card(TypedDict):
    """One image in an answer."""

    id: str
    index: int
    """Position among the points shown, -1 when it is not shown."""
    filepath: str
    set: Literal["S", "U"]
    dist_to_S: float | None
    percentile: float | None
    gap: bool
    pick: int | None
    """K-Center rank, null when it was not picked."""
    distance: float | None
    """Distance to the place asked about, in the query's metric."""


class Verdict(TypedDict):
    """The numbers behind the verdict."""

    estimated: bool
    """True for an empty place: read off a mean of neighbours, not off an image."""
    owned: bool
    """The place itself belongs to S: its distance to the rest of S."""
    distance: float
    percentile: float
    delta: float
    metric: Metric
    gap: bool
    candidates: int
    """Candidates of U near the place that lie beyond δ, of `looked_at`."""
    looked_at: int
    nearest_candidate: float | None
    trust: float | None
    """Share of sphere neighbours that are neighbours in embedding space, 0..1."""
    trust_k: int


class Trust(TypedDict):
    level: Literal["supported", "weak", "artefact"]
    text: str


class Sentences(TypedDict):
    """A verdict in words, for a person."""

    tone: Literal["gap", "covered"]
    badge: str
    """One word or two."""
    headline: str
    percentile: str
    fill: str
    trust: Trust | None
    estimated: str | None


class Inside(TypedDict):
    S: int
    U: int
    gaps: int


class Answer(OfStamp):
    query: Query
    cards: list[Card]
    total: int
    """Samples in the answer: K neighbours, or everything inside a cap."""
    inside: Inside | None
    verdict: Verdict | None
    words: Sentences | None
    """The verdict in sentences."""
    highlight: Base64
    """uint32 positions, among the points shown, to light up."""
    ms: float
    """Milliseconds the query took in Python."""


class PlainAction(TypedDict):
    kind: Literal["show", "select", "heatmap", "collect", "spec"]


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


ActionParams = OnAnswer | OnSamples


class Making(TypedDict):
    """Heatmaps that are being made, or were made last."""

    running: bool
    done: int
    total: int
    message: str | None
    error: str | None


class ActionAnswer(TypedDict):
    message: str
    """What was done, for the person."""
    making: NotRequired[Making]
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


EVENTS = {
    "reload": (
        {"limit": int, "suffix": str | None, "source": NotRequired[SourceName | None]},
        {},
    ),
    "masks": ({"stamp": str}, MasksPayload),
    "colour": ({"stamp": str, "field": str}, StampedColumn),
    "geometry": ({"stamp": str}, {"stamp": str, "xyz": Base64}),
    "cartesian": ({"stamp": str}, {"stamp": str, "xyz": Base64}),
    "ids": ({"stamp": str}, {"stamp": str, "ids": Base64}),
    "card": ({"stamp": str, "index": int, "delta": float | None}, Card),
    "cards": ({"stamp": str, "ids": list[str], "delta": float | None}, {"cards": list[Card]}),
    "heatmaps": (
        {"stamp": str, "ids": list[str]},
        {"maps": dict[str, HeatGridPayload], "making": Making | None},
    ),
    "making": ({"stop": bool}, {"making": Making | None}),
    "ask": (QueryParams, Answer),
    "delta": ({"stamp": str, "delta": float}, {"delta": float, "gaps": int}),
    "act": (ActionParams, ActionAnswer),
    "clear": ({}, {}),
    "find_gaps": ({}, {}),
}
"""What the component may call: the parameters and the answer of each event."""
