"""A gap card: one group of gaps with its pictures, figures, name and order.

The one idea: a list of far images is not a decision, a dozen cards are.  A card says how many
images and drives it holds, what sets it apart from S, which three images show it best beside the
nearest ones of S, and whether U has enough of it or somebody must drive for it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..coverage.named.channel import named
from ..coverage.named.findings import MOST_FRAMES, Categories, Finding, Numbers
from ..coverage.nearest.distances import nearest_distance
from ..coverage.nearest.rows import Metric, Rows, checked_rows, same_dimension
from ..coverage.verdict import drive_numbers
from ..coverage.words import counted
from ..coverage.yardstick import Yardstick
from ..errors import DimensionError
from .group import SINGLE
from .lacking import LEAST_DRIVES, Kind
from .naming import Name
from .phrases import Phrase, phrases_sentence
from .stability import Held

EXEMPLARS = 3

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Card:
    """One group of gaps, or the images of a kind of scene that S lacks by its metadata.

    Attributes
    ----------
    rows
        Its images, int64, as rows of U.
    once
        How many they are with near duplicates counted once.
    drives
        How many drives they come from; an image without a drive is one of its own.
    exemplars, beside
        Up to three rows of U, the medoid first and then the least like those before; and the row
        of S nearest to each.
    median, highest
        Distance of its images to S.
    effect
        The median in units of the median distance inside S; None where that is 0.
    percentile
        Where the median falls among the distances inside S, 0 to 100.
    support
        Median number of images of S within the radius; None where it was not counted.
    rate
        Mean failure rate of its images; None where nothing was reviewed.
    name, attributes, phrases
        What its metadata says, the attributes of its images that lie outside S, and what an
        image-text encoder says.
    held
        How often it holds when the run is made again; None where that was not tried.
    weight
        What cards are ordered by: ``once`` x effect, x rate where there is one.  Images of a kind
        of which S has none count at least as much as one at the median distance inside S.
    kind
        What it is where metadata made it, and no gaps.
    """

    rows: Ints
    drives: int
    exemplars: Ints
    beside: Ints
    median: float
    highest: float
    effect: float | None
    percentile: float
    support: float | None
    rate: float | None
    name: Name
    attributes: tuple[Finding, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    held: Held | None = None
    weight: float = 0.0
    once: int = 0
    kind: Kind | None = None

    @property
    def gaps(self) -> int:
        """How many of its images are gaps."""
        return self.kind.gaps if self.kind else len(self.rows)

    @property
    def title(self) -> str:
        """Its name, or what its attributes or phrases say, or that nothing separates it.

        Examples
        --------
        >>> row = np.zeros(1, np.int64)
        >>> Card(row, 1, row, row, 0.4, 0.4, None, 99.0, None, None, Name()).title
        'no name separates it'
        """
        if self.name.title:
            return self.name.title
        if self.attributes:
            return self.attributes[0].sentence.split(" than ")[0]
        if self.phrases:
            return self.phrases[0].text
        return "no name separates it"

    def fill(self, wanted: int) -> Fill:
        """Whether U can fill it: images that count once are of as many drives at most."""
        return Fill(self.once, min(self.drives, self.once), wanted)

    def sentences(self, alpha: float = 0.1) -> list[str]:
        """What sets the card apart: its name, then its attributes, then phrases."""
        named = [self.name.sentence(alpha)]
        if self.kind:
            named = self.kind.sentences(self.percentile, alpha)
        said = [*named, *(one.sentence for one in self.attributes)]
        return [*said, *([phrases_sentence(self.phrases)] if self.phrases else [])]


@dataclass(frozen=True)
class Fill:
    """Whether U can fill a gap: ``images`` of ``drives`` at hand, ``wanted`` asked for."""

    images: int
    drives: int
    wanted: int

    @property
    def enough(self) -> bool:
        """Whether there are as many images as wanted, from two drives or more."""
        return self.images >= self.wanted and self.drives >= LEAST_DRIVES

    @property
    def short(self) -> int:
        """Images that somebody must drive for."""
        return max(0, self.wanted - self.images)

    def __str__(self) -> str:
        """In words.

        Examples
        --------
        >>> print(Fill(12, 2, 10)); print(Fill(51, 1, 120)); print(Fill(30, 1, 20))
        The candidates fill it: 12 images of 2 drives, 10 wanted.
        The candidates have 51 images of 1 drive, 120 wanted: drive for 69 more.
        The candidates have 30 images, 20 wanted, but of 1 drive: drive for another occasion.
        """
        here = f"{counted(self.images, 'image')} of {counted(self.drives)}"
        if self.enough:
            return f"The candidates fill it: {here}, {self.wanted:,} wanted."
        if self.short:
            more = f"drive for {self.short:,} more"
            return f"The candidates have {here}, {self.wanted:,} wanted: {more}."
        return (
            f"The candidates have {counted(self.images, 'image')}, {self.wanted:,} wanted, but of "
            f"{counted(self.drives)}: drive for another occasion."
        )


def make_cards(
    owned: Rows,
    pool: Rows,
    card: ArrayLike,
    distance: ArrayLike,
    yardstick: Yardstick,
    owned_drives: Sequence[Hashable],
    pool_drives: Sequence[Hashable],
    *,
    names: Sequence[Name] = (),
    kinds: Sequence[Kind] = (),
    attributes: Sequence[Numbers | Categories] = (),
    support: ArrayLike | None = None,
    rates: ArrayLike | None = None,
    phrases: Sequence[tuple[Phrase, ...]] = (),
    held: Sequence[Held] = (),
    duplicates: ArrayLike | None = None,
    cameras: tuple[Sequence[Hashable], Sequence[Hashable]] | None = None,
    alpha: float = 0.1,
    metric: Metric = "cosine",
) -> list[Card]:
    """The cards of a run, the weightiest first.

    Parameters
    ----------
    owned, pool : float32 (m, d), (n, d)
        Unit rows of S and U.
    card : int (n,)
        Card of each image of U, below 0 where it is in none (:func:`~.group.group_gaps`).
    distance : (n,)
        Distance of each image of U to S, in ``metric``.
    yardstick : Yardstick
        Of S.
    owned_drives, pool_drives : m, n labels
        The drive of each image; None where it has none.
    names : sequence of Name, optional
        Of each card of gaps, by its number (:meth:`~.naming.Namer.names`).
    kinds : sequence of Kind, optional
        What S lacks by its metadata (:func:`~.lacking.kinds_lacking`): the numbers after those of
        gaps, in this order.
    attributes : sequence of Numbers or Categories
        What :func:`~..coverage.named.channel.named` compares: a card is one drive to it.
    support, rates : (n,), optional
        Images of S within the radius, and the failure rate, of each image of U.
    phrases : sequence of tuple of Phrase, optional
        Of each card, by its number (:func:`~.phrases.phrases_apart`).
    held : sequence of Held, optional
        Of each card of gaps, by its number (:func:`~.stability.stability`).
    duplicates : int (n,), optional
        A number of each image of U; images of one number are near duplicates and count once.
    cameras : labels of S and of U, optional
        Attributes are compared among images of one camera, where these name it.
    alpha : float
        Level of p-values, 0 to 1.

    Returns
    -------
    list of Card
        By ``weight``; cards of one weight in the order of their numbers.

    Examples
    --------
    >>> S, U = np.eye(4, dtype=np.float32)[:3], np.eye(4, dtype=np.float32)[[3, 3, 3]]
    >>> made, = make_cards(S, U, [0, 0, 0], [1, 1, 1], Yardstick.of([1, 1, 1]), "abc", "uuv",
    ...                    names=[Name(("`light` = night",), "night")])
    >>> made.title, made.drives, made.exemplars.tolist(), made.effect
    ('night', 2, [0, 1, 2], 1.0)
    """
    owned, pool = checked_rows("S", owned), checked_rows("U", pool)
    same_dimension("S", owned, "U", pool)
    label, far = np.asarray(card, np.int64), np.asarray(distance, np.float64)
    count = int(label.max(initial=SINGLE)) + 1
    for name, values in (("distances", far), ("cards", label), ("drive labels", pool_drives)):
        if len(values) != len(pool):
            raise DimensionError(f"{len(pool)} images of U and {len(values)} {name}.")
    drive = drive_numbers(pool_drives)
    groups = [np.flatnonzero(label == at) for at in range(count)]
    of_gaps = count - len(kinds)
    titled = [*(names or [Name()] * of_gaps), *(kind.name for kind in kinds)]
    said = outside_owned(attributes, owned_drives, label, alpha, cameras)
    usual = float(yardstick.distance(50.0))
    shown = [exemplars(pool, rows) for rows in groups]
    beside = _beside(pool, owned, shown, metric)
    made = []
    for at, rows in enumerate(groups):
        kind = kinds[at - of_gaps] if at >= of_gaps else None
        median = float(np.median(far[rows]))
        effect = median / usual if usual > 0 else None
        once = len(rows) if duplicates is None else len(np.unique(np.asarray(duplicates)[rows]))
        rate = None if rates is None else float(np.mean(np.asarray(rates, np.float64)[rows]))
        made.append(
            Card(
                rows=rows,
                drives=len(np.unique(drive[rows])),
                exemplars=shown[at],
                beside=beside[at],
                median=median,
                highest=float(far[rows].max()),
                effect=effect,
                percentile=float(yardstick.percentile(median)),
                support=None if support is None else float(np.median(np.asarray(support)[rows])),
                rate=rate,
                name=titled[at],
                attributes=said[at],
                phrases=phrases[at] if phrases else (),
                held=held[at] if held and not kind else None,
                weight=_weight(once, median if effect is None else effect, rate, kind),
                once=once,
                kind=kind,
            )
        )
    return sorted(made, key=lambda one: -one.weight)


def _beside(pool: Rows, owned: Rows, shown: Sequence[Ints], metric: Metric) -> list[Ints]:
    """The row of S nearest to each row of U that is shown."""
    if not shown:
        return []
    found = nearest_distance(pool[np.concatenate(shown)], owned, metric=metric).index
    return np.split(found, np.cumsum([len(rows) for rows in shown])[:-1])


def _weight(images: int, effect: float, rate: float | None, kind: Kind | None) -> float:
    far = max(effect, 1.0) if kind else effect
    return images * far * (1.0 if rate is None else rate)


def outside_owned(
    attributes: Sequence[Numbers | Categories],
    owned_drives: Sequence[Hashable],
    card: Ints,
    alpha: float = 0.1,
    cameras: tuple[Sequence[Hashable], Sequence[Hashable]] | None = None,
) -> list[tuple[Finding, ...]]:
    """What the named channel says of each card, where most of its images do lie outside S.

    Parameters
    ----------
    attributes : sequence of Numbers or Categories
        Of the m images of S and the n of U.
    card : int (n,)
        Below 0 where an image is in no card.
    cameras : m and n labels, optional
        Numbers are compared among images of one camera.

    Examples
    --------
    >>> light = Numbers("brightness", [90, 99, 110], [30, 40, 95], "darker", "brighter", " of 255")
    >>> [[one.sentence for one in of] for of in outside_owned([light], "abc", np.array([0, 0, 1]))]
    [['darker than every owned drive (median 35 of 255; owned: 90 to 110)'], []]
    """
    count = int(card.max(initial=SINGLE)) + 1
    rows = np.flatnonzero(card >= 0)
    if not count or not attributes:
        return [()] * count
    asked = [_of_rows(one, rows) for one in attributes]
    told: dict[str, Any] = {}
    if cameras is not None:
        ours, theirs = cameras
        told = {"owned_cameras": ours, "pool_cameras": [theirs[row] for row in rows.tolist()]}
    found = named(asked, owned_drives, card[rows].tolist(), alpha, **told)
    return [
        tuple(one for one in found.get(at, ()) if one.sentence and one.outside >= MOST_FRAMES)
        for at in range(count)
    ]


def _of_rows(one: Numbers | Categories, rows: Ints) -> Numbers | Categories:
    """The attribute with some images of U alone."""
    if isinstance(one, Numbers):
        return replace(one, pool=np.asarray(one.pool, np.float64)[rows])
    return replace(one, pool=[one.pool[row] for row in rows.tolist()])


def exemplars(pool: Rows, rows: Ints) -> Ints:
    """The images that show a card best: its medoid, then the least like those before.

    Parameters
    ----------
    rows : int64 (k,)
        Rows of ``pool`` that belong to the card, at least one.

    Returns
    -------
    int64 (min(k, EXEMPLARS),)
        Rows of ``pool``.  Of equals the one that stands first.

    Examples
    --------
    >>> angle = np.radians([0, 10, 20, 90])
    >>> U = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    >>> exemplars(U, np.arange(4)).tolist()
    [2, 3, 0]
    """
    mine = pool[rows].astype(np.float64)
    # The sum of cosine distances is least where the inner product with the sum of rows is most.
    chosen = [int(np.argmax(np.round(mine @ mine.sum(axis=0), 9)))]
    nearest = 1 - mine @ mine[chosen[0]]
    while len(chosen) < min(EXEMPLARS, len(rows)):
        nearest[chosen] = -1
        chosen.append(int(np.argmax(np.round(nearest, 9))))
        nearest = np.minimum(nearest, 1 - mine @ mine[chosen[-1]])
    return np.asarray(rows, np.int64)[chosen]
