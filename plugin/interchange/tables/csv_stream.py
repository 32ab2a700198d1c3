"""A CSV of any size, a row at a time: only one row is held at once, whatever the file claims.

Rows are the text of the file.  A line, a cell and a row have a largest size, so that an open quote
is found before it fills the memory.  ``pandas.read_csv`` would pad a short row in silence and
read on behind an open quote to the end of the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ...errors import ArtifactError
from ..files.checked import refuse_no_file
from .columns import shown
from .dialect import PLAIN, Dialect, possible_dialects
from .safe_cells import is_ours, unescaped

CELL_LIMIT = 1 << 20
"""Characters of one cell at most: a rationale is some hundreds."""
LINE_LIMIT = 4 << 20
"""Characters of one line at most; MongoDB holds 16 MB a sample."""
COLUMN_LIMIT = 1000
BLANK_LIMIT = 1_000_000
FILE_WORDS = frozenset(
    f"{thing}{what}"
    for thing in ("", "image", "img", "frame")
    for what in ("file", "filename", "filepath", "path", "name", "url", "uri")
) - {"name", "url", "uri", "framename"} | {"image", "img"}
"""Names of the column of files, without capitals and signs."""
OTHER_NAMES: Mapping[str, Collection[str]] = {"filename": FILE_WORDS, "file_name": FILE_WORDS}

HOLDS: Mapping[str, str] = {"split": ", with S or U for each image"}
"""What a column must hold, where its name does not say it."""


@dataclass(frozen=True)
class CsvFile:
    """A table whose header was read and found good; :meth:`rows` reads the rest."""

    path: Path
    header: tuple[str, ...]
    """Names of the columns; those that were asked for are called so, however they are written."""
    ours: bool = False
    """An export of ours wrote it, so that its cells are unescaped; see :mod:`.safe_cells`."""
    dialect: Dialect = PLAIN
    written: tuple[str, ...] = ()
    """The header as it stands in the file."""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def renamed(self) -> dict[str, str]:
        """Columns that were recognised under another name: that name -> ours."""
        pairs = zip(self.written, self.header, strict=True)
        return {old: new for old, new in pairs if old != new}

    def place(self, column: str) -> int:
        """Position of a column."""
        return self.header.index(column)

    def rows(self) -> Iterator[list[str]]:
        """Every row that is not blank, its cells in their own text.

        Raises
        ------
        ArtifactError
            The file cannot be read, is not in its encoding, or a row does not fit the header.
        """
        for _, row in self.numbered_rows():
            yield row

    def numbered_rows(self) -> Iterator[tuple[int, list[str]]]:
        """:meth:`rows` with their numbers as a spreadsheet has them: the header's is 1."""
        first = True
        for number, cells in _records(self.path, self.dialect):
            row = [unescaped(cell) for cell in cells] if self.ours else cells
            more = row[len(self.header) :]
            if first:
                first = False
                if tuple(row[: len(self.header)]) != self.written:
                    raise ArtifactError(f"{self.path} changed while it was read: run it again.")
                continue
            if len(row) < len(self.header) or any(cell.strip() for cell in more):
                raise ArtifactError(
                    f"{self.path}, row {number}: {len(row)} cells where the header has "
                    f"{len(self.header)}, separated by {self.dialect.said}; put quotes around a "
                    "text that holds a separator."
                )
            yield number, row[: len(self.header)]


def open_csv(path: Path, *, required: tuple[str, ...]) -> CsvFile:
    """Read the header of a CSV, whose separator and encoding are found.

    A required column may be written in other cases, and the one of files be called ``path``, or
    ``image``, where only one column can be meant.

    Raises
    ------
    ArtifactError
        It cannot be read, is empty, not UTF-8, or lacks or repeats a column.
    """
    refuse_no_file(path)
    headers: dict[Dialect, list[str]] = {}
    problem: ArtifactError | None = None
    for dialect in possible_dialects(path):
        try:
            _, headers[dialect] = next(_records(path, dialect), (0, []))
        except ArtifactError as error:
            problem = problem or error
    dialect = max(headers, key=lambda each: _fit(headers[each], required), default=PLAIN)
    if problem and (not headers or _fit(headers[dialect], required)[0] < len(required)):
        raise problem
    header = headers[dialect]
    while sum(not name.strip() for name in header) > 1 and not header[-1].strip():
        header = header[:-1]  # a spreadsheet writes separators for columns that hold nothing
    if not any(header):
        raise ArtifactError(f"{path} is empty: a header with {', '.join(required)} is expected.")
    if len(header) > COLUMN_LIMIT:
        raise ArtifactError(f"{path} has {len(header)} columns; {COLUMN_LIMIT} are the most.")
    ours = is_ours(header)
    written = tuple(unescaped(name) if ours else name for name in header)
    names = _recognised(list(written), required)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ArtifactError(
            f"{path} has the column {twice[0]!r} twice: every column needs a name of its own."
        )
    missing = [name for name in required if name not in names]
    if missing:
        raise ArtifactError(_lacks(path, names, missing, dialect, written))
    return CsvFile(path, tuple(names), ours, dialect, written)


def plain(name: str) -> str:
    """A column's name without capitals, spaces and signs: ``File_Name`` is ``filename``."""
    return re.sub(r"[\W_]+", "", name).lower()


def _fit(header: Sequence[str], required: Sequence[str]) -> tuple[int, int]:
    """How many required columns a header has, and how many columns."""
    names = _recognised(list(header), required)
    return sum(name in names for name in required), len(names)


def _recognised(names: list[str], required: Sequence[str]) -> list[str]:
    """The header with a required column's own name where one column alone can be meant."""
    for name in required:
        found = _candidates(names, name)
        if len(found) == 1:
            names = [name if each == found[0] else each for each in names]
    return names


def _candidates(names: Sequence[str], wanted: str) -> list[str]:
    if wanted in names:
        return [wanted]
    same = [name for name in names if plain(name) == plain(wanted)]
    return same or [name for name in names if plain(name) in OTHER_NAMES.get(wanted, ())]


def _lacks(
    path: Path,
    names: list[str],
    missing: list[str],
    dialect: Dialect,
    written: Sequence[str],
) -> str:
    several = _candidates(names, missing[0])
    if several:
        return (
            f"{path} has no column {missing[0]!r}, and {' or '.join(map(repr, several))} may be "
            "meant: rename one of them."
        )
    listed = ", ".join(shown(name)[1:-1] for name in written[:20])
    how = f" (separated by {dialect.said})" if len(names) > 1 else ""
    wanted = ", no ".join(f"{name}{HOLDS.get(name, '')}" for name in missing)
    return f"{path} has no column {wanted}; its columns{how}: {listed}."


def _records(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    number = blank = 0
    limit = csv.field_size_limit()
    try:
        with path.open(encoding=dialect.encoding, newline="") as file:
            for _ in range(dialect.skipped):
                file.readline(LINE_LIMIT)
            reader = csv.reader(_lines(file, path), delimiter=dialect.separator, strict=True)
            while True:
                csv.field_size_limit(CELL_LIMIT)  # one number for the whole process: put back
                try:
                    row = next(reader, None)
                finally:
                    csv.field_size_limit(limit)
                if row is None:
                    return
                number += 1
                if row:
                    yield number, row
                    continue
                blank += 1
                if blank > BLANK_LIMIT:
                    raise ArtifactError(
                        f"{path} has more than {BLANK_LIMIT:,} blank lines: it is not a table of "
                        "samples."
                    )
    except UnicodeDecodeError as error:
        byte = f", byte 0x{error.object[error.start]:02x}" if error.object else ""
        raise ArtifactError(
            f"{path} is not {_encoding_name(dialect)} (near row {number + 1}{byte}): save it as "
            "UTF-8 first. Which encoding it has instead cannot be seen from it."
        ) from error
    except UnicodeError as error:
        raise ArtifactError(f"{path} is not {_encoding_name(dialect)}: {error}.") from error
    except csv.Error as error:
        raise ArtifactError(
            f"{path}, row {number + 1} cannot be read as CSV ({error}); is a quote left open?"
        ) from error
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}.") from error


def _encoding_name(dialect: Dialect) -> str:
    return dialect.encoding.upper().removesuffix("-SIG")


def _lines(file: IO[str], path: Path) -> Iterator[str]:
    while line := file.readline(LINE_LIMIT + 1):
        if len(line) > LINE_LIMIT:
            raise ArtifactError(
                f"{path} has a line of more than {LINE_LIMIT >> 20} million characters: "
                "it is not a table of samples."
            )
        yield line
