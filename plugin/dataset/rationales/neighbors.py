"""The nearest samples of one sample in embedding space, exact, from a matrix kept in memory.

Reading every vector takes seconds and a search takes milliseconds, so the matrices of the datasets
used last are kept.  One is out of date when the sample asked about has another vector now, or no
row in it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from ...errors import EmptySetError, InputError
from ..store.fiftyone_internals import dataset_id
from ..store.names import Names
from ..store.vectors import vectors
from .decisions import opened

Array = NDArray[Any]
FIELD = Names().embedding
BYTES_MAX = 2 << 30
"""Memory that all vectors kept may take: half a million of 1024 numbers."""


@dataclass(frozen=True)
class Neighbors:
    """``ids`` nearest first; ``distance`` (k,) cosine, 0 to 2."""

    ids: list[str]
    distance: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Matrix:
    """Unit rows of one dataset, in the order of ``ids``."""

    ids: list[str]
    place: dict[str, int]
    rows: NDArray[np.float32]


_kept: LRUCache[str, _Matrix] = LRUCache(BYTES_MAX, lambda one: one.rows.nbytes)
"""By dataset."""
_lock = threading.Lock()


def nearest(dataset: fo.Dataset, sample_id: str, *, k: int = 8) -> Neighbors:
    """The ``k`` samples of the dataset whose embeddings are closest to that of ``sample_id``.

    Raises
    ------
    EmptySetError
        The dataset, or this sample, has no embedding.
    InputError
        The sample is gone, or the embeddings would not fit in :data:`BYTES_MAX`.
    """
    own = _unit(_own(dataset, sample_id)[None])[0]
    matrix = _matrix(dataset, sample_id, own)
    similarity = matrix.rows @ own
    similarity[matrix.place[sample_id]] = -np.inf
    k = min(k, len(similarity) - 1)
    best = np.argpartition(-similarity, k)[:k] if k else np.empty(0, np.int64)
    best = best[np.lexsort((best, -similarity[best]))]
    distance = np.clip(1 - similarity[best], 0, 2).astype(np.float32)
    return Neighbors([matrix.ids[row] for row in best], distance)


def forget() -> None:
    """Free the memory."""
    with _lock:
        _kept.clear()


def _own(dataset: fo.Dataset, sample_id: str) -> Array:
    if not dataset.has_field(FIELD):
        raise EmptySetError(
            f"No sample has an {FIELD}: import embeddings.pt with the feature cache, or run "
            "`compute_embeddings`."
        )
    own = opened(dataset, sample_id, [FIELD])[FIELD]
    if own is None:
        raise EmptySetError(f"This sample has no {FIELD}.")
    return np.asarray(own, np.float32)


def _matrix(dataset: fo.Dataset, sample_id: str, own: Array) -> _Matrix:
    key = str(dataset_id(dataset))
    with _lock:
        kept = _kept.get(key)
        if kept is not None and len(own) == kept.rows.shape[1]:
            place = kept.place.get(sample_id)
            if place is not None and np.allclose(kept.rows[place], own, atol=1e-6):
                return kept
        _kept.pop(key, None)
        size = len(dataset) * len(own) * 4
        if size > BYTES_MAX:
            raise InputError(
                f"The embeddings take {size / 2**30:.1f} GiB; neighbours are searched in at most "
                f"{BYTES_MAX / 2**30:.0f} GiB. The Gap Explorer can search larger sets."
            )
        while _kept and _kept.currsize + size > BYTES_MAX:
            _kept.popitem()
        read = vectors.read(dataset, FIELD)
        place_of = {one: at for at, one in enumerate(read.ids)}
        matrix = _kept[key] = _Matrix(read.ids, place_of, _unit(read.matrix))
        return matrix


def _unit(rows: Array) -> NDArray[np.float32]:
    """Rows of length one; a row of zeros stays and is orthogonal to everything."""
    norm = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))[:, None]
    return np.divide(rows, np.where(norm > 0, norm, 1), dtype=np.float32, casting="same_kind")
