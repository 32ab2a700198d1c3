"""How many of the missing combinations a selection found, against picking at random."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

from ....plugin.errors import InputError
from .plan import Combination


@dataclass(frozen=True)
class Found:
    """What the first picks found.

    Attributes
    ----------
    picks : int
        How many images of U were picked.
    combinations : tuple of Combination
        The missing combinations among them, in the order in which they were found.
    missing : int
        How many combinations U holds and S does not.
    expected : float
        How many of those as many random picks from U find on average, exact.
    hits, expected_hits : int, float
        Picks that show any missing combination, and how many random picks would.
    """

    picks: int
    combinations: tuple[Combination, ...]
    missing: int
    expected: float
    hits: int
    expected_hits: float


def combinations_found(
    metadata: str | os.PathLike[str] | Iterable[Mapping[str, str]], picks: Sequence[str]
) -> Found:
    """Count the missing combinations that the picked images show.

    Parameters
    ----------
    metadata : path or iterable of rows
        The drive's ``metadata.csv``, or its rows.
    picks : sequence of str
        Values of the ``filename`` column, in the order of picking; cut it to the first k yourself.

    Returns
    -------
    Found
        The expectation is over sets of ``len(picks)`` images drawn from U without replacement: a
        combination with c of U's n images is missed with probability C(n - c, k) / C(n, k).

    Raises
    ------
    InputError
        A pick is not an image of U, or is there twice.

    Examples
    --------
    >>> def row(name, split, weather, missing):
    ...     return {"filename": name, "split": split, "time_of_day": "day", "weather": weather,
    ...             "environment": "city", "missing_in_S": missing}
    >>> rows = [row("a", "S", "dry", "0"), row("b", "U", "dry", "0"), row("c", "U", "snow", "1")]
    >>> found = combinations_found(rows, ["c"])
    >>> len(found.combinations), found.missing, found.expected
    (1, 1, 0.5)
    """
    if isinstance(metadata, (str, os.PathLike)):
        with open(metadata, newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    else:
        rows = [dict(row) for row in metadata]
    pool = {row["filename"]: row for row in rows if row["split"] == "U"}
    for name, times in Counter(picks).items():
        if name not in pool or times > 1:
            raise InputError(f"{name} is not an image of U, or was picked more than once.")
    sizes = Counter(_combination(row) for row in pool.values() if row["missing_in_S"] == "1")
    hits = [pool[name] for name in picks if pool[name]["missing_in_S"] == "1"]
    n, k = len(pool), len(picks)
    return Found(
        picks=k,
        combinations=tuple(dict.fromkeys(_combination(row) for row in hits)),
        missing=len(sizes),
        expected=sum(1 - comb(n - size, k) / comb(n, k) for size in sizes.values()),
        hits=len(hits),
        expected_hits=k * sizes.total() / n if n else 0.0,
    )


def _combination(row: Mapping[str, str]) -> Combination:
    return Combination(row["time_of_day"], row["weather"], row["environment"])  # type: ignore[arg-type]
