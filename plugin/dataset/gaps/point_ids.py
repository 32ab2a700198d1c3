"""The sample ids of an analysis, found again by text or by their 12 bytes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...vectors.sample_ids import id_column, pack_ids

Array = NDArray[Any]


class PointIds:
    """Ids in the order of the points, S24 (n,)."""

    def __init__(self, ids: Array) -> None:
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    def text(self, rows: Array | slice = slice(None)) -> list[str]:
        """Sample ids of some rows; default all."""
        return [sample_id.decode() for sample_id in self._ids[rows].tolist()]

    def packed(self, rows: Array | slice = slice(None)) -> bytes:
        """Sample ids of some rows, 12 bytes each; default all."""
        return pack_ids(self._ids[rows]).tobytes()

    def rows_of(self, sample_ids: Sequence[str]) -> Array:
        """Rows of some samples, int64; those that are not a point are left out."""
        rows = self._find(np.array(list(sample_ids), dtype="S24"))
        return rows[rows >= 0]

    def places(self, packed: bytes) -> Array:
        """Row of each id, 12 bytes an id, int64; -1 where it is not a point."""
        if packed == self._all_packed:
            return np.arange(len(self))
        return self._find(id_column(np.frombuffer(packed, np.uint8)))

    def _find(self, wanted: Array) -> Array:
        if not len(wanted) or not len(self):
            return np.full(len(wanted), -1)
        at = np.searchsorted(self._ids, wanted, sorter=self._order)
        rows = self._order[np.minimum(at, len(self) - 1)]
        return np.where(self._ids[rows] == wanted, rows, -1)

    @cached_property
    def _all_packed(self) -> bytes:
        return self.packed()

    @cached_property
    def _order(self) -> Array:
        return np.argsort(self._ids, kind="stable")
