"""What makes a candidate a gap, and how sure that is.

The one idea: a verdict needs enough drives of S to hold its level (:mod:`.verdict`).  Where it has
them, δ holds level alpha.  Where it has two to eight (or one), stretches of the drives themselves
give a *provisional* threshold, beyond which a candidate is a provisional gap and below which
nothing can be said.  With fewer than 30 images there is no verdict.  A δ of the user's, or of an
earlier run, decides in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..engine.engine import LOCAL, Engine
from ..errors import InputError
from .nearest.distances import closest
from .nearest.rows import (
    Metric,
    Rows,
    checked_distances,
    checked_metric,
    checked_rows,
    squared_to_metric,
)
from .novelty import left_out_novelty
from .verdict import (
    drive_numbers,
    drives_needed,
    frame_threshold,
    level_of,
    provisional_threshold,
    stretches,
    supported_level,
)

Basis = Literal["level", "given", "kept", "provisional", "none", "unrated"]
Score = Literal["nearest", "novelty"]
GapVerdict = Literal["gap", "covered", "cannot say"]

GAP, COVERED, CANNOT_SAY = 1, 0, -1
NAMES: dict[int, GapVerdict] = {GAP: "gap", COVERED: "covered", CANNOT_SAY: "cannot say"}
"""Codes of verdicts, int8, and what is written on samples."""

WITHIN_OF = 8
VIDEO_SHARE, VIDEO_LEAST, VIDEO_REACH = 0.5, 10, 2


@dataclass(frozen=True)
class Threshold:
    """δ, where it came from, and what can be said with it.

    Attributes
    ----------
    delta
        Distance to S beyond which a candidate is a gap, where ``score`` is ``nearest``.  Always
        finite, since support, the slider and a Visual Spec need a radius; what it is worth is in
        ``basis``.
    source
        Where δ came from, in words.
    metric
        Its unit.
    warning
        What the user should know, "" where all is well.
    basis
        ``level``: read off S at level ``alpha``; ``given``: the user's; ``kept``: an earlier run's;
        ``provisional``: read off stretches of the drives of S; ``none``: S supports no verdict;
        ``unrated``: of a run that knew no levels.
    alpha
        The level asked for.
    drives
        Number of drives of S; 0 where that is unknown.
    level
        The level that δ holds over the drives of S; None where there is none.
    score, cutoff
        What decides, and beyond which value; ``cutoff`` is δ where the score is ``nearest``.
    """

    delta: float
    source: str
    metric: Metric = "cosine"
    warning: str = ""
    basis: Basis = "given"
    alpha: float = 0.1
    drives: int = 0
    level: float | None = None
    score: Score = "nearest"
    cutoff: float | None = None

    @property
    def provisional(self) -> bool:
        """Whether a gap is only new against other stretches of the drives of S."""
        return self.basis == "provisional"

    @property
    def needed(self) -> int:
        """How many drives of S a verdict at level ``alpha`` needs."""
        return drives_needed(self.alpha)

    def verdicts(self, distance: ArrayLike, novelty: ArrayLike | None = None) -> NDArray[np.int8]:
        """GAP, COVERED or CANNOT_SAY for candidates, int8 (n,).

        Parameters
        ----------
        distance, novelty : (n,)
            Distance to S in ``metric``, and novelty; where the one that decides is NaN or missing,
            nothing can be said.

        Examples
        --------
        >>> Threshold(0.2, "given").verdicts([0.1, 0.3]).tolist()
        [0, 1]
        >>> few = Threshold(0.2, "stretches", basis="provisional", cutoff=0.2)
        >>> few.verdicts([0.1, 0.3]).tolist()
        [-1, 1]
        """
        distance = np.asarray(distance, np.float64)
        within = CANNOT_SAY if self.provisional else COVERED
        score, cutoff = distance, self.delta
        if self.score == "novelty":
            score = np.full(distance.shape, np.nan) if novelty is None else np.asarray(novelty)
            cutoff = np.inf if self.cutoff is None else self.cutoff
        unknown = np.isnan(score) | (self.basis == "none")
        return np.select([unknown, score > cutoff], [CANNOT_SAY, GAP], within).astype(np.int8)

    def at(self, delta: float, level: float | None) -> Threshold:
        """The same with a δ that a person tries out, which holds ``level``."""
        tried: dict[str, Any] = {"basis": "given", "score": "nearest", "cutoff": None}
        return replace(self, delta=delta, level=level, **tried)


@dataclass(frozen=True, eq=False)
class OwnDistances:
    """How far the images of S are from the rest of S.

    ``distance`` float32 (m,) to the nearest image of another drive; ``drive`` int64 (m,), the drive
    of each image as a number; ``looks_like_video`` where no drive is named and files that follow
    each other are each other's nearest: all of S then counts as one drive, which is left out by
    stretches.  ``nearest`` int64 (m,) is the row of that image, where it is known.
    """

    distance: NDArray[np.float32]
    drive: NDArray[np.int64]
    looks_like_video: bool
    nearest: NDArray[np.int64] | None = None

    @property
    def drives(self) -> int:
        """How many drives S has."""
        return int(self.drive.max()) + 1


def own_distances(
    owned: Rows,
    drives: Sequence[Any] | None,
    *,
    metric: Metric = "cosine",
    memory_mb: float = 512,
    engine: Engine = LOCAL,
) -> OwnDistances | None:
    """Distance of each image of S to the other drives of S, exact.

    Parameters
    ----------
    owned : float32 (m, d)
        Unit rows in the order in which they were recorded (of each drive; of all files where no
        drive is named).
    drives : m labels, optional
        A missing label is a drive of its own; None: no field names drives, and each image is one.
    engine : Engine
        Where shards of S are compared with S.

    Returns
    -------
    OwnDistances or None
        None where S has one image.  One drive is left out by stretches, or image by image where it
        has fewer than 30.
    """
    owned, metric = checked_rows("S", owned), checked_metric(metric)
    if len(owned) < 2:
        return None
    drive = drive_numbers([None] * len(owned) if drives is None else drives)
    how: dict[str, Any] = {"memory_mb": memory_mb, "engine": engine}
    squared, index = closest(owned, owned, group=_apart(drive), **how)
    video = drives is None and _follow_each_other(index)
    if video:
        drive = np.zeros_like(drive)
        squared, index = closest(owned, owned, group=_apart(drive), **how)
    distance = squared_to_metric(squared, metric).astype(np.float32)
    return OwnDistances(distance, drive, video, index)


def _apart(drive: NDArray[np.int64]) -> NDArray[np.int64]:
    """What is left out together with an image: its drive, else its stretch, else itself."""
    if drive.max() > 0:
        return drive
    part = stretches(drive)
    return np.arange(len(drive)) if part is None else part


def _follow_each_other(nearest: NDArray[np.int64]) -> bool:
    """Whether most images are nearest to one that lies next to them in the order of the files."""
    beside = np.abs(nearest - np.arange(len(nearest))) <= VIDEO_REACH
    return len(nearest) >= VIDEO_LEAST and float(beside.mean()) >= VIDEO_SHARE


def within_distances(
    owned: Rows, own: OwnDistances, metric: Metric = "cosine"
) -> NDArray[np.float32]:
    """Distance of images of S to the nearest other one, of their own drive too.

    Of each drive 8 images at most, evenly chosen, say it: this is a curve to look at.

    Parameters
    ----------
    owned : float32 (m, d)
        As :func:`own_distances` took them, which gave ``own``.

    Returns
    -------
    float32 (k,)
        In the metric's unit.
    """
    if own.drives == len(owned):
        return own.distance
    found = []
    for number in range(own.drives):
        rows = np.flatnonzero(own.drive == number)
        chosen = rows[:: max(1, -(-len(rows) // WITHIN_OF))]
        nearest = own.distance[chosen]
        if len(rows) > 1:
            alone = rows[-1] - rows[0] == len(rows) - 1  # a view, where nothing lies between
            mine = owned[rows[0] : rows[-1] + 1] if alone else owned[rows]
            similarity = mine @ owned[chosen].T
            similarity[rows[:, None] == chosen] = -np.inf
            squared = np.clip(2 - 2 * similarity.max(axis=0).astype(np.float64), 0, 4)
            nearest = np.minimum(nearest, squared_to_metric(squared, metric))
        found.append(nearest)
    return np.concatenate(found).astype(np.float32)


def choose_threshold(
    owned: Rows,
    own: OwnDistances | None,
    dist_to_S: ArrayLike | Callable[[], ArrayLike],
    *,
    alpha: float = 0.1,
    score: Score | None = None,
    metric: Metric = "cosine",
    given: float | None = None,
    kept: float | None = None,
    memory_mb: float = 512,
    engine: Engine = LOCAL,
) -> Threshold:
    """δ from the user, an earlier run, or else from S.

    Parameters
    ----------
    owned : float32 (m, d)
        Unit rows of S, as :func:`own_distances` took them.
    own : OwnDistances or None
        What it gave.
    dist_to_S : (n,)
        Distances of U to S, or what gives them: needed where S has one image.
    alpha : float
        Rate of false gaps allowed on a new drive of a known kind, 0 to 1.
    score : {"nearest", "novelty"}, optional
        What decides; by default the distance, and novelty for provisional verdicts.
    given, kept : float, optional
        A user's δ, and an earlier run's; either decides by the distance.
    engine : Engine
        As for :func:`own_distances`.

    Examples
    --------
    >>> S = np.eye(4, dtype=np.float32)
    >>> choose_threshold(S, own_distances(S, None), [0.5], alpha=0.2).basis
    'level'
    >>> choose_threshold(S, own_distances(S, None), [0.5], alpha=0.1).basis
    'none'
    """
    metric, needed = checked_metric(metric), drives_needed(alpha)
    count = 1 if own is None else own.drives
    about: dict[str, Any] = {"metric": metric, "alpha": alpha, "drives": count}
    decided = given if given is not None else kept
    if decided is not None:
        if isinstance(decided, bool) or not 0 <= decided <= 2:
            raise InputError(f"δ is {decided}; a distance between unit vectors lies in 0..2.")
        level = None if own is None or count < 2 else level_of(decided, own.distance, own.drive)
        basis: Basis = "given" if given is not None else "kept"
        source = "given" if given is not None else "an earlier run's"
        return Threshold(float(decided), source, basis=basis, level=level, **about)
    if own is None:
        far = dist_to_S() if callable(dist_to_S) else dist_to_S
        delta = float(np.quantile(checked_distances("dist_to_S", far), 0.95))
        return Threshold(delta, "p95 of U to S", basis="none", **about)
    if count >= needed:
        return _at_level(owned, own, alpha, score or "nearest", about)
    part = stretches(own.drive)
    if part is None:
        delta, source = _finest(own)
        return Threshold(delta, source, basis="none", **about)
    squared, _ = closest(owned, owned, group=part, memory_mb=memory_mb, engine=engine)
    delta = provisional_threshold(squared_to_metric(squared, metric).astype(np.float32))
    score = score or "novelty"
    cutoff = delta
    if score == "novelty":
        cutoff = provisional_threshold(left_out_novelty(owned, part))
    source = f"stretches of {_counted(count)}"
    return Threshold(delta, source, basis="provisional", score=score, cutoff=cutoff, **about)


def _at_level(
    owned: Rows, own: OwnDistances, alpha: float, score: Score, about: dict[str, Any]
) -> Threshold:
    delta = frame_threshold(own.distance, own.drive, alpha)
    cutoff = delta
    if score == "novelty":
        cutoff = frame_threshold(left_out_novelty(owned, own.drive), own.drive, alpha)
    warning = ""
    if delta == 0:
        warning = (
            "Nearly all images of S are exact copies of images of other drives, so δ is 0 and "
            "every candidate that is not one more copy is a gap; remove duplicates from S or "
            "give δ."
        )
    source = f"level {100 * alpha:g} % over {_counted(own.drives)}"
    return Threshold(
        delta,
        source,
        warning=warning,
        basis="level",
        # The novelty of a left-out drive is not monotone in S: its bound is that of CV+.
        level=alpha if score == "nearest" else min(1.0, 2 * alpha),
        score=score,
        cutoff=cutoff,
        **about,
    )


def _finest(own: OwnDistances) -> tuple[float, str]:
    """A radius that holds no verdict: the finest level that there is, in words too."""
    if own.drives < 2:
        return float(own.distance.max()), "largest distance inside S"
    level = supported_level(own.drives)
    delta = frame_threshold(own.distance, own.drive, level)
    return delta, f"level {100 * level:.2g} %, the finest of {_counted(own.drives)}"


def _counted(count: int) -> str:
    return "1 drive" if count == 1 else f"{count} drives"
