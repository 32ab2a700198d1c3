"""The words that the panel's payloads are made of; see :mod:`.contract`."""

from __future__ import annotations

from typing import Annotated, Literal

from typing_extensions import TypedDict

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


class OfStamp(TypedDict):
    """About the points of this stamp."""

    stamp: str
