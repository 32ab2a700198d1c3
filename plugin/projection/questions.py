"""Questions to the sphere: a point, an empty place, a cap, a drive; an :class:`Answer` out.

An empty place has no embedding, so the mean of the nearest samples in the set searched orders its
neighbours; its verdict is that of the images around it (:mod:`.verdict`).  Distances that are
compared with δ stay in the unit of the run; the metric a person chooses only orders candidates and
says how far each is from here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import EmptySetError, InputError
from .search_space import SearchSpace
from .verdict import (
    MEAN_OF,
    Judged,
    Verdict,
    cap_verdict,
    drive_verdict,
    lasso_verdict,
    place_verdict,
    point_verdict,
)

Array = NDArray[Any]
Metric = Literal["cosine", "euclidean"]
SearchSet = Literal["S", "U", "both"]
MAX_K = 200


@dataclass(frozen=True)
class Question:
    """What is near a point, near an empty place, in a cap, in a lasso, or in a drive.

    ``row`` is the point, ``angle`` the cap's in radians, ``rows`` are a lasso's points, ``drive``,
    ``rows`` and ``p`` a drive's name, points and p-value; ``direction`` is a unit vector.
    ``k`` neighbours of ``search`` are wanted, the nearest on the sphere, or with ``rerank`` the
    nearest in the embedding among many of these.  ``delta`` takes the place of the run's δ.
    """

    kind: Literal["point", "place", "cap", "lasso", "drive"]
    row: int = -1
    drive: str = ""
    rows: Array | None = None
    p: float | None = None
    direction: tuple[float, float, float] = (0.0, 0.0, 1.0)
    angle: float = 0.0
    k: int = 8
    metric: Metric = "cosine"
    search: SearchSet = "U"
    rerank: bool = True
    delta: float | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """Neighbours, and what holds.

    ``rows`` best first with their ``distance`` from here, NaN where unknown; ``inside`` all of a
    cap or drive; ``judged`` are the verdicts of all points at the δ asked with.
    """

    rows: Array
    distance: Array
    inside: Array | None
    verdict: Verdict | None
    judged: Judged
    seconds: float


def unit_direction(direction: ArrayLike | None) -> tuple[float, float, float]:
    """A direction from the sphere's centre as a unit vector.

    Raises
    ------
    InputError
        Not three finite numbers, or all of them zero.

    Examples
    --------
    >>> unit_direction([0, 0, 5])
    (0.0, 0.0, 1.0)
    """
    try:
        vector = np.asarray(direction, dtype=np.float64)
    except (TypeError, ValueError):
        vector = np.empty(0)
    if vector.shape != (3,) or not np.isfinite(vector).all() or not vector.any():
        raise InputError(
            "That is not a direction on the sphere: give three finite numbers x, y, z, "
            "not all of them 0."
        )
    vector = vector / np.abs(vector).max()  # squares must not overflow
    x, y, z = (vector / np.linalg.norm(vector)).tolist()
    return x, y, z


def answer(space: SearchSpace, question: Question) -> Answer:
    """Answer one question.

    Raises
    ------
    EmptySetError
        The set searched has no point.
    """
    started = time.perf_counter()
    judged = Judged.of(space, question.delta)
    inside = None
    verdict: Verdict | None
    lacks = space.lacks
    if question.kind in ("cap", "lasso", "drive"):
        inside, order = _inside(space, question)
        rows = inside[order[: question.k]]
        distance = np.full(len(rows), np.nan)
        if question.kind == "cap":
            verdict = cap_verdict(space, judged, inside, question.angle)
        elif question.kind == "lasso":
            verdict = lasso_verdict(space, judged, inside)
        else:
            verdict = drive_verdict(space, judged, inside, question.p)
    else:
        if not len(space.members(question.search)):
            raise EmptySetError(f"{question.search} has no point to search among.")
        lacks = space.lacking()
        bounded = None
        if lacks:
            rows, distance = on_sphere(space, question)
        else:
            vector = _vector(space, question)
            rows, distance = nearest(space, question, vector)
            bounded = space.sketch().of(vector)
        if question.kind == "place":
            verdict = place_verdict(space, judged, question.direction, question.search, bounded)
        else:
            verdict = point_verdict(space, judged, question.row, bounded)
    if verdict is not None and lacks:
        verdict = replace(verdict, lacks=lacks)
    return Answer(rows, distance, inside, verdict, judged, time.perf_counter() - started)


def _inside(space: SearchSpace, question: Question) -> tuple[Array, Array]:
    """Rows and their order: of a cap nearest to the middle, of a lasso or a drive farthest from S.

    An image without a distance, as S's own are, comes last.
    """
    if question.rows is not None:
        return question.rows, np.argsort(-space.dist[question.rows], kind="stable")
    inside = space.index("both").within(question.direction, question.angle)
    chord = np.linalg.norm(space.sphere[inside] - np.asarray(question.direction), axis=1)
    return inside, np.argsort(chord, kind="stable")


def _vector(space: SearchSpace, question: Question) -> Array:
    """Embedding of the place, (d,): a point's own, or the mean of the nearest samples searched."""
    embeddings = space.embeddings()
    if question.kind == "point":
        return cast(Array, embeddings[question.row])
    return mean_direction(embeddings[space.around(question.direction, question.search, MEAN_OF)])


def mean_direction(rows: Array) -> Array:
    """Mean of unit rows, nearest first, as a unit vector, float32 (d,).

    Where the rows cancel out exactly it is the first one.
    """
    mean = rows.mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(mean)
    if length < 1e-6:
        return np.asarray(rows[0], dtype=np.float32)
    return np.asarray(mean / length, dtype=np.float32)


def on_sphere(space: SearchSpace, question: Question) -> tuple[Array, Array]:
    """The candidates nearest on the sphere, a clicked point itself first.

    How far they are in the embedding is NaN: nothing here knows it.
    """
    rows = space.around(question.direction, question.search, question.k + 1)
    rows = rows[rows != question.row][: question.k]
    unknown = np.full(len(rows), np.nan)
    if question.kind == "point":
        return np.append(question.row, rows), np.append(0.0, unknown)
    return rows, unknown


def nearest(
    space: SearchSpace, question: Question, vector: Array | None = None
) -> tuple[Array, Array]:
    """The candidates of a place with their distances, a clicked point itself first.

    ``vector`` is the place's embedding, found here unless given.
    """
    vector = _vector(space, question) if vector is None else vector
    reach = max(200, 20 * question.k) if question.rerank else question.k + 1
    rows = space.around(question.direction, question.search, reach)
    rows = rows[rows != question.row]
    cosine = np.clip(1 - space.embeddings()[rows] @ vector, 0, 2)
    if question.rerank:
        order = np.lexsort((rows, cosine))
        rows, cosine = rows[order], cosine[order]
    rows, cosine = rows[: question.k], cosine[: question.k]
    if question.kind == "point":
        rows, cosine = np.append(question.row, rows), np.append(np.float32(0), cosine)
    return rows, cosine if question.metric == "cosine" else np.sqrt(2 * cosine)
