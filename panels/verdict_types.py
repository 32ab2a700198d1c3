"""Verdicts and decisions as the review and its summary send them, for their two contracts."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

Status = Literal["correct", "misclassified", "ambiguous", "unknown"]
Decision = Literal["agree", "disagree", "relabel", "unsure"]
Tier = Literal["misclassified", "ambiguous", "bottom", "rest"]


class Model(TypedDict):
    """A language model: the suffix of its fields, and its display name."""

    name: str
    label: str


class Empty(TypedDict):
    """The dataset has no samples."""

    kind: Literal["empty"]


class NoVerdicts(TypedDict):
    """No language model has judged the samples."""

    kind: Literal["no_verdicts"]
    can_import: bool
