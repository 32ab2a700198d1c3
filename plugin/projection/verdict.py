"""What holds for a point, an empty place, a cap or a drive: a gap or not, or cannot say.

The one idea: only an image has a distance to S.  A place, a cap or a drive has none of its own;
what can be said of it is what holds for its images, and how many of what drives they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..coverage.criterion import CANNOT_SAY, COVERED, GAP, NAMES, GapVerdict, Threshold
from ..coverage.nearest.rows import Metric, squared_distance_of_pairs, squared_to_metric
from .search_space import OWNED, SearchSpace
from .sketch import BoundedSearch

Array = NDArray[Any]
Status = GapVerdict | Literal["empty"]
MEAN_OF = 50
"""Neighbours on the sphere: their mean orders those of a place, and fillers are among them."""
TRUST_NEIGHBORS = 30
"""Sphere neighbours of a place that are checked in the embedding."""
ROUNDING = 1e-9
"""A p-value this close to the level reaches it."""
TIE = 1e-6
"""Two float32 products of one pair of rows may differ by this."""


@dataclass(frozen=True)
class Around:
    """The images that speak for a place, a cap or a drive.

    Attributes
    ----------
    angle
        Degrees within which they lie.
    gaps, covered, cannot_say
        Verdicts of the images of U.
    owned
        Images of S.
    drives
        Drives that all of them come from; None where no drive is named.
    distances
        Least, median and largest distance to S of the images of U; None without one.
    percentile
        Where the median falls among the distances inside S, 0..100; None where unknown.
    next_pool, next_owned
        Degrees from a place to the nearest image of U and of S; None where there is none.
    """

    angle: float
    gaps: int
    covered: int
    cannot_say: int
    owned: int
    drives: int | None
    distances: tuple[float, float, float] | None
    percentile: float | None = None
    next_pool: float | None = None
    next_owned: float | None = None

    @property
    def pool(self) -> int:
        """Images of U."""
        return self.gaps + self.covered + self.cannot_say

    @property
    def count(self) -> int:
        """All of them."""
        return self.pool + self.owned


@dataclass(frozen=True)
class Verdict:
    """What holds at a place; distances in the metric of the run.

    Attributes
    ----------
    kind
        An image of U, an image of S (its distance to the rest of S), an empty place, a cap, or a
        drive of U.
    status
        What holds; ``empty`` where neither S nor U has an image.
    threshold
        δ as asked with, its unit and what it is worth.
    distance, percentile, novelty
        Of an image: distance to S, where it falls among the distances inside S (0..100), and what
        lies outside the variance of S; None where unknown.
    nearest, elsewhere
        Row of the image of S that ``distance`` leads to, -1 where unknown; and of an image of S,
        whether only images of other drives were looked at.
    pick, picks
        Of an image: its rank among so many K-Center picks, 0 where it is none.
    support, support_drives
        Images of S within δ of an image of U, and their drives; None where unknown, the drives
        also where no field names them.
    around
        Of a place, a cap or a drive: the images that speak for it.
    p
        Of a drive: its p-value, where that decides.
    candidates, looked_at
        Candidates near an image that would fill the gap there, of how many looked at; None where
        only embeddings could tell.
    trust, trust_k
        Share of its ``trust_k`` neighbours on the sphere that are neighbours in the embedding too,
        0..1; None where the sphere has too few points to tell, and for a cap or a drive.
    lacks
        What this rests on where there are no embeddings, as a sentence; "" where there are.
    """

    kind: Literal["U", "S", "place", "cap", "lasso", "drive"]
    status: Status
    threshold: Threshold
    distance: float | None = None
    percentile: float | None = None
    novelty: float | None = None
    nearest: int = -1
    elsewhere: bool = False
    pick: int = 0
    picks: int = 0
    support: int | None = None
    support_drives: int | None = None
    around: Around | None = None
    p: float | None = None
    candidates: int | None = 0
    looked_at: int = 0
    trust: float | None = None
    trust_k: int = 0
    lacks: str = ""

    def in_metric(self, metric: Metric) -> Verdict:
        """The same with its distances and δ in another unit; novelty has none.

        Examples
        --------
        >>> far = Verdict("U", "gap", Threshold(0.02, ""), distance=0.08).in_metric("euclidean")
        >>> far.distance, far.threshold.delta, far.threshold.metric
        (0.4, 0.2, 'euclidean')
        """
        threshold = self.threshold
        if metric == threshold.metric:
            return self

        def told(value: float) -> float:
            return in_metric(value, threshold.metric, metric)

        cutoff = threshold.cutoff
        if cutoff is not None and threshold.score == "nearest":
            cutoff = told(cutoff)
        around = self.around
        if around is not None and around.distances is not None:
            least, median, most = map(told, around.distances)
            around = replace(around, distances=(least, median, most))
        return replace(
            self,
            threshold=replace(threshold, delta=told(threshold.delta), cutoff=cutoff, metric=metric),
            distance=None if self.distance is None else told(self.distance),
            around=around,
        )


def in_metric(distance: float, metric: Metric, wanted: Metric) -> float:
    """A distance between unit vectors in the other unit: Euclidean² = 2 cosine.

    Examples
    --------
    >>> in_metric(0.08, "cosine", "euclidean"), in_metric(0.4, "euclidean", "euclidean")
    (0.4, 0.4)
    """
    if metric == wanted:
        return distance
    return float(np.sqrt(2 * distance)) if wanted == "euclidean" else distance**2 / 2


@dataclass(frozen=True, eq=False)
class Judged:
    """δ as asked with, and the verdict of every point with it: int8 (n,), OWNED for S."""

    threshold: Threshold
    verdicts: Array

    @classmethod
    def of(cls, space: SearchSpace, delta: float | None) -> Judged:
        """The run's own, or those of a δ that a person tries out."""
        run = space.threshold
        if delta is None or delta == run.delta:
            return cls(run, space.verdicts)
        level = None
        if space.yardstick is not None and run.drives > 1:
            level = space.yardstick.level(delta, run.drives)
        tried = run.at(delta, level)
        return cls(tried, space.judge(tried))


def point_verdict(
    space: SearchSpace, judged: Judged, row: int, bounded: BoundedSearch | None
) -> Verdict | None:
    """Verdict of one image; None where S has no image on the sphere.

    ``bounded`` searches around its embedding, None where it has none.
    """
    owned = bool(space.owned[row])
    distance, nearest, elsewhere = _nearest(space, row, bounded)
    if distance is None and (bounded is not None or not len(space.members("S"))):
        return None
    threshold = judged.threshold
    status = judged.verdicts[row]
    if status == OWNED or not np.isfinite(space.dist[row]):
        known_distance = np.nan if distance is None else distance
        status = threshold.verdicts([known_distance], space.novelty[row : row + 1])[0]
    candidates, looked_at = _fillers(space, judged, row, bounded, distance)
    known = not owned and threshold.delta == space.threshold.delta and space.support[row] >= 0
    return Verdict(
        "S" if owned else "U",
        NAMES[int(status)],
        threshold,
        distance=distance,
        percentile=_percentile(space, row, distance),
        novelty=_number(space.novelty[row]),
        nearest=nearest,
        elsewhere=elsewhere,
        pick=int(space.pick[row]),
        picks=int(space.pick.max(initial=0)),
        support=int(space.support[row]) if known else None,
        support_drives=int(space.support_drives[row])
        if known and space.support_drives[row] >= 0
        else None,
        candidates=candidates,
        looked_at=looked_at,
        **_trust(space, space.direction(row), "both", bounded),
    )


def place_verdict(
    space: SearchSpace,
    judged: Judged,
    direction: Sequence[float],
    search: str,
    bounded: BoundedSearch | None,
) -> Verdict:
    """Verdict of a direction: that of the images within the reach of the sphere.

    ``bounded`` searches around their mean embedding, None where they have none.
    """
    angle = space.reach()
    # A mean of U says nothing about neighbours in S: a place is judged in the set it is made of.
    trust = _trust(space, direction, search, bounded)
    found = _of_images("place", space, judged, space.within(direction, angle), angle, **trust)
    assert found.around is not None
    around = replace(
        found.around,
        next_pool=space.away(direction, "U"),
        next_owned=space.away(direction, "S"),
    )
    return replace(found, around=around)


def cap_verdict(space: SearchSpace, judged: Judged, rows: Array, angle: float) -> Verdict:
    """Verdict of all images in a cap."""
    return _of_images("cap", space, judged, rows, angle)


def lasso_verdict(space: SearchSpace, judged: Judged, rows: Array) -> Verdict:
    """Verdict of all images inside a line drawn by hand."""
    return _of_images("lasso", space, judged, rows, 0.0)


def drive_verdict(space: SearchSpace, judged: Judged, rows: Array, p: float | None) -> Verdict:
    """Verdict of a drive of U: by its p-value where S has the drives, else by its images."""
    verdict = _of_images("drive", space, judged, rows, 0.0)
    threshold = judged.threshold
    if p is None or threshold.basis != "level":
        return verdict
    status: GapVerdict = "gap" if p <= threshold.alpha + ROUNDING else "covered"
    return replace(verdict, status=status, p=p)


def _of_images(
    kind: Literal["place", "cap", "lasso", "drive"],
    space: SearchSpace,
    judged: Judged,
    rows: Array,
    angle: float,
    **trust: Any,
) -> Verdict:
    codes = judged.verdicts[rows]
    gaps, covered, cannot_say, owned = (
        int((codes == code).sum()) for code in (GAP, COVERED, CANNOT_SAY, OWNED)
    )
    far = space.dist[rows]
    far = far[np.isfinite(far)]
    distances = percentile = None
    if len(far):
        distances = (float(far.min()), float(np.median(far)), float(far.max()))
        percentile = _number(space.percentile_of(distances[1]))
    drives = space.drives()[rows]
    named = len(np.unique(drives[drives >= 0])) or None
    around = Around(
        float(np.degrees(angle)), gaps, covered, cannot_say, owned, named, distances, percentile
    )
    return Verdict(
        kind, _status(around, judged.threshold), judged.threshold, around=around, **trust
    )


def _status(around: Around, threshold: Threshold) -> Status:
    """What holds for most of the images; images of S count as covered where that can be said."""
    if not around.count:
        return "empty"
    if 2 * around.gaps > around.count:
        return "gap"
    if threshold.provisional or threshold.basis == "none" or 2 * around.cannot_say > around.count:
        return "cannot say"
    return "covered"


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _percentile(space: SearchSpace, row: int, distance: float | None) -> float | None:
    if distance is None:
        return None
    kept = space.percentile[row]
    return _number(kept) if np.isfinite(kept) else _number(space.percentile_of(distance))


def _nearest(
    space: SearchSpace, row: int, bounded: BoundedSearch | None
) -> tuple[float | None, int, bool]:
    """Distance of an image to S, the image of S it leads to, and whether of another drive.

    An image of S is measured to the rest of S outside its drive.
    """
    owned = bool(space.owned[row])
    known = None if owned else _number(space.dist[row])
    if bounded is None:
        return known, -1, False
    others, apart = space.owned, False
    if owned:
        others = others.copy()
        others[row] = False
        drives = space.drives()
        elsewhere = others & (drives != drives[row])
        if drives[row] >= 0 and elsewhere.any():
            others, apart = elsewhere, True
    rows, _ = bounded.top(1, others)
    if not len(rows):
        return known, -1, False
    if known is None:
        pair = bounded.embeddings, rows, bounded.vector[None], np.zeros(1, np.int64)
        known = float(squared_to_metric(squared_distance_of_pairs(*pair), space.metric)[0])
    return known, int(rows[0]), apart


def _fillers(
    space: SearchSpace,
    judged: Judged,
    row: int,
    bounded: BoundedSearch | None,
    distance: float | None,
) -> tuple[int | None, int]:
    """Candidates around an image that are gaps and nearer to it than S, of how many looked at."""
    if not len(space.members("U")):
        return 0, 0
    if bounded is None or distance is None:
        return None, 0
    rows = space.around(space.direction(row), "U", MEAN_OF)
    cosine = np.clip(1 - space.embeddings()[rows] @ bounded.vector, 0, 2)
    here = cosine if space.metric == "cosine" else np.sqrt(2 * cosine)
    fills = (judged.verdicts[rows] == GAP) & (here < distance)
    return int(fills.sum()), len(rows)


def _trust(
    space: SearchSpace, direction: Sequence[float], which: str, bounded: BoundedSearch | None
) -> dict[str, Any]:
    if bounded is None:
        return {}
    if len(space.members(which)) <= MEAN_OF:
        return {}  # all of them are neighbours by embedding: the share would say nothing
    around = space.around(direction, which, TRUST_NEIGHBORS)
    _, near = bounded.top(MEAN_OF, space.mask(which))
    # Compared by value: a tie at the border counts as near whichever copy it is.
    trust = float((space.embeddings()[around] @ bounded.vector >= near[-1] - TIE).mean())
    return {"trust": trust, "trust_k": TRUST_NEIGHBORS}
