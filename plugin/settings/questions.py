"""Parameters of a question to the sphere."""

from __future__ import annotations

from typing import Annotated, Literal

from .fields import COMMAS, setting
from .steps import AnalysisParams, Metric


class AskParams(AnalysisParams, section="ask"):
    """Where to look, and how."""

    sample: str | None = setting(
        None, "An image of the dataset: its sample id or its file path", advanced=False
    )
    place: Annotated[tuple[float, float, float] | None, COMMAS] = setting(
        None, "A direction x,y,z on the sphere, of any length", advanced=False
    )
    cap: Annotated[tuple[float, float, float, float] | None, COMMAS] = setting(
        None, "A direction and an angle x,y,z,degrees: everything within it", advanced=False
    )
    drive: str | None = setting(
        None,
        "A drive of the candidates, by the name that sequence_field has for it",
        advanced=False,
    )
    k: int = setting(8, "Neighbours to list", ge=1, le=200, title="Neighbours")
    search: Literal["S", "U", "both"] = setting("U", "Set that neighbours are looked for in")
    metric: Metric = setting("cosine", "Distance that the answer is given in")
    spread: bool = setting(
        False, "List images that stand for a wider neighbourhood, in place of the very nearest"
    )
    delta: float | None = setting(
        None, "Threshold of a gap, in the run's metric; empty: the run's", ge=0, le=2
    )
