"""Gap cards as a dataset keeps them: in the run's record, and read back for panel and reports.

A card's ``key`` is the value of the field ``gap_card`` on its images, so its samples are
``dataset.match(F("gap_card") == card.key)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from dataclasses import fields as dataclass_fields
from typing import TYPE_CHECKING, Any

import fiftyone as fo

from ....cards.card import Card
from ....coverage.words import counted, in_percent, of_them, two_digits
from ....errors import EmptySetError, MismatchError
from ....results import Result
from ...store import runs
from ...store.names import Names
from ..coverage import coverage
from .card_scene import stamp

if TYPE_CHECKING:
    import pandas as pd

STEP = "cards"
SINGLE_IMAGES = "single images"
"""The value of ``gap_card`` of gaps that are in no card."""
UNNAMED = "unnamed"
LISTED = 1000
"""Cards that a record keeps, the weightiest."""
SHOWN = 10
KEY_LENGTH = 80


@dataclass(frozen=True)
class GapCard:
    """One card of the last run.

    Attributes
    ----------
    key
        The value of ``gap_card`` on its images.
    number
        Its place, 1 = weightiest.
    title, sentences
        What sets it apart from S: as a heading, and with counts and p-values.
    images, once, drives
        Of U; ``once`` counts near duplicates once.
    exemplars, nearest
        Ids of up to three samples that show it, and of the sample of S nearest to each.
    median, highest
        Distance of its images to S, in the metric of the coverage run.
    effect, percentile
        The median in units of the median distance inside S (None where that is 0), and its place
        among those distances, 0 to 100.
    support
        Median number of images of S within δ; None where it was not counted.
    failure_rate
        Mean failure rate around its images, 0 to 1; None where nothing was reviewed.
    wanted, short, enough, fill
        Images wanted, how many U lacks, whether U has enough of two drives, and that in words.
    held, runs
        In how many runs with drives of S drawn anew it holds; 0 of 0 where that was not tried.
    encoders
        For each other analysis (suffix) with gaps of these samples: whether it holds there.
    weight
        What orders cards: images x effect, x failure rate where there is one.
    name
        The parts of its name, as :class:`~gapsphere.plugin.cards.naming.Name` has them.
    by_metadata
        Whether it is a kind of scene that S lacks by its metadata, and no group of gaps.
    gaps
        How many of its images are gaps: all, where gaps were grouped.
    """

    key: str
    number: int
    title: str
    sentences: list[str]
    images: int
    once: int
    drives: int
    exemplars: list[str]
    nearest: list[str]
    median: float
    highest: float
    effect: float | None
    percentile: float
    support: float | None
    failure_rate: float | None
    wanted: int
    short: int
    enough: bool
    fill: str
    held: int = 0
    runs: int = 0
    encoders: dict[str, bool] = field(default_factory=dict)
    weight: float = 0.0
    name: dict[str, Any] = field(default_factory=dict)
    by_metadata: bool = False
    gaps: int = 0

    @property
    def holds(self) -> str:
        """In how many runs it holds, in words; empty where none were made."""
        return f"{self.held} of {self.runs}" if self.runs else ""

    def line(self) -> str:
        """The card in a line."""
        effect = "" if self.effect is None else f", {two_digits(self.effect)} x the usual distance"
        rate = (
            "" if self.failure_rate is None else f", {in_percent(self.failure_rate, 0)} fail nearby"
        )
        holds = f", holds in {self.holds} runs" if self.runs else ""
        if self.by_metadata:
            holds = f", none owned by the metadata, {counted(self.gaps, 'gap')} among them"
        return (
            f"{self.number}. {self.title}: {counted(self.images, 'image')}"
            f"{of_them(self.images, self.once)} of "
            f"{counted(self.drives)}{effect}{rate}{holds}. {self.fill}"
        )


@dataclass(frozen=True, repr=False)
class CardResult(Result):
    """What ``summarize_gaps`` found.

    ``once`` counts near duplicates among the ``gaps`` once (the others have the tag
    ``gap_duplicate``); ``found`` cards, the weightiest first; ``count`` of all of them, of which
    ``by_metadata`` are kinds that S lacks by its metadata, out of ``lacking`` such kinds;
    ``single`` images are gaps in no card; ``basis`` is what the verdicts rest on; ``left_out`` says
    why fields of the user's name no card.
    """

    dataset: str
    suffix: str
    gaps: int
    count: int
    single: int
    found: list[GapCard]
    basis: str = ""
    once: int = 0
    scale: float | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    by_metadata: int = 0
    lacking: int = 0
    seconds: float = 0.0
    reused: bool = False

    @property
    def cards(self) -> pd.DataFrame:
        """A row for each card, indexed by ``key``."""
        return table(self.found)

    def __str__(self) -> str:
        if not self.gaps and not self.count:
            none = ": S supports no verdict, and no δ was given" if self.basis == "none" else ""
            return f"no gaps, so no cards{none}"
        head = self._head()
        lines = [f"  {card.line()}" for card in self.found[:SHOWN]]
        rest = self.count - len(lines)
        more = [f"  and {counted(rest, 'card')} more"] if rest > 0 else []
        return "\n".join([head, *lines, *more])

    def _head(self) -> str:
        """How many cards of how many gaps, and what S lacks besides."""
        gaps = "provisional gap" if self.basis == "provisional" else "gap"
        alone = f", and {counted(self.single, 'single image')}" if self.single else ""
        head = f"{counted(self.count - self.by_metadata, 'card')} of {counted(self.gaps, gaps)}"
        head += f"{of_them(self.gaps, self.once)}{alone}"
        if not self.gaps:
            head = "no gaps"
        if not self.by_metadata:
            return head
        shown = f" ({self.by_metadata:,} shown)" if self.by_metadata < self.lacking else ""
        kinds = counted(self.lacking, "more kind" if self.gaps else "kind")
        return f"{head}; metadata alone names {kinds} of scene{shown} that you own none of"


def table(cards: Iterable[GapCard]) -> pd.DataFrame:
    """Cards as rows: what a person reads first comes first."""
    import pandas as pd

    columns = ["card", *(one.name for one in dataclass_fields(GapCard) if one.name != "key")]
    rows = []
    for card in cards:
        row = {**asdict(card), "card": card.key, "sentences": " ".join(card.sentences)}
        row["name"] = " and ".join(card.name.get("values", ()))
        rows.append({name: row[name] for name in columns})
    return pd.DataFrame(rows, columns=columns).set_index("card")


def record_of(
    card: Card,
    key: str,
    number: int,
    ids: tuple[Sequence[str], Sequence[str]],
    wanted: int,
    alpha: float,
    encoders: Mapping[str, bool],
) -> GapCard:
    """A card of arrays with sample ids, ``ids`` of U and of S, in place of rows."""
    pool, owned = ids
    images = len(card.rows)
    fill = card.fill(wanted)
    return GapCard(
        key=key,
        number=number,
        title=card.title,
        sentences=card.sentences(alpha),
        images=images,
        once=card.once,
        drives=card.drives,
        exemplars=[pool[row] for row in card.exemplars.tolist()],
        nearest=[owned[row] for row in card.beside.tolist()],
        median=card.median,
        highest=card.highest,
        effect=card.effect,
        percentile=card.percentile,
        support=card.support,
        failure_rate=card.rate,
        wanted=wanted,
        short=fill.short,
        enough=fill.enough,
        fill=str(fill),
        held=card.held.held if card.held else 0,
        runs=card.held.runs if card.held else 0,
        encoders=dict(encoders),
        weight=card.weight,
        name=_plain(asdict(card.name)),
        by_metadata=card.kind is not None,
        gaps=card.gaps,
    )


def keys(cards: Sequence[Card]) -> list[str]:
    """A value of ``gap_card`` for each card: its title, numbered where others have it.

    No card has the value of single images.
    """
    taken = {SINGLE_IMAGES}
    found = []
    for card in cards:
        title = card.title if card.name.title or card.attributes else UNNAMED
        stem = title if len(title) <= KEY_LENGTH else f"{title[: KEY_LENGTH - 1]}…"
        key, number = stem, 2
        while key in taken:
            key, number = f"{stem} {number}", number + 1
        taken.add(key)
        found.append(key)
    return found


def gap_cards(dataset: fo.Dataset, suffix: str = "") -> list[GapCard]:
    """The cards of the last run, the weightiest first, as :func:`read` reads them."""
    return read(dataset, Names(suffix)).found


def read(dataset: fo.Dataset, names: Names) -> CardResult:
    """What the last run found.

    Raises
    ------
    EmptySetError
        There was none.
    UnfinishedError
        It, or the coverage run below it, was interrupted.
    MismatchError
        Coverage was computed again since.
    """
    record = runs.finished(dataset, names, STEP)
    if record is None or not record.results:
        raise EmptySetError("There are no cards yet: run summarize_gaps first.")
    if record.inputs.get("coverage") != coverage_stamp(dataset, names):
        raise MismatchError("The cards are of an earlier coverage run: run summarize_gaps again.")
    return of_record(record.results)


def of_record(results: Mapping[str, Any]) -> CardResult:
    """A recorded result; what a later version keeps besides is left out."""
    known = runs.known(CardResult, results)
    listed = [
        GapCard(**{"gaps": card["images"], **runs.known(GapCard, card)})
        for card in results["found"]
    ]
    return CardResult(**{**known, "found": listed})


def coverage_stamp(dataset: fo.Dataset, names: Names) -> str:
    """What tells one coverage run from the next; empty where there is none."""
    record = runs.finished(dataset, names, coverage.STEP)
    return "" if record is None else stamp(record)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Tuples as the lists that they become in the database."""
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
