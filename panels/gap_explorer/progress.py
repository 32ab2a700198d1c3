"""The page of progress: rounds of coverage, and cards and Visual Specs as they stand."""

from __future__ import annotations

from typing import Any

import fiftyone as fo

from ...plugin.dataset.gaps.rounds import progress
from ...plugin.dataset.gaps.rounds.progress import AGAIN, said
from ...plugin.dataset.spec.issued import with_specs
from ...plugin.errors import EmptySetError
from ...plugin.rounds.follow import Followed
from ...plugin.rounds.spec_progress import SpecProgress
from .contract_pages import FOLLOWED_MAX, ROUNDS_MAX


def page(dataset: fo.Dataset, suffix: str) -> dict[str, Any]:
    """What the page shows."""
    try:
        found = with_specs(progress.read(dataset, suffix), dataset)
    except EmptySetError:  # of a version that kept no rounds
        return {"rounds": [], "cards": [], "specs": [], "nothing": AGAIN}
    rows = [
        {
            "number": one.number,
            "time": one.time,
            "S": one.owned,
            "drives_owned": one.owned_drives,
            "U": one.pool,
            "drives_pool": one.pool_drives,
            "gaps": one.gaps,
            "covered": one.covered,
            "cannot_say": one.cannot_say,
            "delta": one.delta,
            "closed": one.changes.closed if one.changes else None,
            "opened": one.changes.opened if one.changes else None,
            "still": one.changes.still if one.changes else None,
            "said": said(one) if one.compared is not None else [],
        }
        for one in reversed(found.rounds[-ROUNDS_MAX:])
    ]
    first = found.rounds[-1].compared is None
    cards = [] if first else sorted(found.cards, key=lambda one: -one.open)[:FOLLOWED_MAX]
    return {
        "rounds": rows,
        "cards": [_card(one) for one in cards],
        "specs": [_spec(one) for one in found.specs],
        "nothing": said(found.rounds[-1])[0] if first else "",
    }


def _spec(one: SpecProgress) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "state": one.state,
        "quantity": one.quantity,
        "met": one.met,
        "count": one.count,
        "said": one.said,
    }


def _card(one: Followed) -> dict[str, Any]:
    return {
        "number": one.number,
        "title": one.title,
        "state": one.state,
        "images": one.images,
        "done": one.done,
        "new": one.new,
    }
