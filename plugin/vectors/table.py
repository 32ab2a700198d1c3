"""A folder of vectors that grows: a row is known by its id and the mark of what it was made from.

Rows are added a file at a time (:mod:`.shard`), each whole or not there, so that a reader never
waits and a killed writer leaves nothing that counts.  Of several rows with one id the last one
added counts.  A mark that is not the one asked for means another vector: the table never says how
a vector *is*, only how the vector with that mark *was*.

Writers need not know of each other, nor readers of writers: a file that has gone stays readable for
whoever has mapped it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError, DimensionError
from . import shard
from .sample_ids import ID, Ids, places
from .shard import Fill, Marks, Matrix, Shard

logger = logging.getLogger(__name__)

MOST_FILES = 32
"""A table of more is written anew as one."""
AT_ONCE = 8192
"""Rows that are copied at once."""
_FILE = re.compile(r"(\d{8})-[0-9a-f]{8}\.arrow")


def _on(point: str) -> None:
    """Do nothing; tests put in its place what ends the process."""


reached: Callable[[str], None] = _on
"""Called at each point of a writing: ``laid out``, ``filled``, ``placed``, ``removed``."""


@dataclass(eq=False)
class Table:
    """The vectors of a folder, as they were when it was looked at.

    >>> import tempfile
    >>> table = Table(Path(tempfile.mkdtemp()) / "vectors")
    >>> ids = np.frombuffer(b"sample-00001sample-00002", np.uint8).reshape(-1, 12)
    >>> table.append(ids, np.array([7, 8]), np.eye(2, dtype=np.float32))
    >>> table.rows(ids, np.array([7, 9])).tolist()
    [0, -1]
    >>> table.take(np.array([1, 0])).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """

    folder: Path
    shards: list[Shard] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.look()

    def look(self) -> None:
        """See what others have added or removed."""
        known = {each.path: each for each in self.shards}
        found = []
        for path in _files(self.folder):
            try:
                found.append(known.get(path) or shard.read(path))
            except ArtifactError as error:
                if path.exists():  # else another process has just put its rows elsewhere
                    logger.warning("%s", error)
        self.shards = found

    def __len__(self) -> int:
        """Rows, those that no longer count among them."""
        return sum(map(len, self.shards))

    @property
    def dimension(self) -> int | None:
        """Numbers of the vectors added last; None where there are none."""
        return self.shards[-1].matrix.shape[1] if self.shards else None

    @property
    def ids(self) -> Ids:
        """Of every row, uint8 (n, 12)."""
        return np.concatenate([np.empty((0, ID), np.uint8), *(s.ids for s in self.shards)])

    def rows(self, ids: Ids, marks: Marks) -> NDArray[np.int64]:
        """The row of each id that has the vector of that mark, int64 (n,); -1 where none has."""
        at = places(self.ids, ids)
        known = np.concatenate([np.empty(0, np.int64), *(s.marks for s in self.shards)])
        sizes = [np.full(len(s), s.matrix.shape[1]) for s in self.shards]
        fits = np.concatenate([np.empty(0, np.int64), *sizes]) == self.dimension
        if not len(known):
            return at
        return np.where((at >= 0) & (known[at] == marks) & fits[at], at, -1)

    def slice(self, rows: NDArray[np.int64]) -> Matrix | None:
        """The vectors of rows that lie one after the other in one file, as they are mapped."""
        if not len(rows) or rows[0] < 0 or (np.diff(rows) != 1).any():
            return None
        start = int(rows[0])
        for each in self.shards:
            if start < len(each):
                stop = start + len(rows)
                return each.matrix[start:stop] if stop <= len(each) else None
            start -= len(each)
        return None

    def take(self, rows: NDArray[np.int64], out: Matrix | None = None) -> Matrix:
        """The vectors of rows, read-only (n, d); or in ``out``, where those of -1 are left alone.

        Raises
        ------
        DimensionError
            The vectors of ``out`` are of another length.
        """
        if out is None:
            found = self.slice(rows)
            if found is not None:
                return found
        made = np.empty((len(rows), self.dimension or 0), np.float32) if out is None else out
        if made.shape[1] != self.dimension and (rows >= 0).any():
            raise DimensionError(f"The table's vectors have {self.dimension} numbers.")
        start = 0
        for each in self.shards:
            mine = np.flatnonzero((rows >= start) & (rows < start + len(each)))
            for first in range(0, len(mine), AT_ONCE):
                some = mine[first : first + AT_ONCE]
                theirs = rows[some] - start
                if _follow(some) and _follow(theirs):
                    made[some[0] : some[-1] + 1] = each.matrix[theirs[0] : theirs[-1] + 1]
                else:
                    made[some] = each.matrix[theirs]
            start += len(each)
        if out is None:
            made.flags.writeable = False
        return made

    def append(self, ids: Ids, marks: Marks, matrix: Matrix) -> None:
        """Add rows; those that had one of the ids no longer count."""

        def fill(numbers: Matrix, their: Marks) -> None:
            numbers[:], their[:] = matrix, marks

        self.add(ids, matrix.shape[1], fill)

    def add(self, ids: Ids, dimension: int, fill: Fill) -> Shard:
        """Add a file of rows, filled in place (:func:`.shard.write`), and map it."""
        number = 1 + max((int(path.name[:8]) for path in _files(self.folder)), default=0)
        path = self.folder / f"{number:08}-{uuid4().hex[:8]}.arrow"
        made = shard.write(path, ids, dimension, fill, lambda point: reached(point))
        self.shards.append(made)
        reached("placed")
        return made

    def counting(self) -> NDArray[np.int64]:
        """Rows that count: the last one of each id, in their order."""
        at = places(self.ids, self.ids)
        return np.flatnonzero(at == np.arange(len(at)))

    def compact(self, keep: Ids | None = None) -> None:
        """Remove files of which no row counts; write the others as one where half do not.

        ``keep``: only rows of these ids count.
        """
        if not self.shards:
            return
        rows = self.counting()
        if keep is not None:
            rows = rows[places(keep, self.ids[rows]) >= 0]
        old, total = list(self.shards), len(self)
        starts = np.cumsum([0, *map(len, old)])
        counts = [int(((rows >= a) & (rows < b)).sum()) for a, b in pairwise(starts.tolist())]
        used = sum(count > 0 for count in counts)
        gone = [each for each, count in zip(old, counts, strict=True) if not count]
        if len(rows) and (used > MOST_FILES or 2 * len(rows) < total - sum(map(len, gone))):
            same = [each.matrix.shape[1] == self.dimension for each in old]
            rows = rows[np.repeat(same, [len(each) for each in old])[rows]]
            marks = np.concatenate([each.marks for each in old])[rows]

            def fill(numbers: Matrix, their: Marks) -> None:
                self.take(rows, numbers)
                their[:] = marks

            self.add(self.ids[rows], self.dimension or 0, fill)
            gone = old
        for each in gone:
            each.path.unlink(missing_ok=True)
            reached("removed")
        self.shards = [each for each in self.shards if each not in gone]


def _follow(rows: NDArray[np.int64]) -> bool:
    """Whether rows lie one after the other."""
    return bool((np.diff(rows) == 1).all())


def _files(folder: Path) -> list[Path]:
    """Files of a table, oldest first; of another name they are none of ours."""
    try:
        return sorted(path for path in folder.iterdir() if _FILE.fullmatch(path.name))
    except OSError:
        return []
