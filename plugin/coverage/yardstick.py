"""The yardstick of a coverage run: how far the images of S are from each other.

The one idea: a raw distance says little, so S itself gives the scale.  The coverage run keeps the
left-out distances of S (all of them, or 257 quantiles where S is larger), each drive with the same
weight, and every percentile and level is read off them: in the fields, the panel, the Visual Spec
and an imported folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArtifactError
from .nearest.rows import checked_distances
from .verdict import Labels, drive_weights

KEPT = 257
"""Distances in a record at most: 1 KB, and a percentile right to 0.6."""

ROUNDING = 1e-9
"""Shares this close to one that is asked for reach it."""

MOST = 1 << 40
"""Images that no set has; a larger number in a file is refused."""


@dataclass(frozen=True, eq=False)
class Yardstick:
    """Distances of S and the percentile of each.

    ``distances`` float32 (q,) ascending; ``levels`` float64 (q,) ascending, 0..100; ``size`` how
    many images of S they stand for, 0 where that is unknown; ``shares`` float64 (q,), each image's
    weight, where every distance of S is here: percentiles are then exact.
    """

    distances: NDArray[np.float32]
    levels: NDArray[np.float64]
    size: int
    shares: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, inside: ArrayLike, drives: Labels = ()) -> Yardstick:
        """The yardstick of all left-out distances (m,) of S; exact.

        Parameters
        ----------
        drives : m labels, optional
            Each drive weighs the same, however long it is; without them each image does.

        Raises
        ------
        EmptySetError, NotFiniteError
            There is no distance, or one is NaN or infinite.
        """
        distances = checked_distances("The left-out distances of S", inside)
        order = np.argsort(distances, kind="stable")
        return cls._exact(distances[order], drive_weights(drives, len(distances))[order])

    @classmethod
    def _exact(cls, distances: NDArray, shares: NDArray[np.float64]) -> Yardstick:
        levels = 100 * (_reached(shares)[1:] - shares / 2)
        return cls(distances.astype(np.float32), levels, len(distances), shares)

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
        falls as the distance grows.  Distances are compared as float32, as they are stored;
        an unknown distance (NaN) has an unknown percentile.

        Examples
        --------
        >>> Yardstick.of([0.1, 0.2, 0.3]).percentile([0.0, 0.2, 0.9]).round(1).tolist()
        [0.0, 50.0, 100.0]
        """
        asked = np.asarray(distance, np.float32)
        below = np.searchsorted(self.distances, asked, side="left")
        up_to = np.searchsorted(self.distances, asked, side="right")
        if self.shares is not None:
            reached = _reached(self.shares)
            exact = 50.0 * (reached[below] + reached[up_to])
            return np.asarray(np.where(np.isnan(asked), np.nan, exact))
        last = len(self.distances) - 1
        first_equal, last_equal = np.minimum(below, last), np.maximum(up_to - 1, 0)
        equal = (self.levels[first_equal] + self.levels[last_equal]) / 2
        beyond = 100.0 if self.size else self.levels[-1]
        between = np.interp(asked, self.distances, self.levels, left=0.0, right=beyond)
        found = np.where(up_to > below, equal, between)
        return np.asarray(np.where(np.isnan(asked), np.nan, found))

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

    def level(self, distance: float, drives: int) -> float:
        """The level at which a distance makes gaps, for ``drives`` of S; 1 / (drives + 1) to 1.

        :func:`~.verdict.level_of`, read off the yardstick.

        Examples
        --------
        >>> Yardstick.of([0.1, 0.2, 0.3], ["a", "b", "c"]).level(0.25, 3)
        0.5
        """
        asked = np.float32(distance)
        if self.shares is not None:
            inside = _reached(self.shares)[np.searchsorted(self.distances, asked, side="right")]
        else:
            inside = np.interp(asked, self.distances, self.levels, left=0, right=100) / 100
        return float(1 - inside * drives / (drives + 1))

    def threshold(self, level: float, drives: int) -> float:
        """Smallest distance that holds a level, for ``drives`` of S: the inverse of :meth:`level`.

        Infinite where so many drives support no such level; exact where every distance is here.

        Examples
        --------
        >>> scale = Yardstick.of([0.1, 0.2, 0.3], ["a", "b", "c"])
        >>> round(scale.threshold(0.5, 3), 3), scale.threshold(0.1, 3)
        (0.2, inf)
        """
        wanted = (1 - level) * (drives + 1) / drives
        if wanted > 1 + ROUNDING:
            return float("inf")
        if self.shares is None:
            return float(np.interp(100 * wanted, self.levels, self.distances))
        reached = _reached(self.shares)[1:]
        at = int(np.searchsorted(reached, wanted - ROUNDING))
        return float(self.distances[min(at, len(self.distances) - 1)])

    def record(self) -> dict[str, Any]:
        """At most :data:`KEPT` distances, as JSON: all those of S, or evenly spaced quantiles.

        ``shares`` are there where the distances are all and do not weigh the same.
        """
        distances, shares = self.distances, self.shares
        if len(distances) > KEPT:
            distances, shares = self.distance(_levels(self.size)), None
        # Through text: the shortest decimal that is this float32 again.
        record = {"size": self.size, "distances": [float(str(d)) for d in distances]}
        if shares is not None and np.ptp(shares) > 0:
            record["shares"] = shares.tolist()
        return record

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
        known = record if isinstance(record, Mapping) else {}
        size, listed, shares = known.get("size"), known.get("distances"), known.get("shares")
        if (
            not isinstance(size, int)
            or isinstance(size, bool)
            or not isinstance(listed, list)
            or not 0 < len(listed) == min(size, KEPT)
            or size > MOST
            or not all(type(value) in (int, float) and 0 <= value <= 2 for value in listed)
            or listed != sorted(listed)
            or not (shares is None or _are_shares(shares, size))
        ):
            raise ArtifactError(
                "A yardstick must hold the size of S and as many distances from 0 to 2 in "
                f"ascending order, or {KEPT} quantiles of them; run compute_coverage again."
            )
        distances = np.array(listed, np.float32)
        if size > KEPT:
            return cls(distances, _levels(size), size)
        return cls._exact(distances, np.array(shares) if shares else drive_weights((), size))


def _reached(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the first 0, 1, ... shares, (q + 1,); its end is exactly 1."""
    if np.ptp(shares) == 0:
        return np.arange(len(shares) + 1) / len(shares)
    return np.concatenate([[0.0], np.cumsum(shares[:-1]), [1.0]])


def _are_shares(shares: Any, size: int) -> bool:
    return (
        isinstance(shares, list)
        and len(shares) == size
        and all(type(value) in (int, float) and 0 < value <= 1 for value in shares)
        and abs(sum(shares) - 1) < 1e-6
    )


def _levels(size: int) -> NDArray[np.float64]:
    """Percentiles of the quantiles kept; the nearest and farthest of S have a half rank each."""
    return np.clip(np.linspace(0, 100, KEPT), 50 / size, 100 - 50 / size)
