"""The acceptance rule of a Visual Spec: what counts as the asked-for kind of image, in numbers.

The one idea: a request is what lies within a radius of some candidate, with what is owned already
cut out of it.  What is owned is told as the analysis told it: within δ of an image of S, or, where
that decided by novelty, hardly outside of what S varies in.  To decide that away from the dataset
one needs the candidates and only those rows of S that can lie within δ of an image in or near the
request, and on the unit sphere the triangle inequality of angles says which those are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...coverage.nearest.distances import nearest_distance
from ...coverage.nearest.owned_probe import spread
from ...coverage.nearest.rows import Metric, Rows, checked_metric, checked_rows, same_dimension
from ...coverage.novelty import Subspace, subspace
from ...encoders.protocol import unit_rows
from ...errors import InputError
from .radius import Radius

Verdict = Literal["accepted", "near miss", "off target", "covered already"]
VERDICTS: tuple[Verdict, ...] = ("accepted", "near miss", "off target", "covered already")

NEAR_MISS = 1.5
"""A near miss lies within this many radii of a candidate."""

ROUNDING = 2e-6
"""Allowed on a distance to the request: an image embedded again differs in its last bits, and may
lie on the radius itself."""

ANGLE_SLACK = 1e-3
"""Radians kept on top of the reference's cap: float32 rows are unit rows only to rounding, and a
row too many changes no verdict."""

OTHERS = 2000
"""Rows of other kinds in a spec at most."""

_NEIGHBOURHOODS = 512  # rows of S that are looked around for the typical count


@dataclass(frozen=True, eq=False)
class Novelty:
    """New is what lies farther than ``beyond`` outside of what S varies in, by ``space``."""

    beyond: float
    space: Subspace

    @classmethod
    def of(cls, owned: Rows, beyond: float) -> Novelty:
        """By the components of S that :func:`...coverage.novelty.novelty` keeps."""
        return cls(float(beyond), subspace(owned).leading())

    def __call__(self, images: Rows) -> NDArray[np.float32]:
        """Novelty of unit rows (n, d), as a coverage run has it."""
        return self.space.residual(images).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Rule:
    """``centre`` float32 (d,), unit; ``radius`` and ``delta`` in the unit of ``metric``.

    ``candidates`` float32 (n, d), unit: an image is as far from the request as from the nearest of
    them.  Specs of version 1 have none (0, d): there, the distance to the centre counts.
    ``radius_source`` is that of :class:`~.radius.Radius`, as are ``level`` and ``drives``;
    "candidates" in version 1 (their largest distance to the centre); or "none": without embeddings
    there is no radius, and δ alone cannot judge a new image.  ``novelty`` decides in place of δ
    what is new, where there is one.  ``others`` float32 (p, d), unit, are images of other kinds
    that S lacks: what is nearer to one of them than to the candidates is another request's.
    """

    metric: Metric
    delta: float
    centre: NDArray[np.float32]
    radius: float
    radius_source: str = "candidates"
    candidates: Rows = field(default_factory=lambda: np.empty((0, 0), np.float32))
    level: float | None = None
    drives: int = 0
    novelty: Novelty | None = None
    others: Rows = field(default_factory=lambda: np.empty((0, 0), np.float32))

    @classmethod
    def without_embeddings(cls, delta: float, metric: Metric) -> Rule:
        """What is left of a rule where nothing can be embedded: δ, for people to read.

        >>> Rule.without_embeddings(0.2, "cosine").checkable
        False
        """
        return cls(metric, float(delta), np.empty(0, np.float32), 0.0, "none")

    @property
    def checkable(self) -> bool:
        """Whether new images can be judged by it."""
        return self.radius_source != "none"

    def covers(self, images: Rows, to_owned: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which unit rows (n, d) are not new, (n,), ``to_owned`` being their distances to S."""
        if self.novelty is None:
            return to_owned.astype(np.float64) <= self.delta
        return self.novelty(images) <= np.float32(self.novelty.beyond)

    @property
    def near_radius(self) -> float:
        """How far from the request a near miss may lie."""
        return NEAR_MISS * self.radius

    @property
    def asked(self) -> Rows:
        """The rows that a new image is compared with: the candidates, or the centre (1, d)."""
        return self.candidates if len(self.candidates) else self.centre[None]


@dataclass(frozen=True, eq=False)
class SpecVerdicts:
    """``verdict`` of each image, its distance to the request (n,) and to the reference (n,).

    ``to_request`` is the distance to the nearest candidate (version 1: to their centre).
    ``to_owned`` is infinite where the reference has no row.  Within 1.5 radii of the request it is
    compared with δ exactly; beyond, it is an upper bound of the distance to S.
    """

    verdict: list[Verdict]
    to_request: NDArray[np.float32]
    to_owned: NDArray[np.float32]


def make_rule(
    candidates: Rows,
    *,
    delta: float,
    metric: Metric = "cosine",
    radius: Radius | float | None = None,
    novelty: Novelty | None = None,
    others: Rows | None = None,
) -> Rule:
    """What lies within a radius of some candidate.

    Parameters
    ----------
    candidates : float32 (n, d)
        Unit rows.
    delta : float
        The threshold beyond which an image is new to S, in the unit of ``metric``.
    radius : Radius or float, optional
        Learnt from drives (:func:`~.radius.learn_radius`) or given; by default δ, the distance
        up to which S would count an image as covered by a candidate.
    novelty : Novelty, optional
        What decides who is new, in place of δ.
    others : float32 (p, d), optional
        Unit rows of other kinds that S lacks.

    Returns
    -------
    Rule
        Its centre is the L2-normalised mean, which orders pictures and names the spec.

    Raises
    ------
    InputError
        δ is not a distance, or the candidates point in opposite directions and have no centre.

    Examples
    --------
    >>> import numpy as np
    >>> rule = make_rule(np.eye(2, dtype=np.float32), delta=0.1)
    >>> rule.centre.round(3).tolist(), rule.radius
    ([0.7070000171661377, 0.7070000171661377], 0.1)
    """
    candidates = checked_rows("The candidates", candidates)
    metric = checked_metric(metric)
    if isinstance(delta, bool) or not 0 <= delta <= 2:
        raise InputError(f"δ is {delta}; a distance between unit vectors must be in 0..2.")
    centre = unit_rows(candidates.mean(axis=0, dtype=np.float64)[None])
    if not np.isfinite(centre).all():
        raise InputError("The candidates cancel out and have no common centre: choose fewer.")
    if radius is None:
        radius = Radius(float(delta), "delta")
    elif not isinstance(radius, Radius):
        if isinstance(radius, bool) or not 0 < radius <= 2:
            raise InputError(f"The radius is {radius}; it must be above 0 and at most 2.")
        radius = Radius(float(radius), "given")
    return Rule(
        metric,
        float(delta),
        centre[0],
        radius.distance,
        radius.source,
        candidates,
        radius.level,
        radius.drives,
        novelty,
        np.empty((0, candidates.shape[1]), np.float32) if others is None else others,
    )


def angle_of(distance: Any, metric: Metric) -> Any:
    """Angle in radians, 0..pi, of two unit rows at ``distance``; beyond 2 it stays at pi.

    >>> float(angle_of(2.0, "cosine") / np.pi), float(angle_of(2.5, "euclidean") / np.pi)
    (1.0, 1.0)
    """
    chord = np.asarray(distance, np.float64)
    chord = np.sqrt(2 * chord) if metric == "cosine" else chord
    return 2 * np.arcsin(np.clip(chord / 2, 0, 1))


def reference_rows(owned: Rows, rule: Rule) -> NDArray[np.int64]:
    """Which rows of S can decide on an image within 1.5 radii of the request.

    An image x with angle(x, c) <= angle(1.5 r) of a candidate c and an owned s with
    angle(x, s) <= angle(t) have angle(s, c) <= angle(1.5 r) + angle(t).  t is the larger of δ,
    within which s covers x, and of r, within which s may be nearer to x than c is.

    Returns
    -------
    int64 (m,)
        Ascending; possibly none.
    """
    owned = checked_rows("S", owned)
    asked = checked_rows("The candidates", rule.asked)
    same_dimension("S", owned, "the candidates", asked)
    decides = max(rule.delta, rule.radius) if len(rule.candidates) else rule.delta
    reach = angle_of(rule.near_radius, rule.metric) + angle_of(decides, rule.metric)
    distance = nearest_distance(owned, asked, metric=rule.metric).distance
    return np.flatnonzero(angle_of(distance, rule.metric) <= reach + ANGLE_SLACK)


def other_rows(others: Rows, rule: Rule, most: int = OTHERS) -> NDArray[np.int64]:
    """Which rows of other kinds can be nearer to an image within 1.5 radii than the request is.

    Such a row lies within 1.5 radii of the image, and so within twice their angle of a candidate;
    ``most`` of them, evenly chosen.

    Returns
    -------
    int64 (p,)
        Ascending; possibly none.
    """
    if not len(others):
        return np.empty(0, np.int64)
    distance = nearest_distance(others, rule.asked, metric=rule.metric).distance
    reach = 2 * angle_of(rule.near_radius, rule.metric) + ANGLE_SLACK
    near = np.flatnonzero(angle_of(distance, rule.metric) <= reach)
    return near[spread(len(near), most)] if len(near) else near


def judge(images: Rows, rule: Rule, reference: Rows) -> SpecVerdicts:
    """Compare each image with the request.

    Parameters
    ----------
    images : float32 (n, d)
        Unit rows; n may be 0.
    reference : float32 (m, d)
        Rows of S that :func:`reference_rows` chose, or all of S; m may be 0.

    Returns
    -------
    SpecVerdicts
        With d_S, d_c and d_o the distances to the reference, the nearest candidate and the
        nearest of the others: *covered already* where d_S <= δ (or the novelty is at most its
        threshold), else *off target* where d_o < d_c, *accepted* where d_c <= r and d_c < d_S,
        *near miss* where d_c <= 1.5 r, *off target* beyond.  In version 1 d_c is the distance to
        the centre, and d_c < d_S is not asked.
    """
    if not len(images):
        return SpecVerdicts([], np.empty(0, np.float32), np.empty(0, np.float32))
    to_request = nearest_distance(images, rule.asked, metric=rule.metric).distance
    to_owned = np.full(len(images), np.inf, np.float32)
    if len(reference):
        to_owned = nearest_distance(images, reference, metric=rule.metric).distance
    nearer = to_request < to_owned if len(rule.candidates) else np.bool_(True)
    choices = [
        rule.covers(images, to_owned),
        _of_another(images, rule, to_request),
        nearer & (to_request.astype(np.float64) <= rule.radius + ROUNDING),
        to_request.astype(np.float64) <= rule.near_radius + ROUNDING,
    ]
    names: list[Verdict] = ["covered already", "off target", "accepted", "near miss"]
    verdict = np.select(choices, names, "off target").tolist()
    return SpecVerdicts(verdict, to_request, to_owned)


def _of_another(images: Rows, rule: Rule, to_request: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which images are nearer to another request than to this one."""
    if not len(rule.others):
        return np.zeros(len(images), bool)
    to_others = nearest_distance(images, rule.others, metric=rule.metric).distance
    return np.asarray(to_others < to_request)


def typical_count(owned: Rows, rule: Rule) -> int:
    """How many images S usually holds in a ball of the rule's radius around one of its own.

    The median over (at most 512, evenly chosen) rows of S, the row itself counted: so many images
    make the gap as well covered as the rest of S.
    """
    owned = checked_rows("S", owned)
    chosen = np.unique(np.linspace(0, len(owned) - 1, _NEIGHBOURHOODS).astype(np.int64))
    near = 1 - np.cos(angle_of(rule.radius, rule.metric))
    counts = [
        int((owned @ owned[row] >= np.float32(1 - near - 1e-6)).sum()) for row in chosen.tolist()
    ]
    return max(int(np.median(counts)), 1)


def showcase(rows: Rows, count: int, rule: Rule) -> NDArray[np.int64]:
    """Rows to show of many: the most typical one first, then each the least like those before.

    Farthest-first from the row nearest to the centre, so that a page of a few pictures shows how
    wide the request is.
    """
    from ...coverage.picks.kcenter import k_center_greedy

    to_centre = nearest_distance(rows, rule.centre[None], metric="euclidean").distance
    first = int(to_centre.argmin())
    if count <= 1 or len(rows) == 1:
        return np.array([first])
    start = rows[first : first + 1]
    d0 = nearest_distance(rows, start, metric="euclidean").distance
    others, _ = k_center_greedy(start, rows, min(count, len(rows)), d0)
    rest = [row for row in np.asarray(others).tolist() if row != first]
    return np.array([first, *rest])[: min(count, len(rows))]
