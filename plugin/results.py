"""What every result of a step shares: a short ``repr``, a summary as ``str``, a table in notebooks.

A result is a frozen dataclass made with ``repr=False``; it writes its own ``__str__``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields
from html import escape
from pathlib import PurePath
from typing import Any

TEXT_MAX = 60


class Result:
    """Base of the results that the Python API returns."""

    def __repr__(self) -> str:
        """One line: the numbers and short texts; lists by their length.

        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True, repr=False)
        ... class PickResult(Result):
        ...     ids: list[str]
        ...     radius: float
        >>> PickResult(["a", "b"], 0.123456)
        PickResult(ids=<2>, radius=0.1235)
        """
        parts = [f"{name}={_brief(value)}" for name, value in _values(self)]
        return f"{type(self).__name__}({', '.join(parts)})"

    def _repr_html_(self) -> str:
        """A table of two columns, for Jupyter."""
        rows = "".join(
            f'<tr><th style="text-align:left">{escape(name.replace("_", " "))}</th>'
            f'<td style="text-align:left">{escape(_cell(value))}</td></tr>'
            for name, value in _values(self)
        )
        caption = f"<caption>{escape(type(self).__name__)}</caption>"
        return f"<table>{caption}<tbody>{rows}</tbody></table>"


def _values(result: Any) -> list[tuple[str, Any]]:
    return [(one.name, getattr(result, one.name)) for one in fields(result) if one.repr]


def _brief(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Result):
        return f"{type(value).__name__}(...)"
    if isinstance(value, (str, PurePath)):
        return repr(_short(str(value)))
    if isinstance(value, (Mapping, Sequence, AbstractSet)):
        return f"<{len(value)}>"
    return _short(repr(value))


def _cell(value: Any) -> str:
    if isinstance(value, Result):
        return _short(str(value).splitlines()[0], 2 * TEXT_MAX)
    if isinstance(value, Mapping) and all(isinstance(one, (int, float)) for one in value.values()):
        return ", ".join(f"{key} {_brief(one)}" for key, one in value.items())
    if isinstance(value, str):
        return _short(value, 2 * TEXT_MAX)
    return _brief(value)


def _short(text: str, most: int = TEXT_MAX) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
