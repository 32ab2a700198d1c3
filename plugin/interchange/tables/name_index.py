"""Rows that have to be found again by file name, in a SQLite file instead of memory.

The tables of a cache may be larger than memory.  SQLite keeps an unnamed database in memory while
it is small, moves it to a private temporary file once it grows, and removes that with the
connection.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from .findings import Findings

_ASKED_AT_ONCE = 500


class NameIndex:
    """What is looked up by file name, in a SQLite file that goes away with its connection."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # "": on disk once it grows, and private
        self._database.executescript(
            """
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
            CREATE TABLE sample (name TEXT PRIMARY KEY, row INTEGER, path TEXT);
            CREATE TABLE said (name TEXT, model INTEGER, outcome TEXT, rationale TEXT, extra TEXT,
                PRIMARY KEY (name, model, outcome));
            CREATE TABLE centroid (name TEXT PRIMARY KEY, a REAL, b REAL, c INTEGER);
            """
        )

    def close(self) -> None:
        self._database.close()

    def add(self, table: str, *values: Any) -> bool:
        """Whether the row is new: the first of two with one name stays."""
        marks = ", ".join("?" * len(values))
        made = self._database.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", values)
        return made.rowcount == 1

    def count(self, table: str) -> int:
        return int(self._database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def strangers(self, table: str, where: str = "1", *values: Any) -> tuple[int, list[str]]:
        """How many rows of a table belong to no sample, and the first of them."""
        which = f"FROM {table} WHERE {where} AND name NOT IN (SELECT name FROM sample)"
        count = self._database.execute(f"SELECT count(*) {which}", values).fetchone()[0]
        shown = self._database.execute(f"SELECT name {which} LIMIT {Findings.LISTED}", values)
        return int(count), [name for (name,) in shown]

    def paths(self, names: Sequence[str]) -> dict[str, tuple[int, str | None]]:
        asked = self._asked("SELECT name, row, path FROM sample", names)
        return {name: (row, path) for name, row, path in asked}

    def said(
        self, names: Sequence[str], model: int
    ) -> dict[str, dict[str, tuple[str, dict[str, str]]]]:
        """What a model's tables hold of some samples: name -> outcome -> rationale, other cells."""
        found: dict[str, dict[str, tuple[str, dict[str, str]]]] = {}
        columns = "SELECT name, outcome, rationale, extra FROM said"
        for name, outcome, cell, extra in self._asked(columns, names, f"AND model = {model}"):
            found.setdefault(name, {})[outcome] = cell, json.loads(extra)
        return found

    def centroid(self, names: Sequence[str]) -> dict[str, tuple[Any, Any, Any]]:
        asked = self._asked("SELECT name, a, b, c FROM centroid", names)
        return {name: (a, b, None if c is None else bool(c)) for name, a, b, c in asked}

    def _asked(
        self, select: str, names: Sequence[str], more: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        for start in range(0, len(names), _ASKED_AT_ONCE):
            part = names[start : start + _ASKED_AT_ONCE]
            marks = ", ".join("?" * len(part))
            with closing(
                self._database.execute(f"{select} WHERE name IN ({marks}) {more}", part)
            ) as rows:
                yield from rows
