"""The loops of umap-learn, compiled once on a machine and kept.

umap-learn has numba compile them in every new process, for seconds.  numba can keep what it
compiled (numba documentation, "Caching compiled functions"): by source file, version and processor,
in ``NUMBA_CACHE_DIR``, else beside the source, else in the user's cache folder.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache


@cache
def keep_compiled() -> None:
    """Have numba keep the loops of a fit, where there is a folder to keep them in."""
    from umap import layouts, umap_

    for module in (layouts, umap_):
        for loop in vars(module).values():
            if hasattr(loop, "enable_caching") and loop.stats.cache_path is None:
                with suppress(RuntimeError):  # no folder can be written to
                    loop.enable_caching()
