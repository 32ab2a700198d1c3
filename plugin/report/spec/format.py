"""The format of ``spec.json``: a collection request that any program can read and check.

The models here are the one description: reading a spec validates against :class:`Needed`, and the
JSON Schema that goes with every spec (``spec.schema.json``, also in ``docs/``) is made from
:class:`Document`.  ``docs/spec.md`` says how to judge an image by it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema

from ...coverage.nearest.rows import Metric

FORMAT = "gapsphere visual spec"
VERSION = 3
"""1 judged by the distance to the candidates' centre; 2 by that to the nearest candidate; 3 may
tell by novelty, in place of δ, what is new, and knows other requests."""
SCHEMA = "spec.schema.json"

Text = Annotated[str, Field(max_length=10_000)]
Distance = Annotated[float, Field(ge=0, le=2)]
Level = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class Encoder(_Part):
    """What made the vectors; images to check are embedded by the same."""

    name: Text
    fingerprint: Text = Field(description="Equal for encoders that give equal vectors.")
    parameters: Any = Field(None, description="Settings that open the encoder again.")


class Reference(_Part):
    """The arrays beside spec.json."""

    file: Text = "reference.npz"
    rows: Count = Field(0, description="Rows of `embeddings`: images of S that can decide.")
    blake2b: Text = Field(description="BLAKE2b digest of the file, 16 bytes, in hexadecimal.")


class Other(_Part):
    """A gap card that none of the candidates is of."""

    card: Count
    title: Text
    rows: Count = Field(description="Its rows of `others` in reference.npz, after those before it.")


class Newness(_Part):
    """What decides that an image is new, where it is not δ."""

    beyond: Annotated[float, Field(ge=0, le=2)] = Field(
        description="An image whose novelty is above this is new: the length of what is left of "
        "its vector, less `mean`, outside of `components` in reference.npz."
    )


class Standing(_Part):
    """What δ is worth."""

    sentence: Text
    basis: Text | None = None
    alpha: Level | None = Field(None, description="The level asked for.")
    level: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="The level that δ holds over the drives of S; null where it holds none."
    )
    drives: Count | None = Field(None, description="Drives of S.")


class Range(_Part):
    """The range of S in an attribute, by camera where one is named."""

    attribute: Text
    low: float
    high: float
    level: Level | None = None
    camera: Text | None = None
    of: Text = ""


class Apart(_Part):
    """How many candidates leave the range of S in an attribute."""

    attribute: Text
    word: Text
    side: Literal["below", "above"]
    here: Count
    here_total: Count
    low: float | None
    high: float | None
    level: Level | None


class Shared(_Part):
    """A metadata value that is more frequent among the candidates than in S."""

    field: Text
    value: Text
    here: Count
    here_total: Count
    owned: Count
    owned_total: Count
    lift: float | None = Field(description="Null where S has none of it.")
    p: float = Field(ge=0, le=1)


class Tried(_Part):
    """How values were found."""

    name: Text
    level: Level
    least_count: Count
    least_lift: float


class Missing(_Part):
    """Metadata that the candidates have in common and S lacks."""

    found: list[Shared]
    fields: list[Text] = Field(description="All fields looked at.")
    test: Tried


class Image(_Part):
    """An image of S that shows what not to collect."""

    id: Text
    path: Text
    dist_to_S: Annotated[float, Field(ge=0)] | None = Field(  # noqa: N815
        None, description="Distance to the nearest image of S."
    )
    percentile: Annotated[float, Field(ge=0, le=100)] | None = Field(
        None, description="Share of S, in percent, that lies nearer to other drives of S."
    )
    dist_to_centre: Annotated[float, Field(ge=0)] | None = None


class Candidate(Image):
    """An image that shows what to collect."""

    support: Count | None = Field(description="Images of S within δ.")
    support_drives: Count | None = Field(description="Drives that those are of.")
    attributes: dict[str, float]
    picture: int | None = Field(description="Its number in the page and among the files in `do`.")


class _Common(_Part):
    id: Text
    title: Text
    created: Text = Field(description="ISO 8601, UTC.")
    quantity: Annotated[float, Field(ge=1, le=1e9)] = Field(description="Images asked for.")
    metric: Metric = Field(
        description="Of every distance, between unit vectors: cosine is 1 - x·y, euclidean |x - y|."
    )
    delta: Distance = Field(
        description="An image farther than this from S is new, unless `novelty` decides."
    )
    novelty: Newness | None = Field(None, description="Null where δ decides what is new.")
    radius_drives: Count = Field(0, description="Drives that the radius was learnt from.")
    radius_level: Level | None = Field(
        None, description="Share of frames of one more such drive that the radius turns away."
    )
    others: list[Other] = Field(
        [],
        description="Other kinds that S lacks: an image nearer to them is not what is asked for.",
    )
    encoder: Encoder
    reference: Reference
    ranges: list[Range] = []


class Needed(_Common):
    """What checking an image needs, in every version; further keys are left alone.

    A spec of version 1 does not say what its δ is worth, nor the ranges of S.
    """

    radius: Distance
    radius_source: Literal["candidates", "drives", "owned", "delta", "given"]
    centre: Annotated[list[float], Field(min_length=1)]
    standing: Standing | None = None


class Document(_Common):
    """A Visual Spec: what to collect, what not, how many, and when an image counts."""

    format: Literal["gapsphere visual spec"]
    version: Literal[3] = Field(
        description="1 judged by the distance to the candidates' centre, 2 by that to the nearest; "
        "3 may decide by `novelty` what is new, and compares with `others`."
    )
    note: Text
    dataset: Text
    source: Text = Field(description="Where the candidates came from, in words.")
    estimated: bool = Field(description="Whether the candidates stand for an empty place.")
    place: list[float] | None = Field(description="That place: x, y, z on the unit sphere.")
    heatmap: Text | None = Field(description="The method behind the heatmaps.")
    checkable: bool = Field(
        True, description="False where there were no embeddings: people judge, by the page."
    )
    delta: Annotated[float, Field(ge=0)] = Field(
        description="An image farther than this from S is new, unless `novelty` decides; above 2 "
        "only where `checkable` is false."
    )
    radius: Distance | None = Field(
        description="An image so near to a candidate is what was asked for; null if not checkable."
    )
    radius_source: Literal["drives", "owned", "delta", "given"] | None = Field(
        None, description="What the radius was read off."
    )
    near_miss_radius: Annotated[float, Field(ge=0)] | None = None
    rule: dict[str, Text] = Field(description="The verdicts, in words.")
    delta_source: Text
    quantity_source: Literal["given", "card", "least", "typical"]
    centre: list[float] = Field(description="Mean direction of the candidates, a unit vector.")
    standing: Standing
    missing: Missing
    apart: list[Apart]
    candidates: list[Candidate]
    owned: list[Image]
    owned_count: Count = Field(description="Images of S.")
    parameters: dict[str, Any] = Field(description="Settings of the export.")


class _Untitled(GenerateJsonSchema):
    """Without a title for each field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of ``spec.json``."""
    described = Document.model_json_schema(schema_generator=_Untitled)
    return {"$schema": GenerateJsonSchema.schema_dialect, **described}
