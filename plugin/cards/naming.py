"""A card's name: the shortest conjunction of metadata values that separates it from S.

The one idea: a name says what S lacks, so it holds for most of the card and for next to nothing of
S, drives weighted alike; the fewer values it needs, the better.  Where S merely has little of it,
the name is given only if chance is excluded.

Chance is asked by drives, since frames of one drive are one observation: the drives of the card and
of S are exchanged, all ways or a seeded sample of them, and the p-value is the share of ways in
which *some* name of as many values separates the drives that took the card's place as well.  So all
names of that length that could have been found are accounted for (Westfall & Young 1993, the
maximum over all statistics), and a factor of three accounts for the three lengths (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from ..coverage.named.ranges import OWN_RANGE
from ..coverage.verdict import drive_numbers, drive_weights
from ..coverage.words import counted, joined
from ..progress import Progress, silent
from .columns import Term
from .phrases import SAID_FROM

MOST = 0.8
"""Share of a card, drives weighted alike, that has what its name says."""

VALUES = 3
"""Values of a name at most."""

EXACT_WAYS, SAMPLED_WAYS = 5000, 999

_ROUNDING = 1e-9

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Name:
    """What sets a card apart from S.

    Attributes
    ----------
    values
        Its values, as in ``("`weather` = rain", "`time_of_day` = night")``; empty where nothing
        separates the card.
    title
        The same as a heading, as in ``night and rain``.
    here, here_total, owned, owned_total
        Images of the card, and of S, that have it.
    pool, pool_total
        Images of U that have it, gaps or not.
    owned_drives, owned_drives_total
        Drives of S that have it in some frame.
    lift
        How many times as frequent it is in the card, drives weighted alike; None where S has none.
    p
        Share of ways to exchange drives in which a name of as many values does as well, times
        three; 1 where there is no name.
    same
        Other values that hold for the same images of the card and of S: they cannot be told apart.
    usual
        What most images of the card have, whether S lacks it or not.
    """

    values: tuple[str, ...] = ()
    title: str = ""
    here: int = 0
    here_total: int = 0
    owned: int = 0
    owned_total: int = 0
    owned_drives: int = 0
    owned_drives_total: int = 0
    lift: float | None = None
    p: float = 1.0
    same: tuple[str, ...] = ()
    usual: tuple[str, ...] = ()
    pool: int = 0
    pool_total: int = 0

    def sentence(self, alpha: float = 0.1) -> str:
        """The name with its counts, and what chance says of it.

        Examples
        --------
        >>> print(Name(("`light` = night",), "night", 9, 9, 0, 240, 0, 24, None, 0.012).sentence())
        night: 0 of 240 owned images, 0 of 24 drives; 9 of 9 here (p 0.012)
        >>> print(Name(usual=("day", "city")).sentence())
        No metadata sets these images apart from the owned ones; most are day, city.
        """
        if not self.values:
            most = f"; most are {', '.join(self.usual)}" if self.usual else ""
            return f"No metadata sets these images apart from the owned ones{most}."
        chance = "" if self.p <= alpha + _ROUNDING else ": chance alone may name them so"
        same = f"; the same images as {', '.join(self.same)}" if self.same else ""
        owned = f"{self.owned:,} of {counted(self.owned_total, 'owned image')}"
        drives = f"{self.owned_drives:,} of {counted(self.owned_drives_total)}"
        here = f"{self.here:,} of {self.here_total:,} here"
        return f"{self.title}: {owned}, {drives}; {here} (p {self.p:.2g}{chance}){same}"


Chosen = tuple[Term, ...]


@dataclass(frozen=True, eq=False)
class Namer:
    """Names the cards of one run.

    ``terms`` and drives are of S (m images) and of U (n images); see :func:`~.columns.terms_of`.
    """

    terms: Sequence[Term]
    owned_drives: Ints
    pool_drives: Ints
    alpha: float = 0.1
    seed: int = 51

    @classmethod
    def of(
        cls,
        terms: Sequence[Term],
        owned_drives: Sequence[Hashable],
        pool_drives: Sequence[Hashable],
        alpha: float = 0.1,
        seed: int = 51,
    ) -> Namer:
        """A namer for labelled drives; a missing label is a drive of its own."""
        return cls(terms, drive_numbers(owned_drives), drive_numbers(pool_drives), alpha, seed)

    @cached_property
    def owned_rows(self) -> tuple[Ints, Mask, Ints]:
        """Frames of S as :func:`_distinct` has them."""
        return _distinct(self.owned_drives, [term.inside for term in self.terms])

    def names(self, cards: Sequence[Ints], progress: Progress = silent) -> list[Name]:
        """A name of each card, given as rows of U; equal ones are told apart where possible.

        Examples
        --------
        >>> from .columns import Column, terms_of
        >>> light, place = ["day"] * 3 + ["night"], ["city", "city", "road", "city"]
        >>> columns = [Column("light", light, ["night"] * 3), Column("place", place, ["road"] * 3)]
        >>> terms = terms_of(columns, "abcd", "xxy").terms
        >>> print(Namer.of(terms, "abcd", "xxy").names([np.arange(3)])[0].sentence())
        night and road: 0 of 4 owned images, 0 of 4 drives; 3 of 3 here (p 0.4: chance alone may \
name them so)
        """
        chosen = []
        for number, rows in enumerate(cards, start=1):
            chosen.append(self._choose(rows))
            progress(number, len(cards))
        return [
            self.told(rows, self._apart(at, chosen, cards), p)
            for at, (rows, (_, p)) in enumerate(zip(cards, chosen, strict=True))
        ]

    def _choose(self, rows: Ints) -> tuple[Chosen, float]:
        """The shortest name that separates, and its p-value."""
        held = [term for term in self.terms if self._share(rows, (term,)) >= MOST - _ROUNDING]
        first = [term for term in held if not term.last]
        drives = _Exchange.of(self, rows)
        for among in (first, held):
            for names in self._by_length(rows, among):
                lacked = [name for name in names if self._owned(name) <= 1 - OWN_RANGE + _ROUNDING]
                if found := self._best(rows, lacked):
                    return found, drives.p(found, self.seed)
            for names in self._by_length(rows, among):
                apart = [name for name in names if self._auroc(rows, name) >= SAID_FROM - _ROUNDING]
                if (found := self._best(rows, apart)) and (
                    p := drives.p(found, self.seed)
                ) <= self.alpha + _ROUNDING:
                    return found, p
        return (), 1.0

    def _by_length(self, rows: Ints, terms: Sequence[Term]) -> Iterator[list[Chosen]]:
        """Names of one, two and three of the terms that hold for most of a card."""
        for length in range(1, VALUES + 1):
            yield [
                name
                for name in combinations(terms, length)
                if self._share(rows, name) >= MOST - _ROUNDING
            ]

    def _best(self, rows: Ints, names: Sequence[Chosen]) -> Chosen:
        """Of names of one length, the one that separates best; words before numbers, then order."""

        def rank(name: Chosen) -> tuple[float, int]:
            separation = self._share(rows, name) - self._owned(name)
            return (-round(separation, 9), sum(not term.word for term in name))

        return min(names, key=rank, default=())

    def _share(self, rows: Ints, name: Chosen) -> float:
        return _mean_over_drives(_pool(name)[rows], self.pool_drives[rows])

    def _owned(self, name: Chosen) -> float:
        return _mean_over_drives(_owned(name), self.owned_drives)

    def _auroc(self, rows: Ints, name: Chosen) -> float:
        return (self._share(rows, name) + 1 - self._owned(name)) / 2

    def _apart(
        self, at: int, chosen: Sequence[tuple[Chosen, float]], cards: Sequence[Ints]
    ) -> Chosen:
        """The name with the fewest values more that part it from most cards of the same name."""
        name, rows = chosen[at][0], cards[at]
        others = [
            cards[i] for i, (other, _) in enumerate(chosen) if i != at and other == name != ()
        ]
        best, most = name, 0
        held = [
            term
            for term in self.terms
            if term not in name and not term.last and self._share(rows, (term,)) >= MOST - _ROUNDING
        ]
        for length in range(1, VALUES - len(name) + 1) if others else ():
            for more in combinations(held, length):
                longer = name + more
                if self._share(rows, longer) < MOST - _ROUNDING:
                    continue
                parted = sum(self._share(other, longer) <= 1 - MOST for other in others)
                if parted > most:
                    best, most = longer, parted
        return best

    def told(self, rows: Ints, name: Chosen, p: float) -> Name:
        """The name of a card that is called by these terms, with its counts."""
        held = [term for term in self.terms if self._share(rows, (term,)) >= MOST - _ROUNDING]
        usual = tuple(term.short for term in held if not term.last)
        total, drives = len(self.owned_drives), int(self.owned_drives.max(initial=-1)) + 1
        nothing = Name(
            here_total=len(rows), owned_total=total, owned_drives_total=drives, usual=usual
        )
        if not name:
            return nothing
        here, owned = _pool(name)[rows], _owned(name)
        share = self._owned(name)
        return replace(
            nothing,
            values=tuple(str(term) for term in name),
            title=joined([term.short for term in _in_order(name, self.terms)]),
            here=int(here.sum()),
            owned=int(owned.sum()),
            pool=int(_pool(name).sum()),
            pool_total=len(self.pool_drives),
            owned_drives=len(np.unique(self.owned_drives[owned])),
            lift=self._share(rows, name) / share if share else None,
            p=p,
            same=self._same(rows, name),
        )

    def _same(self, rows: Ints, name: Chosen) -> tuple[str, ...]:
        """Values of other fields that hold for exactly the same images of the card and of S.

        What may only say which images are candidates is not said of a name that tells more.
        """
        here, owned = _pool(name)[rows], _owned(name)
        more = not any(term.last for term in name)
        return tuple(
            str(term)
            for term in self.terms
            if term not in name
            and not (more and term.last)
            and np.array_equal(term.pool[rows], here)
            and np.array_equal(term.owned, owned)
        )


@dataclass(frozen=True, eq=False)
class _Exchange:
    """The drives of a card (numbered first) and of S, with their frames as weighted rows.

    ``has`` (r, t) says which terms a row has, ``drive`` (r,) is its drive and ``weight`` (r,) its
    share of the drive; ``shares`` (drives, t) is the share of each drive that has each term.
    """

    terms: Sequence[Term]
    has: Mask
    drive: Ints
    weight: Floats
    mine: int
    drives: int
    shares: Floats
    _known: dict[tuple[int, ...], Floats]

    @classmethod
    def of(cls, namer: Namer, rows: Ints) -> _Exchange:
        terms = namer.terms
        drive = drive_numbers(namer.pool_drives[rows])
        mine = int(drive.max()) + 1
        here = _distinct(drive, [term.pool[rows] for term in terms])
        there = namer.owned_rows
        drive = np.concatenate([here[0], mine + there[0]])
        has, count = (np.concatenate(both) for both in zip(here[1:], there[1:], strict=True))
        weight = count / np.bincount(drive, weights=count)[drive]
        drives = int(drive.max()) + 1
        shares = np.zeros((drives, len(terms)))
        np.add.at(shares, drive, has * weight[:, None])
        return cls(terms, has, drive, weight, mine, drives, shares, {})

    def p(self, name: Chosen, seed: int) -> float:
        """Share of exchanges in which a name of as many values separates as well, times three."""
        own = self._of(tuple(self.terms.index(term) for term in name))
        mine = np.arange(self.mine)
        seen = _separation(own, mine)
        ways = comb(self.drives, self.mine)
        if ways <= EXACT_WAYS:
            drawn = map(np.array, combinations(range(self.drives), self.mine))
            as_well = sum(self._as_well(each, len(name), seen) for each in drawn)
            return min(1.0, VALUES * as_well / ways)
        random = np.random.default_rng(seed)
        as_well = 1
        for _ in range(SAMPLED_WAYS):
            each = random.permutation(self.drives)[: self.mine]
            as_well += self._as_well(each, len(name), seen)
        return min(1.0, VALUES * as_well / (SAMPLED_WAYS + 1))

    def _as_well(self, drawn: Ints, length: int, seen: float) -> bool:
        """Whether some name of so many values separates the drawn drives as well as ``seen``."""
        held = np.flatnonzero(self.shares[drawn].mean(axis=0) >= MOST - _ROUNDING).tolist()
        return any(
            own[drawn].mean() >= MOST - _ROUNDING and _separation(own, drawn) >= seen - _ROUNDING
            for own in map(self._of, combinations(held, length))
        )

    def _of(self, name: tuple[int, ...]) -> Floats:
        """Share of each drive that has all terms of a name, (drives,)."""
        name = tuple(sorted(name))
        if name not in self._known:
            has = self.has[:, name].all(axis=1)
            shares = np.bincount(self.drive, weights=self.weight * has, minlength=self.drives)
            self._known[name] = np.asarray(shares, np.float64)
        return self._known[name]


def _distinct(drive: Ints, has: Sequence[Mask]) -> tuple[Ints, Mask, Ints]:
    """Frames of one drive with the same values as one row: drive, values (r, t), and how many."""
    both = np.column_stack([drive, *has])
    kept, count = np.unique(both, axis=0, return_counts=True)
    return kept[:, 0].astype(np.int64), kept[:, 1:].astype(bool), count


def _separation(shares: Floats, drawn: Ints) -> float:
    """Mean share of the drawn drives less that of the others."""
    inside = float(shares[drawn].sum())
    rest = len(shares) - len(drawn)
    return inside / len(drawn) - (float(shares.sum()) - inside) / rest


def _mean_over_drives(has: Mask, drive: Ints) -> float:
    """Share of images, drives weighted alike."""
    return float((drive_weights(drive, len(drive)) * has).sum())


def _pool(name: Chosen) -> Mask:
    return np.logical_and.reduce([term.pool for term in name])


def _owned(name: Chosen) -> Mask:
    return np.logical_and.reduce([term.owned for term in name])


def _in_order(name: Chosen, terms: Sequence[Term]) -> list[Term]:
    return sorted(name, key=terms.index)
