"""A table of a feature cache, written again with the decisions beside its rows.

Rows, their order, columns and texts are unchanged; columns are added at the end, or replaced where
an earlier export added them.  The table is streamed, so its size does not matter.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from ..files.checked import write_whole
from ..tables.csv_stream import CsvFile
from ..tables.safe_cells import escaped
from .verdicts import FILE_NAME

Decided = Mapping[str, Mapping[str, str]]
"""What to write, by file name and column; an empty mapping for a sample without a decision."""


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
    new = [name for name in columns if name not in source.header]
    kept = [*(source.written or source.header), *new]
    place = {name: [*source.header, *new].index(name) for name in columns}
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
    """A line by RFC 4180; a csv.writer with other line ends leaves a lone carriage return bare."""
    line = io.StringIO(newline="")
    csv.writer(line).writerow(map(escaped, cells))
    return (line.getvalue().removesuffix("\r\n") + "\n").encode("utf-8")
