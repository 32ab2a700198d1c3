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
from ..work_types import Work

COMPONENT = "GapsphereGapExplorer"
TRAY_MAX = 1000
"""Samples that a tray holds: as many as a person gathers by hand."""
DRIVES_MAX = 200
"""Drives that the panel lists: the most unusual ones."""

CLASSES_MAX = 4
"""Values that the gaps at a δ are counted by."""
ROUNDS_MAX, FOLLOWED_MAX = 50, 50
SPECS_MAX = 10
"""Rounds, gap cards and Visual Specs that the page of progress lists."""

CARDS_MAX, CONTRASTS_MAX, PICKS_MAX = 50, 12, 1000
"""Gap cards, contrasts and picks of the first screen."""
SINGLE_IMAGES = "single images"
"""The key of gaps that are in no card."""

Base64 = Annotated[str, "Base64"]
Vec3 = tuple[float, float, float]
Projection = Literal["sphere", "cartesian"]
Show = Literal["S", "U", "both"]
Metric = Literal["cosine", "euclidean"]
QueryMode = Literal["point", "place", "cap", "lasso"]
SourceName = Literal["panel", "routes"]
"""Who serves coordinates and ids: this panel, or FiftyOne's own ``/embeddings/v2``."""
Kind = Literal["numeric", "categorical"]
FieldGroup = Literal["coverage", "fields", "labels", "attributes", "metadata"]
Basis = Literal["level", "given", "kept", "provisional", "none", "unrated"]
Score = Literal["nearest", "novelty"]
GapVerdict = Literal["gap", "covered", "cannot say"]
Tone = Literal["gap", "provisional", "covered", "unknown", "empty", "plain"]
Palette = Literal["viridis", "cividis"]
TickName = Literal["level", "p90", "knee"]


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
    shown: int
    S: int
    U: int
    gaps: int
    delta: float
    delta_max: float
    delta_source: str
    delta_given: bool
    """A person gave it: the measured one can be had back."""
    ticks: list[TickInfo]
    metric: Metric
    basis: Basis
    """What δ rests on."""
    score: Score
    """What decides the run's verdicts: the distance to S, or novelty."""
    alpha: float
    """Level asked for."""
    level: float | None
    """Level that δ holds; null where that is unknown."""
    cannot_say: int
    drives_owned: int
    """Drives of S, m: δ holds level 1 - F(δ) m / (m + 1), F being the share in `own_quantiles`."""
    standing: str
    """What the verdicts are worth, in a sentence."""
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
    encoder: str
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


class OfStamp(TypedDict):
    stamp: str


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
    gap: bool
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
    """Milliseconds the query took in Python."""


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
    undo: NotRequired[bool]
    """`tag`: `untag` takes it back."""
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


class RoundRow(TypedDict):
    """One coverage run as the dataset grew."""

    number: int
    time: str
    """ISO, UTC."""
    S: int
    drives_owned: int
    U: int
    drives_pool: int
    gaps: int
    covered: int
    cannot_say: int
    delta: float
    closed: int | None
    """Of the gaps of the round before; null where nothing is compared."""
    opened: int | None
    still: int | None
    said: list[str]
    """What changed since the round before, in sentences."""


class FollowedCard(TypedDict):
    """A gap card from round to round."""

    number: int
    title: str
    state: Literal["open", "met", "closed", "gone"]
    images: int
    done: int
    """Of them covered or in S."""
    new: int
    """Of them new in this round."""


class IssuedSpec(TypedDict):
    """A Visual Spec against the images that came after it."""

    id: str
    title: str
    state: Literal["open", "met", "unknown"]
    quantity: int
    met: int
    said: str
    """What came, in a sentence; or why nothing could be checked."""


class Progress(TypedDict):
    rounds: list[RoundRow]
    """Newest first, `ROUNDS_MAX` at most."""
    cards: list[FollowedCard]
    """Those with most gaps left first, `FOLLOWED_MAX` at most."""
    specs: list[IssuedSpec]
    """The newest first, `SPECS_MAX` at most."""
    nothing: str
    """What to do, where there is nothing to compare yet; else empty."""


class Picture(TypedDict):
    """A sample as a small picture."""

    id: str
    index: int
    """Position among the points shown, -1 when it is not shown."""
    filepath: str
    dist_to_S: float | None
    drive: str | None


class Pair(TypedDict):
    """An image of a card beside the nearest image of S."""

    image: Picture
    nearest: Picture | None


class GapCardRow(TypedDict):
    """A kind of scene that S lacks."""

    key: str
    """The value of `gap_card` on its images."""
    title: str
    counts: str
    lines: list[str]
    """Figures and reservations, in sentences."""
    images: int
    pictures: list[Pair]
    positions: Base64
    """uint32, among the points shown."""


class ContrastRow(TypedDict):
    """What sets candidates apart by name, where there are no cards."""

    group: ValueGroup | DriveGroup
    title: str
    counts: str
    lines: list[str]
    images: int
    positions: Base64


class PickRow(Picture):
    rank: int
    radius: float | None
    """Covering radius once it is added."""


class Overview(OfStamp):
    """The first screen: what S lacks, and what to label next."""

    cards: list[GapCardRow]
    """The weightiest first, `CARDS_MAX` at most; single images last."""
    cards_total: int
    no_cards: str
    """Why there are none to read; empty where there are."""
    summarized: bool
    """Cards were made of the last coverage run, if there were gaps to make them of."""
    contrasts: list[ContrastRow]
    """Where there are no cards."""
    picks: list[PickRow]
    """First pick first, `PICKS_MAX` at most."""
    picks_total: int
    radius_before: float | None
    knee: int | None
    """Picks after which the radius falls little."""


class ClassCount(TypedDict):
    value: str
    gaps: int


class GapsAt(TypedDict):
    """The gaps at a δ."""

    delta: float
    gaps: int
    field: str | None
    """What they are counted by; null where no field tells them apart."""
    classes: list[ClassCount]
    """Most frequent first, `CLASSES_MAX` at most."""
    others: int
    """Gaps of further values, or of none."""


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
    "work": ({"id": str, "do": Literal["stop", "dismiss", "again"]}, {}),
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
