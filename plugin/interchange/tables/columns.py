"""What a column of text cells holds: whole numbers, numbers, truth values, or text.

A column takes the narrowest type that fits *all* of its cells and from which the same text can be
written again, so that no identifier loses a digit: ``007``, ``1e5``, an unsigned 64-bit number and
the versions ``1.10`` and ``1.9`` stay text.  In a column of numbers a word such as ``nan`` is a
missing value; in a column of text it is text.  ``pandas.read_csv`` would turn the name 007
into 7 and round whole numbers of a column with gaps to float64.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timezone
from decimal import Decimal
from reprlib import Repr
from typing import TypeAlias

Cell: TypeAlias = "str | int | float | bool | date | None"
Kind: TypeAlias = "type[str] | type[int] | type[float] | type[bool] | type[date] | type[datetime]"

MISSING = frozenset(
    ["nan", "na", "n/a", "#n/a", "#na", "<na>", "n.a.", "null", "none", "nil", "nat", "-", "--"]
)
"""Words for a missing value in a column of numbers or truth values, in lower case."""
NO_NAME = frozenset(["nan", "<na>", "nat", "null"])
"""What programs write for a missing name; no drive is called so."""
INFINITE = frozenset(sign + word for sign in ("", "+", "-") for word in ("inf", "infinity"))
NO_VALUE = MISSING | INFINITE
IDENTIFIERS = frozenset((
    "id", "ids", "uid", "uuid", "guid", "token", "hash", "sha", "version", "versions", "ver",
    "release", "revision", "rev", "build", "firmware", "fw", "sw", "serial", "sn", "vin", "code",
    "key", "zip", "postcode", "plate", "phone", "name",
))  # fmt: skip
"""Words in a column's name by which 1.10 is a name and not a number with two decimals."""

_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"-?(?:0|[1-9]\d*)", re.ASCII)
_FIXED = re.compile(r"-?(?:0|[1-9]\d*)\.(\d+)", re.ASCII)
_EXPONENT = re.compile(r"-?\d(?:\.(\d+))?[eE][+-]\d{2,3}", re.ASCII)
_DECIMAL_COMMA = re.compile(r"(-?\d+),(\d+)", re.ASCII)
_GROUPED = re.compile(r"-?[1-9]\d{0,2},\d{3}", re.ASCII)

_TRUTH = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}

_QUOTED = Repr()
_QUOTED.maxstring = 80

Style = tuple[str, int]
_SHORTEST: Style = ("shortest", 0)


class Narrowing:
    """The type of a column that is read cell by cell: first :meth:`see` all, then :meth:`convert`.

    Parameters
    ----------
    name
        The column's; in one that names identifiers a number keeps its last zero, as text.
    decimal_comma
        Whether ``1,5`` may be a number: the cells are separated by something else.

    Examples
    --------
    >>> column = Narrowing()
    >>> for cell in ("1", "nan", "2.5"):
    ...     column.see(cell)
    >>> column.kind, column.convert("3"), column.convert("nan")
    (<class 'float'>, 3.0, None)
    """

    def __init__(self, name: str = "", *, decimal_comma: bool = False) -> None:
        self._identifies = not IDENTIFIERS.isdisjoint(_words(name))
        self._decimal_comma = decimal_comma
        self._cells = 0
        self._whole = self._number = self._truth = True
        self._numbers = 0
        self._styles: set[Style] | None = None
        self._commas, self._comma_is_sure, self._points = 0, False, False
        self.odd = ""
        """The first cell for which the column cannot be one of numbers."""

    def see(self, cell: str) -> None:
        """Take one more cell into account."""
        if not cell:
            return
        word = cell.lower()
        if word not in NO_VALUE:
            self._cells += 1
            self._truth = self._truth and word in ("true", "false")
            self._see_number(cell)

    def _see_number(self, cell: str) -> None:
        self._points = self._points or "." in cell
        comma = _DECIMAL_COMMA.fullmatch(cell)
        if comma:
            self._commas += 1
            sure = self._decimal_comma and not _GROUPED.fullmatch(cell)
            self._comma_is_sure = self._comma_is_sure or sure
        text = self._with_point(cell)
        if not _NUMBER.fullmatch(text):
            self._numbers += comma is not None
            self._whole = self._number = False
            self.odd = self.odd or cell
            return
        self._numbers += 1
        self._whole = self._whole and _is_whole(text)
        if self._number:
            styles = _styles(text)
            kept = styles if self._styles is None else self._styles & styles
            self._number, self._styles = bool(kept), kept
            self.odd = self.odd or ("" if kept else cell)

    def _with_point(self, cell: str) -> str:
        return _DECIMAL_COMMA.sub(r"\1.\2", cell, count=1) if self._decimal_comma else cell

    @property
    def kind(self) -> Kind:
        """``int``, ``float``, ``bool`` or ``str``; a column without any value is ``str``."""
        if not self._cells:
            return str
        if self._whole:
            return int
        if self._number and self._style_is_a_numbers and self._commas_are_decimal:
            return float
        return bool if self._truth else str

    @property
    def _style_is_a_numbers(self) -> bool:
        return _SHORTEST in (self._styles or ()) or not self._identifies

    @property
    def _commas_are_decimal(self) -> bool:
        return not self._commas or (self._comma_is_sure and not self._points)

    def convert(self, cell: str) -> Cell:
        """A cell as a value of the column's kind, None where it is missing."""
        kind = self.kind
        if kind is str:
            return cell or None
        if not cell or cell.lower() in NO_VALUE:
            return None
        if kind is bool:
            return cell.lower() == "true"
        return int(cell) if kind is int else float(self._with_point(cell))

    @property
    def exact_as_float(self) -> bool:
        """Whether the numbers of the column are the same as float64."""
        return self._number

    @property
    def decimal_commas(self) -> bool:
        """Whether commas were read as decimal points."""
        return self.kind is float and self._commas > 0

    @property
    def trailing_zeros(self) -> bool:
        """Whether numbers lose the zeros at their end: all have the same number of decimals."""
        return self.kind is float and _SHORTEST not in (self._styles or ())

    @property
    def numbers_as_text(self) -> str:
        """Why a column of numbers is text, "" where it is not such a column.

        Columns count of which at least half of the cells are numbers.
        """
        if self.kind is not str or 2 * self._numbers < max(self._cells, 1) or not self._cells:
            return ""
        if not self._commas_are_decimal:
            return "a comma may group digits or begin decimals"
        if self._numbers == self._cells:
            odd = self.odd and f"{shown(self.odd)} would not read back the same"
            return odd or "the name is one of identifiers"
        return f"{shown(self.odd)} is not a number"


def shown(cell: str) -> str:
    """A cell as a sentence quotes it, its middle left out where it is long.

    >>> shown("1e5"), len(shown("x" * 5000))
    ("'1e5'", 80)
    """
    return _QUOTED.repr(cell)


def fitted(cell: str, kind: Kind, *, decimal_comma: bool = False) -> Cell:
    """A cell as a value of a type that is given, if nothing is lost by that.

    >>> fitted("1.0", int), fitted("3", float), fitted("007", str), fitted("NA", float)
    (1, 3.0, '007', None)

    Raises
    ------
    ValueError
        The cell is no such value, or would lose a digit.
    """
    try:
        return _fitted(cell, kind, decimal_comma)
    except ArithmeticError:  # beyond what numbers or times hold
        return _no(cell)


def _fitted(cell: str, kind: Kind, decimal_comma: bool) -> Cell:
    if kind is str or not cell:
        return cell or None
    if cell.lower() in MISSING:
        return None
    if kind in (date, datetime):
        return _time(cell, kind)
    if cell.lower() in INFINITE:  # missing, as in a column that is typed by its cells
        return None
    if kind is bool:
        return _TRUTH[cell.lower()] if cell.lower() in _TRUTH else _no(cell)
    text = _DECIMAL_COMMA.sub(r"\1.\2", cell, count=1) if decimal_comma else cell
    if not _NUMBER.fullmatch(text):
        return _no(cell)
    if kind is int:
        whole = text.partition(".")[0] if re.fullmatch(r"-?\d+\.0*", text) else text
        return int(whole) if _is_whole(whole) else _no(cell)
    value = float(text)
    same = math.isfinite(value) and (Decimal(repr(value)) == Decimal(text) or _styles(text))
    return value if same else _no(cell)


def frame_number(cell: str) -> int | None:
    """A frame's number as tools write it: ``1.0`` and ``000001`` are 1, ``nan`` is missing.

    Raises
    ------
    ValueError
        It is not a whole number of 64 bits.
    """
    if not cell or cell.lower() in MISSING:
        return None
    found = re.fullmatch(r"([+-]?\d+)(?:\.0*)?", cell, re.ASCII)
    value = int(found.group(1)) if found and len(cell) < 1000 else 1 << 63
    return value if abs(value) < 1 << 63 else _no(cell)


def drive_name(cell: str) -> str | None:
    """A drive's name as it is written; what programs write for a missing one is none.

    >>> drive_name("007"), drive_name("nan")
    ('007', None)
    """
    return None if cell.lower() in NO_NAME else cell or None


def _no(cell: str) -> int:
    raise ValueError(cell)


def _time(cell: str, kind: Kind) -> date:
    """A date, or a time in UTC to the millisecond, which is what the database holds."""
    if kind is date:
        return date.fromisoformat(cell)
    time = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", cell))
    if time.microsecond % 1000:
        raise ValueError(cell)
    return time.astimezone(timezone.utc).replace(tzinfo=None) if time.tzinfo else time


def _is_whole(text: str) -> bool:
    """Whether a text is a whole number of 64 bits that reads back the same; ``-0`` does not."""
    return len(text) < 21 and bool(_WHOLE.fullmatch(text)) and _same_whole(text)


def _same_whole(text: str) -> bool:
    value = int(text)
    return str(value) == text and abs(value) < 1 << 63


def _styles(text: str) -> set[Style]:
    """Ways to write a number that give this text: shortest, fixed decimals, with an exponent."""
    if len(text) > 400:
        return set()
    value = float(text)
    if not math.isfinite(value):
        return set()
    found: set[Style] = set()
    if _is_whole(text):
        return {_SHORTEST} if int(value) == int(text) else set()
    if repr(value) in (text.lower(), re.sub(r"^(-?)\.", r"\g<1>0.", text)):
        found.add(_SHORTEST)
    if (fixed := _FIXED.fullmatch(text)) and f"{value:.{len(fixed[1])}f}" == text:
        found.add(("f", len(fixed[1])))
    if exponent := _EXPONENT.fullmatch(text):
        decimals = len(exponent[1] or "")
        if f"{value:.{decimals}e}" == text.lower():
            found.add(("e", decimals))
    return found


def _words(name: str) -> list[str]:
    """Words of a name written in any case: ``fwVersion``, ``fw_version``."""
    return re.split(r"[\W_]+", re.sub(r"(?<=[a-z\d])(?=[A-Z])", "_", name).lower())
