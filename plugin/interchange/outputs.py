"""The ``outputs/`` folder: a whole analysis as plain files, written and read.

Six files are enough (``umap3d_S.npy``, ``umap3d_U.npy``, ``nn_U_to_S.npy``, ``coverage.json``,
``paths_S.json``, ``paths_U.json``); embeddings, picks and the plot may stand beside them.  Row i of
every array of U belongs to ``paths_U[i]``.  One check, :func:`check`, guards both directions: what
is written can be read, and what is read fits together.
"""

# ruff: noqa: N815 - S and U are the field's own names

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..coverage.nearest.distances import leave_one_out
from ..coverage.nearest.rows import Metric
from ..coverage.radius import Threshold, threshold_from_json
from ..coverage.yardstick import Yardstick
from ..errors import ArtifactError
from .files.checked import (
    LIST_LIMIT,
    read_json,
    read_npy,
    read_npz,
    write_json,
    write_text,
    write_whole,
)
from .files.listed_paths import local_path

Array = NDArray[Any]

PLOT = "plot_3d.html"
LAST = "coverage.json"
"""Written last and removed first: a folder without it was left half way."""
REQUIRED = (
    "umap3d_S.npy",
    "umap3d_U.npy",
    "nn_U_to_S.npy",
    "paths_S.json",
    "paths_U.json",
    LAST,
)
OPTIONAL = ("embed_S.npz", "embed_U.npz", "kcenter_indices.json", PLOT)
_FIGURE = re.compile(r"p\d+|median|mean|max|n_\w+")
"""Distances and counts of ``coverage.json`` beside δ."""
TOLERANCE = 1e-3
"""How far from 1 an embedding's length may be before it is scaled, and said so."""


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


def write_artifacts(
    folder: str | Path,
    artifacts: Artifacts,
    *,
    plot_html: str | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write an analysis into ``folder``, each file whole or not at all.

    Parameters
    ----------
    folder : path
        Made where it is missing.
    plot_html : str, optional
        Page for ``plot_3d.html``.
    overwrite : bool
        Replace an earlier analysis.  Its optional files that this one lacks are removed, so that
        a folder never holds parts of two.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    ArtifactError
        The artifacts do not fit together, files are in the way, or the disk says no.
    """
    check(artifacts)
    folder = local_path(folder)
    if not overwrite:
        refuse_occupied(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (LAST, *OPTIONAL):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise ArtifactError(f"{folder} cannot be used: {error.strerror}.") from error

    for part in "SU":
        places = np.asarray(getattr(artifacts, f"umap3d_{part}"), np.float32)
        write_whole(folder / f"umap3d_{part}.npy", partial(np.save, arr=places))
        vectors = getattr(artifacts, f"embed_{part}")
        if vectors is not None:
            rows = np.asarray(vectors, np.float32)
            write_whole(folder / f"embed_{part}.npz", partial(np.savez, embeddings=rows))
        write_json(folder / f"paths_{part}.json", list(getattr(artifacts, f"paths_{part}")))
    write_whole(folder / "nn_U_to_S.npy", partial(np.save, arr=artifacts.nn_U_to_S))
    if artifacts.kcenter is not None:
        write_json(
            folder / "kcenter_indices.json", _picks_json(artifacts.kcenter, artifacts.paths_U)
        )
    if plot_html is not None:
        write_text(folder / PLOT, plot_html)
    write_json(folder / LAST, dict(artifacts.coverage))
    return [folder / name for name in (*REQUIRED, *OPTIONAL) if (folder / name).exists()]


def refuse_occupied(folder: str | Path) -> None:
    """Stop where the folder holds an analysis that nobody asked to replace.

    Raises
    ------
    ArtifactError
        The sentence names what allows it.
    """
    folder = Path(folder)
    in_the_way = [name for name in (*REQUIRED, *OPTIONAL) if (folder / name).exists()]
    if in_the_way:
        raise ArtifactError(
            f"{folder} holds {in_the_way[0]} already; choose another folder, or allow overwriting: "
            "`overwrite`, on the command line --overwrite-outputs."
        )


def read_artifacts(folder: str | Path) -> tuple[Artifacts, list[str]]:
    """Read such a folder, made here or elsewhere, and check that it fits together.

    Embeddings whose ``.npz`` names its array otherwise, and a ``kcenter_indices.json`` that is a
    bare list, are taken as well.

    Returns
    -------
    Artifacts, list of str
        What was read, and a sentence for everything that was put right or should be known.

    Raises
    ------
    ArtifactError
        A file is missing, damaged, or does not fit the others; the sentence names it.
    """
    folder = Path(folder)
    missing = [name for name in REQUIRED if not (folder / name).is_file()]
    if missing:
        raise ArtifactError(f"{folder} has no {', no '.join(missing)}; it is not a whole analysis.")
    warnings: list[str] = []
    paths = {part: _paths(folder / f"paths_{part}.json", warnings) for part in "SU"}
    embed = {
        part: _unit(_floats(read_npz(path, "embeddings")), path.name, warnings)
        for part in "SU"
        if (path := folder / f"embed_{part}.npz").exists()
    }
    distance = _floats(read_npy(folder / "nn_U_to_S.npy"), keep=True)
    if distance.ndim == 2 and distance.shape[1] == 1:
        distance = distance[:, 0]
    artifacts = Artifacts(
        umap3d_S=_floats(read_npy(folder / "umap3d_S.npy")),
        umap3d_U=_floats(read_npy(folder / "umap3d_U.npy")),
        nn_U_to_S=distance,
        coverage=_coverage(read_json(folder / LAST)),
        paths_S=paths["S"],
        paths_U=paths["U"],
        embed_S=embed.get("S"),
        embed_U=embed.get("U"),
    )
    check(artifacts)
    picked = folder / "kcenter_indices.json"
    if picked.exists():
        artifacts = replace(
            artifacts, kcenter=_picks(read_json(picked, limit=LIST_LIMIT), paths["U"])
        )
    if len(embed) == 1:
        warnings.append(f"Only embed_{min(embed)}.npz is there, the other set has no embeddings.")
    twice = len(set(paths["S"]) & set(paths["U"]))
    if twice:
        warnings.append(f"{twice} images stand in both paths_S.json and paths_U.json.")
    return artifacts, warnings


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
            "that is no sphere; write them again."
        )
    _check_rows("nn_U_to_S.npy", a.nn_U_to_S, "U", len(a.paths_U))
    if (a.nn_U_to_S < -1e-4).any():
        raise ArtifactError("nn_U_to_S.npy holds negative distances; it may hold similarities.")
    if a.embed_S is not None and a.embed_U is not None and a.embed_S.shape[1] != a.embed_U.shape[1]:
        raise ArtifactError(
            f"embed_S.npz has {a.embed_S.shape[1]} dimensions and embed_U.npz has "
            f"{a.embed_U.shape[1]}; both sets need the same encoder."
        )
    _coverage(a.coverage)
    if a.kcenter is not None:
        _check_picks(a.kcenter, len(a.paths_U))


def _check_rows(name: str, array: Array, part: str, count: int) -> None:
    if len(array) != count:
        raise ArtifactError(f"{name} has {len(array)} rows but paths_{part}.json lists {count}.")
    finite = np.isfinite(array).reshape(len(array), -1).all(axis=1)
    if not finite.all():
        raise ArtifactError(
            f"{name} is NaN or infinite in {(~finite).sum()} rows, the first is row "
            f"{int(np.argmin(finite))}; leave these images out."
        )


def _check_picks(picks: Picks, n_U: int) -> None:
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


def _coverage(document: Any) -> Mapping[str, Any]:
    if not isinstance(document, Mapping):
        raise ArtifactError(
            f'{LAST} has to be an object such as {{"delta": 0.25}}, not {_kind(document)}.'
        )
    figures = [name for name in document if name == "delta_max" or _FIGURE.fullmatch(name)]
    for name in ("delta", *figures):
        value: Any = document.get(name)
        if value is None and name.startswith("n_"):
            continue
        if not _is_number(value) or not 0 <= value < 1e9:
            raise ArtifactError(
                f"{LAST} has {name} = {str(value)[:40]!r}; it has to be a number that is not "
                "negative."
            )
    if document.get("metric", "cosine") not in ("cosine", "euclidean"):
        raise ArtifactError(
            f"{LAST} has metric = {str(document['metric'])[:40]!r}; it has to be cosine or "
            "euclidean."
        )
    if document.get("yardstick") is not None:
        try:
            Yardstick.from_record(document["yardstick"])
        except ArtifactError as error:
            raise ArtifactError(f"{LAST}: {error}") from None
    return document


def _paths(path: Path, warnings: list[str]) -> list[str]:
    document = read_json(path, limit=LIST_LIMIT)
    if not isinstance(document, list):
        raise ArtifactError(f"{path.name} has to be a list of paths, not {_kind(document)}.")
    for row, entry in enumerate(document):
        if not isinstance(entry, str) or not entry.strip() or "\0" in entry:
            raise ArtifactError(f"{path.name}: entry {row} is not a path.")
    repeated = len(document) - len(set(document))
    if repeated:
        warnings.append(f"{path.name} lists {repeated} paths more than once.")
    relative = sum(not (entry.startswith("/") or entry[1:3] in (":\\", ":/")) for entry in document)
    if relative:
        warnings.append(
            f"{path.name} has {relative} relative paths; they are taken from the folder itself."
        )
    return document


def _picks(document: Any, paths_U: list[str]) -> Picks:
    name = "kcenter_indices.json"
    if isinstance(document, list):
        document = {"indices": document}
    if not isinstance(document, dict) or not isinstance(document.get("indices"), list):
        raise ArtifactError(f"{name} has to be a list, or an object with a list `indices`.")
    indices = document["indices"]
    for entry in indices:
        if isinstance(entry, bool) or not isinstance(entry, int) or abs(entry) > 2**62:
            raise ArtifactError(f"{name}: {str(entry)[:40]!r} is not a row of U.")
    radii, named = document.get("radii"), document.get("paths")
    if radii is not None and not (isinstance(radii, list) and all(map(_is_number, radii))):
        raise ArtifactError(f"{name}: radii have to be a list of numbers.")
    picks = Picks(
        np.array(indices, np.int64), None if radii is None else np.array(radii, np.float64)
    )
    _check_picks(picks, len(paths_U))
    if named is not None and named != [paths_U[row] for row in indices]:
        raise ArtifactError(
            f"{name}: its paths are not those that paths_U.json lists at its indices; the two "
            "files belong to different runs."
        )
    return picks


def _picks_json(picks: Picks, paths_U: Sequence[str]) -> dict[str, Any]:
    document = {
        "indices": picks.indices.tolist(),
        "paths": [paths_U[row] for row in picks.indices],
    }
    if picks.radii is not None:
        document["radii"] = np.asarray(picks.radii, np.float64).tolist()
    return document


def _floats(array: Array, keep: bool = False) -> Array:
    """As float32; with ``keep`` a float64 array stays one, and integers become one."""
    if keep and array.dtype != np.float32:
        return array.astype(np.float64)
    with np.errstate(over="ignore"):  # what overflows becomes infinite, and that is reported
        return array.astype(np.float32)


def _unit(vectors: Array, name: str, warnings: list[str]) -> Array:
    """Scale rows to unit length where they are not, and say so."""
    if vectors.ndim != 2 or not vectors.shape[1] or not np.isfinite(vectors).all():
        return vectors  # check() has the sentence
    length = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    if (length == 0).any():
        raise ArtifactError(
            f"{name}: row {int(np.argmin(length))} is zero, which has no direction; leave this "
            "image out."
        )
    other = int((np.abs(length - 1) > TOLERANCE).sum())
    if not other:
        return vectors
    warnings.append(f"{name}: {other} rows were not of unit length and have been scaled.")
    return (vectors / length).astype(np.float32)


def _is_number(value: Any) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    return whole or isinstance(value, float)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value"}
    return "null" if value is None else names.get(type(value), "a number")
