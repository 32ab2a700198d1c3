"""``ask``: what is at an image, an empty place, in a cap or a drive, as the panel has it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import fiftyone as fo
import numpy as np
from fiftyone import ViewField as F
from numpy.typing import NDArray

from ...coverage.criterion import NAMES
from ...coverage.words import counted, decimals, drive_sentences
from ...errors import InputError
from ...projection.questions import Answer, Question, Verdict, answer, unit_direction
from ...projection.verdict import in_metric
from ...projection.words import Sentences, sentences
from ...results import Result
from ...settings.questions import AskParams
from ..store.samples import flat
from ..store.sets.resolve import Samples, dataset_of
from . import analysis
from .analysis import Analysis
from .evidence import beside, differs

LONGEST = 4096
"""Characters of a path that a system takes at most."""
FEW = 4
"""Ids of samples of one file that are named."""
NO_VERDICT = "No verdict: no owned image to compare with is on the sphere."
MEMBER = {"S": "owned", "U": "candidate"}


class Neighbor(NamedTuple):
    """One image of an answer; ``distance`` from the image asked about, else NaN."""

    sample_id: str
    set: str
    distance: float


@dataclass(frozen=True, repr=False)
class AnswerResult(Result):
    """What ``ask`` found.

    Attributes
    ----------
    title
        What was asked about.
    verdict, words
        What holds, how sure that is, the evidence and what to do, as numbers and as sentences; of
        a place or a cap by the images there.  None where S has no image on the sphere.
    nearest
        ``(sample_id, set, distance)``, nearest first, without the image asked about.
    owned
        Images of S beside them: of an image the nearest one (of another drive, where the image is
        itself of S), of a cap a few that are there, of a place a few around it.
    metric
        Unit of the distances in ``words``, ``nearest`` and ``far``; ``verdict`` has the run's.
    far
        Verdict and distance to S of those of ``nearest`` that are in U, in words, by sample id.
    """

    title: str
    verdict: Verdict | None
    words: Sentences | None
    nearest: list[Neighbor]
    metric: str
    paths: dict[str, str] = field(repr=False)
    owned: list[Neighbor] = field(default_factory=list)
    far: dict[str, str] = field(repr=False, default_factory=dict)

    def record(self) -> dict[str, Any]:
        """The same as JSON, for a program that reads the operator's result."""
        verdict = None if self.verdict is None else self.verdict.status
        found = {"title": self.title, "verdict": verdict, "metric": self.metric}
        listed = {"nearest": self.nearest, "owned": self.owned}
        return {
            "summary": str(self),
            **found,
            **{name: [self._listed(one) for one in each] for name, each in listed.items()},
        }

    def _listed(self, one: Neighbor) -> dict[str, Any]:
        known = {} if np.isnan(one.distance) else {"distance": one.distance}
        path = self.paths.get(one.sample_id)
        return {"id": one.sample_id, "set": one.set, "filepath": path} | known

    def __str__(self) -> str:
        kind = None if self.verdict is None else self.verdict.kind
        of_image = kind in ("S", "U")
        lines = [self.title, NO_VERDICT if self.words is None else str(self.words)]
        if self.owned:
            there = "Owned images around it:" if kind == "place" else "Owned images there:"
            lines.append("The owned image beside it:" if of_image else there)
            lines += map(self._line, self.owned)
        if self.nearest:
            heading = {"cap": "Nearest to its middle:", "drive": "Farthest from owned images:"}
            like = "Like it:" if of_image else "Nearest on the sphere:"
            lines.append(heading.get(str(kind), like))
            lines += map(self._line, self.nearest)
        return "\n".join(lines)

    def _line(self, one: Neighbor) -> str:
        shown = "" if np.isnan(one.distance) else f"{decimals(one.distance)}  "
        path = self.paths.get(one.sample_id, "deleted")
        far = f"  ({self.far[one.sample_id]})" if not shown and one.sample_id in self.far else ""
        return f"  {shown}{MEMBER[one.set]}  {one.sample_id}  {path}{far}"


def ask(samples: Samples, params: AskParams) -> AnswerResult:
    """What is at one image, at an empty place or in a cap.

    The answer is the panel's: the owned image beside it and what differs, the neighbours, the
    verdict with its reservation, and how far to trust the sphere there.  A place has no embedding
    of its own: what is said of it holds for the images around it.

    Raises
    ------
    InputError
        Not exactly one of ``sample``, ``place``, ``cap`` and ``drive``; an unknown drive or sample,
        or one that is not on the sphere; three numbers that are not a direction; an angle outside
        0..180 degrees.
    NoAnalysisError
        The dataset has no sphere of this suffix.
    EmptySetError
        The set searched is empty, or a point has lost its embedding.
    """
    asked = ("sample", "place", "cap", "drive")
    given = [name for name in asked if getattr(params, name) is not None]
    if len(given) != 1:
        named = "none of them" if not given else " and ".join(given)
        raise InputError(f"Give one of sample, place, cap and drive; given: {named}.")
    dataset = dataset_of(samples)
    found = analysis.load(dataset, params.suffix)
    question = _question(dataset, found, params)
    return _result(dataset, found, question, answer(found.space, question))


def _question(dataset: fo.Dataset, found: Analysis, params: AskParams) -> Question:
    how: dict[str, Any] = {
        name: getattr(params, name) for name in ("k", "search", "metric", "spread", "delta")
    }
    if params.sample is not None:
        row = _row(dataset, found, params.sample)
        return Question("point", row=row, direction=found.space.direction(row), **how)
    if params.drive is not None:
        return drive_question(found, params.drive, **how)
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


def drive_question(found: Analysis, drive: str, **how: Any) -> Question:
    """A question about a drive of U.

    Raises
    ------
    InputError
        U has no image of it.
    """
    rows = found.rows_of_drive(drive)
    if not len(rows):
        unnamed = found.covered is not None and found.covered.sequence_field is None
        raise InputError(
            f"No candidate is of a drive {drive!r}."
            + " The coverage run knows no drives: run compute_coverage with the field that names "
            "them (`sequence_field`)." * unnamed
        )
    known = {} if found.covered is None else {row["drive"]: row for row in found.covered.drives}
    row = known.get(drive, {"p": None, "owned": True})
    # A drive that S holds a part of is not a new one: its p-value holds no level.
    return Question("drive", drive=drive, rows=rows, p=None if row["owned"] else row["p"], **how)


def said_of(
    found: Analysis, question: Question, other: int | None = None
) -> tuple[list[str], bool]:
    """What the run and the samples say by name of the drive or the image asked about.

    ``other`` is the row of the owned image beside it.  Also whether the image has something that
    no owned image has.
    """
    if question.kind == "point":
        return differs(found, question.row, other)
    if found.covered is None or question.kind != "drive":
        return [], False
    said = [
        sentence
        for row in found.covered.drives
        if row["drive"] == question.drive
        for sentence in drive_sentences(row)
    ]
    return said, False


def _row(dataset: fo.Dataset, found: Analysis, sample: str) -> int:
    """The point of a sample, given by id or by file path."""
    ids = _ids_named(dataset, sample)
    if not ids:
        raise InputError(f"The dataset has no sample {sample!r}: give a sample id or a file path.")
    if len(ids) > 1:
        some = ", ".join(ids[:FEW]) + (", …" if len(ids) > FEW else "")
        raise InputError(
            f"{len(ids)} samples have the file {sample!r}: give one of the ids {some}."
        )
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
        ids: list[str] = flat(dataset).select(sample).values("id")
        if ids:
            return ids
    for path in dict.fromkeys([sample, os.path.abspath(os.path.expanduser(sample))]):
        ids = flat(dataset).match(F("filepath") == path).values("id")
        if ids:
            return ids
    if "\0" in sample or len(sample) > LONGEST:
        return []
    end = re.escape(sample.replace("\\", "/"))
    matching: list[str] = flat(dataset).match(F("filepath").re_match(f"[/\\\\]{end}$")).values("id")
    return matching


def told(
    found: Analysis, question: Question, given: Answer
) -> tuple[Sentences | None, int | None, float]:
    """An answer in words, the row of the owned image beside the one asked about, and how far it is.

    None and NaN where there is none; the distance in the unit of the question.
    """
    verdict = given.verdict
    if verdict is None:
        return None, None, np.nan
    other = beside(found, question, verdict)
    said, unowned = said_of(found, question, other)
    words = sentences(verdict, said, question.metric, unowned=unowned)
    distance = verdict.in_metric(question.metric).distance
    return words, other, np.nan if distance is None or other is None else distance


def from_here(question: Question, given: Answer) -> NDArray[Any]:
    """Distance of each image of an answer from the image asked about, (k,); NaN elsewhere.

    A place has no embedding, so nothing has a distance from it.
    """
    if question.kind == "point":
        return given.distance
    return np.full(len(given.rows), np.nan)


def _result(
    dataset: fo.Dataset, found: Analysis, question: Question, given: Answer
) -> AnswerResult:
    words, other, apart = told(found, question, given)
    owned = given.owned if other is None else np.array([other])
    rows = np.concatenate([given.rows, owned])
    distance = np.concatenate([from_here(question, given), np.full(len(owned), apart)])
    ids = found.ids.text(rows)
    paths = dict(zip(*flat(dataset).select(ids).values(["id", "filepath"]), strict=True))
    listed = [
        Neighbor(sample_id, "S" if found.owned[row] else "U", float(far))
        for row, sample_id, far in zip(rows, ids, distance, strict=True)
    ]
    count, metric = len(given.rows), question.metric
    far = {
        sample_id: f"{NAMES[int(given.judged.verdicts[row])]}, "
        f"{decimals(in_metric(found.dist[row], found.threshold.metric, metric))} from owned images"
        for row, sample_id in zip(given.rows.tolist(), ids, strict=False)
        if not found.owned[row] and np.isfinite(found.dist[row])
    }
    return AnswerResult(
        title=_title(found, question, given, paths),
        verdict=given.verdict,
        words=words,
        nearest=[
            one for one, row in zip(listed[:count], given.rows, strict=True) if row != question.row
        ],
        owned=listed[count:],
        metric=metric,
        paths=paths,
        far=far,
    )


def _title(found: Analysis, question: Question, given: Answer, paths: dict[str, str]) -> str:
    """What the panel has above an answer."""
    if given.inside is not None:
        count = len(given.inside)
        if question.kind == "drive":
            return f"Drive {question.drive}: {counted(count, 'candidate')}"
        return f"A cap of {np.degrees(question.angle):.0f}°: {counted(count, 'image')}"
    if question.kind == "place":
        return "A place on the sphere"
    path = paths.get(found.ids.text(slice(question.row, question.row + 1))[0], "A sample")
    return re.split(r"[\\/]", path)[-1]
