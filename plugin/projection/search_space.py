"""S and U on the sphere and in the embedding: the arrays that questions are put to.

What a question searches in (trees over the sphere, a sketch of the embeddings, the embeddings
themselves) is made when one first needs it, once, whichever thread asks first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..coverage.yardstick import Yardstick
from .sketch import Sketch
from .sphere import SphereIndex

Array = NDArray[Any]
SETS = ("S", "U", "both")


T = TypeVar("T")


class Once(Generic[T]):
    """A value made by the first call; other threads that ask meanwhile wait for it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: list[T] = []
        self._lock = threading.Lock()

    def __call__(self) -> T:
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]


class SearchSpace:
    """The points of one analysis.

    ``embeddings()``, ``sequences()`` and ``sketch()`` (exact search in embedding space) are made by
    their first call.

    Parameters
    ----------
    sphere : float32 (n, 3)
        Unit rows.
    owned : bool (n,)
        Which points are S; the others are U.
    dist, percentile : float32 (n,)
        Distance to S and its percentile, NaN where there is none.
    delta, metric
        The run's threshold and the unit of its distances.
    yardstick : Yardstick, optional
        Distances inside S; without it no distance has a percentile.
    embeddings : callable
        Reads the unit embeddings, float32 (n, d).
    sequences : callable, optional
        Reads the sequence of each point as a number, int64 (n,), -1 where it has none; default no
        point has one.
    """

    def __init__(
        self,
        *,
        sphere: Array,
        owned: Array,
        dist: Array,
        percentile: Array,
        delta: float,
        metric: str,
        yardstick: Yardstick | None,
        embeddings: Callable[[], Array],
        sequences: Callable[[], Array] | None = None,
    ) -> None:
        self.sphere, self.owned, self.dist, self.percentile = sphere, owned, dist, percentile
        self.delta, self.metric, self.yardstick = delta, metric, yardstick
        everything = np.arange(len(owned))
        self._members = {"S": everything[owned], "U": everything[~owned], "both": everything}
        self.embeddings = Once(embeddings)
        self.sequences = Once(sequences or (lambda: np.full(len(owned), -1)))
        self.sketch = Once(lambda: Sketch(self.embeddings()))
        self._indexes = {which: Once(partial(self._index_of, which)) for which in SETS}

    def __len__(self) -> int:
        return len(self.owned)

    def direction(self, row: int) -> tuple[float, float, float]:
        """Where a point is on the sphere."""
        x, y, z = self.sphere[row].tolist()
        return x, y, z

    def members(self, which: str) -> Array:
        """Rows of S, of U or of both."""
        return self._members[which]

    def mask(self, which: str) -> Array | None:
        """Members of S or of U, bool (n,); None for both."""
        return {"S": self.owned, "U": ~self.owned}.get(which)

    def index(self, which: str) -> SphereIndex:
        """Nearest neighbours on the sphere among S, U or both; its rows count ``members``."""
        return self._indexes[which]()

    def _index_of(self, which: str) -> SphereIndex:
        return SphereIndex(self.sphere[self.members(which)])

    def percentile_of(self, distance: float) -> float:
        """Where a distance falls among those inside S, 0..100; NaN without a yardstick."""
        return float(self.yardstick.percentile(distance)) if self.yardstick else float("nan")

    def warm(self) -> None:
        """Make all that a first question needs."""
        self.sketch()
        for which in SETS:
            self.index(which)
