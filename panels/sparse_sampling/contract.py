"""What the panel's Python and TypeScript exchange; ``web/contract.gen.ts`` is generated.

A sequence is named by the field that groups it and its value as text.  Columns of numbers travel as
base64, ids as 12 bytes each: ten thousand frames of one policy are 160 KB.  Panel data only carries
``view``, another number for another view.
"""

from __future__ import annotations

from typing import Literal, get_args

from typing_extensions import TypedDict

from ..work_types import Work, WorkAct, WorkAnswer

COMPONENT = "GapsphereSparseSampling"
CHUNK = 256
"""Most frames that one event may name."""

Metric = Literal["psnr", "ssim", "n_samples", "reconstruction_error"]
METRICS: tuple[Metric, ...] = get_args(Metric)


class Simulation(TypedDict):
    """One policy, run over sequences of the dataset."""

    suffix: str
    policy: str
    order: str | None
    importance: bool
    """Whether frames have an importance map."""
    measured: bool
    """Whether frames have their measured pixels."""


class SequenceKey(TypedDict):
    """A sequence: the field that groups it, null where all samples are one, and its value."""

    field: str | None
    value: str


class Sequence(SequenceKey):
    frames: int
    """In the grid's view, and in the simulation."""
    whole: int
    resolution: tuple[int, int] | None
    """Working resolution, width and height."""
    psnr: dict[str, float | None]
    """Mean over all simulated frames, by suffix."""


class Shown(SequenceKey):
    """What the panel put into the grid: frames ``start`` to before ``stop``."""

    start: int
    stop: int


class Ready(TypedDict):
    kind: Literal["ready", "outside"]
    stamp: str
    simulations: list[Simulation]
    unusable: int
    """Simulations whose grouping field is gone."""
    sequences: list[Sequence]
    total: int
    """Simulated sequences, in the view or not."""
    shown: Shown | None
    can_run: bool


class NoDataset(TypedDict):
    kind: Literal["no_dataset"]


class NoSimulation(TypedDict):
    kind: Literal["empty", "none"]
    can_run: bool


class FieldGone(TypedDict):
    kind: Literal["gone"]
    fields: list[str]
    can_run: bool


class Begun(TypedDict):
    kind: Literal["begun"]
    stamp: str


Opened = Ready | NoDataset | NoSimulation | FieldGone | Begun


class CurvesPayload(TypedDict):
    """Columns as base64: 12 bytes an id, float64 numbers, float32 figures with NaN for none."""

    n: int
    ids: str
    numbers: str
    time: bool
    """Whether the numbers are seconds of a clock."""
    cuts: list[int]
    columns: dict[str, dict[Metric, str]]


class Server(TypedDict):
    stream: str
    sessions: int | None
    """null where it does not answer."""


class Pulse(TypedDict):
    stamp: str
    server: Server | None
    """null where none runs."""
    command: str
    """Starts a server."""
    work: list[Work]


FRAMES = {"ids": list[str]}
EVENTS = {
    "open": ({}, Opened),
    "curves": (SequenceKey, CurvesPayload),
    # By `frame`, `reconstruction:suffix` and `importance:suffix`; null where there is no file.
    "pictures": ({**FRAMES, "suffixes": list[str]}, {"files": dict[str, list[str | None]]}),
    # (u, v) as uint16 steps over 0..1, base64; `counts` says how many each frame has.
    "measured": ({**FRAMES, "suffix": str}, {"counts": list[int], "points": str}),
    "locate": (FRAMES, {"home": SequenceKey | None}),
    "show": (Shown, {"shown": Shown}),
    "back": ({}, {}),
    "select": (FRAMES, {"selected": int}),
    "open_sample": (FRAMES, {}),
    "pulse": ({}, Pulse),
    "work": ({"id": str, "do": WorkAct}, WorkAnswer),
    "simulate": ({}, {}),
}
"""What the component may call: the parameters and the answer of each event."""
