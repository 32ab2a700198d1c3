"""The yardstick of a coverage run: how far the images of S are from each other.

The one idea: a raw distance says little, so S itself gives the scale.  The coverage run keeps the
leave-one-out distances of S (all of them, or 257 quantiles where S is larger), and every
percentile is read off them: in the fields, the panel, the Visual Spec and an imported folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArtifactError
from .rows import checked_distances

KEPT = 257
"""Distances in a record at most: 1 KB, and a percentile right to 0.6."""

MOST = 1 << 40
"""Images that no set has; a larger number in a file is refused."""


@dataclass(frozen=True, eq=False)
class Yardstick:
    """Distances of S and the percentile of each.

    ``distances`` float32 (q,) ascending; ``levels`` float64 (q,) ascending, 0..100; ``size`` how
    many images of S they stand for, 0 where that is unknown.  With ``size == q`` every distance of
    S is here and percentiles are exact.
    """

    distances: NDArray[np.float32]
    levels: NDArray[np.float64]
    size: int

    @classmethod
    def of(cls, inside: ArrayLike) -> Yardstick:
        """The yardstick of all leave-one-out distances (m,) of S; exact.

        Raises
        ------
        EmptySetError, NotFiniteError
            There is no distance, or one is NaN or infinite.
        """
        distances = np.sort(checked_distances("The leave-one-out distances", inside))
        m = len(distances)
        return cls(distances.astype(np.float32), 100 * (np.arange(m) + 0.5) / m, m)

    @classmethod
    def from_pairs(cls, distance: ArrayLike, percentile: ArrayLike) -> Yardstick | None:
        """Read off candidates whose distance and percentile are known, (n,) each; or None.

        For runs that kept no yardstick: exact at each pair, interpolated between, 0 at distance 0.
        """
        pairs = np.array([distance, percentile], np.float64).reshape(2, -1)
        pairs = np.unique(pairs[:, np.isfinite(pairs).all(axis=0)], axis=1)
        if not pairs.size:
            return None
        if pairs[0, 0] > 0:
            pairs = np.insert(pairs, 0, 0, axis=1)
        return cls(pairs[0].astype(np.float32), np.maximum.accumulate(pairs[1]), 0)

    def percentile(self, distance: ArrayLike) -> NDArray[np.float64]:
        """Where distances (...) fall among those of S, 0..100.

        The mid-rank: the share of S that is nearer, plus half the share equally near.  So 0 is
        nearer than any image of S is to the rest of S, 100 is farther, and the percentile never
        falls as the distance grows.  Distances are compared as float32, as they are stored.

        Examples
        --------
        >>> Yardstick.of([0.1, 0.2, 0.3]).percentile([0.0, 0.2, 0.9]).round(1).tolist()
        [0.0, 50.0, 100.0]
        """
        asked = np.asarray(distance, np.float32)
        below = np.searchsorted(self.distances, asked, side="left")
        up_to = np.searchsorted(self.distances, asked, side="right")
        if self.size == len(self.distances):
            return np.asarray(50.0 * (below + up_to) / self.size)
        last = len(self.distances) - 1
        first_equal, last_equal = np.minimum(below, last), np.maximum(up_to - 1, 0)
        equal = (self.levels[first_equal] + self.levels[last_equal]) / 2
        beyond = 100.0 if self.size else self.levels[-1]
        between = np.interp(asked, self.distances, self.levels, left=0.0, right=beyond)
        return np.asarray(np.where(up_to > below, equal, between))

    def distance(self, percentile: ArrayLike) -> NDArray[np.float32]:
        """The distances at percentiles (...): quantiles of S with Hazen's plotting positions.

        Examples
        --------
        >>> round(float(Yardstick.of([0.1, 0.2, 0.3]).distance(50.0)), 3)
        0.2
        """
        return np.asarray(
            np.interp(np.asarray(percentile, np.float64), self.levels, self.distances), np.float32
        )

    def record(self) -> dict[str, Any]:
        """At most :data:`KEPT` numbers, as JSON: all distances of S, or evenly spaced quantiles."""
        distances = self.distances
        if len(distances) > KEPT:
            distances = self.distance(_levels(self.size))
        # Through text: the shortest decimal that is this float32 again.
        return {"size": self.size, "distances": [float(str(d)) for d in distances]}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Yardstick:
        """Read what :meth:`record` gives, also out of a file made elsewhere.

        Raises
        ------
        ArtifactError
            It is not a yardstick.

        Examples
        --------
        >>> Yardstick.from_record({"size": 2, "distances": [0.1, 0.3]}).percentile(0.2).tolist()
        50.0
        """
        known = isinstance(record, Mapping)
        size, listed = (record.get("size"), record.get("distances")) if known else (None, None)
        if (
            not isinstance(size, int)
            or isinstance(size, bool)
            or not isinstance(listed, list)
            or not 0 < len(listed) == min(size, KEPT)
            or size > MOST
            or not all(type(value) in (int, float) and 0 <= value <= 2 for value in listed)
            or listed != sorted(listed)
        ):
            raise ArtifactError(
                "A yardstick must hold the size of S and as many distances from 0 to 2 in "
                f"ascending order, or {KEPT} quantiles of them; run compute_coverage again."
            )
        distances = np.array(listed, np.float32)
        if size > KEPT:
            return cls(distances, _levels(size), size)
        return cls(distances, 100 * (np.arange(size) + 0.5) / size, size)


def _levels(size: int) -> NDArray[np.float64]:
    """Percentiles of the quantiles kept; the nearest and farthest of S have a half rank each."""
    return np.clip(np.linspace(0, 100, KEPT), 50 / size, 100 - 50 / size)
