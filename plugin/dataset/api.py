"""The Python API: each step as a function with its settings as keyword arguments.

A function validates its settings, shows a progress bar for each stage (``progress=False`` is quiet)
and returns the step's result, which prints as a summary.  Its signature and the description of its
arguments are built from the step's parameter class when this module is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, TypeVar

import fiftyone as fo
from tqdm.auto import tqdm

from ..encoders.protocol import Encoder
from ..errors import InputError
from ..progress import Progress, Reporter, quiet
from ..settings.arguments import NAMEABLE, docstring_of, signature_of
from ..settings.fields import Params, make, select, unknown
from ..settings.questions import AskParams
from ..settings.rationales import FailureParams, FeatureCacheParams, ReviewExportParams
from ..settings.sparse import SimulateParams, TrainSequencesParams
from ..settings.spec import CheckSpecParams, SpecParams
from ..settings.steps import (
    AnalysisParams,
    AttributeParams,
    BudgetParams,
    CandidateParams,
    CardFileParams,
    CardParams,
    CoverageParams,
    CurveFileParams,
    EmbeddingParams,
    ExportParams,
    GapParams,
    HeatmapParams,
    ImportParams,
    KCenterParams,
    LoadParams,
    PlotParams,
    SetParams,
    SphereParams,
)
from . import deletion
from .deletion import DeletionResult
from .gaps import ask as questions
from .gaps import find_gaps as gaps
from .gaps import heatmaps, results, sphere
from .gaps.artifacts import export as artifacts
from .gaps.artifacts import import_folder
from .gaps.artifacts.export import ArtifactExport
from .gaps.artifacts.import_folder import ArtifactImport
from .gaps.ask import AnswerResult
from .gaps.cards import card_files, cards
from .gaps.cards.card_files import CardFile
from .gaps.cards.card_records import CardResult
from .gaps.coverage import coverage
from .gaps.coverage.coverage import CoverageResult
from .gaps.find_gaps import GapResult
from .gaps.heatmaps import HeatmapResult
from .gaps.images import load, tagging
from .gaps.images.load import LoadResult
from .gaps.images.sources import Source
from .gaps.picks import budget, picks
from .gaps.picks.budget import BudgetResult, CurveFile
from .gaps.picks.picks import PickResult
from .gaps.results import AnalysisResult
from .gaps.rounds import progress as progress_of
from .gaps.rounds.progress import ProgressResult
from .gaps.sphere import SphereResult
from .gaps.vectors import embed, measure
from .gaps.vectors.embedding_run import EmbeddingResult
from .gaps.vectors.measure import AttributeResult
from .given import opened, settings_among
from .rationales import export as reviews
from .rationales import failures, import_cache
from .rationales.export import ReviewExport
from .rationales.failures import FailureRanking
from .rationales.import_cache import FeatureCacheResult
from .sparse import recording
from .sparse.recording import ImportedRecording
from .spec import check, export
from .spec.check import SpecCheckResult
from .spec.export import SpecResult
from .spec.issued import with_specs
from .store.sets.members import Members, word_of
from .store.sets.resolve import Samples, dataset_of
from .store.steps.guard import guarded

if TYPE_CHECKING:  # they bring torch, which waits until it is needed
    from ..sparse.network.registry import LoadedModel
    from .sparse.simulate import SimulationResult
    from .sparse.train import TrainingResult

ResultT = TypeVar("ResultT")
SAMPLES = (fo.Dataset, fo.DatasetView)

ARGUMENTS = {
    "samples": "The dataset, a view of it, or the dataset's name.",
    "dataset": "The dataset, or its name.",
    "model": "A model that is loaded already, in place of the one that the settings name.",
    "progress": "Whether to show a progress bar for each stage.",
    "images": "A folder, a glob or paths of image files, or a dataset or view.",
    "spec": "The Visual Spec's ZIP, its unpacked folder, or its ``spec.json``.",
    "sequence": "Name of the new sequence; default: the session's id.",
    "dry_run": "Only say what would be deleted.",
    "keypoints": "Keep the measured pixels as keypoints.",
}
"""Descriptions of arguments that are not settings."""
SOURCES = {
    "owned": "Images you own (S): a folder, a glob, a JSON list, a video or MCAP file, or paths; "
    "``folder/{sequence}`` takes each folder below for a drive.",
    "pool": "Candidate images (U), in the same ways.",
}


@contextmanager
def bars(show: bool = True) -> Iterator[Reporter]:
    """A reporter that draws one bar for each stage, in a terminal or a notebook."""
    with ExitStack() as drawn:

        def report(stage: str) -> Progress:
            drawn.close()
            bar = tqdm(desc=stage, unit="", leave=True, mininterval=0.5, delay=0.5)
            drawn.callback(bar.close)

            def progress(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            return progress

        yield report if show else quiet


def step(
    params: type[Params],
    *,
    positional: Sequence[str] = (),
    hidden: Sequence[str] = (),
    words: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., ResultT]], Callable[..., ResultT]]:
    """Make a function of ``params`` and ``report`` one of settings and ``progress``."""

    def decorate(function: Callable[..., ResultT]) -> Callable[..., ResultT]:
        declared = signature(function).parameters
        reports = {"progress": ("bool", True)} if "report" in declared else {}
        shown = signature_of(
            function, params, positional=positional, hidden=hidden, keywords=reports
        )

        @wraps(function)
        def call(*args: Any, **keywords: Any) -> ResultT:
            for name in keywords:
                if name not in shown.parameters:
                    raise InputError(unknown("argument", name, shown.parameters))
            given = shown.bind(*args, **keywords).arguments
            own = {name: value for name, value in given.items() if name in declared}
            own |= {name: opened(own[name]) for name in NAMEABLE if name in own}
            on = next((each for each in own.values() if isinstance(each, SAMPLES)), None)
            if "params" in declared:
                own["params"] = make(params, settings_among(params, given, on))
            suffix = getattr(own.get("params"), "suffix", "")
            with ExitStack() as around:
                watch = None
                if on is not None:
                    watch = around.enter_context(guarded(on, function.__name__, suffix))
                if not reports:
                    return function(**own)
                report = around.enter_context(bars(given.get("progress", True)))
                return function(**own, report=watch.reporter(report) if watch else report)

        call.__signature__ = shown  # type: ignore[attr-defined]
        call.__doc__ = docstring_of(function, shown, params, {**ARGUMENTS, **(words or {})})
        return call

    return decorate


def run(name: str, samples: Samples, params: Params, report: Reporter) -> Any:
    """Run the step of that name with settings already made and the caller's own progress."""
    function = globals()[name].__wrapped__
    takes = signature(function).parameters
    given = {"params": params, "report": report}
    return function(samples, **{name: value for name, value in given.items() if name in takes})


@step(LoadParams, hidden=("owned_images", "pool_images"), words=SOURCES)
def load_images(
    dataset: fo.Dataset,
    owned: Source | None = None,
    pool: Source | None = None,
    *,
    params: LoadParams,
    report: Reporter,
) -> LoadResult:
    """Add images to ``dataset`` as samples tagged ``S`` and ``U``.

    Examples
    --------
    >>> gapsphere.load_images(dataset, "owned/", "recordings/*.mp4")     # doctest: +SKIP
    """
    return load.load_images(dataset, owned, pool, **params.how(), progress=report("Loading"))


def tag_samples(
    dataset: fo.Dataset | str, owned: Members | None = None, pool: Members | None = None
) -> dict[str, int]:
    """Tag samples that are already in the dataset as ``S`` and ``U``.

    Parameters
    ----------
    dataset
        The dataset.
    owned, pool
        Who is S and who is U: a sample tag, a saved view's name, ``field:NAME=VALUE``,
        ``{field: value}``, a view, an expression, ids, or the dataset for all others; None leaves
        that tag as it is.

    Returns
    -------
    dict
        The number of samples of each tag that was given.

    Raises
    ------
    InputError
        Neither is given, or a sample would be both.
    """
    on = opened(dataset)
    with guarded(on, "tag_samples"):
        words = [
            given if given is None else word_of(on, given, other)
            for given, other in ((owned, pool), (pool, owned))
        ]
        return tagging.tag_samples(dataset_of(on), *words)


@step(EmbeddingParams)
def compute_embeddings(
    samples: Samples, *, model: Encoder | None = None, params: EmbeddingParams, report: Reporter
) -> EmbeddingResult:
    """Give every sample a unit vector, the field ``embedding``."""
    return embed.compute_embeddings(samples, params, encoder=model, progress=report("Embeddings"))


@step(AttributeParams)
def compute_attributes(
    samples: Samples, *, params: AttributeParams, report: Reporter
) -> AttributeResult:
    """Measure brightness, contrast, sharpness … of each image, the field ``attributes``.

    ``compute_embeddings`` does so while it decodes; this is for images that were embedded before.

    Examples
    --------
    >>> print(gapsphere.compute_attributes(dataset))                     # doctest: +SKIP
    """
    return measure.compute_attributes(samples, params, progress=report("Attributes"))


@step(CoverageParams)
def compute_coverage(
    samples: Samples, *, params: CoverageParams, report: Reporter
) -> CoverageResult:
    """Compute the distance of every candidate to S, δ, and which candidates are gaps."""
    return coverage.compute_coverage(samples, params, progress=report("Coverage"))


@step(CardParams)
def summarize_gaps(samples: Samples, *, params: CardParams, report: Reporter) -> CardResult:
    """Group gaps in cards: kinds of scene that S lacks, with names, figures and what U has.

    Gaps get the field ``gap_card``; ``cards`` of the result is a table.

    Examples
    --------
    >>> found = gapsphere.summarize_gaps(dataset)                        # doctest: +SKIP
    >>> found.cards[["images", "drives", "effect", "fill"]]              # doctest: +SKIP
    >>> dataset.match(F("gap_card") == found.found[0].key)               # doctest: +SKIP
    """
    return cards.summarize_gaps(samples, params, report=report)


@step(CardFileParams, positional=["output"])
def export_gap_cards(samples: Samples, *, params: CardFileParams, report: Reporter) -> CardFile:
    """Write the cards of the last ``summarize_gaps`` as a page, a table or JSON.

    Examples
    --------
    >>> gapsphere.export_gap_cards(dataset, "cards.html")                # doctest: +SKIP
    """
    return card_files.export_gap_cards(samples, params, progress=report("Pictures"))


@step(KCenterParams)
def select_kcenter(samples: Samples, *, params: KCenterParams, report: Reporter) -> PickResult:
    """Pick candidates by exact K-Center greedy."""
    return picks.select_kcenter(samples, params, progress=report("K-Center"))


@step(CandidateParams)
def select_candidates(samples: Samples, *, params: CandidateParams, report: Reporter) -> PickResult:
    """Pick candidates by a policy, under constraints.

    By default those of ``select_kcenter``, near duplicates left out; the same fields and tag.

    Examples
    --------
    >>> gapsphere.select_candidates(dataset, k=120, max_per_sequence=8, support=3)  # doctest: +SKIP
    """
    return picks.select_candidates(samples, params, progress=report("Picks"))


@step(BudgetParams)
def budget_curve(samples: Samples, *, params: BudgetParams, report: Reporter) -> BudgetResult:
    """Compare what the picks add with plain K-Center, random orders and an equal share a drive.

    Examples
    --------
    >>> table = gapsphere.budget_curve(dataset).curve                    # doctest: +SKIP
    >>> table[table["line"] == "picks"].set_index("picks")["radius"]     # doctest: +SKIP
    """
    return budget.budget_curve(samples, params, progress=report("Curves"))


@step(CurveFileParams, positional=["output"])
def export_budget_curve(
    samples: Samples, *, params: CurveFileParams, report: Reporter
) -> CurveFile:
    """Write the comparison of ``budget_curve`` as a page, a picture or a table.

    Examples
    --------
    >>> gapsphere.export_budget_curve(dataset, "curve.html")             # doctest: +SKIP
    """
    return budget.export_budget_curve(samples, params, progress=report("Curves"))


@step(SphereParams)
def compute_sphere(samples: Samples, *, params: SphereParams, report: Reporter) -> SphereResult:
    """Place S and U on the unit sphere by a 3D UMAP of both together."""
    return sphere.compute_sphere(samples, params, progress=report("Sphere"))


@step(AnalysisParams)
def place_on_sphere(samples: Samples, *, params: AnalysisParams, report: Reporter) -> int:
    """Place new samples among those already on the sphere; returns how many."""
    return sphere.place_on_sphere(samples, suffix=params.suffix, progress=report("Placing"))


@step(GapParams)
def find_gaps(
    samples: Samples, *, model: Encoder | None = None, params: GapParams, report: Reporter
) -> GapResult:
    """Compute embeddings, coverage, K-Center picks, the sphere and gap cards in a row.

    Examples
    --------
    >>> print(gapsphere.find_gaps(dataset, k=100))                      # doctest: +SKIP
    """
    return gaps.find_gaps(samples, params, encoder=model, report=report)


@step(AnalysisParams)
def show_results(samples: Samples, *, params: AnalysisParams) -> AnalysisResult:
    """Read what the last runs of an analysis found; nothing is computed.

    Examples
    --------
    >>> print(gapsphere.show_results(dataset))                          # doctest: +SKIP
    """
    return results.show_results(samples, params.suffix)


@step(AnalysisParams)
def delete_analysis(
    dataset: fo.Dataset, *, dry_run: bool = False, params: AnalysisParams
) -> DeletionResult:
    """Delete the fields, tags and runs of an analysis; nothing of the user's.

    Samples, the tags of S and U, reviews, imported columns and exported files stay.

    Examples
    --------
    >>> print(gapsphere.delete_analysis(dataset, suffix="dino", dry_run=True))  # doctest: +SKIP
    """
    if dry_run:
        return deletion.analysis_of(dataset, params.suffix)
    return deletion.delete_analysis(dataset, params)


@step(AnalysisParams)
def rounds(samples: Samples, *, params: AnalysisParams) -> ProgressResult:
    """Read how coverage changed from round to round, and what has come for each Visual Spec.

    Each run that saw another S, U, δ or encoder is a round; ``table`` of the result has a row each.
    ``specs`` judges images by the vectors that they have; nothing is embedded or written.

    Examples
    --------
    >>> print(gapsphere.rounds(dataset))                                # doctest: +SKIP
    """
    return with_specs(progress_of.read(samples, params.suffix), dataset_of(samples))


@step(AskParams)
def ask(samples: Samples, *, params: AskParams) -> AnswerResult:
    """Say what is at an image, at an empty place, in a cap of the sphere or in a drive of U.

    Give one of ``sample``, ``place``, ``cap`` and ``drive``.  The verdict, the neighbours and the
    trust are those of the Gap Explorer panel, word for word: ``verdict`` has the numbers, ``words``
    the sentences, ``nearest`` the sample ids, sets and distances.

    Examples
    --------
    >>> print(gapsphere.ask(dataset, sample="drive/0042.png"))           # doctest: +SKIP
    0042.png
    0.412 from the nearest owned image (cosine distance)
    Farther than 99.7 % of owned images are from owned images of other drives.
    No owned image lies within δ.
    GAP: 0.112 beyond δ (0.300, level 10 %).
    Candidates can fill it: 12 of the 50 nearest are gaps and closer to it than any owned image.
    >>> gapsphere.ask(dataset, drive="dusk-07").verdict.status           # doctest: +SKIP
    'gap'
    """
    return questions.ask(samples, params)


@step(HeatmapParams)
def compute_heatmaps(
    samples: Samples, *, model: Encoder | None = None, params: HeatmapParams, report: Reporter
) -> HeatmapResult:
    """Show what the encoder looked at, the field ``heatmap``.

    Examples
    --------
    >>> gapsphere.compute_heatmaps(dataset, only="picks", about="new")   # doctest: +SKIP
    """
    return heatmaps.compute_heatmaps(samples, params, encoder=model, progress=report("Heatmaps"))


@step(ExportParams, positional=["folder"])
def export_artifacts(samples: Samples, *, params: ExportParams) -> ArtifactExport:
    """Write the analysis as files that other programs read."""
    sets, plot = select(SetParams, params), select(PlotParams, params)
    return artifacts.export_artifacts(
        samples, params.folder, sets, plot, overwrite=params.overwrite
    )


@step(ImportParams, positional=["folder"])
def import_artifacts(dataset: fo.Dataset, *, params: ImportParams) -> ArtifactImport:
    """Read the files of an analysis, written here or by another program, into a dataset."""
    return import_folder.import_artifacts(dataset, params.folder, suffix=params.suffix)


@step(SpecParams, positional=["output"])
def export_visual_spec(samples: Samples, *, params: SpecParams, report: Reporter) -> SpecResult:
    """Write a collection guide for some samples.

    Examples
    --------
    >>> gaps = dataset.match(F("is_gap"))                               # doctest: +SKIP
    >>> print(gapsphere.export_visual_spec(gaps, "night.zip"))          # doctest: +SKIP
    """
    return export.export_visual_spec(samples, params, progress=report("Pictures"))


@step(CheckSpecParams)
def check_spec(
    spec: str,
    images: Samples | Source,
    *,
    model: Encoder | None = None,
    params: CheckSpecParams,
    report: Reporter,
) -> SpecCheckResult:
    """Judge each image against a Visual Spec.

    Samples of a dataset or view then have the verdict in the field ``spec_verdict``.

    Examples
    --------
    >>> print(gapsphere.check_spec("night.zip", "new_drive/"))          # doctest: +SKIP
    """
    progress = report("Embedding")
    if isinstance(images, SAMPLES):
        return check.check_view(images, spec, params, encoder=model, progress=progress)
    return check.check_files(spec, images, params, encoder=model, progress=progress)


@step(FeatureCacheParams, positional=["cache_dir"])
def import_feature_cache(
    dataset: fo.Dataset, *, params: FeatureCacheParams, report: Reporter
) -> FeatureCacheResult:
    """Read a cache of features, coordinates and rationales that was made elsewhere.

    Examples
    --------
    >>> gapsphere.import_feature_cache(dataset, "cache/", image_dir="plots/")   # doctest: +SKIP
    """
    return import_cache.import_feature_cache(dataset, params, report=report)


@step(ReviewExportParams, positional=["folder"])
def export_reviews(
    dataset: fo.Dataset, *, params: ReviewExportParams, report: Reporter
) -> ReviewExport:
    """Write a feature cache's tables with the review decisions as further columns."""
    return reviews.export_reviews(dataset, params, report=report)


@step(FailureParams)
def rank_gaps_by_failures(
    dataset: fo.Dataset, *, params: FailureParams, report: Reporter
) -> FailureRanking:
    """Order gaps by how often a model fails near them.

    Examples
    --------
    >>> print(gapsphere.rank_gaps_by_failures(dataset))                 # doctest: +SKIP
    """
    return failures.rank_gaps_by_failures(dataset, params, progress=report("Neighbours"))


@step(Params, words={"folder": "One session of the server's record folder."})
def import_sparse_recording(
    dataset: fo.Dataset,
    folder: str,
    *,
    sequence: str | None = None,
    keypoints: bool = False,
    report: Reporter,
) -> ImportedRecording:
    """Add a session that the live server recorded as a sequence.

    Examples
    --------
    >>> gapsphere.import_sparse_recording(dataset, "recordings/0f3c.../")     # doctest: +SKIP
    """
    return recording.import_recording(
        dataset, folder, sequence=sequence, keypoints=keypoints, progress=report("Frames")
    )


@step(SimulateParams)
def simulate_adaptive_sampling(
    samples: Samples,
    *,
    model: LoadedModel | None = None,
    params: SimulateParams,
    report: Reporter,
) -> SimulationResult:
    """Play a dataset's sequences as if few pixels of each frame were measured.

    Examples
    --------
    >>> gapsphere.simulate_adaptive_sampling(dataset)                         # doctest: +SKIP
    >>> gapsphere.simulate_adaptive_sampling(dataset, pattern="random", suffix="random")
    ...                                                                       # doctest: +SKIP
    """
    from .sparse.simulate import simulate_adaptive_sampling as simulate

    return simulate(samples, params, model=model, progress=report("Frames"))


@step(TrainSequencesParams)
def train_sparse_transformer(
    samples: Samples, *, params: TrainSequencesParams, report: Reporter
) -> TrainingResult:
    """Train a model to rebuild a dataset's frames from few pixels.

    Examples
    --------
    >>> gapsphere.train_sparse_transformer(dataset, model_name="dusk")        # doctest: +SKIP
    >>> gapsphere.simulate_adaptive_sampling(dataset, checkpoint_key="dusk")  # doctest: +SKIP
    """
    from .sparse.train import train_sparse_transformer as train

    return train(samples, params, report=report)
