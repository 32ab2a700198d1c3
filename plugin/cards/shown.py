"""Which fields of the metadata show in the images: those whose values drives look alike by.

The one idea: that S lacks a value is a count and needs no test, but whether the value is a kind of
scene does.  Any column has values that S lacks, of a field that says nothing about the images as
well: the driver's number, a coin.  So a field is asked whether drives that share its value look
more alike than drives that do not, which says nothing about what S has.

What is compared is the sum of squares between values of a permutational analysis of variance
(PERMANOVA, Anderson 2001), of the drives' mean vectors; a drive counts for a value with the share
of its images that have it.  Values are exchanged between drives of S, and between drives of U, so
that a field that only tells S from U does not pass.  Of several fields the p-values are Holm's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..coverage.named.markers import is_flag
from ..coverage.nearest.rows import Rows
from .columns import Term

WAYS = 999
MOST_DRIVES = 512
"""Drives of S, and of U, that are asked; of more a seeded sample."""

_ROUNDING = 1e-9

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def shown_fields(
    terms: Sequence[Term],
    owned: Rows,
    pool: Rows,
    owned_drives: Ints,
    pool_drives: Ints,
    alpha: float = 0.1,
    seed: int = 51,
) -> dict[str, float]:
    """Fields that show in the images, with their p-values after Holm.

    Parameters
    ----------
    terms : sequence of Term
        Numbers, of which one that S lacks may lie between two that it has, are not asked; nor are
        fields that may only say which images are candidates, or of which S and U have no value in
        common.
    owned, pool : float32 (m, d), (n, d)
        Unit rows of S and U.
    owned_drives, pool_drives : int64 (m,), (n,)
        The drive of each image, from 0.
    alpha : float
        Where no field says anything about the images, one passes in this share of datasets at most.

    Examples
    --------
    >>> from .columns import Column, terms_of
    >>> light, driver = ["day", "night"] * 6, ["a", "a", "b"] * 4
    >>> rows = np.eye(2, dtype=np.float32)[[0, 1] * 6]
    >>> columns = [Column("light", light, light), Column("driver", driver, driver)]
    >>> found = terms_of(columns, list("abcdefghijkl"), list("mnopqrstuvwx")).terms
    >>> shown_fields(found, rows, rows, np.arange(12), np.arange(12))
    {'light': 0.002}
    """
    fields: dict[str, list[Term]] = {}
    for term in terms:
        if not term.last:
            fields.setdefault(term.field, []).append(term)
    asked = {name: of for name, of in fields.items() if _categories(of) and _in_common(of)}
    random = np.random.default_rng(seed)
    sides = [
        _Side.of(rows, drives, random)
        for rows, drives in ((owned, owned_drives), (pool, pool_drives))
    ]
    found = {}
    for name, of in asked.items():
        shares = [
            side.shares([term.owned if at == 0 else term.pool for term in of])
            for at, side in enumerate(sides)
        ]
        found[name] = _p(sides, shares, random)
    return {name: p for name, p in holm(found).items() if p <= alpha + _ROUNDING}


def _categories(of: Sequence[Term]) -> bool:
    """Whether a field has words, or yes and no."""
    return all(term.word for term in of) or is_flag(term.value for term in of)


def _in_common(of: Sequence[Term]) -> bool:
    return any(term.owned.any() and term.pool.any() for term in of)


class _Side:
    """Drives of one set: their centred mean vectors, and which images are theirs."""

    def __init__(self, vectors: Floats, images: list[Ints]) -> None:
        self.vectors, self.images = vectors, images

    @classmethod
    def of(cls, rows: Rows, drives: Ints, random: np.random.Generator) -> _Side:
        order = np.argsort(drives, kind="stable")
        images = np.split(order, np.flatnonzero(np.diff(drives[order])) + 1)
        if len(images) > MOST_DRIVES:
            kept = np.sort(random.choice(len(images), MOST_DRIVES, replace=False))
            images = [images[at] for at in kept.tolist()]
        means = np.array([rows[mine].mean(axis=0, dtype=np.float64) for mine in images])
        return cls(_compact(means - means.mean(axis=0)), images)

    def shares(self, has: Sequence[NDArray[np.bool_]]) -> Floats:
        """The share of each drive that has each value, (drives, values)."""
        return np.array([[value[mine].mean() for value in has] for mine in self.images])


def _compact(rows: Floats) -> Floats:
    """The same rows, up to a rotation, in no more columns than there are rows."""
    if rows.shape[1] <= len(rows):
        return rows
    u, s, _ = np.linalg.svd(rows, full_matrices=False)
    return np.asarray(u * s, np.float64)


def _p(sides: Sequence[_Side], shares: Sequence[Floats], random: np.random.Generator) -> float:
    """How often values that are exchanged between drives part them as well."""
    each = [of / np.sqrt(np.maximum(of.sum(axis=0), _ROUNDING)) for of in shares]

    def between(orders: Sequence[Ints | slice]) -> float:
        """Sum of squares between the values, of both sets."""
        of_sides = zip(sides, each, orders, strict=True)
        return sum(float(((side.vectors.T @ of[order]) ** 2).sum()) for side, of, order in of_sides)

    seen = between([slice(None)] * len(sides)) * (1 - _ROUNDING)
    as_well = sum(
        between([random.permutation(len(of)) for of in shares]) >= seen for _ in range(WAYS)
    )
    return (as_well + 1) / (WAYS + 1)


def holm(p: dict[str, float]) -> dict[str, float]:
    """p-values of all that were asked, adjusted so that one below the level is rare (Holm 1979).

    Examples
    --------
    >>> holm({"a": 0.01, "b": 0.5, "c": 0.02})
    {'a': 0.03, 'c': 0.04, 'b': 0.5}
    """
    found, least = {}, 0.0
    for at, name in enumerate(sorted(p, key=lambda one: p[one])):
        least = max(least, min(1.0, (len(p) - at) * p[name]))
        found[name] = least
    return found
