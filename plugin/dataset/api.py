"""The Python API: each step as a function with the settings as keyword arguments.

The functions validate the settings, show a progress bar a stage (``progress=False`` is quiet) and
return the step's result object, which prints as a summary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import fiftyone as fo
from tqdm.auto import tqdm

from ..encoders.protocol import Encoder
from ..progress import Progress, Reporter, quiet
from ..settings.fields import make
from ..settings.questions import AskParams
from ..settings.rationales import FailureParams, FeatureCacheParams, ReviewExportParams
from ..settings.sparse import SimulateParams, TrainSequencesParams
from ..settings.spec import CheckSpecParams, SpecParams
from ..settings.steps import (
    CoverageParams,
    EmbeddingParams,
    GapParams,
    HeatmapParams,
    KCenterParams,
    LoadParams,
    Metric,
    PlotParams,
    SetParams,
    SphereParams,
)
from .gaps import artifacts, coverage, embed, heatmaps, kcenter, load, sphere
from .gaps import ask as questions
from .gaps import find_gaps as gaps
from .gaps.sources import Source
from .rationales import export as review_tables
from .rationales import failures
from .rationales import import_cache as feature_cache
from .sparse import recording as sparse_recording
from .spec import check as spec_check
from .spec import export as visual_spec
from .store.sets import Samples

if TYPE_CHECKING:
    from ..sparse.network.registry import LoadedModel
    from .sparse.simulate import SimulationResult
    from .sparse.train import TrainingResult


@contextmanager
def bars(show: bool = True) -> Iterator[Reporter]:
    """A reporter that draws one bar a stage, in a terminal or a notebook."""
    drawn: list[tqdm] = []

    def report(stage: str) -> Progress:
        _close(drawn)
        bar = tqdm(desc=stage, unit="", leave=True, mininterval=0.5, delay=0.5)
        drawn.append(bar)

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return progress

    try:
        yield report if show else quiet
    finally:
        _close(drawn)


def _close(drawn: list[tqdm]) -> None:
    while drawn:
        drawn.pop().close()


def load_images(
    dataset: fo.Dataset,
    owned: Source | None = None,
    pool: Source | None = None,
    *,
    progress: bool = True,
    **settings: Any,
) -> load.LoadResult:
    """Add images to ``dataset`` as samples tagged ``S`` and ``U``; see :func:`.load.load_images`.

    >>> gapsphere.load_images(dataset, "owned/", "recordings/*.mp4")     # doctest: +SKIP
    """
    params = make(LoadParams, settings)
    with bars(progress) as report:
        return load.load_images(
            dataset,
            owned if owned is not None else params.owned_images,
            pool if pool is not None else params.pool_images,
            csv=params.csv,
            frames_per_second=params.frames_per_second,
            num_workers=params.num_workers,
            progress=report("Loading"),
        )


def compute_embeddings(
    samples: Samples, *, model: Encoder | None = None, progress: bool = True, **settings: Any
) -> embed.EmbeddingResult:
    """Give every sample a unit vector; see :func:`.embed.compute_embeddings`.

    ``model`` is an opened encoder, in place of the setting ``encoder``.
    """
    with bars(progress) as report:
        return embed.compute_embeddings(
            samples, make(EmbeddingParams, settings), encoder=model, progress=report("Embeddings")
        )


def compute_coverage(
    samples: Samples, *, progress: bool = True, **settings: Any
) -> coverage.CoverageResult:
    """Distance of every candidate to S, δ and gaps; see :func:`.coverage.compute_coverage`."""
    with bars(progress) as report:
        return coverage.compute_coverage(
            samples, make(CoverageParams, settings), progress=report("Coverage")
        )


def select_kcenter(
    samples: Samples, *, progress: bool = True, **settings: Any
) -> kcenter.KCenterResult:
    """Pick candidates by exact K-Center greedy; see :func:`.kcenter.select_kcenter`."""
    with bars(progress) as report:
        return kcenter.select_kcenter(
            samples, make(KCenterParams, settings), progress=report("K-Center")
        )


def compute_sphere(
    samples: Samples, *, progress: bool = True, **settings: Any
) -> sphere.SphereResult:
    """Lay S and U out on the unit sphere; see :func:`.sphere.compute_sphere`."""
    with bars(progress) as report:
        return sphere.compute_sphere(
            samples, make(SphereParams, settings), progress=report("Sphere")
        )


def place_on_sphere(samples: Samples, *, suffix: str = "", progress: bool = True) -> int:
    """Put new samples among those already on the sphere; see :func:`.sphere.place_on_sphere`."""
    with bars(progress) as report:
        return sphere.place_on_sphere(samples, suffix=suffix, progress=report("Placing"))


def find_gaps(
    samples: Samples, *, model: Encoder | None = None, progress: bool = True, **settings: Any
) -> gaps.GapResult:
    """Embeddings, coverage, K-Center and sphere in a row; see :func:`.gaps.find_gaps`.

    >>> print(gapsphere.find_gaps(dataset, k=100))                      # doctest: +SKIP
    """
    with bars(progress) as report:
        return gaps.find_gaps(samples, make(GapParams, settings), encoder=model, report=report)


def ask(
    samples: Samples,
    *,
    sample: str | None = None,
    place: Sequence[float] | None = None,
    cap: Sequence[float] | None = None,
    k: int = 8,
    search: Literal["S", "U", "both"] = "U",
    metric: Metric = "cosine",
    delta: float | None = None,
    suffix: str = "",
) -> questions.AnswerResult:
    """What is at an image, at an empty place or in a cap of the sphere.

    Give one of ``sample``, ``place`` and ``cap``.  The verdict, the neighbours and the trust are
    those of the Gap Explorer panel, word for word.

    Parameters
    ----------
    sample : str, optional
        Sample id or file path of an image of the dataset.
    place : (x, y, z), optional
        A direction from the sphere's centre, of any length.
    cap : (x, y, z, degrees), optional
        Everything within an angle, 0 to 180 degrees, of a direction.
    k : int
        Neighbours to list, 1 to 200.
    search : {"S", "U", "both"}
        Set that neighbours are looked for in.
    metric : {"cosine", "euclidean"}
        Distance in which neighbours are listed; the verdict is in the run's.
    delta : float, optional
        Threshold of a gap, in the run's metric, in place of the run's.
    suffix : str
        Which analysis, where there are several.

    Returns
    -------
    AnswerResult
        ``verdict`` (numbers), ``words`` (sentences), ``nearest`` (sample id, set, distance),
        ``inside`` (counts of a cap); prints as text.

    Raises
    ------
    GapsphereError
        There is no sphere yet, the sample is unknown, or the direction is none.

    Examples
    --------
    >>> print(gapsphere.ask(dataset, place=(0, 0, 1)))                   # doctest: +SKIP
    An empty place
    GAP: 0.412 from S, 0.112 beyond δ (0.300)
    Farther than 99.7 % of the images of S are from the rest of S.
    U can fill it: 12 of the 50 nearest candidates are closer to it than S and beyond δ.
    >>> gapsphere.ask(dataset, sample="drive/0042.png").verdict.gap      # doctest: +SKIP
    True
    """
    given = {"sample": sample, "place": _numbers(place), "cap": _numbers(cap)}
    how = {"k": k, "search": search, "metric": metric, "delta": delta, "suffix": suffix}
    return questions.ask(samples, make(AskParams, {**given, **how}))


def _numbers(values: Sequence[float] | None) -> list[float] | None:
    """Numbers as a list; an array of numpy is a sequence of its own kind."""
    return None if values is None else [float(value) for value in values]


def compute_heatmaps(
    samples: Samples, *, model: Encoder | None = None, progress: bool = True, **settings: Any
) -> heatmaps.HeatmapResult:
    """Show what the encoder looked at; see :func:`.heatmaps.compute_heatmaps`.

    >>> gapsphere.compute_heatmaps(dataset, only="picks", about="new")   # doctest: +SKIP
    """
    with bars(progress) as report:
        return heatmaps.compute_heatmaps(
            samples, make(HeatmapParams, settings), encoder=model, progress=report("Heatmaps")
        )


def export_artifacts(
    samples: Samples, folder: str, *, overwrite: bool = False, **settings: Any
) -> artifacts.ArtifactExport:
    """Write the analysis as files; see :func:`.artifacts.export_artifacts`."""
    sets = {name: value for name, value in settings.items() if name in SetParams.model_fields}
    plot = {name: value for name, value in settings.items() if name not in sets}
    return artifacts.export_artifacts(
        samples, folder, make(SetParams, sets), make(PlotParams, plot), overwrite=overwrite
    )


def import_artifacts(
    dataset: fo.Dataset, folder: str, *, suffix: str = ""
) -> artifacts.ArtifactImport:
    """Read such files into a dataset; see :func:`.artifacts.import_artifacts`."""
    return artifacts.import_artifacts(dataset, folder, suffix=suffix)


def export_visual_spec(
    samples: Samples, output: str | None = None, *, progress: bool = True, **settings: Any
) -> visual_spec.SpecResult:
    """Write a collection guide for some samples; see :func:`.visual_spec.export_visual_spec`.

    >>> gaps = dataset.match(F("is_gap"))                               # doctest: +SKIP
    >>> print(gapsphere.export_visual_spec(gaps, "night.zip"))          # doctest: +SKIP
    """
    with bars(progress) as report:
        return visual_spec.export_visual_spec(
            samples,
            make(SpecParams, {**settings, "output": output}),
            progress=report("Pictures"),
        )


def check_spec(
    spec: str,
    images: Samples | Source,
    *,
    model: Encoder | None = None,
    progress: bool = True,
    **settings: Any,
) -> spec_check.SpecCheckResult:
    """Say of each image whether it is what a Visual Spec asked for.

    ``spec`` is the spec's ZIP or its ``spec.json``; ``images`` a folder, a glob, paths, or a
    dataset or view, whose samples then get the field ``spec_verdict``.  See :mod:`.check_spec`.

    >>> print(gapsphere.check_spec("night.zip", "new_drive/"))          # doctest: +SKIP
    """
    params = make(CheckSpecParams, settings)
    with bars(progress) as report:
        if isinstance(images, (fo.Dataset, fo.DatasetView)):
            return spec_check.check_view(
                spec, images, params, encoder=model, progress=report("Embedding")
            )
        return spec_check.check_files(
            spec, images, params, encoder=model, progress=report("Embedding")
        )


def import_feature_cache(
    dataset: fo.Dataset, cache_dir: str, *, progress: bool = True, **settings: Any
) -> feature_cache.FeatureCacheResult:
    """Read features and rationales made elsewhere; see :func:`.feature_cache.import_feature_cache`.

    >>> gapsphere.import_feature_cache(dataset, "cache/", image_dir="plots/")   # doctest: +SKIP
    """
    params = make(FeatureCacheParams, {**settings, "cache_dir": cache_dir})
    with bars(progress) as report:
        return feature_cache.import_feature_cache(dataset, params, report=report)


def export_reviews(
    dataset: fo.Dataset, folder: str, *, progress: bool = True, **settings: Any
) -> review_tables.ReviewExport:
    """Write the cache's tables with the decisions; see :func:`.export_reviews.export_reviews`."""
    params = make(ReviewExportParams, {**settings, "folder": folder})
    with bars(progress) as report:
        return review_tables.export_reviews(dataset, params, report=report)


def rank_gaps_by_failures(
    dataset: fo.Dataset, *, progress: bool = True, **settings: Any
) -> failures.FailureRanking:
    """Gaps beside many failures first; see :func:`.failures.rank_gaps_by_failures`.

    >>> print(gapsphere.rank_gaps_by_failures(dataset))                 # doctest: +SKIP
    """
    with bars(progress) as report:
        return failures.rank_gaps_by_failures(
            dataset, make(FailureParams, settings), progress=report("Neighbours")
        )


def import_sparse_recording(
    dataset: fo.Dataset,
    folder: str,
    *,
    sequence: str | None = None,
    keypoints: bool = False,
    progress: bool = True,
) -> sparse_recording.ImportedRecording:
    """Add a recorded live session as a sequence; see :func:`.sparse_recording.import_recording`.

    >>> gapsphere.import_sparse_recording(dataset, "recordings/0f3c.../")     # doctest: +SKIP
    """
    with bars(progress) as report:
        return sparse_recording.import_recording(
            dataset,
            folder,
            sequence=sequence,
            keypoints=keypoints,
            progress=report("Frames"),
        )


def simulate_adaptive_sampling(
    samples: Samples, *, model: LoadedModel | None = None, progress: bool = True, **settings: Any
) -> SimulationResult:
    """Play sequences to the closed loop of sparse sampling; see :mod:`.sparse_simulation`.

    >>> gapsphere.simulate_adaptive_sampling(dataset)                         # doctest: +SKIP
    >>> gapsphere.simulate_adaptive_sampling(dataset, pattern="random", suffix="random")
    ...                                                                       # doctest: +SKIP
    """
    from .sparse.simulate import simulate_adaptive_sampling as simulate

    with bars(progress) as report:
        params = make(SimulateParams, settings)
        return simulate(samples, params, model=model, progress=report("Frames"))


def train_sparse_transformer(
    samples: Samples, *, progress: bool = True, **settings: Any
) -> TrainingResult:
    """Teach a model to rebuild a dataset's frames from few pixels; see :mod:`.sparse_training`.

    >>> gapsphere.train_sparse_transformer(dataset, model_name="dusk")        # doctest: +SKIP
    >>> gapsphere.simulate_adaptive_sampling(dataset, checkpoint_key="dusk")  # doctest: +SKIP
    """
    from .sparse.train import train_sparse_transformer as train

    with bars(progress) as report:
        return train(samples, make(TrainSequencesParams, settings), report=report)
