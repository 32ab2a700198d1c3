"""K-Center greedy: pick, again and again, the candidate that is farthest from everything owned.

The one idea (block-lazy greedy): the similarity of a candidate to the centres it *has* met is a
lower bound of its similarity to all of them, so a candidate whose bound is already high needs no
update until the radius comes down to it.  Each round takes the block of candidates with the lowest
bounds, brings only those up to date by matrix products, and plays ordinary greedy inside the block
for as long as its winner stays below every bound outside.  Greedy farthest-first traversal is a
2-approximation of the k-center problem in Euclidean distance (Gonzalez 1985, "Clustering to
minimize the maximum intercluster distance"; with an initial cover, Sener & Savarese 2018, "Active
learning for convolutional neural networks: a core-set approach"); lazy evaluation of greedy goes
back to Minoux (1978, "Accelerated greedy algorithms for maximizing submodular set functions").
"""

from __future__ import annotations

from contextlib import closing

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...engine.engine import LOCAL, Engine
from ...errors import DimensionError, InputError, NotFiniteError
from ...progress import Progress, silent
from ..nearest.rows import Rows, checked_rows, same_dimension
from .far_cover import FarCover
from .lazy_cover import LazyCover


def k_center_greedy(
    S: Rows | None,
    U: Rows,
    k: int,
    d0: ArrayLike | None = None,
    *,
    engine: Engine = LOCAL,
    progress: Progress = silent,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pick ``k`` candidates of U, each the farthest from S and from the picks before it; exact.

    Parameters
    ----------
    S : float32 (m, d) or None
        Owned unit rows, the initial cover.
    U : float32 (n, d)
        Candidate unit rows.
    k : int
        How many to pick, 1..n.
    d0 : (n,) of any float dtype, optional
        Euclidean distance of each candidate to S, where it is known already; S is then not
        read.  Without it, S is compared in full only with those candidates that come near the
        top (selection only).
    engine : Engine
        Where bounds are kept, each shard of U's own, when ``d0`` is given; the picks and radii are
        the same to the last bit.
    progress : callable
        Called with (picks done, k) after each round.

    Returns
    -------
    indices : int64 (k,)
        Rows of U in the order of picking.  Ties go to the lowest index.  Without S and ``d0``
        the first pick is row 0.
    radii : float64 (k,)
        The Euclidean covering radius of U after each pick: the largest distance of a candidate
        to its nearest row of S or pick, computed in float64 from the pair that attains it.

    Raises
    ------
    InputError
        ``k`` is not in 1..n, ``d0`` cannot be a distance, or rows are not unit vectors.
    EmptySetError, DimensionError, NotFiniteError
        S or U has no row, shapes do not fit, or a value is NaN or infinite.

    Notes
    -----
    Candidates whose float32 similarities differ by less than 1e-6 are compared in float64.

    Examples
    --------
    >>> import numpy as np
    >>> U = np.eye(3, dtype=np.float32)
    >>> indices, radii = k_center_greedy(U[:1], U, 2)
    >>> indices.tolist(), radii.round(3).tolist()
    ([1, 2], [1.414, 0.0])
    """
    U = checked_rows("U", U)
    k = checked_count(k, len(U))
    if d0 is not None:
        S = None
    if S is not None:
        S = checked_rows("S", S)
        same_dimension("S", S, "U", U)
    given = None if d0 is None else checked_distances(d0, len(U))
    goal = min(k + 1, len(U))  # the winner after the last pick gives the last radius
    if engine.cuts and given is not None:
        far = FarCover(U, goal, distances=given, engine=engine)
        with closing(far):
            return _picked(far, goal, k, progress)
    return _picked(LazyCover(U, goal, S=S, distances=given), goal, k, progress)


def _picked(
    cover: LazyCover, goal: int, k: int, progress: Progress
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    while cover.picked < goal:
        cover.pick_until(goal)
        progress(min(cover.picked, k), k)
    return cover.indices[:k], cover.radii(k)


def checked_count(k: int, candidates: int) -> int:
    """``k`` where that many can be picked."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= candidates:
        raise InputError(
            f"k is {k}; it must be a whole number between 1 and U's {candidates} samples."
        )
    return int(k)


def checked_distances(d0: ArrayLike, count: int) -> NDArray[np.float64]:
    """``d0`` as float64 (count,), or a sentence that says why it cannot be distances to S."""
    distances = np.asarray(d0)
    if not np.issubdtype(distances.dtype, np.floating):
        raise InputError(f"d0 holds {distances.dtype}; give Euclidean distances as floats.")
    if distances.shape != (count,):
        raise DimensionError(
            f"d0 has shape {distances.shape}; give one distance a row of U, ({count},)."
        )
    distances = distances.astype(np.float64)
    if not np.isfinite(distances).all():
        bad = int(np.flatnonzero(~np.isfinite(distances))[0])
        raise NotFiniteError(f"d0 is {distances[bad]} at row {bad}; compute the distances again.")
    if distances.min() < 0 or distances.max() > 2.001:  # float16 rounds by up to 0.001 here
        raise InputError(
            f"d0 runs from {distances.min():.4g} to {distances.max():.4g}; Euclidean distances "
            "between unit rows lie in 0..2."
        )
    return distances
