"""A path that names fields, ``recordings/{sequence}/*.jpg``: a glob, and values of each match.

Drives mostly come as a folder each, and then nothing else says which image is of which drive.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ....coverage.words import counted
from ....interchange.tables.columns import Cell
from ...store.names import FRAME_NUMBER, SEQUENCE
from .table import READERS

_FIELD = re.compile(r"\{([A-Za-z]\w*)\}")
_PARTS = re.compile(r"(\*\*/|\*\*|\*|\?|\[!?\]?[^]]*\]|\{[A-Za-z]\w*\})")
_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True)
class Pattern:
    """What to match, and the ``fields`` that it names.

    >>> drives = Pattern.of("/raw/{sequence}/{camera}_{frame_number}.png")
    >>> drives.glob
    '/raw/*/*_*.png'
    >>> drives.values("/raw/drive_07/front_left_0012.png")
    {'sequence': 'drive_07', 'camera': 'front_left', 'frame_number': 12}
    >>> drives.values("/raw/drive_07/front_left_last.png") is None
    True
    >>> Pattern.of("/raw/*.png").fields
    ()
    """

    glob: str
    fields: tuple[str, ...]
    _expression: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> Pattern:
        """The pattern that a path is; a glob without names has no fields."""
        fields = tuple(dict.fromkeys(_FIELD.findall(text)))
        named: set[str] = set()
        parts = [_expression(part, named) for part in _PARTS.split(os.path.normpath(text))]
        whole = re.compile("".join(parts)) if fields else re.compile(".*")
        return cls(_FIELD.sub("*", os.path.normpath(text)) if fields else text, fields, whole)

    def values(self, path: str) -> dict[str, Cell] | None:
        """What a path that the glob matched says of each field; None where it does not fit."""
        found = self._expression.fullmatch(path)
        if found is None:
            return None
        return {name: _read(name, text) for name, text in found.groupdict().items()}


def by_folder(source: object, paths: Sequence[str]) -> list[str]:
    """A note on images of a folder or glob that lie in several folders, which may be drives."""
    folders = {os.path.dirname(path) for path in paths}
    if not isinstance(source, str | os.PathLike) or os.fspath(source).endswith(".json"):
        return []
    base = os.path.commonpath(folders)
    below = {os.path.relpath(each, base).partition(os.sep)[0] for each in folders} - {os.curdir}
    if len(below) < 2:
        return []
    pattern = os.path.join(base, f"{{{SEQUENCE}}}")
    return [
        f"images of {counted(len(below), 'folder')} that name no drives; where each folder is one, "
        f"load {pattern!r}"
    ]


def _expression(part: str, named: set[str]) -> str:
    """The regular expression of a part; a field that was ``named`` before has its value."""
    if field := _FIELD.fullmatch(part):
        name = field[1]
        if name in named:
            return f"(?P={name})"
        named.add(name)
        return f"(?P<{name}>{'[0-9]+' if name == FRAME_NUMBER else '[^/]+'})"
    if part.startswith("[") and part.endswith("]"):
        inside = part[1:-1].replace("\\", "\\\\")
        return f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"
    return _WILD.get(part) or re.escape(part)


def _read(name: str, text: str) -> Cell:
    return READERS[name][1](text) if name in READERS else text
