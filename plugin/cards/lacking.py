"""Kinds of scene that S lacks by its metadata, whatever the distances say.

The one idea: *night and rain: 0 of 240 owned images* is a count, and stays true where an encoder
hardly tells night from dusk and so calls none of these images a gap.  A kind is the shortest
conjunction of up to three values that images of U have and no image of S: where one value alone is
missing, that is the kind.  What cards of gaps name already is left to them.

No test can say that S lacks a kind beyond chance where two drives of sixty have it, and none is
needed for a count.  What chance does make is values that mean nothing; so a kind is made of fields
that show in the images alone (:mod:`.shown`), and needs three images of two drives.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import lgamma

import numpy as np
from numpy.typing import NDArray

from ..coverage.named.ranges import OWN_RANGE
from ..coverage.nearest.distances import nearest_distance
from ..coverage.nearest.rows import Metric, Rows
from ..coverage.verdict import drive_weights
from ..coverage.words import counted, joined
from .columns import Term
from .group import LEAST
from .naming import VALUES, Chosen, Name, Namer

LEAST_DRIVES = 2
"""Drives that a kind of scene should be seen in: one shows an occasion, not a kind."""

MOST_KINDS = 12
"""Kinds that become cards, those of most drives; the rest are counted."""

_ROUNDING = 1e-9

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of scene that S lacks by its metadata.

    Attributes
    ----------
    rows
        Its images that are in no card of gaps, int64, as rows of U.
    name
        What it is called by, with counts; ``p`` is the chance that none of its drives is in S if
        drives are dealt to S and U at random.
    drives
        How many drives these images come from.
    gaps
        How many of the images are gaps.
    nearest
        What most of the nearest images of S show.
    """

    rows: Ints
    name: Name
    drives: int
    gaps: int
    nearest: tuple[str, ...] = ()

    def sentences(self, percentile: float, alpha: float = 0.1) -> list[str]:
        """What it is, first; then what the encoder sees of it.

        Examples
        --------
        >>> name = Name(("`light` = night",), "night", 9, 9, 0, 240, 0, 24, None, 0.38)
        >>> for said in Kind(np.arange(9), name, 2, 0, ("dusk", "city")).sentences(41): print(said)
        night: by the metadata 0 of 240 owned images, 0 of 24 drives; 9 candidates of 2 drives \
(p 0.38: chance alone may leave so few drives out)
        To this encoder these images look like owned ones: 0 of 9 are gaps, their median distance \
is at percentile 41 of the distances among owned images, and most of the nearest owned images show \
dusk and city. Labels may add little for it: look at the pictures and decide.
        """
        name, images = self.name, len(self.rows)
        few = "" if name.p <= alpha + _ROUNDING else ": chance alone may leave so few drives out"
        same = f"; the same images as {', '.join(name.same)}" if name.same else ""
        first = (
            f"{name.title}: by the metadata {name.owned:,} of "
            f"{counted(name.owned_total, 'owned image')}, {name.owned_drives:,} of "
            f"{counted(name.owned_drives_total)}; {counted(images, 'candidate')} of "
            f"{counted(self.drives)} (p {name.p:.2g}{few}){same}"
        )
        shown = joined(self.nearest)
        beside = f", and most of the nearest owned images show {shown}" if shown else ""
        seen = (
            f"{self.gaps:,} of {images:,} are gaps, their median distance is at percentile "
            f"{percentile:.0f} of the distances among owned images{beside}."
        )
        if percentile > 100 * (1 - alpha) or 2 * self.gaps > images:
            return [first, seen]
        return [
            first,
            f"To this encoder these images look like owned ones: {seen} Labels may add little for "
            "it: look at the pictures and decide.",
        ]


@dataclass(frozen=True, eq=False)
class Kinds:
    """``found`` kinds, those of most drives first, and how many there are ``in_all``."""

    found: tuple[Kind, ...] = ()
    in_all: int = 0


def kinds_lacking(
    namer: Namer,
    fields: Collection[str],
    owned: Rows,
    pool: Rows,
    gap: Mask,
    cards: Sequence[Ints] = (),
    names: Sequence[Name] = (),
    *,
    metric: Metric = "cosine",
) -> Kinds:
    """Kinds that S lacks by its metadata and that no card of gaps names.

    Parameters
    ----------
    fields : names of fields
        What kinds are made of (:func:`.shown.shown_fields`).
    owned, pool : float32 (m, d), (n, d)
        Unit rows of S and U.
    gap : bool (n,)
        Images of U that are gaps.
    cards, names
        Cards of gaps as rows of U, and the name of each.  An image is left to them where it is in
        one, or has all values of a name of which S has no image and which says more than that
        images are candidates.

    Examples
    --------
    >>> from .columns import Column, terms_of
    >>> light, sky = ["day"] * 2 + ["night"] * 2, ["dry", "rain", "dry", "dry"]
    >>> columns = [Column("light", light, ["night"] * 4), Column("sky", sky, ["rain"] * 4)]
    >>> terms, one = terms_of(columns, "abcd", "xxyy").terms, np.ones((4, 1), np.float32)
    >>> namer = Namer.of(terms, "abcd", "xxyy")
    >>> kind, = kinds_lacking(namer, ["light", "sky"], one, one, np.zeros(4, bool)).found
    >>> kind.name.title, kind.drives, round(kind.name.p, 2)
    ('night and rain', 2, 0.07)
    """
    taken = _taken(namer, cards, names)
    usable = [term for term in namer.terms if term.field in fields]
    chosen: list[tuple[Chosen, Ints]] = []
    for length in range(1, VALUES + 1):
        known = [set(name) for name, _ in chosen]
        for name, rows in _missing(namer, usable, length, known, taken):
            free = rows[~taken[rows]]
            if _enough(free, rows, namer.pool_drives) and _surely(namer, name):
                chosen.append((name, free))
                taken[free] = True
    chosen.sort(key=lambda one: -len(np.unique(namer.pool_drives[one[1]])))
    found = []
    for name, rows in chosen[:MOST_KINDS]:
        beside = nearest_distance(pool[rows], owned, metric=metric).index
        found.append(
            Kind(
                rows,
                replace(namer.told(rows, name, _chance(namer, name)), lift=None),
                len(np.unique(namer.pool_drives[rows])),
                int(gap[rows].sum()),
                tuple(t.short for t in usable if 2 * int(t.owned[beside].sum()) > len(rows)),
            )
        )
    return Kinds(tuple(found), len(chosen))


def _taken(namer: Namer, cards: Sequence[Ints], names: Sequence[Name]) -> Mask:
    """Images of U that are left to cards of gaps."""
    taken = np.zeros(len(namer.pool_drives), bool)
    by_words = {str(term): term for term in namer.terms}
    for rows, name in zip(cards, names, strict=True):
        taken[rows] = True
        said = [by_words[value] for value in name.values]
        if said and not name.owned and not any(term.last for term in said):
            taken |= np.logical_and.reduce([term.pool for term in said])
    return taken


def _missing(
    namer: Namer, terms: Sequence[Term], length: int, known: Sequence[set[Term]], taken: Mask
) -> list[tuple[Chosen, Ints]]:
    """Conjunctions of so many values that U has and S has not, those of most drives first.

    None that a kind which is known is part of, and none that is taken already.
    """
    fields: dict[str, list[Term]] = {}
    for term in terms:
        fields.setdefault(term.field, []).append(term)
    found = []
    for among in combinations(fields.values(), length):
        ours, theirs = _cells(among, "owned"), _cells(among, "pool")
        size = int(np.prod([len(of) for of in among]))
        has = np.bincount(ours[ours >= 0], minlength=size)
        images = np.bincount(theirs[theirs >= 0], minlength=size)
        lacked = (has == 0) & (images >= LEAST)
        mine = np.flatnonzero((theirs >= 0) & lacked[theirs])
        mine = mine[np.argsort(theirs[mine], kind="stable")]
        for rows in np.split(mine, np.flatnonzero(np.diff(theirs[mine])) + 1) if len(mine) else ():
            at = np.unravel_index(theirs[rows[0]], [len(of) for of in among])
            name = tuple(of[int(one)] for of, one in zip(among, at, strict=True))
            new = not any(one <= set(name) for one in known)
            if new and _enough(rows[~taken[rows]], rows, namer.pool_drives):
                found.append((name, rows))
    found.sort(key=lambda one: (-len(np.unique(namer.pool_drives[one[1]])), -len(one[1])))
    return found


def _cells(among: Sequence[Sequence[Term]], side: str) -> Ints:
    """A number for each combination of one value of each field; -1 where one is unknown."""
    size = len(getattr(among[0][0], side))
    cell, known = np.zeros(size, np.int64), np.ones(size, bool)
    for of in among:
        code = np.full(size, -1)
        for at, term in enumerate(of):
            code[getattr(term, side)] = at
        cell = cell * len(of) + code
        known &= code >= 0
    return np.where(known, cell, -1)


def _enough(free: Ints, rows: Ints, drives: Ints) -> bool:
    """Whether most images of a conjunction are free, three of two drives at least."""
    few = len(free) < LEAST or len(np.unique(drives[free])) < LEAST_DRIVES
    return not few and 2 * len(free) > len(rows)


def _surely(namer: Namer, name: Chosen) -> bool:
    """Whether next to no image of S may have it unknown to us: a value of it is missing there."""
    may = np.ones(len(namer.owned_drives), bool)
    for term in name:
        known = np.logical_or.reduce([t.owned for t in namer.terms if t.field == term.field])
        may &= term.owned | ~known
    weight = drive_weights(namer.owned_drives, len(may))
    return float((weight * may).sum()) <= 1 - OWN_RANGE + _ROUNDING


def _chance(namer: Namer, name: Chosen) -> float:
    """How likely no drive that has it is in S, if drives are dealt to S and U at random."""
    has = np.logical_and.reduce([term.pool for term in name])
    with_it = len(np.unique(namer.pool_drives[has]))
    ours, theirs = (int(drives.max()) + 1 for drives in (namer.owned_drives, namer.pool_drives))

    def ways(of: int) -> float:
        """Logarithm of the ways to choose the drives of S among so many."""
        return lgamma(of + 1) - lgamma(of - ours + 1)

    return float(np.exp(ways(ours + theirs - with_it) - ways(ours + theirs)))
