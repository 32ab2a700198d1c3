"""``export_gap_cards``: the cards of the last run as a page, a table or JSON, by the ending."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import fiftyone as fo

from ....coverage.words import counted, decimals, in_percent, standing, two_digits
from ....interchange.files.checked import write_text
from ....interchange.files.report_file import report_path
from ....interchange.tables.safe_cells import escaped
from ....progress import Progress, silent
from ....report.pictures import Picture, report_picture
from ....report.render import render
from ....results import Result
from ....settings.steps import CardFileParams
from ...store import runs
from ...store.fields.metadata import columns
from ...store.names import Names
from ...store.samples import flat
from ...store.sets.resolve import Samples, reloaded
from ..coverage import coverage
from .card_records import SINGLE_IMAGES, STEP, CardResult, GapCard, read

ON_PAGE, ALONE = 100, 24
"""Cards, and single images, on a page at most."""


@dataclass(frozen=True, repr=False)
class CardFile(Result):
    """What ``export_gap_cards`` wrote: ``cards`` of them in ``path``."""

    path: Path
    cards: int

    def __str__(self) -> str:
        return f"{counted(self.cards, 'gap card')}: {self.path}"


class _Shown(NamedTuple):
    """A picture of the page with its file, and the distance to S of an image of U."""

    picture: Picture
    path: str
    distance: float | None


def export_gap_cards(
    samples: Samples, params: CardFileParams, *, progress: Progress = silent
) -> CardFile:
    """Write the cards of the last ``summarize_gaps``.

    Raises
    ------
    EmptySetError, MismatchError
        There are no cards, or coverage was computed again since.
    InputError, ArtifactError
        The ending, the folder or the file cannot be used.
    """
    dataset, names = reloaded(samples), Names(params.suffix)
    found = read(dataset, names)
    path = card_path(params.output, replace=params.replace_file)
    write = WRITERS[path.suffix.lower()]
    write_text(path, write(dataset, names, found, progress))
    return CardFile(path.resolve(), len(found.found))


def card_path(output: str, *, replace: bool = False) -> Path:
    """Where cards are written; the errors are those of :func:`report_path`."""
    return report_path(output, "gap-cards", WRITERS, replace=replace)


def _csv(_: fo.Dataset, __: Names, found: CardResult, ___: Progress) -> str:
    table = found.cards.reset_index()
    table["encoders"] = [_other_encoders(card) for card in found.found]
    for name in ("exemplars", "nearest"):
        table[name] = [" ".join(ids) for ids in table[name]]
    text = table.select_dtypes(exclude="number").columns
    table[text] = table[text].map(lambda cell: escaped(cell) if isinstance(cell, str) else cell)
    return str(table.to_csv(index=False))


def _json(_: fo.Dataset, __: Names, found: CardResult, ___: Progress) -> str:
    return json.dumps(asdict(found), ensure_ascii=False, indent=2) + "\n"


def _page(dataset: fo.Dataset, names: Names, found: CardResult, progress: Progress) -> str:
    covered, record = coverage.read(dataset, names), runs.read(dataset, names, STEP)
    shown = found.found[:ON_PAGE]
    alone = _alone(dataset, names) if found.single else []
    ids = list(dict.fromkeys(i for card in shown for i in (*card.exemplars, *card.nearest)))
    ids += alone
    read_off = columns(dataset, ids, {"path": "filepath", "distance": names.dist_to_S})
    about = dict(zip(ids, zip(read_off["path"], read_off["distance"], strict=True), strict=True))
    made = [record.created[:10], str(record.inputs.get("encoder", ""))] if record else []

    def image(sample_id: str) -> _Shown:
        path, distance = about[sample_id]
        return _Shown(report_picture(path), path or "deleted since", distance)

    cards = []
    for number, card in enumerate(shown, start=1):
        both = zip(card.exemplars, card.nearest, strict=True)
        pairs = [(image(ours), image(theirs)) for ours, theirs in both]
        cards.append((card, _figures(card), pairs))
        progress(number, len(shown))
    return render(
        "cards.html.j2",
        dataset=dataset.name,
        summary=f"{str(found).splitlines()[0]}.",
        standing=standing(covered.threshold),
        cards=cards,
        made=" · ".join(filter(None, made)),
        more=found.count - len(shown),
        alone=[image(sample_id) for sample_id in alone],
        single=found.single,
        settled=covered.basis not in ("provisional", "none"),
    )


def _alone(dataset: fo.Dataset, names: Names) -> list[str]:
    """Single images, the farthest from S first."""
    found = flat(dataset).match({names.gap_card: SINGLE_IMAGES})
    found = found.sort_by(names.dist_to_S, reverse=True).limit(ALONE)
    return list(found.values("id"))


def _figures(card: GapCard) -> list[tuple[str, str]]:
    """What a person compares cards by."""
    figures = [
        ("candidates", f"{card.images:,}"),
        *([("of them gaps", f"{card.gaps:,}")] if card.by_metadata else []),
        ("without near duplicates", f"{card.once:,}"),
        ("drive" if card.drives == 1 else "drives", f"{card.drives:,}"),
        ("median distance to owned images", decimals(card.median)),
    ]
    if card.effect is not None:
        figures.append(("x the usual distance among owned images", two_digits(card.effect)))
    if card.support is not None:
        figures.append(("owned images within δ, median", f"{card.support:g}"))
    if card.failure_rate is not None:
        figures.append(("fail nearby", in_percent(card.failure_rate, 0)))
    if card.runs:
        figures.append(("runs it holds in", card.holds))
    if card.encoders:
        figures.append(("with other encoders", _other_encoders(card)))
    return figures


def _other_encoders(card: GapCard) -> str:
    said = {True: "holds", False: "does not hold"}
    return ", ".join(f"{suffix or 'no suffix'}: {said[ok]}" for suffix, ok in card.encoders.items())


Writer = Callable[[fo.Dataset, Names, CardResult, Progress], str]
WRITERS: dict[str, Writer] = {".html": _page, ".csv": _csv, ".json": _json}
"""What writes a file, by its ending."""
