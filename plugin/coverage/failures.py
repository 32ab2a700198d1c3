"""How often things go wrong near a place: the error rate of its nearest judged samples.

A gap in easy country matters less than one beside which a model keeps failing.  The error of a
nearest-neighbour rule is read off the neighbours themselves (Cover and Hart 1967, "Nearest neighbor
pattern classification"); with few of them the share is drawn towards the overall rate by a prior
(the m-estimate, Cestnik 1990, "Estimating probabilities").
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DimensionError, EmptySetError
from ..progress import Progress, silent
from .nearest.neighbors import nearest

Array = NDArray[Any]

PRIOR = 2.0
"""How many neighbours the overall rate counts for."""


def failure_rate(
    queries: ArrayLike,
    judged: ArrayLike,
    failed: ArrayLike,
    *,
    neighbors: int,
    own: ArrayLike | None = None,
    progress: Progress = silent,
) -> Array:
    """Smoothed error rate among the nearest judged samples of each query.

    With ``f`` failures among ``k`` neighbours and the overall rate ``p`` it is
    ``(f + PRIOR * p) / (k + PRIOR)``.

    Parameters
    ----------
    queries, judged : float32 (n, d), (m, d)
        Unit rows.
    failed : bool (m,)
        Which of the judged samples went wrong.
    neighbors : int
        ``k``, at least 1; all judged samples where there are fewer.
    own : int (n,), optional
        Row of each query among ``judged``, which is not its neighbour; -1 where it has none.

    Returns
    -------
    float64 (n,)
        Between 0 and 1.

    Raises
    ------
    EmptySetError
        Nothing was judged.

    >>> import numpy as np
    >>> judged = np.eye(3, dtype=np.float32)
    >>> failure_rate(judged[:1], judged, [True, False, False], neighbors=1).round(2).tolist()
    [0.56]
    """
    rows, base = np.asarray(queries, np.float32), np.asarray(judged, np.float32)
    wrong = np.asarray(failed, dtype=bool)
    if not len(base):
        raise EmptySetError("No sample was judged: nothing tells where a model fails.")
    if rows.ndim != 2 or base.ndim != 2 or rows.shape[1] != base.shape[1]:
        raise DimensionError(f"Rows of shapes {rows.shape} and {base.shape} cannot be compared.")
    if wrong.shape != (len(base),):
        raise DimensionError(f"{len(base)} judged samples and {wrong.shape} verdicts.")
    own_row = np.full(len(rows), -1) if own is None else np.asarray(own, np.int64)
    k = min(neighbors + int((own_row >= 0).any()), len(base))
    _, found = nearest(base, rows, k, progress=progress)
    counts = found != own_row[:, None]
    counts &= np.cumsum(counts, axis=1) <= neighbors
    failures = (wrong[found] & counts).sum(axis=1)
    overall = wrong.mean()
    rate: Array = (failures + PRIOR * overall) / (counts.sum(axis=1) + PRIOR)
    return rate
