"""A CSV as typed columns: numbers stay numbers, text stays text, and every cell is accounted for.

A column is an integer, a number, a truth value or text, whichever fits *all* of its cells; an empty
cell is a missing value.  Column names become field names: what FiftyOne reserves or cannot write
is renamed, and the renaming is reported.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import ArtifactError
from ...interchange.columns import Cell, typed
from ...interchange.files import refuse_no_file
from ..store.names import FRAME_NUMBER, SEQUENCE

FILENAME = "filename"
SPLIT = "split"
TEXT = frozenset([FILENAME, SPLIT, SEQUENCE])
ALIASES = {"frame": FRAME_NUMBER}
RESERVED = frozenset(
    ["id", "_id", "filepath", "tags", "metadata", "created_at", "last_modified_at", "filename"]
)


@dataclass(frozen=True)
class Table:
    """``columns``: typed cells by field name; ``renamed``: header -> field where they differ."""

    columns: dict[str, list[Cell]]
    renamed: dict[str, str] = field(default_factory=dict)


def read_table(path: Path, *, required: tuple[str, ...] = (FILENAME,)) -> Table:
    """Read a UTF-8 CSV with a header line; names (:data:`TEXT`) stay text whatever they look like.

    Raises
    ------
    ArtifactError
        It cannot be read, is not UTF-8, lacks a required column, repeats a column, or a row has
        more or fewer cells than the header.
    """
    refuse_no_file(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(_rows(csv.reader(file, strict=True), path))
    except UnicodeDecodeError as error:
        raise ArtifactError(
            f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8 first."
        ) from error
    except (OSError, csv.Error) as error:
        raise ArtifactError(f"{path} cannot be read as CSV: {error}.") from error
    header, body = rows[0], rows[1:]
    missing = [name for name in required if name not in header]
    if missing:
        raise ArtifactError(
            f"{path} has no column {missing[0]!r}; its columns: {', '.join(header)}."
        )
    names = _field_names(header, path)
    cells = zip(*body, strict=True) if body else ([] for _ in header)
    columns = {
        name: [cell or None for cell in column] if name in TEXT else typed(list(column))
        for name, column in zip(names, cells, strict=True)
    }
    renamed = {
        old: new
        for old, new in zip(header, names, strict=True)
        if new not in (old, ALIASES.get(old))
    }
    return Table(columns, renamed)


def _rows(reader: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    header = next(reader, None)
    if not header:
        raise ArtifactError(f"{path} is empty: a header line with {FILENAME!r} is expected.")
    yield [name.strip() for name in header]
    for number, row in enumerate(reader, start=2):
        if not row:
            continue
        if len(row) != len(header):
            raise ArtifactError(
                f"{path}, row {number}: {len(row)} cells where the header has {len(header)}."
            )
        yield [cell.strip() for cell in row]


def _field_names(header: list[str], path: Path) -> list[str]:
    names = []
    for column in header:
        name = ALIASES.get(column, column)
        if name in RESERVED and name != FILENAME:
            name = f"csv_{name.lstrip('_')}"
        name = re.sub(r"\W", "_", name).strip("_") or "column"
        name = f"csv_{name}" if name[0].isdigit() else name
        if name in names:
            raise ArtifactError(f"{path}: two columns would both become the field {name!r}.")
        names.append(name)
    return names
