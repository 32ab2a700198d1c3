"""``compute_sphere``: S and U laid out together on the unit sphere, and new images placed on it.

The layout is registered as a visualization brain run as well, so that FiftyOne's own tools see it.
Nothing is pickled: what places new images are the vectors and coordinates on the samples, and one
centre in the run's record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
from numpy.typing import NDArray

from ...coverage.words import counted, in_percent
from ...engine.engine import opened
from ...errors import EmptySetError
from ...progress import Progress, silent
from ...projection.place import Reducer
from ...projection.trust import sphere_quality
from ...projection.umap3d import fit_sphere
from ...results import Result
from ...settings.steps import SphereParams
from ...vectors.beside import beside
from ..store import runs
from ..store.fields.ownership import Column, Writes, refuse_foreign
from ..store.fiftyone_internals import describe_brain_run
from ..store.leases import holds_lease
from ..store.names import Names
from ..store.samples import by_slice, flat, slices_line
from ..store.sets.door import ALL_SLICES, admitted
from ..store.sets.resolve import Samples, dataset_of
from ..store.steps import ledger
from ..store.steps.inputs import Inputs, read_inputs
from ..store.steps.step import Step
from ..store.vectors import vectors
from ..store.vectors.vectors import Vectors
from . import placed
from .placed import Places

STEP = "sphere"
LAYOUT = "gapsphere 1"
"""What made the places, in the run's record: a change that moves them gets another name.  A run
with nothing else changed keeps them, whichever layout they are of; older records name none."""
PLACED_ASKED = 200
"""Images that the trust in those placed since the fit is averaged over."""
Array = NDArray[np.float32]


@dataclass(frozen=True, repr=False)
class SphereResult(Result):
    """What ``compute_sphere`` did.

    ``trustworthiness`` (0..1) and ``recall`` (0..1) of the sphere against the embedding say how far
    an empty place may be believed; None where there are too few samples to tell.  Both are of the
    fit: ``placed`` samples came since and have their own.  ``layout`` says what made the places:
    umap-learn's loop in earlier versions.

    >>> print(SphereResult(4, 4, 0.875, 0.75, 1, {}, 0.1))
    4 samples on the sphere: trustworthiness 0.875, recall of 1 neighbour 0.750
    """

    count: int
    fitted: int
    trustworthiness: float | None
    recall: float | None
    quality_neighbors: int
    reducer: Mapping[str, Any]
    seconds: float
    reused: bool = False
    slices: Mapping[str, int] = field(default_factory=dict)
    placed: int = 0
    placed_trustworthiness: float | None = None
    placed_recall: float | None = None
    layout: str = "umap-learn"

    def __str__(self) -> str:
        if self.trustworthiness is None or self.recall is None:
            text = f"{counted(self.count, 'sample')} on the sphere, too few to measure its quality"
        else:
            text = (
                f"{counted(self.count, 'sample')} on the sphere: trustworthiness "
                f"{self.trustworthiness:.3f}, "
                f"recall of {counted(self.quality_neighbors, 'neighbour')} {self.recall:.3f}"
            )
        return "\n".join([text, *self._of_placed(), *slices_line(self.slices)])

    def _of_placed(self) -> list[str]:
        """What to know of images placed since the fit, where there are any."""
        if not self.placed:
            return []
        said = (
            f"{self.placed:,} of them ({in_percent(self.placed / self.count)}) placed since the fit"
        )
        if self.placed_trustworthiness is not None and self.placed_recall is not None:
            said += (
                f": trustworthiness {self.placed_trustworthiness:.3f}, "
                f"recall {self.placed_recall:.3f}"
            )
        return [f"{said}; place_share 0 fits all again"]


@holds_lease("compute_sphere")
def compute_sphere(
    samples: Samples,
    params: SphereParams | None = None,
    *,
    inputs: Inputs | None = None,
    progress: Progress = silent,
) -> SphereResult:
    """Fit 3D UMAP to S and U together and put each sample on the unit sphere.

    Where a sphere with these settings is there, the samples that came since are placed on it, up to
    ``place_share`` of all, and the others do not move.

    Writes ``umap3d`` and ``sphere`` and the brain run ``gapsphere``.
    """
    params = params or SphereParams()
    samples = admitted(samples, params.slices)
    inputs = inputs or read_inputs(samples, params)
    step = Step.of(STEP, samples, params, writes=writes)
    step.inputs = inputs.trace(step.earlier)
    if step.earlier and "place_share" not in step.earlier.params:  # of an earlier version
        before = {**step.earlier.params, "place_share": params.place_share}
        step.earlier = replace(step.earlier, params=before)
    if known := step.current():
        return replace(of_record(known), reused=True)
    refuse_foreign(step.dataset, step.names, writes(step.names))
    there = placed.place(step, inputs, params, progress)
    return _placed(step, inputs, there) if there else _fitted(step, inputs, params, progress)


def _fitted(step: Step, inputs: Inputs, params: SphereParams, progress: Progress) -> SphereResult:
    """Lay all of S and U out."""
    ids = inputs.owned.ids + inputs.pool.ids
    step.work = float(len(ids))
    matrix = beside(inputs.owned.matrix, inputs.pool.matrix)
    where = params.engine if len(ids) > params.fit_limit else "local"  # UMAP itself is here
    with opened(where, params.ray_address) as engine:
        fit = fit_sphere(
            matrix,
            n_neighbors=params.n_neighbors,
            min_dist=params.min_dist,
            metric=params.umap_metric,
            seed=params.seed,
            pca_dim=params.pca_dim,
            fit_limit=params.fit_limit,
            groups=np.repeat([0, 1], [len(inputs.owned.ids), len(inputs.pool.ids)]),
            native=params.native_sphere,
            engine=engine,
            progress=progress,
        )
    quality = sphere_quality(matrix, fit.sphere, seed=params.seed)
    write_places(step, ids, fit.umap3d, fit.sphere)
    every = np.arange(len(ids))
    fitted = np.isin(every, fit.fitted)
    laid_out = Places(fit.umap3d, fit.sphere, fitted, np.ones(len(ids), bool), every[:0])
    placed.note(step, inputs, laid_out)
    laid = SphereResult(
        len(ids),
        len(fit.fitted),
        quality.trustworthiness,
        quality.recall,
        quality.n_neighbors,
        fit.reducer.record(),
        step.seconds,
        slices=_slices(inputs),
        layout=LAYOUT,
    )
    step.complete(laid)
    return laid


def _placed(step: Step, inputs: Inputs, places: Places) -> SphereResult:
    """Write what was placed now, and how far all that was placed since the fit is to be trusted."""
    assert step.earlier is not None, "it was placed on its sphere"
    before, ids = of_record(step.earlier.results), inputs.owned.ids + inputs.pool.ids
    since, step.of_new = np.flatnonzero(~places.first), float(len(ids))
    quality = None
    if len(since):
        matrix = beside(inputs.owned.matrix, inputs.pool.matrix)
        quality = sphere_quality(matrix, places.sphere, of=since, limit=PLACED_ASKED)
    write_places(step, ids, places.umap3d, places.sphere, places.unwritten)
    placed.note(step, inputs, places)
    laid = replace(
        before,
        count=len(ids),
        fitted=int(places.fitted.sum()),
        placed=len(since),
        placed_trustworthiness=quality.trustworthiness if quality else None,
        placed_recall=quality.recall if quality else None,
        seconds=step.seconds,
        reused=False,
        slices=_slices(inputs),
    )
    step.complete(laid)
    return laid


def of_record(results: Mapping[str, Any]) -> SphereResult:
    """A recorded result; what a later version keeps besides is left out."""
    return SphereResult(**runs.known(SphereResult, results))


def _slices(inputs: Inputs) -> dict[str, int]:
    """Samples of S and U of each slice."""
    owned, pool = by_slice(inputs.sets.owned), by_slice(inputs.sets.pool)
    return {name: owned.get(name, 0) + pool.get(name, 0) for name in {**owned, **pool}}


@holds_lease("place_on_sphere")
def place_on_sphere(samples: Samples, *, suffix: str = "", progress: Progress = silent) -> int:
    """Put samples that have a vector but no place among those already on the sphere; how many.

    The layout of the others does not move.  An EmptySetError if there is no sphere yet.
    """
    samples = admitted(samples, ALL_SLICES)
    dataset, names = dataset_of(samples), Names(suffix)
    record = runs.finished(dataset, names, STEP)
    if record is None or not record.results or not dataset.has_field(names.sphere):
        raise EmptySetError("There is no sphere yet: run compute_sphere first.")
    there = flat(dataset).exists(names.sphere)
    new = vectors.read(samples.exists(names.sphere, False), names.embedding, unit=True)
    if not new.ids:
        return 0
    known = _with_coordinates(there, names)
    reducer = Reducer.from_record(record.results["reducer"], *known)
    placed = reducer.place(new.matrix, progress=progress)
    step = Step(STEP, dataset, names, record.params, record.inputs, writes(names))
    kept = ledger.find(dataset, names, record)
    step.begin()
    if kept is not None:
        ledger.keep(step, kept)  # of S and U, which have not moved
    vectors.write(dataset, names.umap3d, new.ids, placed.umap3d)
    vectors.write(dataset, names.sphere, new.ids, placed.sphere)
    everybody = vectors.read(dataset, names.sphere)
    _register(dataset, names, everybody)
    step.complete(record.results)
    return len(new.ids)


def _with_coordinates(samples: Samples, names: Names) -> tuple[Any, Any]:
    coordinates = vectors.read(samples, names.umap3d)
    embeddings = vectors.read(samples, names.embedding, unit=True)
    row = {sample_id: index for index, sample_id in enumerate(embeddings.ids)}
    both = [index for index, sample_id in enumerate(coordinates.ids) if sample_id in row]
    order = [row[coordinates.ids[index]] for index in both]
    return embeddings.matrix[order], coordinates.matrix[both]


def writes(names: Names) -> Writes:
    """What the step writes."""
    return Writes(
        STEP,
        (
            Column(names.umap3d, fo.VectorField, "3D UMAP of S and U together", first=True),
            Column(
                names.sphere,
                fo.VectorField,
                "Place on the unit sphere: umap3d, centred, unit length",
                first=True,
            ),
        ),
        brain=(names.brain_key,),
    )


def write_places(
    step: Step, ids: list[str], umap3d: Array, places: Array, new: NDArray[np.int64] | None = None
) -> None:
    """Write coordinates and places, and the brain run; samples that are not named lose theirs.

    ``new`` are the rows that do not hold them yet, by default all.
    """
    step.begin()
    rows = range(len(ids)) if new is None else new.tolist()
    wanted, changed = [ids[row] for row in rows], set(rows)
    kept = [sample_id for row, sample_id in enumerate(ids) if row not in changed]
    columns = {step.names.umap3d: umap3d, step.names.sphere: places}
    if new is not None:
        columns = {name: values[new] for name, values in columns.items()}
    step.write_columns(wanted, columns, kept)
    _register(step.dataset, step.names, Vectors(ids, places))


def register(samples: Samples, key: str, ids: Sequence[str], points: Array) -> None:
    """Make points of samples a visualization run of FiftyOne's Brain, in place of an older one."""
    dataset = dataset_of(samples)
    if dataset.has_brain_run(key):
        dataset.delete_brain_run(key)
    fob.compute_visualization(
        samples,
        points=dict(zip(ids, points, strict=True)),
        brain_key=key,
        num_dims=points.shape[1],
        verbose=False,
        progress=False,
    )


def _register(dataset: fo.Dataset, names: Names, places: Vectors) -> None:
    """Make the sphere a visualization run of FiftyOne's Brain, in place of an older one."""
    # The run's document holds its view: one stage, where a list of ids ends at 16 MB.
    view = flat(dataset).exists(names.sphere)
    register(view, names.brain_key, places.ids, places.matrix)
    describe_brain_run(dataset, names.brain_key, num_points=len(places.ids), num_dims=3)
