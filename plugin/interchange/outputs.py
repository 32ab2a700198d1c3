"""The ``outputs/`` folder: a whole analysis as plain files, written and read.

Six files are enough (``umap3d_S.npy``, ``umap3d_U.npy``, ``nn_U_to_S.npy``, ``coverage.json``,
``paths_S.json``, ``paths_U.json``); embeddings, picks and the plot may stand beside them.  Row i of
every array of U belongs to ``paths_U[i]``.  One check, :func:`.artifacts.check`, guards both
directions: what is written can be read, and what is read fits together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..coverage.words import counted
from ..errors import ArtifactError
from .artifacts import Array, Artifacts, Picks, check, check_coverage, check_picks, is_number, kind
from .files.checked import (
    LIST_LIMIT,
    read_json,
    read_npy,
    read_npz,
    write_json,
    write_text,
    write_whole,
)
from .files.listed_paths import is_remote, local_path

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
TOLERANCE = 1e-3
"""How far from 1 an embedding's length may be before it is scaled, and said so."""


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
        coverage=check_coverage(read_json(folder / LAST)),
        paths_S=paths["S"],
        paths_U=paths["U"],
        embed_S=embed.get("S"),
        embed_U=embed.get("U"),
    )
    check(artifacts)
    # 1 - cos of two copies may be a little below 0, which no distance is.
    artifacts = replace(artifacts, nn_U_to_S=np.maximum(distance, 0))
    picked = folder / "kcenter_indices.json"
    if picked.exists():
        artifacts = replace(
            artifacts, kcenter=_picks(read_json(picked, limit=LIST_LIMIT), paths["U"])
        )
    if len(embed) == 1:
        warnings.append(f"Only embed_{min(embed)}.npz is there, the other set has no embeddings.")
    twice = len(set(paths["S"]) & set(paths["U"]))
    if twice:
        warnings.append(
            f"{counted(twice, 'image', 'is|are')} in both paths_S.json and paths_U.json."
        )
    return artifacts, warnings


def _paths(path: Path, warnings: list[str]) -> list[str]:
    document = read_json(path, limit=LIST_LIMIT)
    if not isinstance(document, list):
        raise ArtifactError(f"{path.name} has to be a list of paths, not {kind(document)}.")
    for row, entry in enumerate(document):
        if not isinstance(entry, str) or not entry.strip() or "\0" in entry:
            raise ArtifactError(f"{path.name}: entry {row} is not a path.")
    repeated = len(document) - len(set(document))
    if repeated:
        warnings.append(f"{path.name} lists {repeated} paths more than once.")
    relative = sum(
        not (entry.startswith("/") or entry[1:3] in (":\\", ":/") or is_remote(entry))
        for entry in document
    )
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
    if radii is not None and not (isinstance(radii, list) and all(map(is_number, radii))):
        raise ArtifactError(f"{name}: radii have to be a list of numbers.")
    picks = Picks(
        np.array(indices, np.int64), None if radii is None else np.array(radii, np.float64)
    )
    check_picks(picks, len(paths_U))
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
    warnings.append(f"{name}: {counted(other, 'row', 'was|were')} not of unit length: scaled.")
    return (vectors / length).astype(np.float32)
