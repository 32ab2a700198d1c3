"""Questions to the sphere: a point, an empty place, a cap; arrays in, an :class:`Answer` out.

An empty place has no embedding, so the mean of the nearest samples in the set searched stands in
and every number about it is an estimate.  Distances that are compared with δ stay in the unit of
the run; the metric a person chooses only orders candidates and says how far each is from here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ...plugin.errors import EmptySetError, InputError
from ...plugin.projection.sketch import BoundedSearch
from ...plugin.projection.trust import MEAN_OF, TRUST_NEIGHBORS, mean_direction
from .analysis import SETS, Analysis

Array = NDArray[Any]
Metric = Literal["cosine", "euclidean"]
MAX_K = 200
TIE = 1e-6
"""Two float32 products of one pair of rows may differ by this."""


@dataclass(frozen=True)
class Ask:
    """A question as the panel sends it."""

    kind: str
    k: int
    metric: Metric
    search: str
    rerank: bool
    delta: float | None
    row: int = -1
    direction: tuple[float, float, float] = (0.0, 0.0, 1.0)
    angle: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """What holds at a place; distances in the metric of the run, trust 0..1."""

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


def read_ask(analysis: Analysis, shown: Array, params: Mapping[str, Any]) -> Ask:
    """Check what a browser sent.

    Raises
    ------
    InputError
        It is no question about this sphere.
    """
    query = params.get("query") or {}
    kind = query.get("kind")
    common: dict[str, Any] = {
        "k": int(np.clip(int(params.get("k") or 8), 1, MAX_K)),
        "metric": "euclidean" if params.get("metric") == "euclidean" else "cosine",
        "search": params["search"] if params.get("search") in SETS else "U",
        "rerank": bool(params.get("rerank", True)),
        "delta": None if params.get("delta") is None else float(params["delta"]),
    }
    if kind == "point":
        row = _row(analysis, shown, query)
        place = analysis.sphere[row].astype(float)
        return Ask(kind, row=row, direction=tuple(place.tolist()), **common)
    if kind in ("place", "cap"):
        direction = np.asarray(query.get("direction"), dtype=np.float64)
        if direction.shape != (3,) or not np.isfinite(direction).all() or not direction.any():
            raise InputError("That is no direction on the sphere.")
        direction /= np.linalg.norm(direction)
        angle = float(query.get("angle") or 0.0)
        return Ask(kind, direction=tuple(direction.tolist()), angle=angle, **common)
    raise InputError("That is no question about a point, a place or a cap.")


def _row(analysis: Analysis, shown: Array, query: Mapping[str, Any]) -> int:
    if "id" in query:
        rows = analysis.rows_of([str(query["id"])])
        if not len(rows):
            raise InputError("That sample is not on the sphere.")
        return int(rows[0])
    index = int(query.get("index", -1))
    if not 0 <= index < len(shown):
        raise InputError("That point is not on the sphere any more: reload the panel.")
    return int(shown[index])


def answer(analysis: Analysis, ask: Ask) -> Answer:
    """Answer one question.

    Raises
    ------
    EmptySetError
        The set searched has no point.
    """
    started = time.perf_counter()
    delta = analysis.delta if ask.delta is None else ask.delta
    if ask.kind == "cap":
        inside, order, distance = _inside(analysis, ask)
        rows, verdict = inside[order[: ask.k]], None
        distance = distance[order[: ask.k]]
    else:
        inside = None
        if not len(analysis.members(ask.search)):
            raise EmptySetError(f"{ask.search} has no point to search among.")
        vector = _vector(analysis, ask)
        rows, distance = nearest(analysis, ask, vector)
        verdict = _verdict(analysis, ask, vector, delta)
    return Answer(rows, distance, inside, verdict, delta, time.perf_counter() - started)


def _inside(analysis: Analysis, ask: Ask) -> tuple[Array, Array, Array]:
    index = analysis.index("both")
    inside = index.within(ask.direction, ask.angle)
    chord = np.linalg.norm(analysis.sphere[inside] - np.asarray(ask.direction), axis=1)
    return inside, np.argsort(chord, kind="stable"), np.full(len(inside), np.nan)


def _vector(analysis: Analysis, ask: Ask) -> Array:
    """Embedding of the place, (d,): a point's own, or the mean of the nearest samples searched."""
    embeddings = analysis.embeddings()
    if ask.kind == "point":
        return cast(Array, embeddings[ask.row])
    return mean_direction(embeddings[_around(analysis, ask, ask.search, MEAN_OF)])


def _around(analysis: Analysis, ask: Ask, which: str, k: int) -> Array:
    """Rows of the ``k`` nearest on the sphere, of S, U or both, closest first."""
    return analysis.members(which)[analysis.index(which).nearest(ask.direction, k).index[0]]


def nearest(analysis: Analysis, ask: Ask, vector: Array | None = None) -> tuple[Array, Array]:
    """The candidates of a place with their distances, a clicked point itself first.

    ``vector`` is the place's embedding, found here unless given.
    """
    vector = _vector(analysis, ask) if vector is None else vector
    reach = max(200, 20 * ask.k) if ask.rerank else ask.k + 1
    rows = _around(analysis, ask, ask.search, reach)
    rows = rows[rows != ask.row]
    cosine = _cosine(analysis.embeddings()[rows], vector)
    if ask.rerank:
        order = np.lexsort((rows, cosine))
        rows, cosine = rows[order], cosine[order]
    rows, cosine = rows[: ask.k], cosine[: ask.k]
    if ask.kind == "point":
        rows, cosine = np.append(ask.row, rows), np.append(np.float32(0), cosine)
    return rows, cosine if ask.metric == "cosine" else np.sqrt(2 * cosine)


def _cosine(rows: Array, vector: Array) -> Array:
    return np.clip(1 - rows @ vector, 0, 2)


def _verdict(analysis: Analysis, ask: Ask, vector: Array, delta: float) -> Verdict | None:
    estimated = ask.kind == "place"
    owned = not estimated and bool(analysis.owned[ask.row])
    bounded = analysis.sketch().of(vector)
    distance = _distance_to_owned(analysis, ask, bounded)
    if distance is None:
        return None
    percentile = analysis.percentile_of(distance)
    if not estimated and not owned and np.isfinite(analysis.percentile[ask.row]):
        percentile = float(analysis.percentile[ask.row])
    candidates, looked_at, nearest = _fillers(analysis, ask, vector, distance, delta)
    return Verdict(
        estimated=estimated,
        owned=owned,
        distance=distance,
        percentile=percentile if np.isfinite(percentile) else 0.0,
        delta=delta,
        metric=analysis.metric,
        gap=distance > delta,
        candidates=candidates,
        looked_at=looked_at,
        nearest_candidate=nearest,
        trust=_trust(analysis, ask, bounded),
        trust_k=min(TRUST_NEIGHBORS, len(analysis)),
    )


def _distance_to_owned(analysis: Analysis, ask: Ask, bounded: BoundedSearch) -> float | None:
    """Distance from the place to S; for a sample of S, to the rest of S outside its sequence."""
    if ask.kind == "point" and not analysis.owned[ask.row]:
        distance = float(analysis.dist[ask.row])
        if np.isfinite(distance):
            return distance
    others = analysis.owned
    if ask.kind == "point" and analysis.owned[ask.row]:
        others = others.copy()
        others[ask.row] = False
        sequence = analysis.sequences
        elsewhere = others & (sequence != sequence[ask.row])
        if sequence[ask.row] >= 0 and elsewhere.any():
            others = elsewhere
    _, similarity = bounded.top(1, others)
    if not len(similarity):
        return None
    nearest = float(np.clip(1 - similarity[0], 0, 2))
    return nearest if analysis.metric == "cosine" else float(np.sqrt(2 * nearest))


def _fillers(
    analysis: Analysis, ask: Ask, vector: Array, distance: float, delta: float
) -> tuple[int, int, float | None]:
    """Candidates near the place that are new to S, of how many, and how near the nearest is."""
    if not len(analysis.members("U")):
        return 0, 0, None
    rows = _around(analysis, ask, "U", MEAN_OF)
    cosine = _cosine(analysis.embeddings()[rows], vector)
    here = cosine if analysis.metric == "cosine" else np.sqrt(2 * cosine)
    fills = (analysis.dist[rows] > delta) & (here < distance)
    return int(fills.sum()), len(rows), float(here.min())


def _trust(analysis: Analysis, ask: Ask, bounded: BoundedSearch) -> float | None:
    if len(analysis) <= TRUST_NEIGHBORS:
        return None  # nearly every point is a neighbour: the share would say nothing
    # A mean of U says nothing about neighbours in S: a place is judged in the set it is made of.
    which = ask.search if ask.kind == "place" else "both"
    around = _around(analysis, ask, which, TRUST_NEIGHBORS)
    _, near = bounded.top(MEAN_OF, analysis.mask(which))
    # Compared by value: a tie at the border counts as near whichever copy it is.
    return float((analysis.embeddings()[around] @ bounded.vector >= near[-1] - TIE).mean())
