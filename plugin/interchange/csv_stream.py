"""A CSV of any size, a row at a time: only one row is held at once, whatever the file claims.

Rows are the text of the file.  A line, a cell and a row have a largest size, so that an open quote
is found before it fills the memory.  ``pandas.read_csv`` would pad a short row in silence and
read on behind an open quote to the end of the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import ArtifactError
from .files import refuse_no_file
from .safe_cells import is_ours, unescaped

CELL_LIMIT = 1 << 20
"""Characters of one cell at most: a rationale is some hundreds."""
LINE_LIMIT = 4 << 20
"""Characters of one line at most; MongoDB holds 16 MB a sample."""
COLUMN_LIMIT = 1000


@dataclass(frozen=True)
class CsvFile:
    """A table whose header was read and found good; :meth:`rows` reads the rest."""

    path: Path
    header: tuple[str, ...]
    ours: bool = False
    """An export of ours wrote it, so that its cells are unescaped; see :mod:`.safe_cells`."""

    @property
    def name(self) -> str:
        return self.path.name

    def place(self, column: str) -> int:
        """Position of a column."""
        return self.header.index(column)

    def rows(self) -> Iterator[list[str]]:
        """Every row that is not blank, its cells in their own text.

        Raises
        ------
        ArtifactError
            The file cannot be read, is not UTF-8, or a row does not fit the header.
        """
        for number, cells in _records(self.path):
            row = [unescaped(cell) for cell in cells] if self.ours else cells
            if number == 1:
                if tuple(row) != self.header:
                    raise ArtifactError(f"{self.path} changed while it was read: run it again.")
                continue
            if len(row) != len(self.header):
                raise ArtifactError(
                    f"{self.path}, row {number}: {len(row)} cells where the header has "
                    f"{len(self.header)}; put quotes around a text with a comma."
                )
            yield row


def open_csv(path: Path, *, required: tuple[str, ...]) -> CsvFile:
    """Read the header of a UTF-8 CSV, with or without a byte order mark.

    Raises
    ------
    ArtifactError
        It cannot be read, is empty, not UTF-8, or lacks or repeats a column.
    """
    _, header = next(_records(path), (0, []))
    if not header:
        raise ArtifactError(f"{path} is empty: a header with {', '.join(required)} is expected.")
    missing = [name for name in required if name not in header]
    if missing:
        shown = ", ".join(header[:20])
        raise ArtifactError(f"{path} has no column {', no '.join(missing)}; its columns: {shown}.")
    twice = {name for name in header if header.count(name) > 1} if len(header) < 5000 else set()
    if twice or len(header) > COLUMN_LIMIT:
        problem = f"the column {min(twice)!r} twice" if twice else f"{len(header)} columns"
        raise ArtifactError(f"{path} has {problem}: every column needs a name of its own.")
    ours = is_ours(header)
    return CsvFile(path, tuple(unescaped(name) if ours else name for name in header), ours)


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    refuse_no_file(path)
    number = 0
    limit = csv.field_size_limit()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(_lines(file, path), strict=True)
            while True:
                csv.field_size_limit(CELL_LIMIT)  # one number for the whole process: put back
                try:
                    row = next(reader, None)
                finally:
                    csv.field_size_limit(limit)
                if row is None:
                    return
                if row:
                    number += 1
                    yield number, row
    except UnicodeDecodeError as error:
        raise ArtifactError(
            f"{path} is not UTF-8 (near row {number + 1}): save it as UTF-8 first."
        ) from error
    except csv.Error as error:
        raise ArtifactError(
            f"{path}, row {number + 1} cannot be read as CSV ({error}); is a quote left open?"
        ) from error
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}.") from error


def _lines(file: IO[str], path: Path) -> Iterator[str]:
    while line := file.readline(LINE_LIMIT + 1):
        if len(line) > LINE_LIMIT:
            raise ArtifactError(
                f"{path} has a line of more than {LINE_LIMIT >> 20} million characters: "
                "it is not a table of samples."
            )
        yield line
