"""In which order verdicts deserve a person's time, and what has come of it so far.

Both are worked out by the database: ids or counts come back, never a sample.  An order depends on
what the model said and not on what the person decides, so it stays while they work through it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
from fiftyone import ViewExpression
from fiftyone import ViewField as F

from ...vectors.sample_ids import id_words
from ..store.fields.decided import is_decided
from ..store.names import ReviewNames
from ..store.samples import Samples, all_of
from ..store.vectors import points
from .decisions import require_verdicts, truth_path

STATUSES = ("correct", "misclassified", "ambiguous", "unknown")
_TIERS = (
    ("misclassified", "prediction_status", "misclassified"),
    ("ambiguous", "prediction_status", "ambiguous"),
    ("bottom", "is_bottom_5pct", True),
)
"""Tiers of the queue in order: name, field and its value.  A sample is in the first that fits."""
TIERS = (*(name for name, *_ in _TIERS), "rest")
BINS = 20
CLASSES_MAX = 200
LOOK_AHEAD = (32, 512, 8192)
"""Samples asked about at once when looking for an undecided one: near first, then in strides."""


def queue(view: Samples, *, model: str = "") -> list[str]:
    """Ids of all samples of the view, those that matter most first.

    Misclassified, then ambiguous, then the bottom 5 % of the centroid score, then the rest; within
    each by falling score, those without a score last, then in the order they were added.

    Raises
    ------
    InputError
        There are no verdicts of this model.
    """
    view = all_of(view)
    names = require_verdicts(view, model)
    rank = {"$cond": [{"$gte": [f"${names.llm_score}", -math.inf]}, f"${names.llm_score}", None]}
    order = (
        {"$project": {"tier": _tier(names), "rank": rank}},
        {"$sort": {"tier": 1, "rank": -1, "_id": 1}},
    )
    return id_words(points.view_ids(view, *order))


def first_undecided(dataset: fo.Dataset, ids: Sequence[str], *, model: str = "") -> str | None:
    """The first of ``ids`` that is still there and not decided, None where all are."""
    names = ReviewNames(model)
    some_decided = is_decided(dataset, names)
    start, stride = 0, iter(LOOK_AHEAD)
    step = next(stride)
    while start < len(ids):
        block = list(ids[start : start + step])
        there = dataset.select(block)
        left = there.match(F(names.decision) == None) if some_decided else there  # noqa: E711  Mongo's
        open_ids = set(left.values("id"))
        for sample_id in block:
            if sample_id in open_ids:
                return sample_id
        start += step
        step = next(stride, step)
    return None


def decided(view: Samples, *, model: str = "") -> int:
    """How many samples of the view have a decision."""
    names, view = ReviewNames(model), all_of(view)
    return len(view.exists(names.decision)) if is_decided(view, names) else 0


@dataclass(frozen=True)
class Cell:
    """How many samples share a status, a tier and a decision (None: undecided)."""

    status: str | None
    tier: str
    decision: str | None
    count: int


@dataclass(frozen=True)
class ClassCounts:
    """One class of the ground truth, None for samples without."""

    name: str | None
    by_status: dict[str | None, int]


@dataclass(frozen=True)
class Counts:
    """All that the summary shows.

    ``edges`` (bins + 1,) of the score histogram, rising, the last one inclusive; ``scores`` maps a
    status to its (bins,) counts.  ``classes`` falls by the misclassified, at most
    :data:`CLASSES_MAX` of ``classes_total``.
    """

    cells: list[Cell]
    classes: list[ClassCounts]
    classes_total: int
    edges: list[float]
    scores: dict[str, list[int]]

    @property
    def total(self) -> int:
        """Samples of the view."""
        return sum(cell.count for cell in self.cells)

    @property
    def decided(self) -> int:
        """Those with a decision."""
        return sum(cell.count for cell in self.cells if cell.decision is not None)

    def by(self, what: str) -> dict[str | None, int]:
        """Counts by ``status``, ``tier`` or ``decision``.

        >>> Counts([Cell("correct", "rest", None, 3)], [], 0, [], {}).by("status")
        {'correct': 3}
        """
        found: Counter[str | None] = Counter()
        for cell in self.cells:
            found[getattr(cell, what)] += cell.count
        return dict(found)

    @property
    def agreement(self) -> float | None:
        """Share of agreement among the decisions that are sure, None where there is none."""
        by = self.by("decision")
        sure = sum(by.get(name, 0) for name in ("agree", "disagree", "relabel"))
        return by.get("agree", 0) / sure if sure else None


def counts(view: Samples, *, model: str = "") -> Counts:
    """Count a view by status, tier, decision, class and score; refuses what :func:`queue` does."""
    view = all_of(view)
    names = require_verdicts(view, model)
    edges = score_edges(*score_range(view, model=model))
    truth, status = truth_path(view), f"${names.prediction_status}"
    decision = f"${names.decision}" if is_decided(view, names) else None
    said = {
        "status": {"$ifNull": [status, None]},
        "tier": _tier(names),
        "decision": {"$ifNull": [decision, None]},
        "class": {"$ifNull": [f"${truth}", None]} if truth else None,
        "score": f"${names.llm_score}",
    }

    def grouped(*names: str) -> dict[str, Any]:
        return {"$group": {"_id": {name: f"${name}" for name in names}, "n": {"$sum": 1}}}

    # The range may fall between the edges by a rounding; the last bin takes its end in.
    bounds = [*edges[:-1], math.nextafter(edges[-1], math.inf)]
    pipeline: list[dict[str, Any]] = [
        {"$project": {name: value for name, value in said.items() if value is not None}},
        {
            "$facet": {
                "cells": [grouped("status", "tier", "decision")],
                "classes": [grouped("class", "status")],
                "scores": [
                    {"$match": {"score": {"$gte": bounds[0], "$lt": bounds[-1]}}},
                    {
                        "$bucket": {
                            "groupBy": "$score",
                            "boundaries": bounds,
                            "output": {
                                name: {"$sum": {"$cond": [{"$eq": ["$status", name]}, 1, 0]}}
                                for name in STATUSES
                            },
                        }
                    },
                ],
            }
        },
    ]
    found = next(iter(view._aggregate(post_pipeline=pipeline)))
    cells = [
        Cell(of.get("status"), TIERS[of["tier"]], of.get("decision"), int(row["n"]))
        for row in sorted(found["cells"], key=_name)
        for of in (row["_id"],)
    ]
    scores = {name: [0] * BINS for name in STATUSES}
    for row in found["scores"]:
        at = bounds.index(row["_id"])
        for name in STATUSES:
            scores[name][at] = int(row[name])
    by_class: dict[str | None, dict[str | None, int]] = {}
    for row in sorted(found["classes"], key=_name):
        of = row["_id"]
        by_class.setdefault(of.get("class"), {})[of.get("status")] = int(row["n"])
    classes = [ClassCounts(name, by) for name, by in by_class.items()]
    classes.sort(
        key=lambda one: (
            -one.by_status.get("misclassified", 0),
            -sum(one.by_status.values()),
            str(one.name),
        )
    )
    return Counts(cells, classes[:CLASSES_MAX], len(classes), edges, scores)


def score_range(view: Samples, *, model: str = "") -> tuple[float, float]:
    """The scale that the scores are read on: 0 to 1, 10 or 100 where they fit, else their own.

    Language models are asked for a score in different words; a bar needs to know how much is full.
    """
    low, high = view.bounds(ReviewNames(model).llm_score, safe=True)
    if low is None or high is None:
        return 0.0, 1.0
    for full in (1.0, 10.0, 100.0):
        if low >= 0 and high <= full:
            return 0.0, full
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)


def score_edges(low: float, high: float, *, bins: int = BINS) -> list[float]:
    """Edges of equal bins, (bins + 1,).

    >>> score_edges(0, 1, bins=2)
    [0.0, 0.5, 1.0]
    """
    return [*(low + (high - low) * i / bins for i in range(bins)), float(high)]


def tier(names: ReviewNames, values: Mapping[str, Any]) -> str:
    """The tier of a sample, from its values by field.

    >>> tier(ReviewNames(), {"prediction_status": "correct", "is_bottom_5pct": True})
    'bottom'
    """
    fits = (name for name, field, value in _TIERS if values.get(getattr(names, field)) == value)
    return next(fits, "rest")


def tier_of(names: ReviewNames, tier: str) -> Any:
    """View expression of the samples in one tier."""
    place = TIERS.index(tier)
    tests = [F(getattr(names, field)) == value for _, field, value in _TIERS[: place + 1]]
    return ViewExpression.all([*(~test for test in tests[:place]), *tests[place:]])


def _tier(names: ReviewNames) -> dict[str, Any]:
    """The number of a sample's tier, as the database works it out."""
    cases = [
        {"case": {"$eq": [f"${getattr(names, field)}", value]}, "then": number}
        for number, (_, field, value) in enumerate(_TIERS)
    ]
    return {"$switch": {"branches": cases, "default": len(_TIERS)}}


def _name(row: dict[str, Any]) -> str:
    """The database groups in no order; two equal counts should look equal."""
    return str(sorted(row["_id"].items(), key=str))
