"""New images on an existing sphere, without fitting it again.

A new point goes to the mean 3D coordinate of its five nearest fitted points, weighted by inverse
distance (Shepard 1968): a copy of a fitted image lands on that image, and neighbourhoods are kept
no worse than by UMAP's ``transform`` (``scripts/bench/sphere.py`` prints both).  A
:class:`Reducer` is made again from its record and the fitted samples' embeddings and ``umap3d``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..coverage.nearest.neighbors import nearest
from ..errors import DimensionError, EmptySetError, NotFiniteError
from ..progress import Progress, silent
from .sphere import check_points, to_unit_sphere

Array = NDArray[Any]

NEIGHBORS = 5
ROWS_AT_ONCE = 65_536
SAME = 1e-6
"""Squared distance below which two float32 unit rows count as one."""


class Placement(NamedTuple):
    """Coordinates of new points."""

    umap3d: Array
    """float32 (n, 3)"""
    sphere: Array
    """float32 (n, 3), unit rows"""


def check_vectors(embeddings: ArrayLike, name: str = "embeddings") -> Array:
    """Return ``embeddings`` as finite float32 (n, d), without a copy where they are that."""
    vectors = np.asarray(embeddings, dtype=np.float32)
    if vectors.ndim != 2 or not vectors.shape[1]:
        raise DimensionError(f"{name} have shape {vectors.shape}; (n, dimensions) is needed.")
    blocks = range(0, max(len(vectors), 1), ROWS_AT_ONCE)
    finite = np.concatenate(
        [np.isfinite(vectors[i : i + ROWS_AT_ONCE]).all(axis=1) for i in blocks]
    )
    if not finite.all():
        raise NotFiniteError(
            f"Row {int(np.argmin(finite))} of {name} is NaN or infinite ({(~finite).sum()} such "
            "rows); leave these samples out or embed them again."
        )
    return vectors


@dataclass(frozen=True, eq=False)
class Reducer:
    """What places new embeddings: the fitted ones, where they went, and the centre."""

    embeddings: Array
    """float32 (m, d)"""
    umap3d: Array
    """float32 (m, 3)"""
    centre: Array
    """float64 (3,)"""

    def __post_init__(self) -> None:
        vectors = check_vectors(self.embeddings)
        coordinates = check_points(self.umap3d, "umap3d").astype(np.float32)
        if not len(vectors):
            raise EmptySetError("A sphere without a fitted sample cannot place new ones.")
        if len(vectors) != len(coordinates):
            raise DimensionError(
                f"{len(vectors)} embeddings and {len(coordinates)} umap3d rows do not fit "
                "together; compute the sphere again."
            )
        object.__setattr__(self, "embeddings", vectors)
        object.__setattr__(self, "umap3d", coordinates)
        object.__setattr__(self, "centre", check_points(self.centre, "centre")[0])

    def place(self, new_embeddings: ArrayLike, *, progress: Progress = silent) -> Placement:
        """Coordinates of new embeddings (n, d) among the fitted ones.

        >>> reducer = Reducer(np.eye(3, dtype=np.float32), np.eye(3), np.zeros(3))
        >>> reducer.place(np.eye(3)[:1]).sphere.tolist()
        [[1.0, 0.0, 0.0]]
        """
        new = check_vectors(new_embeddings, "new embeddings")
        if new.shape[1] != self.embeddings.shape[1]:
            raise DimensionError(
                f"New embeddings have {new.shape[1]} dimensions and the sphere was fitted to "
                f"{self.embeddings.shape[1]}; use the same encoder."
            )
        k = min(NEIGHBORS, len(self.embeddings))
        squared, row = nearest(self.embeddings, new, k, progress=progress)
        same = squared <= SAME
        weight = 1 / np.sqrt(np.where(same, 1, squared), dtype=np.float64)
        copy = same.any(axis=1)
        # Of a fitted image there may be several copies, UMAP moved apart: the first is taken.
        weight[copy] = np.eye(k)[same[copy].argmax(axis=1)]
        weight /= weight.sum(axis=1, keepdims=True)
        umap3d = np.einsum("nk,nkc->nc", weight, self.umap3d[row]).astype(np.float32)
        return Placement(umap3d, to_unit_sphere(umap3d, self.centre))

    def record(self) -> dict[str, Any]:
        """What a run has to remember, as JSON; the arrays are on the samples."""
        return {"centre": [float(value) for value in self.centre]}

    @classmethod
    def from_record(
        cls, record: Mapping[str, Any], embeddings: ArrayLike, umap3d: ArrayLike
    ) -> Reducer:
        """Make the reducer again from :meth:`record` and the fields of the fitted samples."""
        return cls(np.asarray(embeddings), np.asarray(umap3d), np.asarray(record["centre"]))
