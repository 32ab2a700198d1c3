"""Two matrices that lie side by side as one, without a copy."""

from __future__ import annotations

import numpy as np

from .shard import Matrix


def beside(first: Matrix, second: Matrix) -> Matrix:
    """The rows of both, one after the other; a view where that is how they lie in memory.

    >>> both = np.arange(6, dtype=np.float32).reshape(3, 2)
    >>> np.shares_memory(beside(both[:1], both[1:]), both)
    True
    >>> beside(both[1:], both[:1]).tolist()
    [[2.0, 3.0], [4.0, 5.0], [0.0, 1.0]]
    """
    whole = first.base
    if not isinstance(whole, np.ndarray) or whole is not second.base or not _plain(whole):
        return np.concatenate([first, second])
    start = first.__array_interface__["data"][0]
    follows = second.__array_interface__["data"][0] == start + first.nbytes
    if not follows or first.shape[1] != second.shape[1] or not (_plain(first) and _plain(second)):
        return np.concatenate([first, second])
    at = (start - whole.__array_interface__["data"][0]) // first.itemsize
    found = whole.reshape(-1)[at : at + first.size + second.size].reshape(-1, first.shape[1])
    found.flags.writeable = first.flags.writeable and second.flags.writeable
    return found


def _plain(rows: Matrix) -> bool:
    return rows.dtype == np.float32 and rows.flags.c_contiguous
