r"""Thresholds and p-values with a stated error rate, drives being the unit of evidence.

The one idea: frames of one drive are near-copies, so they are one observation, not hundreds.  How
far each drive of S is from the *other* drives of S says how far a new drive of a known kind may be
from S, and m drives can support no finer level than 1 / (m + 1).

Let ``d_g(x)`` be the distance of frame x of drive g to S without g, for m drives of n_g frames.

* Frame threshold at level alpha: the smallest t with
  ``sum_g #{x in g: d_g(x) <= t} / ((m + 1) n_g) >= 1 - alpha``.  Each drive weighs 1 / (m + 1), and
  the remaining 1 / (m + 1), the new drive's own weight, is at infinity.
* Drive p-value: ``p_u = (1 + #{g: T_g >= T_u}) / (m + 1)``, T being the median of a drive's
  distances.

Guarantee (finite sample, any encoder): if the new drive is exchangeable with those of S, then
``P(p_u <= alpha) <= alpha``, and a frame drawn from it at random is beyond the threshold with
probability at most alpha (Vovk, Gammerman & Shafer 2005; for groups Dunn, Wasserman & Ramdas 2018,
arXiv 1809.07441, and Lee, Barber & Willett 2023, arXiv 2306.06342).  The proof for the left-out
distances used here: among the m + 1 drives with u in S, the full conformal score of a frame of g is
``min(d_g(x), distance of x to u) <= d_g(x)``, while that of u is its distance to S either way.  The
scores of S are thus only overestimated, which makes p larger and the threshold higher.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DimensionError, EmptySetError, InputError, NotFiniteError

Labels = Sequence[Hashable] | NDArray

_ROUNDING = 1e-9
"""Sums of weights closer than this to 1 - alpha reach it: 9 drives support alpha = 0.1 exactly."""


def drives_needed(alpha: float) -> int:
    """Least number of drives of S that support a verdict at level ``alpha``.

    Examples
    --------
    >>> drives_needed(0.1), drives_needed(0.05)
    (9, 19)
    """
    return int(np.ceil(1 / _checked_alpha(alpha) - 1 - _ROUNDING))


def supported_level(drives: int) -> float:
    """The finest level that a number of drives supports, 1 / (m + 1).

    Examples
    --------
    >>> round(supported_level(2), 3)
    0.333
    """
    return 1 / (drives + 1)


def frame_threshold(distances: ArrayLike, drives: Labels, alpha: float) -> float:
    """Distance beyond which a frame is a gap at level ``alpha``, each drive with the same weight.

    Parameters
    ----------
    distances : (n,)
        Distance of each frame of S to its nearest frame of another drive of S
        (:func:`~.nearest.distances.leave_one_out`).
    drives : n labels
        The drive of each frame.
    alpha : float
        Rate of false gaps allowed on a random frame of a new drive of a known kind, 0 to 1.

    Returns
    -------
    float
        One of ``distances``, or infinity where the drives are too few: m < 1 / alpha - 1.

    Examples
    --------
    >>> frame_threshold([0.1, 0.2, 0.3], ["a", "b", "c"], alpha=0.25)
    0.3
    >>> frame_threshold([0.1, 0.2, 0.3], ["a", "b", "c"], alpha=0.1)
    inf
    """
    distance, drive, count = _by_drive("S", distances, drives)
    order = np.argsort(distance, kind="stable")
    frames = np.bincount(drive, minlength=count)
    reached = np.cumsum(1 / ((count + 1) * frames[drive[order]]))
    at = int(np.searchsorted(reached, 1 - _checked_alpha(alpha) - _ROUNDING))
    return float(distance[order[at]]) if at < len(order) else float("inf")


def level_of(threshold: float, distances: ArrayLike, drives: Labels) -> float:
    """The level that a threshold holds: the smallest alpha whose frame threshold is not above it.

    Parameters
    ----------
    threshold : float
        A distance, such as a δ of the user's.
    distances, drives
        As for :func:`frame_threshold`.

    Returns
    -------
    float
        1 / (m + 1) to 1.

    Examples
    --------
    >>> level_of(0.25, [0.1, 0.2, 0.3], ["a", "b", "c"])
    0.5
    """
    distance, drive, count = _by_drive("S", distances, drives)
    frames = np.bincount(drive, minlength=count)
    inside = np.bincount(drive[distance <= threshold], minlength=count)
    return float(1 - (inside / frames).sum() / (count + 1))


def drive_p_values(
    owned_distances: ArrayLike,
    owned_drives: Labels,
    pool_distances: ArrayLike,
    pool_drives: Labels,
) -> dict[Hashable, float]:
    """How unusual the median distance of each drive of U is among the drives of S, as a p-value.

    The p-values of several drives depend on each other, since they share S: a correction for many
    drives needs a method for dependent p-values, not Benjamini-Hochberg.

    Parameters
    ----------
    owned_distances, owned_drives : (n,), n labels
        Distance of each frame of S to the other drives of S, and its drive.
    pool_distances, pool_drives : (k,), k labels
        Distance of each frame of U to S, and its drive.

    Returns
    -------
    dict of drive to float
        From 1 / (m + 1) to 1, in the order in which the drives of U first appear.

    Examples
    --------
    >>> drive_p_values([0.1, 0.2, 0.3], ["a", "b", "c"], [0.4, 0.2], ["new", "known"])
    {'new': 0.25, 'known': 0.75}
    """
    own = drive_medians(owned_distances, owned_drives, name="S")
    pool = drive_medians(pool_distances, pool_drives, name="U")
    usual = np.array(list(own.values()))
    return {
        drive: float((1 + (usual >= value).sum()) / (len(usual) + 1))
        for drive, value in pool.items()
    }


STRETCHES, STRETCHES_OF_ONE_DRIVE = 3, 5
PROVISIONAL_QUANTILE, LEAST_FRAMES = 0.99, 30


def stretches(drives: Labels) -> NDArray[np.int64] | None:
    """Consecutive parts of few drives, each to be left out in turn: a provisional yardstick.

    With two to eight drives each is cut into three parts, a single one into five.  A threshold read
    from them says "new against other stretches of the drives you own"; it holds no level for a new
    drive.  Parts, and not single frames, are left out because neighbouring frames depend on each
    other (Jiang, Barber, Pananjady & Xie 2026, arXiv 2605.30292).

    Parameters
    ----------
    drives : n labels
        The drive of each frame of S, frames of a drive in the order in which they were recorded.

    Returns
    -------
    int64 (n,) or None
        The part of each frame, numbered from 0; None where S has fewer than 30 frames.

    Examples
    --------
    >>> stretches(["a"] * 29) is None
    True
    >>> np.bincount(stretches(["a"] * 30 + ["b"] * 7)).tolist()
    [10, 10, 10, 3, 2, 2]
    """
    if len(drives) < LEAST_FRAMES:
        return None
    drive = drive_numbers(drives)
    count = int(drive.max()) + 1
    parts = STRETCHES if count > 1 else STRETCHES_OF_ONE_DRIVE
    part = np.empty(len(drive), np.int64)
    made = 0
    for number in range(count):
        for rows in np.array_split(np.flatnonzero(drive == number), parts):
            if len(rows):
                part[rows] = made
                made += 1
    return part


def provisional_threshold(scores: ArrayLike) -> float:
    """Beyond this a frame is a provisional gap: the 0.99 quantile of the left-out scores.

    Parameters
    ----------
    scores : (n,)
        Score of each frame of S against S without its own stretch (:func:`stretches`).
    """
    return float(np.quantile(np.asarray(scores, np.float64), PROVISIONAL_QUANTILE))


def drive_medians(
    distances: ArrayLike, drives: Labels, *, name: str = "S"
) -> dict[Hashable, float]:
    """Median of each drive's distances, in the order in which drives first appear.

    Examples
    --------
    >>> drive_medians([0.1, 0.5, 0.2, 0.3], ["a", "b", "a", "a"])
    {'a': 0.2, 'b': 0.5}
    """
    distance, drive, count = _by_drive(name, distances, drives)
    _, first = np.unique(drive, return_index=True)
    plain = _plain(drives)
    labels = [plain[row] for row in first.tolist()]
    order = np.argsort(drive, kind="stable")
    parts = np.split(distance[order], np.cumsum(np.bincount(drive, minlength=count))[:-1])
    return {label: float(np.median(part)) for label, part in zip(labels, parts, strict=True)}


def _by_drive(
    name: str, distances: ArrayLike, drives: Labels
) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    """Checked distances, the number of each one's drive, and how many drives there are."""
    distance = np.asarray(distances, np.float64).ravel()
    if not len(distance):
        raise EmptySetError(f"{name} has no distance; there is nothing to compare.")
    if np.isnan(distance).any():
        raise NotFiniteError(f"{name} has distances that are NaN; compute them again.")
    if len(drives) != len(distance):
        raise DimensionError(
            f"{name} has {len(distance)} distances and {len(drives)} drive labels."
        )
    drive = drive_numbers(drives)
    return distance, drive, int(drive.max()) + 1


def drive_numbers(drives: Labels) -> NDArray[np.int64]:
    """A number for each frame, equal where the drive is, counted as drives first appear.

    A missing label (None, NaN or "") is a drive of its own.

    Examples
    --------
    >>> drive_numbers(["b", "a", "b", None, ""]).tolist()
    [0, 1, 0, 2, 3]
    """
    if isinstance(drives, np.ndarray) and drives.dtype.kind in "iu":
        _, first, inverse = np.unique(drives, return_index=True, return_inverse=True)
        rank = np.empty(len(first), np.int64)
        rank[np.argsort(first)] = np.arange(len(first))
        return rank[inverse]
    labels = _plain(drives)
    numbers: dict[Hashable, int] = {}
    if not any(is_missing(label) for label in set(labels)):
        return np.array([numbers.setdefault(label, len(numbers)) for label in labels], np.int64)
    drive = np.empty(len(drives), np.int64)
    for position, label in enumerate(labels):
        named = (position, None) if is_missing(label) else label
        drive[position] = numbers.setdefault(named, len(numbers))
    return drive


def drive_weights(drives: Labels, count: int) -> NDArray[np.float64]:
    """Weight of each image, (count,): drives alike, or images alike where there are none.

    Raises
    ------
    DimensionError
        There are drives, but not one an image.

    Examples
    --------
    >>> drive_weights(["a", "a", "b"], 3).tolist(), drive_weights((), 2).tolist()
    ([0.25, 0.25, 0.5], [0.5, 0.5])
    """
    if not len(drives):
        return np.full(count, 1 / count)
    if len(drives) != count:
        raise DimensionError(f"{count} images and {len(drives)} drive labels.")
    number = drive_numbers(drives)
    frames = np.bincount(number)
    return np.asarray(1 / (len(frames) * frames[number]))


def is_missing(label: Hashable) -> bool:
    """Whether a label names no drive."""
    return label is None or label == "" or label != label  # only NaN differs from itself


def _plain(labels: Labels) -> Sequence[Hashable]:
    return labels.tolist() if isinstance(labels, np.ndarray) else labels


def _checked_alpha(alpha: float) -> float:
    if isinstance(alpha, bool) or not 0 < alpha < 1:
        raise InputError(f"The level is {alpha}; give a share between 0 and 1, such as 0.1.")
    return float(alpha)
