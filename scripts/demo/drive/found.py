"""How many of the missing combinations a selection found, against picking at random."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import comb
from pathlib import Path
from typing import NamedTuple

from ....plugin.errors import InputError
from .plan import Combination


class Found(NamedTuple):
    """What picks found, and what as many random picks from U find on average, exact."""

    combinations: tuple[Combination, ...]
    """Missing combinations among the picks, in the order in which they were found."""
    missing: int
    """How many combinations U holds and S does not."""
    expected: float
    hits: int
    """Picks that show any missing combination."""
    expected_hits: float


def read_metadata(path: Path) -> list[dict[str, str]]:
    """The rows of a drive's ``metadata.csv``."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def combinations_found(rows: Iterable[Mapping[str, str]], picks: Sequence[str]) -> Found:
    """Count the missing combinations that the picked images show.

    ``rows`` are those of ``metadata.csv``, ``picks`` values of its ``filename`` column in the order
    of picking.  Of k random picks, a combination with c of U's n images is missed with probability
    C(n - c, k) / C(n, k).

    Raises
    ------
    InputError
        A pick is not an image of U, or is given twice.

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
    pool = {row["filename"]: row for row in rows if row["split"] == "U"}
    for name, times in Counter(picks).items():
        if name not in pool or times > 1:
            raise InputError(f"{name} is not an image of U, or was picked more than once.")
    missing = {
        name: Combination(*(row[field] for field in Combination._fields))
        for name, row in pool.items()
        if row["missing_in_S"] == "1"
    }
    sizes = Counter(missing.values())
    hits = [missing[name] for name in picks if name in missing]
    n, k = len(pool), len(picks)
    expected = sum(1 - comb(n - size, k) / comb(n, k) for size in sizes.values())
    expected_hits = k * sizes.total() / n if n else 0.0
    return Found(tuple(dict.fromkeys(hits)), len(sizes), expected, len(hits), expected_hits)
