"""What the panel's Python and TypeScript exchange; ``web/contract.gen.ts`` is generated.

*Data* is what was computed: pushed from here, gone on reload, sent again by ``on_load``.  *Choices*
are the person's: kept by the browser (:mod:`.memory` says why) and sent with each event that needs
them.  An *event* returns its answer.  Arrays cross as base64 of little-endian bytes, per-point
columns in one order: that of the sphere's brain run, restricted to the points shown.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import NotRequired, TypedDict

from ..wire import MISSING as MISSING
from ..wire import STEPS as STEPS
from ..work_types import Work, WorkAct, WorkAnswer
from .contract_answers import (
    ActionAnswer,
    ActionParams,
    Answer,
    Card,
    HeatGridPayload,
    QueryParams,
)
from .contract_kinds import (
    Base64,
    Basis,
    FieldGroup,
    Kind,
    Metric,
    Palette,
    Projection,
    QueryMode,
    Score,
    Show,
    SourceName,
    TickName,
)
from .contract_pages import GapsAt, Overview, Progress

COMPONENT = "GapsphereGapExplorer"
DRIVES_MAX = 200
"""Drives that the panel lists: the most unusual ones."""


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
    spread: bool
    """Neighbours stand for a wider neighbourhood."""
    delta: float | None
    """δ in the run's metric; null follows the run."""
    deltaOf: float | None
    """δ of the run that it was chosen against; it is dropped when the run has another."""
    mode: QueryMode
    sphere: bool
    lattice: bool
    picks: bool
    legend: bool
    """Unfolded."""
    palette: Palette
    suffix: str | None
    """Which analysis, where there are several; null takes the first."""
    heat: bool
    """Heatmaps over the thumbnails that have one."""
    heatOpacity: float
    started: str | None
    """The start of the App whose settings were taken."""


class StartChoices(TypedDict, total=False):
    """What `gapsphere app` was given of the choices."""

    show: Show
    projection: Projection
    limit: int
    topK: int
    metric: Metric
    search: Show
    delta: float | None
    rerank: bool


class Start(TypedDict):
    """One start of the App: its choices are taken once, later ones of the person stay."""

    id: str
    choices: StartChoices


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
    "spread": True,
    "delta": None,
    "deltaOf": None,
    "mode": "point",
    "sphere": True,
    "lattice": True,
    "picks": True,
    "legend": True,
    "palette": "viridis",
    "suffix": None,
    "heat": True,
    "heatOpacity": 0.6,
    "started": None,
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
    done: str
    """What a run that ended early, or single steps, left; empty where nothing was begun."""
    unfinished: str
    """Which step did not finish; empty where each did."""
    can_run: bool


class Working(TypedDict):
    """A step runs, and what was there before is not known any more."""

    kind: Literal["working"]
    message: str


class Failed(TypedDict):
    kind: Literal["failed"]
    message: str


Status = IsReady | EmptyDataset | NotComputed | Working | Failed


class FieldChoice(TypedDict):
    path: str
    kind: Kind
    group: FieldGroup
    unit: str
    """Unit or meaning of its numbers; empty where it is unknown."""


class Stale(TypedDict):
    """Samples added to or removed from the dataset since the run."""

    added: int
    removed: int


class Operators(TypedDict):
    """Which operators the panel may open."""

    find_gaps: bool
    compute_heatmaps: bool
    export_visual_spec: bool
    summarize_gaps: bool


class Finding(TypedDict):
    """What sets a drive apart by name."""

    sentence: str


class DriveRow(TypedDict):
    """One drive of U beside those of S."""

    drive: str
    frames: int
    p: float | None
    """Share of drives at least as unusual; null where S has one drive."""
    median: float
    """Median distance to S."""
    effect: float | None
    """In units of the median distance inside S."""
    gaps: int
    covered: int
    cannot_say: int
    owned: bool
    """S holds images of the same drive."""
    findings: list[Finding]


class TickInfo(TypedDict):
    """A distance worth trying as δ."""

    name: TickName
    delta: float
    label: str
    rule: str
    """What the distance is, in words."""
    supported: bool
    """S has the drives that it needs."""
    gaps: int


class RunInfo(TypedDict):
    """The analysis that the points belong to."""

    dataset: str
    dataset_id: str
    brain_key: str
    sphere: str
    """Changes when the points are placed anew."""
    suffix: str
    suffixes: list[str]
    """Every analysis that has a sphere."""
    stamp: str
    """Changes whenever the columns do; answers with another stamp are dropped."""
    limit: int
    grouped: bool
    """Its samples are slices of groups."""
    total: int
    S: int
    U: int
    gaps: int
    delta: float
    delta_given: bool
    """A person gave it: the measured one can be had back."""
    ticks: list[TickInfo]
    metric: Metric
    basis: Basis
    """What δ rests on."""
    score: Score
    """What decides the run's verdicts: the distance to S, or novelty."""
    level: float | None
    """Level that δ holds; null where that is unknown."""
    cannot_say: int
    drives_owned: int
    """Drives of S, m: δ holds level 1 - F(δ) m / (m + 1), F being the share in `own_quantiles`."""
    standing: str
    """What the verdicts are worth, in a sentence."""
    standing_in_short: str
    """What stands beside the level in a line: the drives, what is missing for a level."""
    unit: str
    """How many drives there are, in words."""
    notes: list[str]
    """What the person should know about the run."""
    sequence_field: str | None
    """Path that names the drives; null where no field does."""
    drives: list[DriveRow]
    """Drives of U, the most unusual first, `DRIVES_MAX` at most."""
    quantiles: Base64
    """Equally spaced quantiles of `dist_to_S` over all of U, 0 % to 100 %."""
    own_quantiles: Base64
    """Equally spaced quantiles of the distances inside S, drives left out and weighted alike."""
    inside_quantiles: Base64
    """The same with only the image itself left out."""
    fields: list[FieldChoice]
    stale: Stale | None
    overview: str
    """Changes with what the first screen is made of, beyond the points."""
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
    """14 bytes and two bits a point."""

    stamp: str
    n: int
    xyz: Base64 | None
    """float32, interleaved; null when the source is `routes`."""
    sets: Base64
    """Bitmask, little bit order: 1 is S."""
    gaps: Base64
    """Bitmask: 1 is a gap of the run, whatever decided that; at another δ the distance does."""
    picks: Base64
    """uint32 positions of the K-Center picks that are left, first pick first."""
    ranks: Base64
    """uint32, the rank of each: with holes where picks were deleted."""
    dist: ColourColumn


class MasksPayload(TypedDict):
    """Which points the grid's view and filters keep."""

    stamp: str
    match: Base64 | None
    """null: nothing is filtered."""


class PanelData(TypedDict, total=False):
    dataset: str
    """Name of the dataset that all of this but `opened` is about."""
    state: str | None
    """Names all of it, as the pulse does."""
    mark: str | None
    """As in the pulse."""
    status: Status
    run: RunInfo | None
    columns: ColumnsPayload | None
    masks: MasksPayload | None
    start: Start | None
    opened: str | None
    """Sample id of the image opened in the modal."""


class Pulse(TypedDict):
    """What the panel asks now and then."""

    state: str | None
    """Names what there is to show; null while a step writes it."""
    mark: str | None
    """Changes with every edit of a sample; null while a step writes."""
    unfinished: str | None
    """The sentence of a step that was interrupted: what it wrote is no result."""
    work: list[Work]


EVENTS = {
    "reload": (
        {
            "limit": int,
            "suffix": str | None,
            "source": NotRequired[SourceName | None],
            "grid": NotRequired[bool],
        },
        {},
    ),
    "pulse": ({}, Pulse),
    "work": ({"id": str, "do": WorkAct}, WorkAnswer),
    "masks": ({"stamp": str}, MasksPayload),
    "colour": ({"stamp": str, "field": str}, StampedColumn),
    "geometry": ({"stamp": str}, {"stamp": str, "xyz": Base64}),
    "cartesian": ({"stamp": str}, {"stamp": str, "xyz": Base64}),
    "ids": ({"stamp": str}, {"stamp": str, "ids": Base64}),
    "card": ({"stamp": str, "index": int, "delta": float | None}, Card),
    "cards": ({"stamp": str, "ids": list[str], "delta": float | None}, {"cards": list[Card]}),
    "heatmaps": (
        {"stamp": str, "ids": list[str]},
        {"maps": dict[str, HeatGridPayload], "making": Work | None},
    ),
    "making": ({}, {"making": Work | None}),
    "flatten": ({}, {"changing": bool}),
    "ask": (QueryParams, Answer),
    "overview": ({"stamp": str}, Overview),
    "progress": ({"stamp": str}, Progress),
    "delta": ({"stamp": str, "delta": float, "field": NotRequired[str | None]}, GapsAt),
    "show_gaps": ({"stamp": str, "delta": float}, {"message": str}),
    "use_delta": ({"stamp": str, "delta": float | None}, {"message": str}),
    "act": (ActionParams, ActionAnswer),
    "clear": ({}, {}),
    "find_gaps": ({}, {}),
    "summarize": ({}, {}),
}
"""What the component may call: the parameters and the answer of each event."""
