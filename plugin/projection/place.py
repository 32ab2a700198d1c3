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

from ..coverage.nearest.neighbors import File, inverted_file, is_exact, looked_up
from ..coverage.nearest.rows import squared_distance_of_pairs
from ..engine.engine import LOCAL, Engine, gathered
from ..errors import DimensionError, EmptySetError, NotFiniteError
from ..progress import Progress, silent
from .sphere import check_points, to_unit_sphere

Array = NDArray[Any]

NEIGHBORS = 5
SPARE = 3
"""Neighbours more than that are found in float32: float64 may order them otherwise."""
ROWS_AT_ONCE = 65_536
PLACED_AT_ONCE = 8192
"""New rows that are searched for together, wherever that is."""
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

    def place(
        self, new_embeddings: ArrayLike, *, engine: Engine = LOCAL, progress: Progress = silent
    ) -> Placement:
        """Coordinates of new embeddings (n, d) among the fitted ones.

        An engine gives the same places wherever it works.

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
        exact = is_exact(self.embeddings, len(new))
        squared, row = gathered(
            engine,
            _nearest,
            [new],
            [self.embeddings, None if exact else inverted_file(self.embeddings), k],
            bytes_a_row=new.itemsize * new.shape[1],
            of=PLACED_AT_ONCE,
            progress=progress,
        )
        same = squared <= SAME
        weight = 1 / np.sqrt(np.where(same, 1, squared))
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


def _nearest(
    new: Array, fitted: Array, file: File | None, k: int, progress: Progress = silent
) -> tuple[Array, Array]:
    """Squared distances float64 (n, k) to the nearest fitted rows int64 (n, k), closest first.

    A float32 product, always of the same rows together, finds who is near, and some more than are
    asked for; float64 says how near.
    """
    wanted = min(k + SPARE, len(fitted))
    found = np.empty((len(new), k)), np.empty((len(new), k), np.int64)
    for start in range(0, len(new), PLACED_AT_ONCE):
        part = slice(start, min(start + PLACED_AT_ONCE, len(new)))

        def report(done: int, of: int, part: slice = part) -> None:
            progress(part.start + (part.stop - part.start) * done // of, len(new))

        row = np.sort(looked_up(new[part], fitted, file, wanted, report)[1])
        asking = np.repeat(np.arange(part.start, part.stop), wanted)
        squared = squared_distance_of_pairs(new, asking, fitted, row.ravel()).reshape(row.shape)
        nearest = np.argsort(squared, axis=1, kind="stable")[:, :k]  # of equals the first row
        for out, values in zip(found, (squared, row), strict=True):
            out[part] = np.take_along_axis(values, nearest, axis=1)
    return found
