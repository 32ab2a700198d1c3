"""Whether a Visual Spec accepts its own candidates, and with which δ it would.

A candidate is as near to the request as can be, so the one thing that turns it down is S: it lies
within δ of an image of S or, where novelty decides, hardly outside of what S varies in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...coverage.words import counted
from ...errors import GapsphereError
from ...settings.spec import SpecParams
from ..gaps.coverage import coverage
from ..store.database import is_empty
from ..store.names import Names
from ..store.sets.door import admitted
from ..store.sets.resolve import Samples, dataset_of, resolve
from .candidates import choose

STEPS_OF_DELTA = 1e-4
"""A proposed δ has four decimals."""


@dataclass(frozen=True)
class TurnedDown:
    """``count`` of ``total`` candidates lie within ``delta`` of S, or are no newer than ``beyond``.

    ``passing`` is the largest δ of four decimals with which all pass; None where a candidate is so
    near to S that there is none.
    """

    count: int
    total: int
    delta: float
    passing: float | None
    beyond: float | None = None

    def __str__(self) -> str:
        """In a sentence.

        Examples
        --------
        >>> str(turned_down([0.30, 0.17, 0.41], 0.2))[:52]
        '1 of 3 candidates is within δ = 0.2 of owned images:'
        >>> turned_down([0.30, 0.17, 0.41], 0.2).passing
        0.1699
        """
        those, have, like = ("is", "has", "it") if self.count == 1 else ("are", "have", "them")
        where = f"{those} within δ = {self.delta:.4g} of owned images"
        if self.beyond is not None:
            where = f"{have} a novelty of {self.beyond:.4g} or less, as owned images have"
        way = "" if self.passing is None else f", or give the spec a δ of {self.passing:g} or less"
        of = f"{self.count:,} of {counted(self.total, 'candidate')}"
        return (
            f"{of} {where}: images just like {like} would be judged “covered already”. Choose "
            f"candidates that are gaps{way}."
        )


def turned_down(
    to_owned: Sequence[float],
    delta: float,
    novelty: Sequence[float] | None = None,
    beyond: float | None = None,
) -> TurnedDown | None:
    """The candidates that their own spec turns down, told by distances to S; None for none.

    Or told by their novelty, which is above ``beyond`` where they are new.
    """
    if novelty is None or beyond is None:
        count, beyond = sum(distance <= delta for distance in to_owned), None
    else:
        count = sum(value <= beyond for value in novelty)
    if not count:
        return None
    passing = (math.ceil(min(to_owned) / STEPS_OF_DELTA) - 1) * STEPS_OF_DELTA
    largest = round(passing, 4) if passing >= STEPS_OF_DELTA else None
    return TurnedDown(count, len(to_owned), delta, largest, beyond)


def distances_ahead(
    samples: Samples, params: SpecParams
) -> tuple[list[float], TurnedDown | None] | None:
    """Distances of the candidates to S as the samples have them, and whom the analysis turns down.

    None where they are not known, or where the spec will judge nothing: the export then says what
    there is to say.
    """
    dataset, names = dataset_of(samples), Names(params.suffix)
    try:
        samples = admitted(samples, params.slices)
        covered = coverage.read(dataset, names)
        chosen = choose(samples, dataset, params, names).samples
        owned = resolve(dataset, params.owned)
    except GapsphereError:
        return None
    if not dataset.has_field(names.dist_to_S) or not has_vectors(chosen, owned, names):
        return None
    held = set(resolve(chosen, params.owned).values("id"))
    threshold = covered.threshold
    beyond = threshold.cutoff if threshold.score == "novelty" else None
    if not dataset.has_field(names.novelty):
        beyond = None
    fields = ["id", names.dist_to_S, names.dist_to_S if beyond is None else names.novelty]
    known = [
        (far, new)
        for each, far, new in zip(*chosen.values(fields), strict=True)
        if far is not None and new is not None and each not in held
    ]
    distances, novelty = [far for far, _ in known], [new for _, new in known]
    return distances, turned_down(distances, covered.delta, novelty, beyond)


def has_vectors(chosen: Samples, owned: Samples, names: Names) -> bool:
    """Whether S and the candidates have embeddings; an imported analysis may have none."""
    if not dataset_of(chosen).has_field(names.embedding) or is_empty(owned.exists(names.embedding)):
        return False
    return not is_empty(chosen.exists(names.embedding)) or is_empty(chosen)
