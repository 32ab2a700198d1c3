"""``compute_sphere``: S and U laid out together on the unit sphere, and new images placed on it.

The layout is registered as a visualization brain run as well, so that FiftyOne's own tools see it.
Nothing is pickled: what places new images are the vectors and coordinates on the samples, and one
centre in the run's record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
from numpy.typing import NDArray

from ...errors import EmptySetError
from ...progress import Progress, silent
from ...projection.place import Reducer
from ...projection.trust import sphere_quality
from ...projection.umap3d import fit_sphere
from ...results import Result
from ...settings.steps import SphereParams
from ..store import runs, vectors
from ..store.door import ALL_SLICES, admitted
from ..store.fiftyone_internals import describe_brain_run
from ..store.inputs import Inputs, read_inputs
from ..store.leases import holds_lease
from ..store.names import Names
from ..store.ownership import Column, Writes, refuse_foreign
from ..store.samples import by_slice, flat, slices_line
from ..store.sets import Samples, dataset_of
from ..store.step import Step
from ..store.vectors import Vectors

STEP = "sphere"
Array = NDArray[np.float32]


@dataclass(frozen=True, repr=False)
class SphereResult(Result):
    """What ``compute_sphere`` did.

    ``trustworthiness`` (0..1) and ``recall`` (0..1) of the sphere against the embedding say how far
    an empty place may be believed; None where there are too few samples to tell.
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

    def __str__(self) -> str:
        if self.trustworthiness is None or self.recall is None:
            text = f"{self.count} samples on the sphere, too few to measure its quality"
        else:
            text = (
                f"{self.count} samples on the sphere: trustworthiness {self.trustworthiness:.3f}, "
                f"recall of {self.quality_neighbors} neighbours {self.recall:.3f}"
            )
        return "\n".join([text, *slices_line(self.slices)])


@holds_lease("compute_sphere")
def compute_sphere(
    samples: Samples,
    params: SphereParams | None = None,
    *,
    inputs: Inputs | None = None,
    progress: Progress = silent,
) -> SphereResult:
    """Fit 3D UMAP to S and U together and put each sample on the unit sphere.

    Writes ``umap3d`` and ``sphere`` and the brain run ``gapsphere``.
    """
    params = params or SphereParams()
    samples = admitted(samples, params.slices)
    inputs = inputs or read_inputs(samples, params)
    step = Step.of(STEP, samples, params, writes=writes)
    step.inputs = inputs.trace(step.earlier)
    if known := step.current():
        return replace(of_record(known), reused=True)
    refuse_foreign(step.dataset, step.names, writes(step.names))
    ids = inputs.owned.ids + inputs.pool.ids
    step.work = float(len(ids))
    matrix = np.concatenate([inputs.owned.matrix, inputs.pool.matrix])
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
        progress=progress,
    )
    quality = sphere_quality(matrix, fit.sphere, seed=params.seed)
    write_places(step, ids, fit.umap3d, fit.sphere)
    laid = SphereResult(
        len(ids),
        len(fit.fitted),
        quality.trustworthiness,
        quality.recall,
        quality.n_neighbors,
        fit.reducer.record(),
        step.seconds,
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
    step.begin()
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


def write_places(step: Step, ids: list[str], umap3d: Array, places: Array) -> None:
    """Write coordinates and places, and the brain run; samples that are not named lose theirs."""
    step.begin()
    step.write(step.names.umap3d, ids, umap3d)
    step.write(step.names.sphere, ids, places)
    _register(step.dataset, step.names, Vectors(ids, places))


def _register(dataset: fo.Dataset, names: Names, places: Vectors) -> None:
    """Make the sphere a visualization run of FiftyOne's Brain, in place of an older one."""
    if dataset.has_brain_run(names.brain_key):
        dataset.delete_brain_run(names.brain_key)
    # The run's document holds its view: one stage, where a list of ids ends at 16 MB.
    fob.compute_visualization(
        flat(dataset).exists(names.sphere),
        points=dict(zip(places.ids, places.matrix, strict=True)),
        brain_key=names.brain_key,
        num_dims=3,
        verbose=False,
        progress=False,
    )
    describe_brain_run(dataset, names.brain_key, num_points=len(places.ids), num_dims=3)
