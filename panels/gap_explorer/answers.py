"""Answers as the panel shows them: cards with what the samples say, highlights, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..wire import b64
from .analysis import Analysis
from .queries import Answer

Array = NDArray[Any]


def cards(
    analysis: Analysis, shown: Array, rows: Array, distance: Array | None, delta: float
) -> list[dict[str, Any]]:
    """One card a row, in order; a sample deleted meanwhile is left out."""
    ids = analysis.text_ids(rows)
    paths = dict(zip(*analysis.dataset.select(ids).values(["id", "filepath"]), strict=True))
    positions = _positions(shown, rows).tolist()
    made = []
    for i, (row, sample_id) in enumerate(zip(rows.tolist(), ids, strict=True)):
        if sample_id not in paths:
            continue
        pick = int(analysis.pick[row])
        made.append(
            {
                "id": sample_id,
                "index": positions[i],
                "filepath": paths[sample_id],
                "set": "S" if analysis.owned[row] else "U",
                "dist_to_S": _number(analysis.dist[row]),
                "percentile": _number(analysis.percentile[row]),
                "gap": bool(analysis.dist[row] > delta),
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
    analysis: Analysis, shown: Array, query: dict[str, Any], stamp: str, answer: Answer
) -> dict[str, Any]:
    """What the panel gets back for a question."""
    inside = answer.inside
    lit = _positions(shown, answer.rows if inside is None else inside)
    summary = None
    if inside is not None:
        owned = int(analysis.owned[inside].sum())
        summary = {
            "S": owned,
            "U": len(inside) - owned,
            "gaps": int((analysis.dist[inside] > answer.delta).sum()),
        }
    return {
        "stamp": stamp,
        "query": query,
        "cards": cards(analysis, shown, answer.rows, answer.distance, answer.delta),
        "total": len(answer.rows if inside is None else inside),
        "inside": summary,
        "verdict": asdict(answer.verdict) if answer.verdict else None,
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
    return analysis.text_ids(rows)


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
