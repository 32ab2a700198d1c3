"""``rounds``: how coverage went on from run to run, read off what is kept; nothing is computed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ....coverage.words import capital, counted, decimals
from ....errors import EmptySetError
from ....results import Result
from ....rounds.follow import Followed
from ....rounds.spec_progress import SpecProgress
from ...store.names import Names
from ...store.sets.resolve import Samples, dataset_of
from . import rounds
from .rounds import CardCounts, Round

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 10
AGAIN = (
    "Run find_gaps again after adding images: then this shows what was closed, what was opened and "
    "what is left."
)
"""What to do where there is nothing to compare yet."""


@dataclass(frozen=True, repr=False)
class ProgressResult(Result):
    """The rounds of an analysis, oldest first, with cards and Visual Specs as they stand."""

    dataset: str
    suffix: str
    rounds: Sequence[Round]
    cards: Sequence[Followed] = ()
    specs: Sequence[SpecProgress] = ()

    @property
    def table(self) -> pd.DataFrame:
        """A row for each round, indexed by its number."""
        import pandas as pd

        return pd.DataFrame([_row(each) for each in self.rounds]).set_index("number")

    def record(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "dataset": self.dataset,
            "suffix": self.suffix,
            "rounds": [asdict(each) for each in self.rounds],
            "cards": [asdict(each) for each in self.cards],
            "specs": [asdict(each) for each in self.specs],
            "said": said(self.rounds[-1]),
        }

    def json(self) -> str:
        """:meth:`record` as text."""
        return json.dumps(self.record(), ensure_ascii=False, indent=2)

    def __str__(self) -> str:
        last = self.rounds[-1]
        lines = [_head(self), _HEADER, *map(_line, self.rounds[-SHOWN:])]
        lines += said(last)
        shown = sorted(self.cards, key=lambda one: -one.open)[:SHOWN]
        # Without its number, which is not the one by which a Visual Spec asks for a card.
        lines += ["gap cards:"] * bool(shown) + [f"  {card_line(one)}" for one in shown]
        lines += [f"  spec {one.line()}" for one in self.specs]
        return "\n".join(lines)


def read(samples: Samples, suffix: str = "") -> ProgressResult:
    """The rounds of an analysis.

    Raises
    ------
    EmptySetError
        There is none: coverage was not computed, or by a version that kept no rounds.
    """
    dataset = dataset_of(samples)
    log = rounds.read(dataset, Names(suffix))
    if not log.rounds:
        of = f" of suffix {suffix!r}" if suffix else ""
        raise EmptySetError(f"{dataset.name!r} has no round{of} yet: run find_gaps first.")
    return ProgressResult(dataset.name, suffix, log.rounds, log.cards)


def said(now: Round) -> list[str]:
    """What happened since the round before, in sentences."""
    if now.compared is None:
        other = now.number > 1
        why = "It is the first of its encoder, and encoders are never compared. " if other else ""
        return [f"Round {now.number} has nothing to be compared with. {why}{AGAIN}"]
    since = f"since round {now.compared}"
    delta = f"δ is the same ({now.delta:.4g})."
    if now.delta_moved:
        delta = f"Part of what changed comes from this: {now.delta_moved}."
    found = now.changes
    if found is None:
        return [f"{since.capitalize()}: the images of that round were not kept.", delta]
    drives = ""
    if now.drives_added:
        listed = ", ".join(now.new_drives)
        more = now.drives_added - len(now.new_drives)
        names = f"{listed}{f' and {more} more' if more and listed else ''}"
        drives = f", with {counted(now.drives_added, 'new drive')}" + f" ({names})" * bool(listed)
    moved_in = found.owned_added - found.owned_new
    parts = [f"{counted(moved_in, 'former candidate')}"] * bool(moved_in)
    parts += [f"{found.owned_new:,} new"] * bool(found.owned_new)
    how = f" ({', '.join(parts)})" if parts else ""
    owned = f"{counted(found.owned_added, 'owned image')} added{how}{drives}"
    owned += f", {found.owned_removed:,} removed" * bool(found.owned_removed)
    pool = counted(found.pool_added, "new candidate")
    pool += f", {found.pool_removed:,} removed" * bool(found.pool_removed)
    closed = f"{counted(found.closed, 'gap')} closed"
    closed += f" ({found.covered:,} covered, {found.owned:,} owned)" * bool(found.closed)
    closed += f", {found.unsaid:,} without a verdict now" * bool(found.unsaid)
    closed += f", {found.gone:,} removed" * bool(found.gone)
    opened = f"{found.opened:,} opened" + (
        f" ({found.opened_new:,} new images, {found.opened_known:,} known)" * bool(found.opened)
    )
    lines = [
        f"{capital(since)}: {owned}; {pool}.",
        f"{closed}, {found.still:,} still open, {opened}.",
        delta,
    ]
    return lines + ([cards_line(now.cards)] if now.cards else [])


def cards_line(cards: CardCounts) -> str:
    """What happened to cards in a round.

    Examples
    --------
    >>> cards_line(CardCounts(open=7, opened=1, met=2, closed=1, gone=0))
    'Cards: 7 open; in this round 1 opened, 2 met, 1 closed.'
    """
    gone = f", {cards.gone} gone into others or removed" if cards.gone else ""
    return (
        f"Cards: {cards.open} open; in this round {cards.opened} opened, {cards.met} met, "
        f"{cards.closed} closed{gone}."
    )


def card_line(card: Followed) -> str:
    """How a card stands.

    Examples
    --------
    >>> card_line(Followed(3, "night and rain", 1, 40, 12, 2, "met", 2))
    'night and rain (met): 28 of 40 images covered or owned, 2 new'
    """
    new = f", {card.new:,} new" if card.new else ""
    done = f"{card.done:,} of {card.images:,} images covered or owned"
    return f"{card.title} ({card.state}): {done}{new}"


def _row(one: Round) -> dict[str, Any]:
    row = {name: value for name, value in vars(one).items() if name not in ("changes", "cards")}
    since, cards = one.changes, one.cards
    if since is not None:
        about = asdict(since) | {"closed": since.closed, "opened": since.opened}
        row |= {_COLUMNS.get(name, name): value for name, value in about.items()}
    return row | {f"cards_{k}": v for k, v in (asdict(cards) if cards else {}).items()}


_COLUMNS = {name: f"gaps_now_{name}" for name in ("covered", "owned", "unsaid", "gone", "still")}
_HEADER = (
    f"{'round':>5}  {'time (UTC)':16}  {'S':>14}  {'U':>14}  {'δ':>7}  {'gaps':>7}  closed  opened"
)


def _line(one: Round) -> str:
    owned, pool = f"{one.owned:,} of {one.owned_drives}", f"{one.pool:,} of {one.pool_drives}"
    found = one.changes
    closed = "" if found is None else f"{found.closed:,}"
    opened = "" if found is None else f"{found.opened:,}"
    when = one.time[:16].replace("T", " ")
    return (
        f"{one.number:>5}  {when:16}  {owned:>14}  {pool:>14}  {decimals(one.delta, 4):>7}  "
        f"{one.gaps:>7,}  {closed:>6}  {opened:>6}"
    ).rstrip()


def _head(result: ProgressResult) -> str:
    count, last = len(result.rounds), result.rounds[-1]
    of = f" of {result.suffix!r}" if result.suffix else ""
    return (
        f"{result.dataset}: {counted(count, 'round')}{of}, encoder {last.encoder} "
        "(S and U: images of drives)"
    )
