"""Gap cards as one page that opens offline: each card's pictures beside the nearest ones of S."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .render import render
from .spec.page import Picture


@dataclass(frozen=True)
class Shown:
    """A picture with its file, and the distance to S of an image of U."""

    picture: Picture
    path: str
    distance: float | None = None


@dataclass(frozen=True)
class PageCard:
    """A card for the page.

    ``sentences`` say what sets it apart; ``figures`` are pairs of a label and a value; ``pairs``
    are an image of U and the one of S nearest to it.
    """

    number: int
    title: str
    sentences: Sequence[str]
    fill: str
    enough: bool
    figures: Sequence[tuple[str, str]]
    pairs: Sequence[tuple[Shown, Shown]]


def cards_page(
    dataset: str,
    summary: str,
    standing: str,
    cards: Sequence[PageCard],
    *,
    made: str,
    more: int = 0,
    settled: bool = True,
) -> str:
    """The page as HTML, with every picture inside.

    Parameters
    ----------
    summary, standing
        How many cards of how many gaps, and what the verdicts are worth.
    made
        When, and by which encoder.
    more
        Cards that are not on the page.
    settled
        Whether the verdicts have a known error rate.

    Examples
    --------
    >>> card = PageCard(1, "night", ["night: 0 of 9 owned images"], "Drive.", False, [], [])
    >>> "<h2>1. night</h2>" in cards_page("rig", "1 card of 3 gaps", "", [card], made="today")
    True
    """
    return render(
        "cards.html.j2",
        dataset=dataset,
        summary=summary,
        standing=standing,
        cards=cards,
        made=made,
        more=more,
        settled=settled,
    )
