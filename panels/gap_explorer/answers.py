"""Questions as the browser sends them, and the panel's answers: cards, numbers, sentences."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...plugin.coverage.criterion import NAMES
from ...plugin.dataset.gaps.analysis import Analysis
from ...plugin.dataset.gaps.ask import drive_question, said_of
from ...plugin.dataset.store.samples import flat
from ...plugin.errors import InputError
from ...plugin.projection.questions import MAX_K, Answer, Question, unit_direction
from ...plugin.projection.search_space import SETS
from ...plugin.projection.verdict import Judged
from ...plugin.projection.words import sentences
from ..wire import b64

Array = NDArray[Any]


def read_question(analysis: Analysis, shown: Array, params: Mapping[str, Any]) -> Question:
    """Check what a browser sent.

    Raises
    ------
    InputError
        It is not a question about this sphere.
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
        return Question(kind, row=row, direction=analysis.space.direction(row), **common)
    if kind in ("place", "cap"):
        direction = unit_direction(query.get("direction"))
        return Question(kind, direction=direction, angle=float(query.get("angle") or 0), **common)
    if kind == "lasso":
        return Question(kind, rows=shown[_inside(query.get("mask"), len(shown))], **common)
    if kind == "drive":
        return drive_question(analysis, str(query.get("drive")), **common)
    raise InputError("That is not a question about a point, a place, a cap, a lasso or a drive.")


def _inside(mask: Any, n: int) -> Array:
    """Which of the points shown a lasso holds, bool (n,)."""
    try:
        bits = np.unpackbits(np.frombuffer(b64decode(str(mask)), np.uint8), bitorder="little")
    except ValueError as error:
        raise InputError("The lasso's points arrived damaged: draw it again.") from error
    if not n <= len(bits) < n + 8:
        raise InputError("The lasso is of other points than these: draw it again.")
    inside = bits[:n].astype(bool)
    if not inside.any():
        raise InputError("No point lies inside the lasso.")
    return inside


def _row(analysis: Analysis, shown: Array, query: Mapping[str, Any]) -> int:
    if "id" in query:
        rows = analysis.ids.rows_of([str(query["id"])])
        if not len(rows):
            raise InputError("That sample is not on the sphere.")
        return int(rows[0])
    index = int(query.get("index", -1))
    if not 0 <= index < len(shown):
        raise InputError("That point is not on the sphere any more: reload the panel.")
    return int(shown[index])


def cards(
    analysis: Analysis, shown: Array, rows: Array, distance: Array | None, judged: Judged
) -> list[dict[str, Any]]:
    """One card a row, in order; a sample deleted meanwhile is left out."""
    support = analysis.support if judged.threshold == analysis.threshold else None
    ids = analysis.ids.text(rows)
    paths = dict(zip(*flat(analysis.dataset).select(ids).values(["id", "filepath"]), strict=True))
    positions = _positions(shown, rows).tolist()
    made = []
    for i, (row, sample_id) in enumerate(zip(rows.tolist(), ids, strict=True)):
        if sample_id not in paths:
            continue
        pick, verdict = int(analysis.pick[row]), NAMES.get(int(judged.verdicts[row]))
        made.append(
            {
                "id": sample_id,
                "index": positions[i],
                "filepath": paths[sample_id],
                "set": "S" if analysis.owned[row] else "U",
                "dist_to_S": _number(analysis.dist[row]),
                "percentile": _number(analysis.percentile[row]),
                "gap": verdict == "gap",
                "verdict": verdict,
                "support": None if support is None else _count(support[row]),
                "support_drives": None if support is None else _count(analysis.support_drives[row]),
                "pick": pick or None,
                "distance": None if distance is None else _number(distance[i]),
            }
        )
    return made


def _positions(shown: Array, rows: Array) -> Array:
    """Where rows are among the points shown, -1 where they are not; ``shown`` ascends."""
    if not len(shown):
        return np.full(len(rows), -1)
    at = np.minimum(np.searchsorted(shown, rows), len(shown) - 1)
    return np.where(shown[at] == rows, at, -1)


def reply(
    analysis: Analysis,
    shown: Array,
    query: dict[str, Any],
    stamp: str,
    question: Question,
    answer: Answer,
) -> dict[str, Any]:
    """What the panel gets back for a question."""
    said = said_of(analysis, question)
    if question.kind == "lasso" and len(shown) < len(analysis):
        said = [*said, f"Of the {len(shown):,} points drawn of {len(analysis):,}."]
    inside = answer.inside
    lit = _positions(shown, answer.rows if inside is None else inside)
    return {
        "stamp": stamp,
        "query": query,
        "cards": cards(analysis, shown, answer.rows, answer.distance, answer.judged),
        "total": len(answer.rows if inside is None else inside),
        "words": asdict(sentences(answer.verdict, said)) if answer.verdict else None,
        "highlight": b64(lit[lit >= 0].astype(np.uint32)),
        "ms": round(1000 * answer.seconds, 1),
    }


def ids_of(analysis: Analysis, answer: Answer, chosen: Sequence[str] | None = None) -> list[str]:
    """Sample ids of an answer, nearest to the middle first, or those a person chose of it."""
    if chosen:
        return [str(sample_id) for sample_id in chosen]
    rows = answer.rows
    if answer.inside is not None:
        rest = answer.inside[~np.isin(answer.inside, answer.rows)]
        rows = np.concatenate([answer.rows, rest])
    return analysis.ids.text(rows)


def _count(value: Any) -> int | None:
    return int(value) if value >= 0 else None


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
