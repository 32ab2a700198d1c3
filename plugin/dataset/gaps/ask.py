"""``ask``: what is at an image, an empty place or in a cap of the sphere, as the panel has it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import fiftyone as fo
import numpy as np
from fiftyone import ViewField as F

from ...errors import InputError
from ...projection.questions import Answer, Question, Verdict, answer, unit_direction
from ...projection.words import Sentences, sentences
from ...results import Result
from ...settings.questions import AskParams
from ..store.sets import Samples, dataset_of
from . import analysis
from .analysis import Analysis

NO_VERDICT = "No verdict: no image of S is on the sphere."


class Neighbor(NamedTuple):
    """One image of an answer; ``distance`` from the place asked about, NaN inside a cap."""

    sample_id: str
    set: str
    distance: float


class Inside(NamedTuple):
    """How many points of each kind a cap holds."""

    owned: int
    pool: int
    gaps: int


@dataclass(frozen=True, repr=False)
class AnswerResult(Result):
    """What ``ask`` found.

    Attributes
    ----------
    title
        What was asked about.
    verdict, words
        Gap or covered, by how much, whether U can fill it, and the trust in the sphere there, as
        numbers and as sentences; None for a cap, or where S has no image on the sphere.
    nearest
        ``(sample_id, set, distance)``, nearest first, without the image asked about.
    inside
        What a cap holds, else None.
    metric
        Unit of the distances in ``nearest``; ``verdict.metric`` is the run's.
    """

    title: str
    verdict: Verdict | None
    words: Sentences | None
    nearest: list[Neighbor]
    inside: Inside | None
    metric: str
    paths: dict[str, str] = field(repr=False)

    def __str__(self) -> str:
        if self.inside is not None:
            counts = self.inside
            about = f"{counts.owned:,} of S, {counts.pool:,} of U, {counts.gaps:,} of them gaps"
            listed = "Nearest to its middle:"
        else:
            about = NO_VERDICT if self.words is None else str(self.words)
            listed = f"Nearest ({self.metric} distance):"
        lines = [self.title, about]
        if self.nearest:
            lines.append(listed)
        for sample_id, member, distance in self.nearest:
            shown = "" if np.isnan(distance) else f"{distance:.3f}  "
            lines.append(f"  {shown}{member}  {sample_id}  {self.paths.get(sample_id, 'deleted')}")
        return "\n".join(lines)


def ask(samples: Samples, params: AskParams) -> AnswerResult:
    """What is at one image, at an empty place or in a cap.

    The answer is the panel's: the verdict against S, the neighbours, and how far to trust the
    sphere there.  An empty place has no embedding of its own; the mean of its 50 nearest images in
    the set searched stands for it, and the verdict says *estimated*.

    Raises
    ------
    InputError
        Not exactly one of ``sample``, ``place`` and ``cap``; an unknown sample, or one that is not
        on the sphere; three numbers that are not a direction; an angle outside 0..180 degrees.
    NoAnalysisError
        The dataset has no sphere of this suffix.
    EmptySetError
        The set searched is empty, or a point has lost its embedding.
    """
    given = [name for name in ("sample", "place", "cap") if getattr(params, name) is not None]
    if len(given) != 1:
        said = "none of them" if not given else " and ".join(given)
        raise InputError(f"Give one of sample, place and cap; given: {said}.")
    dataset = dataset_of(samples)
    found = analysis.load(dataset, params.suffix)
    question = _question(dataset, found, params)
    return _result(dataset, found, question, answer(found.space, question))


def _question(dataset: fo.Dataset, found: Analysis, params: AskParams) -> Question:
    how: dict[str, Any] = {
        name: getattr(params, name) for name in ("k", "search", "metric", "delta")
    }
    if params.sample is not None:
        row = _row(dataset, found, params.sample)
        return Question("point", row=row, direction=found.space.direction(row), **how)
    if params.place is not None:
        return Question("place", direction=unit_direction(params.place), **how)
    assert params.cap is not None
    *direction, degrees = params.cap
    if not 0 < degrees <= 180:
        raise InputError(
            f"The cap's angle is {degrees:g} degrees; it must be above 0 and at most 180."
        )
    return Question(
        "cap", direction=unit_direction(direction), angle=float(np.radians(degrees)), **how
    )


def _row(dataset: fo.Dataset, found: Analysis, sample: str) -> int:
    """The point of a sample, given by id or by file path."""
    ids = _ids_named(dataset, sample)
    if not ids:
        raise InputError(f"The dataset has no sample {sample!r}: give a sample id or a file path.")
    if len(ids) > 1:
        raise InputError(f"{len(ids)} samples have the file {sample!r}: give a sample id.")
    rows = found.ids.rows_of(ids)
    if not len(rows):
        raise InputError(
            f"Sample {ids[0]} is not on the sphere: run compute_sphere, or place_on_sphere for "
            "images that came later."
        )
    return int(rows[0])


def _ids_named(dataset: fo.Dataset, sample: str) -> list[str]:
    """Ids of the samples with this id, else with this path, else with this end of a path."""
    if re.fullmatch("[0-9a-f]{24}", sample):
        ids: list[str] = dataset.select(sample).values("id")
        if ids:
            return ids
    for path in dict.fromkeys([sample, os.path.abspath(os.path.expanduser(sample))]):
        ids = dataset.match(F("filepath") == path).values("id")
        if ids:
            return ids
    end = re.escape(sample.replace("\\", "/"))
    matching: list[str] = dataset.match(F("filepath").re_match(f"[/\\\\]{end}$")).values("id")
    return matching


def _result(
    dataset: fo.Dataset, found: Analysis, question: Question, given: Answer
) -> AnswerResult:
    ids = found.ids.text(given.rows)
    paths = dict(zip(*dataset.select(ids).values(["id", "filepath"]), strict=True))
    nearest = [
        Neighbor(sample_id, "S" if found.owned[row] else "U", float(distance))
        for row, sample_id, distance in zip(given.rows, ids, given.distance, strict=True)
        if row != question.row
    ]
    inside = None
    if given.inside is not None:
        owned = int(found.owned[given.inside].sum())
        gaps = int((found.dist[given.inside] > given.delta).sum())
        inside = Inside(owned, len(given.inside) - owned, gaps)
    return AnswerResult(
        title=_title(found, question, given, paths),
        verdict=given.verdict,
        words=None if given.verdict is None else sentences(given.verdict),
        nearest=nearest,
        inside=inside,
        metric=question.metric,
        paths=paths,
    )


def _title(found: Analysis, question: Question, given: Answer, paths: dict[str, str]) -> str:
    """What the panel has above an answer."""
    if given.inside is not None:
        count = len(given.inside)
        noun = "sample" if count == 1 else "samples"
        return f"{count:,} {noun} inside a {np.degrees(question.angle):.0f}° cap"
    if question.kind == "place":
        return "An empty place"
    path = paths.get(found.ids.text(slice(question.row, question.row + 1))[0], "A sample")
    return re.split(r"[\\/]", path)[-1]
