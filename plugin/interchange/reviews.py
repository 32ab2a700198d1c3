"""Decisions beside the rows they are about: a table of a feature cache, written again with them.

Rows, their order, columns and texts stay as they were; columns are added at the end, or replaced
where an earlier export had put them.  The table is streamed, so its size does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from .csv_stream import CsvFile
from .files import write_whole
from .safe_cells import escaped
from .verdicts import FILE_NAME

Decided = Mapping[str, Mapping[str, str]]
"""What to write, by file name and column; an empty mapping for a sample nobody decided on."""


def write_reviewed(
    source: CsvFile,
    target: Path,
    columns: Sequence[str],
    decided: Decided,
    *,
    reviewed: Callable[[str], bool] | None = None,
) -> int:
    """Write ``source`` with decisions to ``target``, whole or not at all; how many rows.

    Parameters
    ----------
    columns
        Names of the decision columns.
    decided
        Cells of the samples there are.  Rows of other file names keep what they had.
    reviewed
        Keeps the rows of these file names alone.
    """
    kept = [*source.header, *(name for name in columns if name not in source.header)]
    place = {name: kept.index(name) for name in columns}
    at = source.place(FILE_NAME)
    written = 0

    def write(file: IO[bytes]) -> None:
        nonlocal written
        file.write(_line(kept))
        for cells in source.rows():
            name = cells[at]
            if reviewed is not None and not reviewed(name):
                continue
            row = cells + [""] * (len(kept) - len(cells))
            if name in decided:
                for column, column_place in place.items():
                    row[column_place] = decided[name].get(column, "")
            file.write(_line(row))
            written += 1

    write_whole(target, write)
    return written


def _line(cells: Sequence[str]) -> bytes:
    return (",".join(map(_quoted, cells)) + "\n").encode("utf-8")


def _quoted(cell: str) -> str:
    """A cell by RFC 4180: quoted only where it has to be."""
    safe = escaped(cell)
    if any(sign in safe for sign in ',"\r\n'):
        return '"' + safe.replace('"', '""') + '"'
    return safe
