"""Columns that may only say which images are candidates, and not what is in them.

The one idea: a flag that no image of S has set, or a word that all of U has and S never, tells U
from S as well as the name of the set does.  It may mean something, so it is named where nothing
else is; beside a name that tells more it is left out.  Kinds are told by the values, never by a
column's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

FLAGS = ({"0", "1"}, {"yes", "no"}, {"true", "false"})


def is_marker(owned: Iterable[Any], pool: Iterable[Any]) -> bool:
    """Whether a column, as values of S and of U, may only say which images are candidates.

    Examples
    --------
    >>> is_marker([0, 0], [0, 1]), is_marker([0, 1], [1, 1])
    (True, False)
    >>> is_marker(["old"], ["new", "new"]), is_marker(["day"], ["day", "dusk"])
    (True, False)
    """
    ours, theirs = (
        {_text(value) for value in set(side) if _known(value)} for side in (owned, pool)
    )
    if len(ours) != 1:
        return False
    return is_flag(ours | theirs) or (len(theirs) == 1 and ours != theirs)


def is_flag(values: Iterable[Any]) -> bool:
    """Whether values say yes or no."""
    said = {_text(value) for value in values}
    return any(said <= pair for pair in FLAGS)


def _known(value: Any) -> bool:
    return value is not None and value != "" and value == value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value).lower()
