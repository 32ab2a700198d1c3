"""The ``outputs/`` folder of an analysis: written from a dataset, read into one.

Rows keep the order of the sample sets; import finds each row's sample by its absolute path, so a
folder made elsewhere can also land on a dataset that holds the images already.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ...coverage.criterion import NAMES
from ...coverage.nearest.distances import nearest_distance
from ...coverage.novelty import novelty
from ...coverage.radius import CoverageReport, coverage_json, coverage_report
from ...coverage.words import counted
from ...errors import ArtifactError, EmptySetError
from ...interchange.agreement import hold_together
from ...interchange.artifacts import Artifacts, Picks
from ...interchange.files.listed_paths import local_path, locate
from ...interchange.files.walk import RealPaths
from ...interchange.outputs import read_artifacts, write_artifacts
from ...projection.sphere import robust_centre, to_unit_sphere
from ...report.plot3d import plot_3d
from ...results import Result
from ...settings.steps import PlotParams, SetParams
from ..store import runs
from ..store.fields.metadata import columns
from ..store.fields.ownership import refuse_foreign
from ..store.fiftyone_internals import ids_with
from ..store.leases import holds_lease
from ..store.names import Names
from ..store.samples import flat, reloaded
from ..store.sets.door import admitted, refuse_additions
from ..store.sets.resolve import Samples, dataset_of, resolve_sets
from ..store.steps.inputs import read_inputs
from ..store.steps.step import Step
from ..store.vectors import vectors
from ..store.vectors.vectors import Vectors
from ..store.workspaces import save_workspace
from . import sphere
from .coverage import coverage
from .images.load import load_images
from .images.sources import is_video
from .picks import picks
from .picks.picks import PickResult
from .sphere import SphereResult
from .vectors import claimed

KEPT = ("drives_pool", "drives", "sequence_field", "looks_like_video", "ranges", "asked")
"""Of the run, beside what is read off the distances again."""


@dataclass(frozen=True, repr=False)
class ArtifactExport(Result):
    """The files that were written; ``missing``: a sentence for each that has nothing to hold."""

    files: list[Path]
    missing: list[str]

    def __str__(self) -> str:
        names = ", ".join(path.name for path in self.files)
        return "\n".join([f"{self.files[0].parent}: {names}", *self.missing])


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


def export_artifacts(
    samples: Samples,
    folder: str | Path,
    params: SetParams | None = None,
    plot: PlotParams | None = None,
    *,
    overwrite: bool = False,
) -> ArtifactExport:
    """Write the analysis of ``samples`` to ``folder``, with a 3D plot that opens offline.

    Where a set has no embeddings, as after an import without them, the rest is written of the
    samples that have a place on the sphere and, in U, a distance.

    Raises
    ------
    EmptySetError
        A step has not run yet; the sentence says which.
    ArtifactError
        The folder holds an analysis already and ``overwrite`` is off, or the disk says no.
    """
    params, plot = params or SetParams(), plot or PlotParams()
    samples = admitted(samples, params.slices)
    dataset, names = dataset_of(samples), Names(params.suffix)
    missing: list[str] = []
    try:
        inputs = read_inputs(samples, params)
        owned, pool = _Rows.of(inputs.owned), _Rows.of(inputs.pool)
    except EmptySetError as error:
        owned, pool, missing = _without_embeddings(samples, params, names, error)
    for step in (sphere.STEP, picks.STEP):
        runs.finished(dataset, names, step)
    rows: dict[str, Any] = {}
    places: dict[str, Any] = {}
    for part, found in (("S", owned), ("U", pool)):
        rows[f"umap3d_{part}"] = _aligned(dataset, names.umap3d, found.ids)
        rows[f"paths_{part}"] = columns(dataset, found.ids, {"path": "filepath"})["path"]
        places[f"sphere_{part}"] = _aligned(dataset, names.sphere, found.ids)
    distance = _distances(dataset, names, pool.ids)
    covered = coverage.read(dataset, names)
    picked = _picks(dataset, names, pool.ids)
    if picked is None:
        missing.append("There are no picks, so kcenter_indices.json is not written.")
    codes = _verdicts(dataset, names, pool.ids, covered.threshold.verdicts(distance))
    about = {name: getattr(covered, name) for name in KEPT}
    report = coverage_report(distance, covered.threshold, codes, **about)
    page = plot_3d(
        **rows,
        **places,
        dist_to_S=distance,
        picks=picked.indices if picked else (),
        delta=report.delta,
        verdicts=[NAMES[code] for code in codes],
        metric=report.metric,
        viz_mode=plot.viz_mode,
        sample_limit=plot.sample_limit,
        title=dataset.name,
    )
    yardstick = {"yardstick": covered.yardstick} if covered.yardstick else {}
    artifacts = Artifacts(
        **rows,
        nn_U_to_S=distance,
        coverage=coverage_json(report) | yardstick,
        embed_S=owned.vectors,
        embed_U=pool.vectors,
        kcenter=picked,
    )
    written = write_artifacts(folder, artifacts, plot_html=page, overwrite=overwrite)
    return ArtifactExport(written, missing)


class _Rows(NamedTuple):
    """The samples of a set in the order of its files, and their vectors where all have one."""

    ids: list[str]
    vectors: NDArray[np.float32] | None

    @classmethod
    def of(cls, found: Vectors) -> _Rows:
        return cls(found.ids, found.matrix)


def _without_embeddings(
    samples: Samples, params: SetParams, names: Names, reason: EmptySetError
) -> tuple[_Rows, _Rows, list[str]]:
    """S and U where one of them has no embeddings, and what is missing; else ``reason`` stands."""
    dataset, sets = dataset_of(samples), resolve_sets(samples, params.owned, params.pool)
    rows, missing = [], []
    for part, view, fields in (
        ("S", sets.owned, (names.umap3d, names.sphere)),
        ("U", sets.pool, (names.umap3d, names.sphere, names.dist_to_S)),
    ):
        if not all(map(dataset.has_field, fields)):
            raise reason
        there = set.intersection(*(set(ids_with(dataset, field)) for field in fields))
        members = flat(view).values("id")
        ids = [sample_id for sample_id in members if sample_id in there]
        if not ids:
            raise reason
        found = vectors.read(view, names.embedding, unit=True)
        row = {sample_id: at for at, sample_id in enumerate(found.ids)}
        without = sum(sample_id not in row for sample_id in ids)
        if without:
            some = "no" if without == len(ids) else f"{without:,} of {len(ids):,} without"
            missing.append(f"{part} has {some} embeddings, so embed_{part}.npz is not written.")
        if left := len(members) - len(ids):
            were = "was" if left == 1 else "were"
            missing.append(f"{counted(left, 'image')} of {part} {were} not placed: left out.")
        matrix = None if without else found.matrix[[row[sample_id] for sample_id in ids]]
        rows.append(_Rows(ids, matrix))
    return rows[0], rows[1], missing


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
    plans = [each.writes(names) for each in (sphere, coverage, picks)]
    refuse_foreign(dataset, names, *plans, claimed.writes(names, measured=False))
    loaded = load_images(dataset, paths["S"], paths["U"], keep_missing=True)
    if loaded.left_out:
        raise ArtifactError(f"{folder} lists paths that are not files; {loaded.left_out}.")
    files, known = dataset.values(["filepath", "id"])
    id_of = dict(zip(map(real, files), known, strict=True))
    ids = {part: [id_of[real(path)] for path in listed] for part, listed in paths.items()}
    threshold = artifacts.threshold()
    if threshold.warning:
        warnings.append(threshold.warning)
    _write_sphere(dataset, names, ids, artifacts)
    fingerprint = _write_embeddings(dataset, names, ids, artifacts)
    trace = {"encoder": "imported", "fingerprint": fingerprint, "folder": str(folder.resolve())}
    new = None
    if artifacts.embed_S is not None and artifacts.embed_U is not None and len(ids["S"]) > 1:
        new = novelty(artifacts.embed_U, artifacts.embed_S)
    verdicts = threshold.verdicts(artifacts.nn_U_to_S, new)
    report = coverage_report(artifacts.nn_U_to_S, threshold, verdicts)
    measured = coverage.Measured(artifacts.nn_U_to_S, verdicts, new)
    _write_coverage(dataset, names, ids, artifacts, measured, report, trace)
    if artifacts.kcenter is not None:
        step = Step(picks.STEP, dataset, names, {}, trace, picks.writes(names))
        _write_picks(step, ids["U"], artifacts.kcenter, report)
    warnings += _costs(artifacts)
    save_workspace(dataset)
    return ArtifactImport(
        len(ids["S"]), len(ids["U"]), len(loaded.unreadable), report.gaps, warnings
    )


def _located(path: str, folder: Path) -> str:
    """Absolute path of an image, counted from the folder, also where there is no such file."""
    found, reason = locate(path, folder.resolve())
    return os.path.normpath(folder.resolve() / path) if reason else found


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


def _aligned(dataset: fo.Dataset, field: str, ids: list[str]) -> NDArray[np.float32]:
    """The vectors of ``field`` in the order of ``ids``."""
    found = vectors.of(dataset, field, ids)
    if found.missing:
        raise EmptySetError(f"{found.missing} samples have no {field!r}: run compute_sphere first.")
    return found.matrix


def _distances(dataset: fo.Dataset, names: Names, ids: list[str]) -> NDArray[np.float64]:
    known = columns(dataset, ids, {"distance": names.dist_to_S})["distance"]
    missing = known.count(None)
    if missing:
        raise EmptySetError(
            f"{missing} candidates have no {names.dist_to_S!r}: run compute_coverage first."
        )
    return np.array(known, np.float64)


def _verdicts(
    dataset: fo.Dataset, names: Names, ids: list[str], judged: NDArray[np.int8]
) -> list[int]:
    """Verdicts of the run; those of runs that wrote none are read off the distances."""
    said = columns(dataset, ids, {"verdict": names.gap_verdict})["verdict"]
    code: dict[Any, int] = {name: number for number, name in NAMES.items()}
    return [code.get(one, int(by_distance)) for one, by_distance in zip(said, judged, strict=True)]


def _picks(dataset: fo.Dataset, names: Names, ids: list[str]) -> Picks | None:
    if not dataset.has_field(names.kcenter_rank):
        return None
    view = flat(dataset).exists(names.kcenter_rank).sort_by(names.kcenter_rank)
    row = {sample_id: index for index, sample_id in enumerate(ids)}
    picked = view.values("id")
    told = columns(dataset, picked, {"radius": names.kcenter_radius})["radius"]
    kept = [(row[i], radius) for i, radius in zip(picked, told, strict=True) if i in row]
    if not kept:
        return None
    indices, radii = zip(*kept, strict=True)
    return Picks(
        np.array(indices, np.int64), None if None in radii else np.array(radii, np.float64)
    )


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


def _write_embeddings(
    dataset: fo.Dataset, names: Names, ids: dict[str, list[str]], artifacts: Artifacts
) -> str:
    """Write what embeddings there are; their fingerprint is a digest of their content.

    Where there are none nothing is recorded of them either.
    """
    found = [
        (ids[part], np.ascontiguousarray(rows))
        for part, rows in (("S", artifacts.embed_S), ("U", artifacts.embed_U))
        if rows is not None
    ]
    digest = hashlib.sha256()
    for _, rows in found:
        digest.update(rows.tobytes())
    fingerprint = f"imported:{digest.hexdigest()[:32]}"
    if not found:
        return fingerprint
    inputs = {"encoder": "imported", "fingerprint": fingerprint}
    writes = claimed.writes(names, measured=False)
    step = Step(claimed.STEP, dataset, names, {}, {**inputs, vectors.COPYING: True}, writes)
    step.begin()
    for of, rows in found:
        vectors.write(dataset, names.embedding, of, rows)
    step.inputs = inputs
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
