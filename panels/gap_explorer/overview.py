"""What the panel shows while nothing is asked: what S lacks, and what to label next.

Gap cards where they are; else values and drives that the coverage run told apart by name.  Every
row is a *group* of samples: the browser lights it by its positions and acts on it by naming it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from fiftyone import ViewField as F
from numpy.typing import NDArray

from ...plugin.coverage.words import capital, counted, in_percent, two_digits
from ...plugin.dataset.gaps.analysis import Analysis
from ...plugin.dataset.gaps.cards import card_records
from ...plugin.dataset.gaps.cards.card_records import GapCard
from ...plugin.dataset.gaps.picks import picks
from ...plugin.dataset.gaps.vectors.attributes import word
from ...plugin.dataset.spec import issued
from ...plugin.dataset.store import runs
from ...plugin.dataset.store.fields.metadata import scene_paths
from ...plugin.dataset.store.samples import flat
from ...plugin.dataset.store.vectors import points
from ...plugin.errors import GapsphereError, InputError
from ..wire import b64
from .answers import positions
from .contract_pages import CARDS_MAX, CONTRASTS_MAX, PICKS_MAX, SINGLE_IMAGES

Array = NDArray[Any]
SINGLE_SHOWN = 3


def overview(found: Analysis, shown: Array, stamp: str) -> dict[str, Any]:
    """Everything of the first screen that is not in the run's own numbers."""
    try:
        known, why = card_records.read(found.dataset, found.names), ""
    except GapsphereError as error:
        known, why = None, str(error)
    cards = [] if known is None else _cards(found, shown, known.found[:CARDS_MAX])
    return {
        "stamp": stamp,
        "cards": cards,
        "cards_total": known.count - known.by_metadata if known else 0,
        "by_metadata": known.by_metadata if known else 0,
        "no_cards": why,
        "summarized": known is not None,
        "contrasts": [] if cards else _contrasts(found, shown),
        **_picks(found, shown),
    }


def version(found: Analysis) -> str:
    """Changes with the records that the overview and the page of progress are made of."""
    steps = (card_records.STEP, picks.STEP, issued.RECORD)
    made = (runs.read(found.dataset, found.names, step) for step in steps)
    return "/".join(record.token or record.created if record else "" for record in made)


def members(found: Analysis, group: Mapping[str, Any]) -> list[str]:
    """Sample ids of a group: of a card the farthest from S first, of picks the first pick first.

    Raises
    ------
    InputError
        There is no such group.
    """
    kind, names = group.get("kind"), found.names
    if kind == "card" and found.dataset.has_field(names.gap_card):
        view = flat(found.dataset).match(F(names.gap_card) == str(group.get("key")))
        if found.dataset.has_field(names.dist_to_S):
            view = view.sort_by(names.dist_to_S, reverse=True)
        return [str(one) for one in view.values("id")]
    if kind == "picks":
        return found.ids.text(_picked(found)[: max(0, int(group.get("count") or 0))])
    if kind == "value":
        has = _with_value(found, str(group.get("field")), str(group.get("value")))
        return found.ids.text(_farthest(found, has & ~found.owned))
    if kind == "drive":
        return found.ids.text(found.rows_of_drive(str(group.get("drive"))))
    raise InputError("There is no such group of samples.")


def _cards(found: Analysis, shown: Array, cards: Sequence[GapCard]) -> list[dict[str, Any]]:
    """A row for each card, and one for the gaps that are in none."""
    rows = _rows_by_card(found)
    single = _farthest(found, rows.get(SINGLE_IMAGES, []))
    alone = found.ids.text(single[:SINGLE_SHOWN])
    wanted = [*alone, *(one for card in cards for one in (*card.exemplars, *card.nearest))]
    pictures = _pictures(found, shown, wanted)
    made = [
        {
            "key": card.key,
            "title": capital(card.title),
            "counts": _counts(card),
            "lines": _lines(card),
            "images": card.images,
            "pictures": [
                {"image": pictures[mine], "nearest": pictures.get(theirs)}
                for mine, theirs in zip(card.exemplars, card.nearest, strict=True)
                if mine in pictures
            ],
            "positions": _positions(shown, rows.get(card.key, [])),
        }
        for card in cards
    ]
    if len(single):
        made.append(
            {
                "key": SINGLE_IMAGES,
                "title": "Single images",
                "counts": f"{counted(len(single), 'gap')} like no other gap",
                "lines": [],
                "images": len(single),
                "pictures": [
                    {"image": pictures[one], "nearest": None} for one in alone if one in pictures
                ],
                "positions": _positions(shown, single),
            }
        )
    return made


def _rows_by_card(found: Analysis) -> dict[str, Array]:
    """The points of each card."""
    field = found.names.gap_card
    if not found.dataset.has_field(field):
        return {}
    read = list(points.column(found.dataset, [field], {field: {"$ne": None}}))
    at = found.ids.places(b"".join(sample_id.binary for sample_id, _ in read))
    rows: dict[str, list[int]] = {}
    for row, (_, key) in zip(at.tolist(), read, strict=True):
        if row >= 0:
            rows.setdefault(str(key), []).append(row)
    return {key: np.array(those, np.int64) for key, those in rows.items()}


def _counts(card: GapCard) -> str:
    """How much of what the card is named by there is."""
    name = card.name
    if not name.get("values"):
        return f"{counted(card.images, 'candidate')} of {counted(card.drives)}"
    owned = f"{name['owned']:,} of {name['owned_total']:,} owned"
    if not name.get("pool_total"):  # of a version that did not count them
        return f"{owned}, {name['here']:,} of {counted(card.images, 'gap')} here"
    return f"{owned}, {name['pool']:,} of {name['pool_total']:,} candidates"


def _lines(card: GapCard) -> list[str]:
    """What else a person should know of it, a line each."""
    name = card.name
    once = f" ({card.once:,} without near duplicates)" if 0 < card.once < card.images else ""
    effect = "" if card.effect is None else f", {two_digits(card.effect)} × the usual distance"
    what = "candidate" if card.by_metadata else "gap"
    lines = [f"{counted(card.images, what)}{once} of {counted(card.drives)}{effect}"]
    if card.by_metadata:
        return [*card.sentences[:2], *lines, card.fill, *card.sentences[2:]]
    if name.get("values") and name["p"] > 0.1:
        lines.append(f"Chance alone may name them so (p {name['p']:.2g})")
    if card.holds:
        lines.append(f"Holds in {card.holds} runs with the owned drives drawn again")
    if card.failure_rate is not None:
        lines.append(f"{in_percent(card.failure_rate, 0)} of reviewed images near it fail")
    return [*lines, card.fill, *card.sentences[1:]]


def _contrasts(found: Analysis, shown: Array) -> list[dict[str, Any]]:
    """What the coverage run told apart by name: values, then drives, the larger first."""
    values: dict[tuple[str, str], dict[str, Any]] = {}
    drives = []
    for drive in found.covered.drives if found.covered else []:
        said = []
        for finding in drive["findings"]:
            if "value" not in finding:
                said.append(str(finding["sentence"]))
                continue
            key = (str(finding["attribute"]), str(finding["value"]))
            if key not in values:
                values[key] = _value_row(found, shown, *key)
        if said:
            drives.append(_drive_row(found, shown, str(drive["drive"]), said))
    rows = [
        *sorted(values.values(), key=lambda row: -row["images"]),
        *sorted(drives, key=lambda row: -row["images"]),
    ]
    return [row for row in rows if row["images"]][:CONTRASTS_MAX]


def _value_row(found: Analysis, shown: Array, field: str, value: str) -> dict[str, Any]:
    has = _with_value(found, field, value)
    owned, pool = int((has & found.owned).sum()), int((has & ~found.owned).sum())
    return {
        "group": {"kind": "value", "field": field, "value": value},
        "title": f"{field} = {value}",
        "counts": f"{owned:,} of {int(found.owned.sum()):,} owned, "
        f"{pool:,} of {int((~found.owned).sum()):,} candidates",
        "lines": [],
        "images": pool,
        "positions": _positions(shown, np.flatnonzero(has & ~found.owned)),
    }


def _drive_row(found: Analysis, shown: Array, drive: str, said: list[str]) -> dict[str, Any]:
    rows = found.rows_of_drive(drive)
    return {
        "group": {"kind": "drive", "drive": drive},
        "title": f"Drive {drive}",
        "counts": f"{counted(len(rows), 'candidate')}, {said[0]}",
        "lines": said[1:],
        "images": len(rows),
        "positions": _positions(shown, rows),
    }


def _with_value(found: Analysis, field: str, value: str) -> Array:
    """Which points have a value, by the words that findings use, bool (n,)."""
    path = scene_paths(found.dataset).get(field)
    if path is None:
        return np.zeros(len(found), bool)
    return np.array([one is not None and word(one) == value for one in found.column(path)], bool)


def _picks(found: Analysis, shown: Array) -> dict[str, Any]:
    """The picks in their order, and the covering radius after each."""
    rows = _picked(found)
    picked = picks.read(found.dataset, found.names)
    ids = found.ids.text(rows[:PICKS_MAX])
    pictures = _pictures(found, shown, ids)
    radius = _values(found, ids, found.names.kcenter_radius)
    return {
        "picks": [
            {**pictures[one], "rank": int(found.pick[row]), "radius": radius.get(one)}
            for one, row in zip(ids, rows.tolist(), strict=False)
            if one in pictures
        ],
        "picks_total": len(rows),
        "no_picks": "" if len(rows) else _no_picks(found),
        "radius_before": picked.radius_before if picked else None,
        "knee": picked.knee if picked and len(rows) else None,
    }


def _picked(found: Analysis) -> Array:
    """The picks that are left, in their order: ranks have holes where one was deleted."""
    rows = np.flatnonzero(found.pick > 0)
    return rows[np.argsort(found.pick[rows], kind="stable")]


def _no_picks(found: Analysis) -> str:
    """Why there is nothing to label next."""
    try:
        picked = picks.require(found.dataset, found.names)
    except GapsphereError as error:
        return str(error)
    return f"None of the {counted(len(picked.ids), 'pick')} of the last run is left: select again."


def _pictures(found: Analysis, shown: Array, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What a small picture says of each sample; those deleted since are left out."""
    wanted = list(dict.fromkeys(ids))
    paths, drives = (
        _values(found, wanted, path) for path in ("filepath", found.sequence_field or "")
    )
    made = {}
    for one in wanted:
        row = found.ids.rows_of([one])
        if one not in paths or not len(row):
            continue
        dist = found.dist[row[0]]
        made[one] = {
            "id": one,
            "index": int(positions(shown, row)[0]),
            "filepath": paths[one],
            "dist_to_S": float(dist) if np.isfinite(dist) else None,
            "drive": None if drives.get(one) is None else str(drives[one]),
        }
    return made


def _values(found: Analysis, ids: Sequence[str], path: str) -> dict[str, Any]:
    """A field of some samples, by id; empty where there is no such field."""
    if not ids or not path or not found.dataset.has_field(path.split(".")[0]):
        return {}
    return dict(zip(*flat(found.dataset).select(list(ids)).values(["id", path]), strict=True))


def _farthest(found: Analysis, rows: Array | Sequence[int]) -> Array:
    """Points, given by number or as a mask, the farthest from S first."""
    rows = np.asarray(rows)
    rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
    return rows[np.argsort(-found.dist[rows], kind="stable")]


def _positions(shown: Array, rows: Array | Sequence[int]) -> str:
    """Where rows are among the points shown, ascending; those that are not are left out."""
    at = positions(shown, np.asarray(rows, np.int64))
    return b64(np.sort(at[at >= 0]).astype(np.uint32))
