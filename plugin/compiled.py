"""Loops compiled by numba once on a machine, and kept for its next process where there is room.

numba keeps machine code in ``NUMBA_CACHE_DIR``, else beside the source, else in the user's cache
folder (numba documentation, "Caching compiled functions"), by source, version and processor.  Where
no folder can be written to, or the disk is full, a loop is compiled in each process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def compiled(signature: Any, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate as ``numba.njit(signature, cache=True, **options)`` does: compiled or read at once.

    >>> @compiled("int64(int64)")
    ... def twice(value):
    ...     return value * 2
    >>> twice(21)
    42
    """
    from numba import njit

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        made: Callable[..., Any]
        try:
            made = njit(signature, cache=True, **options)(function)
        except (RuntimeError, OSError):
            made = njit(signature, **options)(function)
        return made

    return decorate
