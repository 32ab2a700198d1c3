"""What the cards of a run are called: groups of gaps by their names, then kinds by metadata.

The one idea: gaps are grouped and named first, and only what they leave is asked of the metadata.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..coverage.nearest.rows import Metric, Rows
from ..progress import Progress, silent
from .columns import Term
from .group import SINGLE
from .lacking import Kind, kinds_lacking
from .naming import Name, Namer
from .shown import shown_fields


@dataclass(frozen=True, eq=False)
class Called:
    """The cards of a run before they are made.

    Attributes
    ----------
    card
        Card of each image of U, int64 (n,): groups of gaps as they were given, then kinds.
    names
        Of each group of gaps.
    kinds
        What S lacks by its metadata, in the order of their numbers.
    lacking
        How many such kinds there are, those that are no card too.
    """

    card: NDArray[np.int64]
    names: list[Name]
    kinds: tuple[Kind, ...] = ()
    lacking: int = 0


def call_cards(
    owned: Rows,
    pool: Rows,
    card: ArrayLike,
    gap: ArrayLike,
    owned_drives: Sequence[Hashable],
    pool_drives: Sequence[Hashable],
    terms: Sequence[Term],
    *,
    alpha: float = 0.1,
    metric: Metric = "cosine",
    seed: int = 51,
    progress: Progress = silent,
) -> Called:
    """Name groups of gaps, and find the kinds of scene that S lacks besides.

    Parameters
    ----------
    owned, pool : float32 (m, d), (n, d)
        Unit rows of S and U.
    card : int (n,)
        The group of each image of U, below 0 where it is in none (:func:`~.group.group_gaps`).
    gap : bool (n,)
        Images of U that are gaps.
    terms : sequence of Term
        What names are made of, in these drives (:func:`~.columns.terms_of`).

    Examples
    --------
    >>> from .columns import Column, terms_of
    >>> light = Column("light", ["day"] * 4, ["night"] * 8 + ["day"] * 4)
    >>> drives, rows = list("aabbccddeeff"), np.eye(3, dtype=np.float32)
    >>> terms = terms_of([light], "wxyz", drives).terms
    >>> found = call_cards(rows[[0] * 4], rows[[1] * 8 + [2] * 4], [-2] * 12, [False] * 12,
    ...                    "wxyz", drives, terms)
    >>> [kind.name.title for kind in found.kinds], found.card.tolist()
    (['night'], [0, 0, 0, 0, 0, 0, 0, 0, -2, -2, -2, -2])
    """
    label = np.array(card, np.int64)
    groups = [np.flatnonzero(label == at) for at in range(int(label.max(initial=SINGLE)) + 1)]
    namer = Namer.of(terms, owned_drives, pool_drives, alpha, seed)
    names = namer.names(groups, progress)
    fields = shown_fields(terms, owned, pool, namer.owned_drives, namer.pool_drives, alpha, seed)
    kinds = kinds_lacking(
        namer, fields, owned, pool, np.asarray(gap, bool), groups, names, metric=metric
    )
    for at, kind in enumerate(kinds.found, start=len(groups)):
        label[kind.rows] = at
    return Called(label, names, kinds.found, kinds.in_all)
