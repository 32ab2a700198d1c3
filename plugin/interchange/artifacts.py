"""One analysis as arrays, and what has to fit together in it."""

# ruff: noqa: N815 - S and U are the field's own names

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..coverage.nearest.distances import leave_one_out
from ..coverage.nearest.rows import Metric
from ..coverage.radius import Threshold, threshold_from_json
from ..coverage.yardstick import Yardstick
from ..errors import ArtifactError

Array = NDArray[Any]

_FIGURE = re.compile(r"p\d+|median|mean|max|n_\w+")
"""Distances and counts of ``coverage.json`` beside δ."""


@dataclass(frozen=True, eq=False)
class Picks:
    """K-Center's selection, first pick first."""

    indices: Array
    """int64 (k,): rows of U."""
    radii: Array | None = None
    """float64 (k,): covering radius after each pick, where it is known."""


@dataclass(frozen=True, eq=False)
class Artifacts:
    """One analysis as arrays.  Row i of each array of S belongs to ``paths_S[i]``, U likewise."""

    umap3d_S: Array
    """float32 (s, 3)"""
    umap3d_U: Array
    """float32 (u, 3)"""
    nn_U_to_S: Array
    """float (u,): distance of each candidate to S."""
    coverage: Mapping[str, Any]
    """``coverage.json``; :meth:`threshold` reads δ off it."""
    paths_S: Sequence[str]
    paths_U: Sequence[str]
    embed_S: Array | None = None
    """float32 (s, d), unit rows"""
    embed_U: Array | None = None
    """float32 (u, d), unit rows"""
    kcenter: Picks | None = None

    def threshold(self) -> Threshold:
        """δ by the rules for a ``coverage.json`` that may have been made elsewhere."""
        return threshold_from_json(self.coverage, self.nn_U_to_S, self.embed_S)

    def yardstick(self, metric: Metric) -> Yardstick | None:
        """Distances inside S, None where they are unknown.

        Those of ``coverage.json``, which knew the drives; else measured, where the embeddings of S
        are here.
        """
        kept = self.coverage.get("yardstick")
        if kept is not None:
            return Yardstick.from_record(kept)
        if self.embed_S is not None and len(self.embed_S) > 1:
            return Yardstick.of(leave_one_out(self.embed_S, metric=metric))
        return None


def check(artifacts: Artifacts) -> None:
    """Raise an :class:`ArtifactError` with the first thing that does not fit."""
    a = artifacts
    for part, paths in (("S", a.paths_S), ("U", a.paths_U)):
        if not len(paths):
            raise ArtifactError(f"paths_{part}.json lists no image; both sets need one.")
    for name, array, width, part in (
        ("umap3d_S.npy", a.umap3d_S, 3, "S"),
        ("umap3d_U.npy", a.umap3d_U, 3, "U"),
        ("embed_S.npz", a.embed_S, None, "S"),
        ("embed_U.npz", a.embed_U, None, "U"),
    ):
        if array is None:
            continue
        if array.ndim != 2 or array.shape[1] == 0 or (width and array.shape[1] != width):
            raise ArtifactError(
                f"{name} has the shape {array.shape}; it has to be (images, {width or 'd'})."
            )
        _check_rows(name, array, part, len(a.paths_S if part == "S" else a.paths_U))
    if a.nn_U_to_S.ndim != 1:
        raise ArtifactError(
            f"nn_U_to_S.npy has the shape {a.nn_U_to_S.shape}; it has to be one number an image."
        )
    everywhere = np.concatenate([a.umap3d_S, a.umap3d_U])
    if len(everywhere) > 2 and (everywhere == everywhere[0]).all():
        raise ArtifactError(
            f"umap3d_S.npy and umap3d_U.npy put all images at one place, {everywhere[0].tolist()}: "
            "that is not a sphere. Where all images are alike there is none; else write them again."
        )
    _check_rows("nn_U_to_S.npy", a.nn_U_to_S, "U", len(a.paths_U))
    if (a.nn_U_to_S < -1e-4).any():
        raise ArtifactError("nn_U_to_S.npy holds negative distances; it may hold similarities.")
    if a.embed_S is not None and a.embed_U is not None and a.embed_S.shape[1] != a.embed_U.shape[1]:
        raise ArtifactError(
            f"embed_S.npz has {a.embed_S.shape[1]} dimensions and embed_U.npz has "
            f"{a.embed_U.shape[1]}; both sets need the same encoder."
        )
    check_coverage(a.coverage)
    if a.kcenter is not None:
        check_picks(a.kcenter, len(a.paths_U))


def _check_rows(name: str, array: Array, part: str, count: int) -> None:
    if len(array) != count:
        raise ArtifactError(f"{name} has {len(array)} rows but paths_{part}.json lists {count}.")
    finite = np.isfinite(array).reshape(len(array), -1).all(axis=1)
    if not finite.all():
        raise ArtifactError(
            f"{name} is NaN or infinite in {(~finite).sum()} rows, the first is row "
            f"{int(np.argmin(finite))}; leave these images out."
        )


def check_picks(picks: Picks, n_U: int) -> None:
    """Raise where they are no rows of U, one at most each."""
    name = "kcenter_indices.json"
    if picks.indices.ndim != 1 or picks.indices.dtype.kind not in "iu":
        raise ArtifactError(f"{name}: indices have to be a list of whole numbers.")
    outside = (picks.indices < 0) | (picks.indices >= n_U)
    if outside.any():
        raise ArtifactError(
            f"{name} has the index {picks.indices[outside][0]}, but paths_U.json lists {n_U}."
        )
    values, times = np.unique(picks.indices, return_counts=True)
    if (times > 1).any():
        raise ArtifactError(f"{name} has the index {values[times > 1][0]} more than once.")
    if picks.radii is None:
        return
    if picks.radii.shape != picks.indices.shape:
        raise ArtifactError(
            f"{name} has {picks.radii.size} radii for {len(picks.indices)} indices."
        )
    if not np.isfinite(picks.radii).all() or (picks.radii < 0).any():
        raise ArtifactError(f"{name}: radii have to be numbers that are not negative.")


def check_coverage(document: Any) -> Mapping[str, Any]:
    """The content of ``coverage.json``, if it is of its form."""
    if not isinstance(document, Mapping):
        raise ArtifactError(
            f'coverage.json has to be an object such as {{"delta": 0.25}}, not {kind(document)}.'
        )
    figures = [name for name in document if name == "delta_max" or _FIGURE.fullmatch(name)]
    for name in ("delta", *figures):
        value: Any = document.get(name)
        if value is None and name.startswith("n_"):
            continue
        if not is_number(value) or not 0 <= value < 1e9:
            raise ArtifactError(
                f"coverage.json has {name} = {str(value)[:40]!r}; it has to be a number that is "
                "not negative."
            )
    if document.get("metric", "cosine") not in ("cosine", "euclidean"):
        raise ArtifactError(
            f"coverage.json has metric = {str(document['metric'])[:40]!r}; it has to be cosine or "
            "euclidean."
        )
    if document.get("yardstick") is not None:
        try:
            Yardstick.from_record(document["yardstick"])
        except ArtifactError as error:
            raise ArtifactError(f"coverage.json: {error}") from None
    return document


def is_number(value: Any) -> bool:
    """Whether JSON's value is one; a truth value is not."""
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    return whole or isinstance(value, float)


def kind(value: Any) -> str:
    """What a value is called in JSON."""
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value"}
    return "null" if value is None else names.get(type(value), "a number")
