"""Parameters of Visual Specs: what to collect, and whether what arrives is what was asked for."""

from __future__ import annotations

from typing import Literal

from . import fields
from .fields import Precision, setting
from .steps import InferenceParams, SetParams


class SpecParams(SetParams, section="spec"):
    """What a Visual Spec asks for, and the file it becomes."""

    candidates: str | None = setting(
        None,
        "What to collect more of: kcenter, card:NUMBER, a tag, field:NAME=VALUE, view:NAME, all, "
        "or place:X,Y,Z on the sphere; empty: the K-Center picks of a dataset, all of a view",
        advanced=False,
        members=True,
        title="Images to collect more of",
    )
    output: str | None = setting(
        None,
        "File to write: .zip for everything, .html for the page alone; empty: a ZIP named by the "
        "spec's id, below FiftyOne's dataset folder",
        advanced=False,
        title="File",
    )
    language: Literal["en", "ko"] = setting(
        "en", "Language of the page; a ZIP holds both", advanced=False
    )
    quantity: int | None = setting(
        None,
        "Number of images to collect; empty: as many as you usually own within the same radius, or "
        "as a gap card wants",
        advanced=False,
        ge=1,
        le=10_000_000,
        title="How many",
    )
    spec_title: str = setting(
        "",
        "Headline of the page; empty: a sentence with the quantity",
        key="spec.title",
        max_length=200,
    )
    note: str = setting(
        "", "Remarks for the people who collect: route, hours, contact", max_length=2000
    )
    spec_delta: float | None = setting(
        None,
        "An image farther than this from every owned image counts as new; empty: as in the "
        "analysis",
        key="spec.delta",
        ge=0,
        le=2,
        title="δ of this spec",
    )
    spec_radius: float | None = setting(
        None,
        "A new image up to this distance from a candidate is accepted; empty: learnt from drives",
        key="spec.radius",
        gt=0,
        le=2,
        title="Radius of this spec",
    )
    images: int = setting(
        12,
        "Number of candidates shown with pictures; all are listed",
        ge=1,
        le=200,
        title="Pictures",
    )
    owned_images_shown: int = setting(
        6,
        "Number of owned images shown as examples of what not to collect",
        key="spec.owned_images",
        ge=0,
        le=100,
        title="Pictures of owned images",
    )
    opacity: float = setting(0.6, "Opacity of heatmaps over their images, 0 to 1", ge=0, le=1)
    replace_file: bool = setting(False, "Replace the file if it exists", key="spec.replace")


class CheckSpecParams(InferenceParams, section="check"):
    """How a Visual Spec's encoder is opened again; what changes vectors comes from the spec."""

    checkpoint: str | None = setting(
        None,
        "Location of the spec's model on this machine; empty: where it was when the spec was made",
    )
    precision: Precision | None = fields.precision(
        "as when the spec was made", key="inference.precision"
    )


class CheckParams(CheckSpecParams):
    """Which spec is checked, beside how its encoder is opened."""

    spec: str = setting(
        "",
        "The Visual Spec's ZIP, its unpacked folder, or its spec.json",
        advanced=False,
        title="Visual Spec",
    )
