"""Rows to benchmark on, and the float64 replay that says whether a selection was exact."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

KINDS = ("mixture", "mixture + 1 % outliers", "isotropic")


def unit_rows(n: int, dimension: int, kind: str, seed: int = 0) -> NDArray[np.float32]:
    """Synthetic embeddings, float32 (n, dimension) unit rows.

    ``mixture``: 200 clusters around random points of the unit sphere, sizes by Zipf's law (the
    r-th largest holds 1/r of the largest), noise of the cluster's own orientation with a
    power-law spectrum (variance of the j-th axis ~ 1/j) and the length of the centre.  With
    outliers, one row in a hundred is replaced by a random direction; ``isotropic`` is nothing
    but random directions.
    """
    random = np.random.default_rng(seed)
    if kind == "isotropic":
        return _normalised(random.standard_normal((n, dimension), dtype=np.float32))
    clusters = 200
    centres = _normalised(random.standard_normal((clusters, dimension)))
    share = 1 / np.arange(1, clusters + 1)
    member_of = random.choice(clusters, n, p=share / share.sum())
    scale = 1 / np.sqrt(np.arange(1, dimension + 1))
    scale /= np.linalg.norm(scale)
    rows = np.empty((n, dimension), np.float32)
    for cluster in range(clusters):
        members = np.flatnonzero(member_of == cluster)
        noise = random.standard_normal((len(members), dimension)) * random.permutation(scale)
        rows[members] = centres[cluster] + noise
    if kind == "mixture + 1 % outliers":
        outliers = random.choice(n, max(n // 100, 1), replace=False)
        rows[outliers] = random.standard_normal((len(outliers), dimension))
    return _normalised(rows)


def _normalised(rows: NDArray) -> NDArray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def regret(U: NDArray[np.float32], picks: NDArray[np.int64], d0: NDArray | None = None) -> float:
    """How much nearer than the farthest candidate a pick ever was, Euclidean, in float64.

    Replays the selection: 0 for an exact greedy, some 1e-7 where float32 cannot order two rows.
    Without ``d0`` the first pick is free.
    """
    rows = U.astype(np.float64)
    squares = np.einsum("ij,ij->i", rows, rows)
    nearest = np.full(len(rows), np.inf) if d0 is None else d0.astype(np.float64) ** 2
    worst = 0.0
    for start in range(0, len(picks), 64):
        part = picks[start : start + 64]
        squared = squares[:, None] + squares[part] - 2 * (rows @ rows[part].T)
        for column, pick in enumerate(part):
            if np.isfinite(nearest[0]):
                worst = max(worst, float(np.sqrt(nearest.max()) - np.sqrt(nearest[pick])))
            nearest = np.minimum(nearest, np.maximum(squared[:, column], 0))
            nearest[pick] = 0
    return worst


PATHS: dict[str, dict[float, float]] = {
    "highway": {0.02: 0.005, 0.1: 0.0233, 0.5: 0.0091, 2.5: 0.0643, 12: 0.035, 60: 0.2099},
    "town": {0.02: 0.0139, 0.1: 0.0661, 0.5: 0.0344, 2.5: 0.193, 12: 0.0038, 60: 0.1924},
}
"""Variance by the seconds within which it is forgotten, so that frames come apart as real ones do.

Fitted to the median cosine distance of frames some seconds apart under the packaged encoder:
``highway`` to a 25 Hz video of a motorway (0.014 from one frame to the next, 0.062 after a second),
``town`` to CamVid, one frame a second (0.175 after a second, 0.39 after 32); below a second CamVid
is taken to come apart in the proportions of the motorway.
"""
FRAMES = 390
"""Frames a drive: no multiple of a block."""
_ALL = 0.51  # median cosine distance of frames of different CamVid drives
_LIVELY, _LASTS = 0.28, 20.0  # spread, and seconds, of how far a scene is from the mean one


def video(n: int, dimension: int, kind: str, hertz: float, seed: int = 0) -> NDArray[np.float32]:
    """Drives as autocorrelated paths, float32 (n, dimension) unit rows, 390 frames a drive.

    A frame is the mean of all, what its drive has of its own, and first-order autoregressions with
    the variances of :data:`PATHS`, all with a power-law spectrum (variance of the j-th axis
    ~ j^-0.9), scaled by a log-normal that lasts 20 seconds.
    """
    random = np.random.default_rng(seed)
    axes = np.arange(1, dimension + 1.0) ** -0.9
    scale = np.sqrt(axes / axes.sum()).astype(np.float32)
    common = np.random.default_rng(99).standard_normal(dimension)
    common *= np.sqrt(1 - _ALL) / np.linalg.norm(common)
    own = np.sqrt(_ALL - sum(PATHS[kind].values()))
    rows = np.empty((n, dimension), np.float32)
    for first in range(0, n, FRAMES):
        shape = min(FRAMES, n - first), dimension
        path = np.repeat(own * random.standard_normal((1, dimension)), shape[0], axis=0)
        for seconds, variance in PATHS[kind].items():
            path += np.sqrt(variance) * _forgetting(random, shape, seconds * hertz)
        lively = _LIVELY * _forgetting(random, (shape[0], 1), _LASTS * hertz)
        path *= np.exp(lively - _LIVELY**2)
        rows[first : first + FRAMES] = common + scale * path
    return _normalised(rows)


def _forgetting(random: np.random.Generator, shape: tuple[int, int], frames: float) -> NDArray:
    """Columns of a stationary first-order autoregression of variance 1."""
    kept = np.exp(-1 / frames)
    noise = random.standard_normal(shape, dtype=np.float32)
    noise[1:] *= np.sqrt(1 - kept**2)
    past = np.array([1, -kept], np.float32)
    return np.asarray(lfilter(past[:1], past, noise, axis=0))
