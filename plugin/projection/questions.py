"""Questions to the sphere: a point, an empty place, a cap; arrays in, an :class:`Answer` out.

An empty place has no embedding, so the mean of the nearest samples in the set searched is
used, and every number about it is an estimate.  Distances that are compared with δ stay in the unit
of the run; the metric a person chooses only orders candidates and says how far each is from here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import EmptySetError, InputError
from .search_space import SearchSpace
from .sketch import BoundedSearch

Array = NDArray[Any]
Metric = Literal["cosine", "euclidean"]
SearchSet = Literal["S", "U", "both"]
MAX_K = 200
MEAN_OF = 50
"""Samples whose mean embedding represents an empty place."""
TRUST_NEIGHBORS = 30
"""Sphere neighbours of a place that are checked in the embedding."""
TIE = 1e-6
"""Two float32 products of one pair of rows may differ by this."""


@dataclass(frozen=True)
class Question:
    """What is near a point, near an empty place, or in a cap.

    ``row`` is the point, ``angle`` the cap's in radians; ``direction`` is a unit vector.
    ``k`` neighbours of ``search`` are wanted, the nearest on the
    sphere, or with ``rerank`` the nearest in the embedding among many of these.  ``delta`` takes
    the place of the run's δ.
    """

    kind: Literal["point", "place", "cap"]
    row: int = -1
    direction: tuple[float, float, float] = (0.0, 0.0, 1.0)
    angle: float = 0.0
    k: int = 8
    metric: Metric = "cosine"
    search: SearchSet = "U"
    rerank: bool = True
    delta: float | None = None


@dataclass(frozen=True)
class Verdict:
    """What holds at a place; distances in the metric of the run.

    Attributes
    ----------
    estimated
        The place is empty: read off a mean of neighbours, not off an image.
    owned
        The place is an image of S: its distance to the rest of S.
    distance, percentile
        Distance to S, and where it falls among the distances inside S, 0..100.
    delta, metric, gap
        The threshold, its unit, and whether the distance is beyond it.
    candidates, looked_at
        Candidates near the place that would fill it, of how many looked at.
    nearest_candidate
        Distance from the place to the nearest candidate; None where U is empty.
    trust, trust_k
        Share of its ``trust_k`` neighbours on the sphere that are neighbours in the embedding too,
        0..1; None where the sphere has too few points to tell.
    """

    estimated: bool
    owned: bool
    distance: float
    percentile: float
    delta: float
    metric: str
    gap: bool
    candidates: int
    looked_at: int
    nearest_candidate: float | None
    trust: float | None
    trust_k: int


@dataclass(frozen=True, eq=False)
class Answer:
    """``rows`` best first with their ``distance`` from here; ``inside`` all rows of a cap."""

    rows: Array
    distance: Array
    inside: Array | None
    verdict: Verdict | None
    delta: float
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
    delta = space.delta if question.delta is None else question.delta
    if question.kind == "cap":
        inside, order, distance = _inside(space, question)
        rows, verdict = inside[order[: question.k]], None
        distance = distance[order[: question.k]]
    else:
        inside = None
        if not len(space.members(question.search)):
            raise EmptySetError(f"{question.search} has no point to search among.")
        vector = _vector(space, question)
        rows, distance = nearest(space, question, vector)
        verdict = _verdict(space, question, vector, delta)
    return Answer(rows, distance, inside, verdict, delta, time.perf_counter() - started)


def _inside(space: SearchSpace, question: Question) -> tuple[Array, Array, Array]:
    inside = space.index("both").within(question.direction, question.angle)
    chord = np.linalg.norm(space.sphere[inside] - np.asarray(question.direction), axis=1)
    return inside, np.argsort(chord, kind="stable"), np.full(len(inside), np.nan)


def _vector(space: SearchSpace, question: Question) -> Array:
    """Embedding of the place, (d,): a point's own, or the mean of the nearest samples searched."""
    embeddings = space.embeddings()
    if question.kind == "point":
        return cast(Array, embeddings[question.row])
    return mean_direction(embeddings[_around(space, question, question.search, MEAN_OF)])


def mean_direction(rows: Array) -> Array:
    """Mean of unit rows, nearest first, as a unit vector, float32 (d,).

    Where the rows cancel out exactly it is the first one.
    """
    mean = rows.mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(mean)
    if length < 1e-6:
        return np.asarray(rows[0], dtype=np.float32)
    return np.asarray(mean / length, dtype=np.float32)


def _around(space: SearchSpace, question: Question, which: str, k: int) -> Array:
    """Rows of the ``k`` nearest on the sphere, of S, U or both, closest first."""
    return space.members(which)[space.index(which).nearest(question.direction, k).index[0]]


def nearest(
    space: SearchSpace, question: Question, vector: Array | None = None
) -> tuple[Array, Array]:
    """The candidates of a place with their distances, a clicked point itself first.

    ``vector`` is the place's embedding, found here unless given.
    """
    vector = _vector(space, question) if vector is None else vector
    reach = max(200, 20 * question.k) if question.rerank else question.k + 1
    rows = _around(space, question, question.search, reach)
    rows = rows[rows != question.row]
    cosine = _cosine(space.embeddings()[rows], vector)
    if question.rerank:
        order = np.lexsort((rows, cosine))
        rows, cosine = rows[order], cosine[order]
    rows, cosine = rows[: question.k], cosine[: question.k]
    if question.kind == "point":
        rows, cosine = np.append(question.row, rows), np.append(np.float32(0), cosine)
    return rows, cosine if question.metric == "cosine" else np.sqrt(2 * cosine)


def _cosine(rows: Array, vector: Array) -> Array:
    return np.clip(1 - rows @ vector, 0, 2)


def _verdict(space: SearchSpace, question: Question, vector: Array, delta: float) -> Verdict | None:
    estimated = question.kind == "place"
    owned = not estimated and bool(space.owned[question.row])
    bounded = space.sketch().of(vector)
    distance = _distance_to_owned(space, question, bounded)
    if distance is None:
        return None
    percentile = space.percentile_of(distance)
    if not estimated and not owned and np.isfinite(space.percentile[question.row]):
        percentile = float(space.percentile[question.row])
    candidates, looked_at, closest = _fillers(space, question, vector, distance, delta)
    return Verdict(
        estimated=estimated,
        owned=owned,
        distance=distance,
        percentile=percentile if np.isfinite(percentile) else 0.0,
        delta=delta,
        metric=space.metric,
        gap=distance > delta,
        candidates=candidates,
        looked_at=looked_at,
        nearest_candidate=closest,
        trust=_trust(space, question, bounded),
        trust_k=min(TRUST_NEIGHBORS, len(space)),
    )


def _distance_to_owned(
    space: SearchSpace, question: Question, bounded: BoundedSearch
) -> float | None:
    """Distance from the place to S; for a sample of S, to the rest of S outside its sequence."""
    if question.kind == "point" and not space.owned[question.row]:
        distance = float(space.dist[question.row])
        if np.isfinite(distance):
            return distance
    others = space.owned
    if question.kind == "point" and space.owned[question.row]:
        others = others.copy()
        others[question.row] = False
        sequence = space.sequences()
        elsewhere = others & (sequence != sequence[question.row])
        if sequence[question.row] >= 0 and elsewhere.any():
            others = elsewhere
    _, similarity = bounded.top(1, others)
    if not len(similarity):
        return None
    cosine = float(np.clip(1 - similarity[0], 0, 2))
    return cosine if space.metric == "cosine" else float(np.sqrt(2 * cosine))


def _fillers(
    space: SearchSpace, question: Question, vector: Array, distance: float, delta: float
) -> tuple[int, int, float | None]:
    """Candidates near the place that are new to S, of how many, and how near the nearest is."""
    if not len(space.members("U")):
        return 0, 0, None
    rows = _around(space, question, "U", MEAN_OF)
    cosine = _cosine(space.embeddings()[rows], vector)
    here = cosine if space.metric == "cosine" else np.sqrt(2 * cosine)
    fills = (space.dist[rows] > delta) & (here < distance)
    return int(fills.sum()), len(rows), float(here.min())


def _trust(space: SearchSpace, question: Question, bounded: BoundedSearch) -> float | None:
    if len(space) <= TRUST_NEIGHBORS:
        return None  # nearly every point is a neighbour: the share would say nothing
    # A mean of U says nothing about neighbours in S: a place is judged in the set it is made of.
    which = question.search if question.kind == "place" else "both"
    around = _around(space, question, which, TRUST_NEIGHBORS)
    _, near = bounded.top(MEAN_OF, space.mask(which))
    # Compared by value: a tie at the border counts as near whichever copy it is.
    return float((space.embeddings()[around] @ bounded.vector >= near[-1] - TIE).mean())
