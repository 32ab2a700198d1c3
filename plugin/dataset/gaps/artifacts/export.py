"""``export_artifacts``: an analysis becomes a folder of files; rows keep the order of the sets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ....coverage.criterion import NAMES
from ....coverage.radius import coverage_json, coverage_report
from ....coverage.words import counted
from ....errors import EmptySetError
from ....interchange.artifacts import Artifacts, Picks
from ....interchange.outputs import write_artifacts
from ....report.plot3d import plot_3d
from ....results import Result
from ....settings.steps import PlotParams, SetParams
from ...store import runs
from ...store.fields.metadata import columns
from ...store.fiftyone_internals import ids_with
from ...store.names import Names
from ...store.samples import flat
from ...store.sets.door import admitted
from ...store.sets.resolve import Samples, dataset_of, resolve_sets
from ...store.steps import ledger
from ...store.steps.inputs import Inputs, read_inputs
from ...store.vectors import vectors
from ...store.vectors.vectors import Vectors
from .. import sphere
from ..coverage import coverage
from ..picks import picks

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
        missing += _of_before(dataset, names, inputs)
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
    missing += _listed_twice([*rows["paths_S"], *rows["paths_U"]])
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


def _of_before(dataset: fo.Dataset, names: Names, inputs: Inputs) -> list[str]:
    """Sentences where the distances are of other vectors than are written beside them."""
    record = runs.finished(dataset, names, coverage.STEP)
    saw = {} if record is None else record.inputs
    again = "Run compute_coverage again, and export again."
    found = []
    if saw.get("owned_digest") not in (None, inputs.trace(record)["owned_digest"]):
        found.append(
            "S differs from what compute_coverage saw: nn_U_to_S.npy holds distances to S as it "
            f"was. {again}"
        )
    kept = ledger.find(dataset, names, record)
    if kept is not None:
        rows = ledger.rows(kept["pool"], kept["pool_marks"], inputs.pool.ids, inputs.marks[1])
        if changed := int((rows < 0).sum()):
            found.append(
                f"{counted(changed, 'candidate', 'has|have')} another vector than compute_coverage "
                f"saw: nn_U_to_S.npy holds distances of the vectors before. {again}"
            )
    return found


def _listed_twice(paths: list[str]) -> list[str]:
    """A sentence where samples share a file: an import has one sample of each."""
    twice = [path for path, count in Counter(paths).items() if count > 1]
    if not twice:
        return []
    those = counted(len(twice), "file", "belongs|belong")
    return [
        f"{those} to more than one sample, such as {twice[0]}: import_artifacts refuses a folder "
        "that lists a file twice. Delete or untag the other samples to import it."
    ]


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


def _aligned(dataset: fo.Dataset, field: str, ids: list[str]) -> NDArray[np.float32]:
    """The vectors of ``field`` in the order of ``ids``."""
    found = vectors.of(dataset, field, ids)
    if found.missing:
        raise EmptySetError(
            f"{counted(found.missing, 'sample', 'has|have')} no {field!r}: run compute_sphere "
            "first."
        )
    return found.matrix


def _distances(dataset: fo.Dataset, names: Names, ids: list[str]) -> NDArray[np.float64]:
    known = columns(dataset, ids, {"distance": names.dist_to_S})["distance"]
    missing = known.count(None)
    if missing:
        raise EmptySetError(
            f"{counted(missing, 'candidate', 'has|have')} no {names.dist_to_S!r}: run "
            "compute_coverage first."
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
