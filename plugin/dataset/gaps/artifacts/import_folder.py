"""``import_artifacts``: a folder of files becomes an analysis in a dataset.

Each row's sample is found by its absolute path, so a folder made elsewhere can also land on a
dataset that holds the images already.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ....coverage.nearest.distances import nearest_distance
from ....coverage.novelty import novelty
from ....coverage.radius import CoverageReport, coverage_report
from ....coverage.words import counted
from ....errors import ArtifactError, DimensionError, MismatchError, NotFiniteError
from ....interchange.agreement import hold_together
from ....interchange.artifacts import Artifacts, Picks
from ....interchange.files.checked import kind_of
from ....interchange.files.file_names import RealPaths, is_utf8
from ....interchange.files.listed_paths import local_path, locate
from ....interchange.files.walk import FOREIGN_NAME
from ....interchange.outputs import read_artifacts
from ....projection.sphere import robust_centre, to_unit_sphere
from ....results import Result
from ...store import runs
from ...store.fields.ownership import refuse_foreign
from ...store.fiftyone_internals import ids_with
from ...store.leases import holds_lease
from ...store.names import OWNED_TAG, POOL_TAG, Names
from ...store.samples import reloaded
from ...store.sets.door import refuse_additions
from ...store.steps import written
from ...store.steps.step import Step
from ...store.vectors import vectors
from ...store.vectors.vectors import Vectors
from ...store.workspaces import save_workspace
from .. import sphere
from ..coverage import coverage
from ..images.load import load_images
from ..images.sources import is_video
from ..picks import picks
from ..picks.picks import PickResult
from ..sphere import SphereResult
from ..vectors import copies, embedding_run

IMPORTED = "imported:"
"""Beginning of the fingerprint of vectors that a folder brought."""


@dataclass(frozen=True, repr=False)
class ArtifactImport(Result):
    """What came in; ``warnings`` are sentences for everything that was put right."""

    owned: int
    pool: int
    missing_files: int
    gaps: int
    warnings: list[str]

    def __str__(self) -> str:
        lines = [f"imported S {self.owned}, U {self.pool}, {self.gaps} of them gaps"]
        if self.missing_files:
            lines.append(f"{self.missing_files} of the image files are not on this machine")
        return "\n".join(lines + self.warnings)


@holds_lease("import_artifacts")
def import_artifacts(
    dataset: fo.Dataset, folder: str | Path, *, suffix: str = ""
) -> ArtifactImport:
    """Read an analysis made here or elsewhere into ``dataset``.

    The images become samples tagged S and U (those that are there already are found by path), the
    arrays become their fields, and the runs say that they were imported.  The workspace that shows
    the sphere beside the grid is saved as well.

    Raises
    ------
    ArtifactError
        A file is missing, damaged or does not fit the others.
    MismatchError
        ``embedding`` holds other vectors, of an encoder: they are not replaced in silence.
    """
    dataset = reloaded(dataset)
    refuse_additions(dataset)
    folder = local_path(folder)
    artifacts, warnings = read_artifacts(folder)
    warnings += hold_together(artifacts)
    names = Names(suffix)
    paths = {
        part: [_located(path, folder) for path in listed]
        for part, listed in (("S", artifacts.paths_S), ("U", artifacts.paths_U))
    }
    real = RealPaths()
    for part, listed in paths.items():
        if len(set(map(real, listed))) < len(listed):
            raise ArtifactError(f"paths_{part}.json lists an image twice: one row per image.")
        if recording := next(filter(is_video, listed), None):
            raise ArtifactError(
                f"paths_{part}.json lists the recording {recording}: one row per image."
            )
        for path in listed:
            if kind := kind_of(path) or ("" if is_utf8(path) else FOREIGN_NAME):
                raise ArtifactError(
                    f"paths_{part}.json lists {path!r}, which is no image file ({kind}): one row "
                    "per image."
                )
    plans = [each.writes(names) for each in (sphere, coverage, picks)]
    refuse_foreign(dataset, names, *plans, embedding_run.writes(names, measured=False))
    kept = _fingerprint_there(dataset, names, _ids(dataset, paths, real), artifacts)
    loaded = load_images(dataset, paths["S"], paths["U"], keep_missing=True)
    ids: dict[str, list[str]] = _ids(dataset, paths, real)
    warnings += [
        f"{counted(loaded.moved[role], 'image')} moved to {role} from the other set."
        for role in (OWNED_TAG, POOL_TAG)
        if loaded.moved[role]
    ]
    threshold = artifacts.threshold()
    if threshold.warning:
        warnings.append(threshold.warning)
    _write_sphere(dataset, names, ids, artifacts)
    if kept:
        _write_missing(dataset, names, ids, artifacts)
    fingerprint = kept or _write_embeddings(dataset, names, ids, artifacts, warnings)
    trace = {"encoder": "imported", "fingerprint": fingerprint, "folder": str(folder.resolve())}
    new = None
    if artifacts.embed_S is not None and artifacts.embed_U is not None and len(ids["S"]) > 1:
        new = novelty(artifacts.embed_U, artifacts.embed_S)
    verdicts = threshold.verdicts(artifacts.nn_U_to_S, new)
    report = coverage_report(artifacts.nn_U_to_S, threshold, verdicts)
    measured = coverage.Measured(artifacts.nn_U_to_S, verdicts, new)
    _write_coverage(dataset, names, ids, artifacts, measured, report, trace)
    step = Step(picks.STEP, dataset, names, {}, trace, picks.writes(names))
    if artifacts.kcenter is not None:
        _write_picks(step, ids["U"], artifacts.kcenter, report)
    elif step.earlier is not None and (step.earlier.running or step.earlier.results.get("ids")):
        warnings.append("The folder has no picks: those of the run before are taken back.")
        none = PickResult([], [], report.quantiles["delta_max"], report.metric, 0, 0.0)
        picks.write(step, replace(none, short=["the folder that was imported has none"]))
    warnings += _costs(artifacts)
    save_workspace(dataset)
    return ArtifactImport(
        len(ids["S"]), len(ids["U"]), len(loaded.unreadable), report.gaps, warnings
    )


def _located(path: str, folder: Path) -> str:
    """Absolute path of an image, counted from the folder, also where there is no such file."""
    found, reason = locate(path, folder.resolve())
    return os.path.normpath(folder.resolve() / path) if reason else found


def _ids(
    dataset: fo.Dataset, paths: Mapping[str, Sequence[str]], real: RealPaths
) -> dict[str, list[Any]]:
    """The sample of each path, None where there is none yet."""
    files, known = dataset.values(["filepath", "id"])
    id_of = dict(zip(map(real, files), known, strict=True))
    return {part: [id_of.get(real(path)) for path in listed] for part, listed in paths.items()}


def _costs(artifacts: Artifacts) -> list[str]:
    """What is missing of a whole analysis, and what that costs, in words."""
    sets = [part for part in "SU" if getattr(artifacts, f"embed_{part}") is None]
    if not sets:
        return []
    files = " and ".join(f"embed_{part}.npz" for part in sets)
    return [
        f"There is no {files}: questions are answered from the sphere's coordinates and the "
        "imported distances.",
        "What needs embeddings is unknown: the order of neighbours in embedding space (re-rank), "
        "trust in the sphere, distances inside S"
        + (" and percentiles" if artifacts.coverage.get("yardstick") is None else "")
        + ". Heatmaps show what a model looks at that you name (encoder, model_path, or "
        "INTERNVL2_PATH), and a Visual Spec cannot check images.",
        "For the rest, run compute_embeddings on this dataset and then compute_coverage, which "
        "measures distances and δ again with that encoder.",
    ]


def _write_sphere(
    dataset: fo.Dataset, names: Names, ids: dict[str, list[str]], artifacts: Artifacts
) -> None:
    umap3d = np.concatenate([artifacts.umap3d_S, artifacts.umap3d_U])
    centre = robust_centre(umap3d)
    everybody = ids["S"] + ids["U"]
    inputs = {"encoder": "imported"}
    step = Step(sphere.STEP, dataset, names, {}, inputs, sphere.writes(names))
    sphere.write_places(step, everybody, umap3d, to_unit_sphere(umap3d, centre))
    laid = SphereResult(
        len(everybody), len(everybody), None, None, 0, {"centre": centre.tolist()}, 0.0
    )
    step.complete(laid)


def _embeddings(
    ids: Mapping[str, Sequence[Any]], artifacts: Artifacts
) -> list[tuple[Sequence[Any], NDArray[np.float32]]]:
    """What embeddings there are, with the samples of their rows."""
    both = (("S", artifacts.embed_S), ("U", artifacts.embed_U))
    return [(ids[part], np.ascontiguousarray(rows)) for part, rows in both if rows is not None]


def _fingerprint_there(
    dataset: fo.Dataset, names: Names, ids: Mapping[str, Sequence[Any]], artifacts: Artifacts
) -> str:
    """Fingerprint of the vectors that ``embedding`` holds, if they are the folder's, else "".

    Images without one say nothing: that the others have the same tells of one model.

    Raises
    ------
    MismatchError
        It holds others, of an encoder: distances between the two would mean nothing.
    """
    found = _embeddings(ids, artifacts)
    if (
        not found
        or not dataset.has_field(names.embedding)
        or not ids_with(dataset, names.embedding)
    ):
        return ""
    record = runs.read(dataset, names, embedding_run.STEP)
    inputs: Mapping[str, Any] = record.inputs if record else {}
    fingerprint = str(inputs.get("fingerprint", ""))
    if record and not record.running and _holds(dataset, names, found):
        return fingerprint
    if not fingerprint.startswith(IMPORTED):
        raise MismatchError(
            f"{names.embedding!r} holds vectors of {inputs.get('encoder', 'an unknown encoder')}, "
            "and the folder has others. Import it with a suffix to keep both, or into a dataset of "
            "its own."
        )
    return ""


def _holds(
    dataset: fo.Dataset,
    names: Names,
    found: Sequence[tuple[Sequence[str | None], NDArray[np.float32]]],
) -> bool:
    """Whether samples have a vector of the folder's, and none another one than there."""
    some = False
    for ids, rows in found:
        known = [each for each in ids if each is not None]
        try:
            there = vectors.of(dataset, names.embedding, known)
        except (DimensionError, NotFiniteError):  # it is damaged: the folder's are whole
            return False
        if there.ids and not copies.agree(there, Vectors([each or "" for each in ids], rows)):
            return False
        some = some or bool(there.ids)
    return some


def _write_missing(
    dataset: fo.Dataset, names: Names, ids: Mapping[str, Sequence[str]], artifacts: Artifacts
) -> None:
    """Write the vectors of images that have none; who has one has the same."""
    there = set(ids_with(dataset, names.embedding))
    for of, rows in _embeddings(ids, artifacts):
        new = [row for row, each in enumerate(of) if each not in there]
        if new:
            vectors.write(dataset, names.embedding, [of[row] for row in new], rows[new])


def _write_embeddings(
    dataset: fo.Dataset,
    names: Names,
    ids: dict[str, list[str]],
    artifacts: Artifacts,
    warnings: list[str],
) -> str:
    """Write what embeddings there are; their fingerprint is a digest of their content.

    Where there are none nothing is recorded of them either.  Those of an earlier import go.
    """
    found = _embeddings(ids, artifacts)
    digest = hashlib.sha256()
    for _, rows in found:
        digest.update(rows.tobytes())
    fingerprint = f"{IMPORTED}{digest.hexdigest()[:32]}"
    if not found:
        return fingerprint
    writes = embedding_run.writes(names, measured=False)
    step = Step(embedding_run.STEP, dataset, names, {}, {}, writes)
    before = step.earlier.inputs.get("fingerprint") if step.earlier else None
    if before not in (None, fingerprint) and dataset.has_field(names.embedding):
        others = set(ids_with(dataset, names.embedding)).difference(*(of for of, _ in found))
        if others:
            warnings.append(
                f"{counted(len(others), 'image')} not listed in the folder lost the vector of an "
                "earlier import."
            )
    embedding_run.claim(step, "imported", fingerprint, overwrite=True, seen=None)
    inputs = step.inputs
    step.now({**inputs, vectors.COPYING: True})
    for of, rows in found:
        vectors.write(dataset, names.embedding, of, rows)
    step.inputs = inputs
    written.note(step, names.embedding, [each for of, _ in found for each in of])
    step.complete({})
    return fingerprint


def _write_coverage(
    dataset: fo.Dataset,
    names: Names,
    ids: dict[str, list[str]],
    artifacts: Artifacts,
    measured: coverage.Measured,
    report: CoverageReport,
    trace: dict[str, str],
) -> None:
    if artifacts.embed_S is not None and artifacts.embed_U is not None:
        index = nearest_distance(artifacts.embed_U, artifacts.embed_S, metric=report.metric).index
        measured = replace(measured, nearest=[ids["S"][i] for i in index])
    step = Step(coverage.STEP, dataset, names, {}, trace, coverage.writes(names))
    scale = artifacts.yardstick(report.metric)
    coverage.write(step, ids["U"], measured, report, scale, ids["S"], seconds=0.0)


def _write_picks(step: Step, pool: list[str], read: Picks, report: CoverageReport) -> None:
    radii = [] if read.radii is None else read.radii.tolist()
    picked = PickResult(
        [pool[index] for index in read.indices],
        radii,
        report.quantiles["delta_max"],
        report.metric,
        len(read.indices),
        0.0,
    )
    picks.write(step, picked)
