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
from numpy.typing import ArrayLike, NDArray

from ..coverage.criterion import Threshold
from ..coverage.yardstick import Yardstick
from ..errors import EmptySetError
from .sketch import Sketch
from .sphere import SphereIndex

Array = NDArray[Any]
SETS = ("S", "U", "both")
OWNED = 2
"""In place of a verdict, for an image of S."""
REACH_OF = 10_000
"""Images, at most, that say how far apart images are on the sphere."""


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

    ``embeddings()``, ``drives()``, ``reach()`` and ``sketch()`` (exact search in embedding space)
    are made by their first call.  Where ``lacking()`` is a sentence, there are no embeddings to ask
    and questions are answered from the coordinates and ``dist``.

    Parameters
    ----------
    sphere : float32 (n, 3)
        Unit rows.
    owned : bool (n,)
        Which points are S; the others are U.
    dist, percentile : float32 (n,)
        Distance to S and its percentile, NaN where there is none.
    threshold : Threshold
        The run's δ, the unit of its distances, and what its verdicts are worth.
    verdicts : int8 (n,), optional
        GAP, COVERED or CANNOT_SAY of each point of U, OWNED of S; by default read off ``dist``.
    novelty, support, support_drives, pick : (n,), optional
        Of points of U; NaN, -1, -1 and 0 where there is none; ``pick`` is the K-Center rank.
    yardstick : Yardstick, optional
        Distances inside S; without it no distance has a percentile.
    embeddings : callable
        Reads the unit embeddings, float32 (n, d); an EmptySetError where not every point has one,
        with a sentence on what answers rest on then.
    lacks : str, optional
        That sentence, where it is known without reading that they cannot be used.
    drives : callable, optional
        Reads the drive of each point as a number, int64 (n,), -1 where it has none; by default no
        point has one.
    """

    def __init__(
        self,
        *,
        sphere: Array,
        owned: Array,
        dist: Array,
        percentile: Array,
        threshold: Threshold,
        yardstick: Yardstick | None,
        embeddings: Callable[[], Array],
        lacks: str = "",
        verdicts: Array | None = None,
        novelty: Array | None = None,
        support: Array | None = None,
        support_drives: Array | None = None,
        pick: Array | None = None,
        drives: Callable[[], Array] | None = None,
    ) -> None:
        self.sphere, self.owned, self.dist, self.percentile = sphere, owned, dist, percentile
        self.threshold, self.metric, self.yardstick = threshold, threshold.metric, yardstick
        unknown = np.full(len(owned), -1)
        self.verdicts = self.judge(threshold) if verdicts is None else verdicts
        self.novelty = np.full(len(owned), np.nan) if novelty is None else novelty
        self.support = unknown if support is None else support
        self.support_drives = unknown if support_drives is None else support_drives
        self.pick = np.zeros(len(owned), np.int32) if pick is None else pick
        everything = np.arange(len(owned))
        self._members = {"S": everything[owned], "U": everything[~owned], "both": everything}
        self.embeddings = Once(embeddings)
        self.lacks = lacks
        self.lacking = Once(self._lacking)
        self.drives = Once(drives or (lambda: unknown))
        self.sketch = Once(lambda: Sketch(self.embeddings()))
        self.reach = Once(self._reach)
        self._indexes = {which: Once(partial(self._index_of, which)) for which in SETS}

    def __len__(self) -> int:
        return len(self.owned)

    def _lacking(self) -> str:
        """What answers rest on where the embeddings cannot be used, "" where they can."""
        if not self.lacks:
            try:
                self.embeddings()
            except EmptySetError as error:
                return str(error)
        return self.lacks

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

    def judge(self, threshold: Threshold) -> Array:
        """Verdicts of all points with another threshold, int8 (n,); OWNED for S."""
        return np.where(self.owned, OWNED, threshold.verdicts(self.dist)).astype(np.int8)

    def around(self, direction: ArrayLike, which: str, k: int) -> Array:
        """Rows of the ``k`` nearest on the sphere, of S, U or both, closest first."""
        return self.members(which)[self.index(which).nearest(direction, k).index[0]]

    def within(self, direction: ArrayLike, angle: float) -> Array:
        """Rows of all points within an angle in radians."""
        return self.index("both").within(direction, angle)

    def away(self, direction: ArrayLike, which: str) -> float | None:
        """Degrees to the nearest point of S or of U; None where it has none."""
        if not len(self.members(which)):
            return None
        return float(np.degrees(self.index(which).nearest(direction, 1).angle[0, 0]))

    def _reach(self) -> float:
        """Angle in radians within which 99 % of the images have another image."""
        if len(self) < 2:
            return 0.0
        rows = np.arange(0, len(self), max(1, len(self) // REACH_OF))
        apart = self.index("both").nearest(self.sphere[rows], 2).angle[:, 1]
        return float(np.quantile(apart, 0.99))

    def percentile_of(self, distance: float) -> float:
        """Where a distance falls among those inside S, 0..100; NaN without a yardstick."""
        return float(self.yardstick.percentile(distance)) if self.yardstick else float("nan")

    def warm(self) -> None:
        """Make all that a first question needs."""
        if not self.lacking():
            self.sketch()
        for which in SETS:
            self.index(which)
