"""Questions as the browser sends them, and the panel's answers: cards, numbers, sentences."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...plugin.coverage.criterion import NAMES
from ...plugin.coverage.nearest.rows import Metric
from ...plugin.dataset.gaps.analysis import Analysis
from ...plugin.dataset.gaps.ask import drive_question, from_here, told
from ...plugin.dataset.gaps.evidence import beside
from ...plugin.dataset.store.samples import flat
from ...plugin.errors import InputError
from ...plugin.projection.questions import MAX_K, Answer, Question, unit_direction
from ...plugin.projection.search_space import SETS
from ...plugin.projection.verdict import Judged, in_metric
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
        "spread": bool(params.get("spread", False)),
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
    analysis: Analysis,
    shown: Array,
    rows: Array,
    distance: Array | None,
    judged: Judged,
    metric: Metric | None = None,
) -> list[dict[str, Any]]:
    """One card a row, in order; a sample deleted meanwhile is left out.

    All distances are in ``metric``, the run's by default; ``distance`` (n,) is so already.
    """
    unit = analysis.threshold.metric
    metric = metric or unit
    support = analysis.support if judged.threshold == analysis.threshold else None
    ids = analysis.ids.text(rows)
    drive = analysis.sequence_field
    wanted = ["id", "filepath", *([drive] if drive else [])]
    read = flat(analysis.dataset).select(ids).values(wanted)
    known = dict(zip(read[0], zip(*read[1:], strict=True), strict=True))
    at = positions(shown, rows).tolist()
    made = []
    for i, (row, sample_id) in enumerate(zip(rows.tolist(), ids, strict=True)):
        if sample_id not in known:
            continue
        path, *named = known[sample_id]
        pick, verdict = int(analysis.pick[row]), NAMES.get(int(judged.verdicts[row]))
        made.append(
            {
                "id": sample_id,
                "index": at[i],
                "filepath": path,
                "drive": str(named[0]) if named and named[0] is not None else None,
                "set": "S" if analysis.owned[row] else "U",
                "dist_to_S": _number(in_metric(analysis.dist[row], unit, metric)),
                "percentile": _number(analysis.percentile[row]),
                "verdict": verdict,
                "support": None if support is None else _count(support[row]),
                "support_drives": None if support is None else _count(analysis.support_drives[row]),
                "pick": pick or None,
                "distance": None if distance is None else _number(distance[i]),
            }
        )
    return made


def positions(shown: Array, rows: Array) -> Array:
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
    words, other, apart = told(analysis, question, answer)
    inside, owned = answer.inside, answer.owned
    near = np.array([] if other is None else [other], np.int64)
    lit = positions(shown, np.concatenate([answer.rows if inside is None else inside, near]))
    how = answer.judged, question.metric
    nearest = cards(analysis, shown, near, np.array([apart]), *how)
    from_it = from_here(question, answer)
    if words is not None and question.kind == "lasso" and len(shown) < len(analysis):
        of_drawn = f"Of the {len(shown):,} points drawn of {len(analysis):,}."
        words = replace(words, evidence=(*words.evidence, of_drawn))
    if question.kind == "point":
        query = {**query, "id": analysis.ids.text(np.array([question.row]))[0]}
    return {
        "stamp": stamp,
        "query": query,
        "cards": cards(analysis, shown, answer.rows, from_it, *how),
        "owned": cards(analysis, shown, owned, None, *how),
        "beside": nearest[0] if nearest else None,
        "more": _more(analysis, answer),
        "metric": question.metric,
        "total": len(answer.rows if inside is None else inside),
        "words": None if words is None else asdict(words),
        "highlight": b64(lit[lit >= 0].astype(np.uint32)),
        "ms": round(1000 * answer.seconds, 1),
    }


def ids_of(analysis: Analysis, answer: Answer) -> list[str]:
    """Sample ids of an answer, nearest to the middle first."""
    rows = answer.rows
    if answer.inside is not None:
        rest = answer.inside[~np.isin(answer.inside, answer.rows)]
        rows = np.concatenate([answer.rows, rest])
    return analysis.ids.text(rows)


def shown_ids(analysis: Analysis, question: Question, answer: Answer) -> list[str]:
    """Sample ids of all that an answer shows: its own, and the owned images beside them."""
    other = beside(analysis, question, answer.verdict)
    owned = answer.owned.tolist() + ([] if other is None else [other])
    return list(
        dict.fromkeys([*ids_of(analysis, answer), *analysis.ids.text(np.array(owned, np.int64))])
    )


def _more(analysis: Analysis, answer: Answer) -> dict[str, int]:
    """How many images of U near an answer each image shown stands for: those of its drive."""
    rest = answer.near[~np.isin(answer.near, answer.rows)]
    drives = analysis.space.drives()
    rest = drives[rest[~analysis.owned[rest]]]
    found = {}
    for row, sample_id in zip(answer.rows.tolist(), analysis.ids.text(answer.rows), strict=True):
        count = int((rest == drives[row]).sum()) if drives[row] >= 0 else 0
        if count and not analysis.owned[row]:
            found[sample_id] = count
    return found


def _count(value: Any) -> int | None:
    return int(value) if value >= 0 else None


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
