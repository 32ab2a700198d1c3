"""The first screen, the page of progress and the δ bar; see :mod:`.contract`."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from .contract_answers import DriveGroup, ValueGroup
from .contract_kinds import Base64, OfStamp

CLASSES_MAX = 4
"""Values that the gaps at a δ are counted by."""
ROUNDS_MAX, FOLLOWED_MAX = 50, 50
"""Rounds and gap cards that the page of progress lists."""
CARDS_MAX, CONTRASTS_MAX, PICKS_MAX = 50, 12, 1000
"""Gap cards, contrasts and picks of the first screen."""
SINGLE_IMAGES = "single images"
"""The key of gaps that are in no card."""


class RoundRow(TypedDict):
    """One coverage run as the dataset grew."""

    number: int
    time: str
    """ISO, UTC."""
    S: int
    drives_owned: int
    U: int
    drives_pool: int
    gaps: int
    covered: int
    cannot_say: int
    delta: float
    closed: int | None
    """Of the gaps of the round before; null where nothing is compared."""
    opened: int | None
    still: int | None
    said: list[str]
    """What changed since the round before, in sentences."""


class FollowedCard(TypedDict):
    """A gap card from round to round."""

    number: int
    title: str
    state: Literal["open", "met", "closed", "gone"]
    images: int
    done: int
    """Of them covered or owned."""
    new: int
    """Of them new in this round."""


class IssuedSpec(TypedDict):
    """A Visual Spec against the images that came after it."""

    id: str
    title: str
    state: Literal["open", "met", "unknown"]
    quantity: int
    met: int
    count: str
    """How much of the quantity is here; empty where nothing could be checked."""
    said: str
    """What came, in a sentence; or why nothing could be checked."""


class Progress(TypedDict):
    rounds: list[RoundRow]
    """Newest first, `ROUNDS_MAX` at most."""
    cards: list[FollowedCard]
    """Those with most gaps left first, `FOLLOWED_MAX` at most."""
    specs: list[IssuedSpec]
    """The last ones, the newest first."""
    nothing: str
    """What to do, where there is nothing to compare yet; else empty."""


class Picture(TypedDict):
    """A sample as a small picture."""

    id: str
    index: int
    """Position among the points shown, -1 when it is not shown."""
    filepath: str
    dist_to_S: float | None
    drive: str | None


class Pair(TypedDict):
    """An image of a card beside the nearest image of S."""

    image: Picture
    nearest: Picture | None


class GapCardRow(TypedDict):
    """A kind of scene that S lacks."""

    key: str
    """The value of `gap_card` on its images."""
    title: str
    counts: str
    lines: list[str]
    """Figures and reservations, in sentences."""
    images: int
    pictures: list[Pair]
    positions: Base64
    """uint32, among the points shown."""


class ContrastRow(TypedDict):
    """What sets candidates apart by name, where there are no cards."""

    group: ValueGroup | DriveGroup
    title: str
    counts: str
    lines: list[str]
    images: int
    positions: Base64


class PickRow(Picture):
    rank: int
    radius: float | None
    """Covering radius once it is added."""


class Overview(OfStamp):
    """The first screen: what S lacks, and what to label next."""

    cards: list[GapCardRow]
    """The weightiest first, `CARDS_MAX` at most; single images last."""
    cards_total: int
    """Of gaps."""
    by_metadata: int
    """Kinds of scene besides that S lacks by its metadata."""
    no_cards: str
    """Why there are none to read; empty where there are."""
    summarized: bool
    """Cards were made of the last coverage run, if there were gaps to make them of."""
    contrasts: list[ContrastRow]
    """Where there are no cards."""
    picks: list[PickRow]
    """First pick first, `PICKS_MAX` at most."""
    picks_total: int
    no_picks: str
    """Why there is none; empty where there are."""
    radius_before: float | None
    knee: int | None
    """Picks after which the radius falls little."""


class ClassCount(TypedDict):
    value: str
    gaps: int


class GapsAt(TypedDict):
    """The gaps at a δ."""

    gaps: int
    field: str | None
    """What they are counted by; null where no field tells them apart."""
    classes: list[ClassCount]
    """Most frequent first, `CLASSES_MAX` at most."""
    others: int
    """Gaps of further values, or of none."""
