"""Cells that no spreadsheet runs as a formula, and the way back to the text they were.

A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
injection").  So that nothing is lost, a cell that looks escaped already gets one more: taking one
off is then the exact inverse.  Only tables that an export of ours wrote, known by their column
``review_decision``, have it taken off again; anybody else's apostrophe is their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

DECISION = "review_decision"
_FORMULA = re.compile(r"'*\s*[=+\-@|%\t\r\n\uff0b\uff0d\uff1d\uff20]")
_ESCAPED = re.compile(r"'" + _FORMULA.pattern)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def escaped(cell: str) -> str:
    """``cell`` as text in every spreadsheet; numbers stay numbers.

    >>> escaped("=1+1"), escaped("'=1+1"), escaped("-0.5")
    ("'=1+1", "''=1+1", '-0.5')
    """
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def unescaped(cell: str) -> str:
    """What :func:`escaped` was given.

    >>> unescaped("'=1+1"), unescaped("'twas night")
    ('=1+1', "'twas night")
    """
    return cell[1:] if _ESCAPED.match(cell) else cell


def is_ours(header: Iterable[str]) -> bool:
    """Whether an export of reviews wrote a table with these columns."""
    return any(name.startswith(DECISION) for name in header)
