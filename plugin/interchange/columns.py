"""What a column of text cells holds: whole numbers, numbers, truth values, or text.

A column takes the narrowest type that fits *all* of its non-empty cells: :func:`typed` for a list,
:class:`Narrowing` cell by cell.  ``pandas.to_numeric`` would turn the name 007 into 7 and round
whole numbers of a column with gaps to float64.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

Cell = str | int | float | bool | None


def integer(cell: str) -> int:
    """A whole number that reads back the same: ``007`` is a name, and MongoDB holds 64 bits."""
    value = int(cell)
    if str(value) != cell.lstrip("+") or abs(value) >= 1 << 63:
        raise ValueError(cell)
    return value


def number(cell: str) -> float:
    """A finite number."""
    value = float(cell)
    if not math.isfinite(value) or re.match(r"[+-]?0\d|.*_", cell):
        raise ValueError(cell)
    return value


def truth(cell: str) -> bool:
    """``true`` or ``false``, in any case."""
    return ("false", "true").index(cell.lower()) == 1


KINDS: dict[Callable[[str], Cell], type] = {integer: int, number: float, truth: bool, str: str}
"""The type that each converter gives, the narrowest first."""


class Narrowing:
    """The type of a column that is read cell by cell.

    >>> column = Narrowing()
    >>> for cell in ("1", "", "2.5"):
    ...     column.see(cell)
    >>> column.kind, column.convert("3")
    (<class 'float'>, 3.0)
    """

    def __init__(self) -> None:
        self._open = list(KINDS)
        self._any = False

    def see(self, cell: str) -> None:
        """Take one more cell into account."""
        if cell:
            self._any = True
            self._open = [convert for convert in self._open if _fits(convert, cell)]

    @property
    def convert(self) -> Callable[[str], Cell]:
        """Makes a cell that is not empty a value."""
        return self._open[0] if self._any else str

    @property
    def kind(self) -> type:
        """``int``, ``float``, ``bool`` or ``str``; a column without any value is ``str``."""
        return KINDS[self.convert]


def _fits(convert: Callable[[str], Cell], cell: str) -> bool:
    try:
        convert(cell)
    except ValueError:
        return False
    return True


def typed(cells: Sequence[str]) -> list[Cell]:
    """Cells in the narrowest type that fits them all; an empty one is a missing value.

    >>> typed(["1", "", "3"])
    [1, None, 3]
    """
    column = Narrowing()
    for cell in cells:
        column.see(cell)
    return [column.convert(cell) if cell else None for cell in cells]
