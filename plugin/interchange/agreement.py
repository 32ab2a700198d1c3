"""Whether the files of an analysis made elsewhere belong together, though their shapes fit.

Where the embeddings stand beside the results, the results can be measured again: distances to S
exactly, the order of the sphere's rows by whether neighbours there are neighbours at all.  What
differs is compared with the usual mistakes, so that the sentence can say which it looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..coverage.nearest.distances import nearest_distance
from ..coverage.nearest.neighbors import nearest
from ..errors import ArtifactError
from .artifacts import Artifacts

Array = NDArray[Any]

TOLERANCE = 2e-3
"""Cosine distance that rounding may cost: embeddings in half precision lose a tenth of it."""
RELATIVE = 1e-2
ROUGH = 0.03
"""Cosine distance that embeddings stored with few digits or dimensions may be off by."""
LEAST_ROWS = 50
"""Images of a set from which neighbours tell whether the rows are in order."""
QUERIES = 500
NEIGHBORS = 10

UNITS: Mapping[str, Callable[[Array], Array]] = {
    "cosine distances": lambda d: d,
    "Euclidean distances": lambda d: d * d / 2,
    "squared Euclidean distances": lambda d: d / 2,
    "similarities": lambda d: 1 - d,
    "angles in radians": lambda d: 1 - np.cos(d),
    "angles in degrees": lambda d: 1 - np.cos(np.radians(d)),
    "distances in percent": lambda d: d / 100,
}
"""To cosine distances of unit rows."""
OF_METRIC = {"cosine": "cosine distances", "euclidean": "Euclidean distances"}


def hold_together(artifacts: Artifacts) -> list[str]:
    """Hold results against the embeddings beside them.

    Returns
    -------
    list of str
        A sentence for what differs in a way that may be meant, such as neighbours that were found
        approximately.

    Raises
    ------
    ArtifactError
        A file belongs to another run, order or metric than the others; the sentence names it and
        says what it looks like.
    """
    own = OF_METRIC[str(artifacts.coverage.get("metric", "cosine"))]
    warnings = _coverage_agrees(artifacts, own)
    if artifacts.embed_S is not None and artifacts.embed_U is not None:
        warnings += _distances_agree(artifacts, own)
    return warnings + _sphere_agrees(artifacts)


def _distances_agree(artifacts: Artifacts, own: str) -> list[str]:
    name, given = "nn_U_to_S.npy", np.asarray(artifacts.nn_U_to_S, np.float64)
    S, U = artifacts.embed_S, artifacts.embed_U
    assert S is not None
    assert U is not None
    true = nearest_distance(U, S).distance.astype(np.float64)
    off = ~_close(UNITS[own](given), true)
    if not off.any():
        return []
    what = _looks_like(given, true, own)
    if what:
        raise ArtifactError(
            f"{name} does not fit embed_U.npz and embed_S.npz: it looks like {what}. "
            f"{_advice(what)}"
        )
    if len(S) == len(U) and _close(UNITS[own](given), nearest_distance(S, U).distance).all():
        raise ArtifactError(
            f"{name} does not fit the embeddings: embed_S.npz and embed_U.npz look swapped."
        )
    nearer = int((off & (UNITS[own](given) < true)).sum())
    count = int(off.sum())
    one_sided, correlation = nearer in (0, count), _rank_correlation(given, true)
    worst = float(np.abs(UNITS[own](given) - true).max())
    if not one_sided and worst < ROUGH and correlation > 0.98:
        return [
            f"{name}: {count} of {len(off)} distances differ from the embeddings by up to "
            f"{worst:.2g} (cosine): were they stored with fewer digits or dimensions?"
        ]
    if not one_sided or (count > len(off) // 2 and correlation < 0.9):
        row = int(np.argmax(off))
        raise ArtifactError(
            f"{name} does not fit embed_U.npz and embed_S.npz: {count} of {len(off)} distances "
            f"differ, such as row {row} with {given[row]:.4g}, where the embeddings are "
            f"{_written(true[row], own):.4g} apart. The files belong to different runs or orders."
        )
    why = "were S's images more then" if nearer else "were neighbours found approximately"
    return [
        f"{name}: {count} of {len(off)} distances are {'smaller' if nearer else 'larger'} than the "
        f"embeddings say ({why}?). They are taken as they are."
    ]


def _looks_like(given: Array, true: Array, own: str) -> str:
    """The mistake that explains all distances, "" where none does."""
    for order, rows in (("", given), (" in reverse order", given[::-1])):
        for unit, to_cosine in UNITS.items():
            if (order or unit != own) and _close(to_cosine(rows), true).all():
                return f"{unit}{order}"
    if _close(np.sort(UNITS[own](given)), np.sort(true)).all():
        return "the distances of these images in another order"
    if np.ptp(given) == 0 and len(given) > 1:
        return "one number for all images"
    return ""


def _advice(what: str) -> str:
    if what == "Euclidean distances":
        return 'Write "metric": "euclidean" into coverage.json, with its δ in the same unit.'
    if what == "cosine distances":
        return 'Write "metric": "cosine" into coverage.json, with its δ in the same unit.'
    return "Write the distance of each image of U to S, in the order of paths_U.json."


def _coverage_agrees(artifacts: Artifacts, own: str) -> list[str]:
    """``coverage.json``'s covering radius beside the largest distance."""
    document, largest = artifacts.coverage, float(np.max(artifacts.nn_U_to_S))
    told = "delta_max" if "delta_max" in document else "delta"
    radius = float(document[told])
    if told == "delta" and radius <= largest:
        return []  # a threshold, whatever it is read off
    if _close(np.array([radius]), np.array([largest])).all():
        return []
    true = UNITS[own](np.array([largest]))
    for unit, to_cosine in UNITS.items():
        if unit != own and _close(to_cosine(np.array([radius])), true).all():
            raise ArtifactError(
                f"coverage.json has {told} = {radius:.4g}, and the largest of nn_U_to_S.npy is "
                f"{largest:.4g}: the first looks like one of {unit}, the second is one of {own}. "
                "Write both files in one metric."
            )
    if told == "delta":
        return []
    return [
        f"coverage.json has delta_max = {radius:.4g}, and the largest of nn_U_to_S.npy is "
        f"{largest:.4g}: do they belong to one run?"
    ]


def _sphere_agrees(artifacts: Artifacts) -> list[str]:
    """Whether neighbours on the sphere are neighbours of the embedding, far above chance."""
    warnings = []
    for part, other in (("S", "U"), ("U", "S")):
        vectors, places = getattr(artifacts, f"embed_{part}"), getattr(artifacts, f"umap3d_{part}")
        if vectors is None or len(vectors) < LEAST_ROWS:
            continue
        kept, chance = _recall(vectors, places), NEIGHBORS / (len(vectors) - 1)
        if kept > 3 * chance:
            continue
        others = {"in reverse order": places[::-1]}
        elsewhere = getattr(artifacts, f"umap3d_{other}")
        if len(elsewhere) == len(places):
            others[f"those of {other}: the two files look swapped"] = elsewhere
        for look, rows in others.items():
            if _recall(vectors, rows) > 3 * max(chance, kept):
                raise ArtifactError(
                    f"umap3d_{part}.npy does not fit embed_{part}.npz: its rows look like {look}."
                )
        if kept < 1.5 * chance:
            warnings.append(
                f"umap3d_{part}.npy: neighbours on the sphere are neighbours in embed_{part}.npz "
                f"no more often than by chance ({100 * kept:.0f} %): is it of another run? "
                "Run compute_sphere for one that fits."
            )
    return warnings


def _recall(vectors: Array, places: Array) -> float:
    """Share of the nearest in space that are among the nearest of the embedding."""
    step = max(1, len(vectors) // QUERIES)
    rows = np.arange(0, len(vectors), step)[:QUERIES]
    _, near = nearest(vectors, vectors[rows], NEIGHBORS + 1, exact=True)  # itself and others
    _, found = cKDTree(places).query(places[rows], NEIGHBORS + 1)
    hits = [
        len((set(mine) & set(there)) - {row})
        for mine, there, row in zip(near.tolist(), found.tolist(), rows.tolist(), strict=True)
    ]
    return float(np.mean(hits)) / NEIGHBORS


def _close(a: Array, b: Array) -> Array:
    close: Array = np.abs(a - b) <= TOLERANCE + RELATIVE * np.abs(b)
    return close


def _written(cosine: float, own: str) -> float:
    return cosine if own == "cosine distances" else float(np.sqrt(2 * cosine))


def _rank_correlation(a: Array, b: Array) -> float:
    if len(a) < 3:
        return 1.0
    first, second = (np.argsort(np.argsort(each)).astype(np.float64) for each in (a, b))
    return float(np.corrcoef(first, second)[0, 1])
