"""What a greedy asks before a pick, and tells after it.

The one idea: a greedy only ever wants to know whether its winner may be picked.  Whoever answers
can be anything, as long as a row that was refused is closed.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Gate(Protocol):
    """Which rows of U may be picked.

    ``closed`` bool (n,) are rows that may not be; they stay so until :meth:`reopen`.
    """

    closed: NDArray[np.bool_]

    def admits(self, row: int, squared: float) -> bool:
        """Whether ``row`` may be next, d^2 = ``squared`` from S and picks; if not, it is closed."""
        ...

    def reopen(self) -> bool:
        """Asked where all is closed: whether rows were opened, kept back for what cannot be met."""
        ...

    def expect(self, rows: NDArray[np.int64]) -> None:
        """Hear which rows are likely to be asked about next, the likeliest first."""
        ...

    def compared(self, rows: NDArray[np.int64], similarity: NDArray[np.float32]) -> None:
        """Hear inner products of rows with one another, (m, m), that were computed anyway."""
        ...

    def took(self, row: int) -> None:
        """``row`` was picked."""
        ...
