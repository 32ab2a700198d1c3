"""Questions to the sphere: a point, an empty place, a cap, a drive; an :class:`Answer` out.

An empty place has no embedding, so the mean of the nearest samples in the set searched orders its
neighbours; what is said of it is what holds for the images around it (:mod:`.verdict`).  Distances
are compared with δ in the unit of the run; the metric a person chooses is the unit of the answer.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import EmptySetError, InputError
from .search_space import SearchSpace
from .spread import NEIGHBOURHOOD, spread
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
OWNED_SHOWN = 4
"""Images of S that stand beside the candidates of a place or a cap."""
LOOKED_AT = 1000
"""Images nearest to the middle of a cap, at most, that a spread of it is chosen from."""


@dataclass(frozen=True)
class Question:
    """What is near a point, near an empty place, in a cap, in a lasso, or in a drive.

    ``row`` is the point, ``angle`` the cap's in radians, ``rows`` are a lasso's points, ``drive``,
    ``rows`` and ``p`` a drive's name, points and p-value; ``direction`` is a unit vector.
    ``k`` neighbours of ``search`` are wanted, the nearest on the sphere, or with ``rerank`` the
    nearest in the embedding among many of these; with ``spread`` they stand for a neighbourhood six
    times as large (:mod:`.spread`).  ``delta`` takes the place of the run's δ.
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
    spread: bool = False
    delta: float | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """Neighbours, and what holds.

    ``rows`` best first with their ``distance`` from here, NaN where unknown; ``near`` what they
    stand for; ``owned`` images of S around a place or in a cap, spread; ``inside`` all of a cap or
    drive; ``judged`` are the verdicts of all points at the δ asked with.
    """

    rows: Array
    distance: Array
    near: Array
    owned: Array
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
    inside, owned = None, np.empty(0, np.int64)
    verdict: Verdict | None
    lacks = space.lacks
    if question.kind in ("cap", "lasso", "drive"):
        inside, order = _inside(space, question)
        near = inside[order]
        if question.kind in ("cap", "lasso"):
            owned = _few(space, near[space.owned[near]][:LOOKED_AT], OWNED_SHOWN)
            near = near[_wanted(space, near, question.search)]
        rows = _shown(space, question, near[:LOOKED_AT])
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
        wider = _wider(question)
        if lacks:
            near, distance = on_sphere(space, wider)
        else:
            vector = _vector(space, question)
            near, distance = nearest(space, wider, vector)
            bounded = space.sketch().of(vector)
        rows = _shown(space, question, near)
        at = {row: i for i, row in enumerate(near.tolist())}
        distance = distance[[at[row] for row in rows.tolist()]]
        if question.kind == "place":
            owned = _owned_around(space, question)
            verdict = place_verdict(space, judged, question.direction, question.search, bounded)
        else:
            verdict = point_verdict(space, judged, question.row, bounded)
    if verdict is not None and lacks:
        verdict = replace(verdict, lacks=lacks)
    owned = owned[~np.isin(owned, rows)]
    return Answer(
        rows, distance, near, owned, inside, verdict, judged, time.perf_counter() - started
    )


def _wider(question: Question) -> Question:
    """The same, asked for the whole neighbourhood that a few are to stand for."""
    return replace(question, k=question.k * NEIGHBOURHOOD) if question.spread else question


def _shown(space: SearchSpace, question: Question, near: Array) -> Array:
    """Those of a neighbourhood, best first, that are shown; a clicked point is one of them."""
    point = int(question.kind == "point")
    if not question.spread or question.kind == "drive":
        return near[: question.k + point]
    return np.concatenate([near[:point], _few(space, near[point:], question.k)])


def _few(space: SearchSpace, near: Array, k: int) -> Array:
    """``k`` that stand for all of a neighbourhood, best first."""
    if len(near) <= k:
        return near
    vectors = space.sphere if space.lacking() else space.embeddings()
    return near[spread(vectors[near], k)]


def _owned_around(space: SearchSpace, question: Question) -> Array:
    """A few images of S around a place, nearest on the sphere first."""
    if question.search != "U" or not len(space.members("S")):
        return np.empty(0, np.int64)
    near = space.around(question.direction, "S", OWNED_SHOWN * NEIGHBOURHOOD)
    return _few(space, near, OWNED_SHOWN)


def _wanted(space: SearchSpace, rows: Array, search: SearchSet) -> Array:
    mask = space.mask(search)
    return np.ones(len(rows), bool) if mask is None else mask[rows]


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
