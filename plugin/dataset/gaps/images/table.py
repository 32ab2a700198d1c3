"""A CSV as typed columns for a dataset's fields: every cell is accounted for.

A column that the dataset has a field for takes that field's type, where no cell loses anything by
it; another takes the narrowest type that fits (:mod:`....interchange.tables.columns`).
Column names become field names: what FiftyOne or a step keeps for itself, or FiftyOne cannot write,
is renamed.  What was understood rather than copied is said in ``notes``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path

import fiftyone as fo

from ....errors import ArtifactError, EmptySetError
from ....interchange.tables.columns import (
    INFINITE,
    Cell,
    Kind,
    Narrowing,
    drive_name,
    fitted,
    frame_number,
    shown,
)
from ....interchange.tables.csv_stream import CsvFile, open_csv, plain
from ...store.fiftyone_internals import reserved_names
from ...store.names import FRAME_NUMBER, SEQUENCE, Names
from ...store.runs import names_used

FILENAME = "filename"
SPLIT = "split"
ALIASES = {"frame": FRAME_NUMBER, "framenumber": FRAME_NUMBER, "sequence": SEQUENCE}
"""Columns that have a meaning here, by their names without capitals and signs."""
KINDS: Mapping[type[fo.Field], Kind] = {
    fo.StringField: str,
    fo.IntField: int,
    fo.FloatField: float,
    fo.BooleanField: bool,
    fo.DateTimeField: datetime,
    fo.DateField: date,
}


READERS: Mapping[str, tuple[Kind, Callable[[str], Cell]]] = {
    FRAME_NUMBER: (int, frame_number),
    SEQUENCE: (str, drive_name),
}
"""Fields with a meaning, each with its type and how a cell of it is read, the first time and
again."""


@dataclass(frozen=True)
class Table:
    """``columns``: typed cells by field name; ``renamed``: header -> field where they differ.

    ``numbers``: the rows' numbers in a spreadsheet.
    """

    columns: dict[str, list[Cell]]
    renamed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)


def read_table(
    path: Path,
    dataset: fo.Dataset | None = None,
    *,
    required: tuple[str, ...] = (FILENAME,),
) -> Table:
    """Read a CSV with a header line; ``filename``, ``split`` and ``sequence`` stay text.

    Parameters
    ----------
    dataset
        Cells become values of the types of its fields; no column becomes a field that FiftyOne or
        a step keeps for itself.

    Raises
    ------
    ArtifactError
        It cannot be read, lacks a required column, repeats a column, a row has more or fewer cells
        than the header, or a cell does not fit the field that is there: nothing is converted with
        a loss.
    EmptySetError
        It has no row.
    """
    file = open_csv(path, required=required)
    schema = dataset.get_field_schema() if dataset is not None else {}
    names = _field_names(file, kept_names(dataset))
    numbers, rows = [], []
    for number, cells in file.numbered_rows():
        row = [cell.strip() for cell in cells]
        if any(row):
            numbers.append(number)
            rows.append(row)
    if not rows:
        raise EmptySetError(f"{path} has a header and no row.")
    notes = _Notes(file)
    columns: dict[str, list[Cell]] = {}
    for place, (header, name) in enumerate(zip(file.written, names, strict=True)):
        cells = [row[place] for row in rows]
        if not header.strip() and not any(cells):
            continue
        held = schema.get(name)
        convert = _converter(file, header, name, held, cells, notes)
        values: list[Cell] = []
        for number, cell in zip(numbers, cells, strict=True):
            try:
                values.append(convert(cell))
            except ValueError:
                what = f"does not fit the dataset's field {name!r}, {_type(held)}"
                raise ArtifactError(
                    f"{path}, row {number}: {shown(cell)} in the column {header!r} "
                    f"{'is not a whole number' if held is None else what}: correct it, or rename "
                    "the column."
                ) from None
        columns[name] = values
        notes.see_missing(header, cells, values)
    renamed = {
        old.strip(): new
        for old, new in zip(file.written, names, strict=True)
        if old.strip() not in (new, "frame") and new in columns and new not in (FILENAME, SPLIT)
    }
    return Table(columns, renamed, notes.lines(), numbers)


def kept_names(dataset: fo.Dataset | None) -> frozenset[str]:
    """Fields that FiftyOne, or a step, keeps for itself."""
    of_steps = frozenset(vars(Names()).values()) if dataset is None else names_used(dataset)
    return reserved_names(dataset) | of_steps


def _converter(
    file: CsvFile,
    header: str,
    name: str,
    held: fo.Field | None,
    cells: Sequence[str],
    notes: _Notes,
) -> Callable[[str], Cell]:
    if name in (FILENAME, SPLIT):
        return _text
    comma = file.dialect.decimal_comma
    kind = KINDS.get(type(held)) if held is not None else None
    own, read = READERS.get(name, (None, None))
    if read is not None and (held is None or kind is own):
        return read
    if held is not None:
        if kind is None and any(cells):
            raise ArtifactError(
                f"{file.path}: the column {header!r} cannot fill the dataset's field {name!r}, "
                f"{_type(held)}: rename the column."
            )
        return partial(fitted, kind=kind or str, decimal_comma=comma)
    column = Narrowing(header, decimal_comma=comma)
    for cell in cells:
        column.see(cell)
    notes.see_type(header, column)
    return column.convert


def _text(cell: str) -> Cell:
    return cell or None


def _type(held: fo.Field | None) -> str:
    document = getattr(held, "document_type", None)
    name = document.__name__ if document else type(held).__name__
    return f"an {name}" if name[0] in "AEIO" else f"a {name}"


class _Notes:
    """What was understood rather than copied, a line for each kind of it."""

    def __init__(self, file: CsvFile) -> None:
        self._found: dict[str, list[str]] = {}
        if file.dialect.separator != ",":
            self._add("cells separated by", file.dialect.said)

    def see_type(self, header: str, column: Narrowing) -> None:
        """Numbers that stay text, or lose something that is not their value."""
        if column.numbers_as_text:
            self._add("kept as text", f"{header!r} ({column.numbers_as_text})")
        if column.decimal_commas:
            self._add("read with decimal commas", repr(header))
        if column.trailing_zeros:
            self._add("read as numbers, without the zeros at their end", repr(header))

    def see_missing(self, header: str, cells: Sequence[str], values: Sequence[Cell]) -> None:
        """Words that became missing values."""
        words = [c for c, v in zip(cells, values, strict=True) if c and v is None]
        if words:
            endless = any(word.lower() in INFINITE for word in words)
            what = "taken as missing, infinite values too" if endless else "taken as missing"
            self._add(what, f"{len(words)} of {header!r} ({words[0]!r})")

    def _add(self, what: str, column: str) -> None:
        self._found.setdefault(what, []).append(column)

    def lines(self) -> list[str]:
        return [f"{what}: {', '.join(columns)}" for what, columns in self._found.items()]


def _field_names(file: CsvFile, reserved: Collection[str]) -> list[str]:
    names: list[str] = []
    header = [name.strip() for name in file.header]
    for column in header:
        meant = ALIASES.get(plain(column), column)
        name = column if meant in header else meant
        name = re.sub(r"\W", "_", name).strip("_") or "column"
        if name in reserved and name not in (FILENAME, SPLIT):
            name = f"csv_{name}"
        name = f"csv_{name}" if name[0].isdigit() else name
        if name in names:
            other = header[names.index(name)]
            raise ArtifactError(
                f"{file.path}: the columns {other!r} and {column!r} would both become the field "
                f"{name!r}: rename one."
            )
        names.append(name)
    return names
