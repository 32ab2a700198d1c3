"""Unit rows to test with, and slow float64 answers to compare with."""

import numpy as np
from gapsphere.tests.support.made_rows import unit


def clustered(n, d, seed=0, clusters=10, spread=0.6):
    random = np.random.default_rng(seed)
    centres = unit(random.standard_normal((clusters, d)))
    scale = 1 / np.sqrt(np.arange(1, d + 1))
    noise = random.standard_normal((n, d)) * scale / np.linalg.norm(scale)
    share = 1 / np.arange(1, clusters + 1)
    return unit(centres[random.choice(clusters, n, p=share / share.sum())] + spread * noise)


def distances64(queries, references):
    """Euclidean distances by the difference, in float64: slow and certain."""
    queries, references = queries.astype(np.float64), references.astype(np.float64)
    return np.stack([np.sqrt(((references - row) ** 2).sum(axis=1)) for row in queries])


def replay(U, picks, d0=None):
    """Regret of each pick (the free first one apart) and the radius after it, in float64."""
    nearest = np.full(len(U), np.inf) if d0 is None else np.asarray(d0, np.float64)
    regrets, radii = [], []
    for pick in picks:
        if np.isfinite(nearest[0]):
            regrets.append(nearest.max() - nearest[pick])
        nearest = np.minimum(nearest, distances64(U[pick : pick + 1], U)[0])
        radii.append(nearest.max())
    return np.array(regrets), np.array(radii)
