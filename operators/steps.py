"""The operators of the main job: most run a step of the Python API with its settings as form."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.coverage.words import counted
from ..plugin.dataset.gaps.images.load import load_images
from ..plugin.dataset.gaps.images.tagging import tag_samples
from ..plugin.dataset.store.database import is_empty
from ..plugin.dataset.store.sets.drives import naming_path
from ..plugin.errors import InputError
from ..plugin.progress import Reporter
from ..plugin.settings.rationales import FailureParams, FeatureCacheParams, ReviewExportParams
from ..plugin.settings.steps import (
    AttributeParams,
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
    SphereParams,
)
from . import form, sets
from .background import in_app, panel_of
from .destination import Destination
from .last_run import LastRun
from .step import StepOperator

OWNED_WORD, POOL_WORD = "owned_samples", "pool_samples"
TAGGED = {
    OWNED_WORD: ("Or: which images here do you own?", "They get the tag S"),
    POOL_WORD: ("And which are candidates?", "They get the tag U"),
}
SETS = ("coverage", "kcenter", "sphere", "cards")
"""Steps whose records tell who is owned and who is a candidate."""


class LoadImages(StepOperator):
    operator = "load_images"
    then = "Next: Find gaps."
    label = "Load images"
    help = (
        "Add images to this dataset: those you own get the tag `S`, candidates the tag `U`. "
        "Loading again adds what is new and updates values that a CSV changes. Or tag images that "
        "are already here."
    )
    icon = "add_photo_alternate"
    params = LoadParams
    needs_images = False

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object, last: LastRun) -> None:
        if not is_empty(ctx.dataset):
            for name, what in TAGGED.items():
                sets.ask(ctx, inputs, name, *what)

    def mistakes(self, ctx: foo.ExecutionContext, values: Mapping[str, Any]) -> dict[str, str]:
        wrong = {}
        if values["pool_images"] and values["pool_images"] == values["owned_images"]:
            said = "Candidates are loaded already as owned images: give another folder."
            wrong["pool_images"] = said
        given = {name: ctx.params.get(name) or None for name in TAGGED}
        return wrong | sets.mistakes_among(ctx, given)

    def run(self, ctx: foo.ExecutionContext, params: LoadParams, report: Reporter) -> str:
        given = sets.written(ctx, {name: ctx.params.get(name) or None for name in TAGGED})
        lines = []
        if any(given.values()):
            counts = tag_samples(ctx.dataset, given[OWNED_WORD], given[POOL_WORD])
            lines += [f"{role}: {counted(n, 'sample')} tagged" for role, n in counts.items()]
        if params.owned_images or params.pool_images or params.csv or not lines:
            loaded = load_images(
                ctx.dataset,
                params.owned_images,
                params.pool_images,
                **params.how(),
                progress=report("Loading"),
            )
            lines.append(str(loaded))
        return "\n".join(lines)


class DriveOperator(StepOperator):
    """An operator that needs to know which drive an image is of."""

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object, last: LastRun) -> None:
        form.suggest_drives(ctx, inputs)

    def mistakes(self, ctx: foo.ExecutionContext, values: Mapping[str, Any]) -> dict[str, str]:
        try:
            naming_path(ctx.dataset, values["sequence_field"])
        except InputError as error:
            return {"sequence_field": str(error)}
        return {}


class ComputeEmbeddings(StepOperator):
    operator = "compute_embeddings"
    then = "Next: Compute coverage."
    label = "Compute embeddings"
    help = (
        "Give every image that has none a unit vector. Each batch is written as soon as it is "
        "done: stop at any time, run again to go on."
    )
    params = EmbeddingParams
    remembers = ("embeddings",)
    on_target = True
    tells_time = True
    long = True


class ComputeAttributes(StepOperator):
    operator = "compute_attributes"
    label = "Compute attributes"
    help = (
        "Measure brightness, contrast, saturation, sharpness and noise of every image that has no "
        "attributes yet. Compute embeddings does so by itself for the images it embeds."
    )
    icon = "tonality"
    params = AttributeParams
    remembers = ("attributes",)
    on_target = True
    tells_time = True
    long = True


class ComputeCoverage(DriveOperator):
    operator = "compute_coverage"
    then = "Next: Select by K-Center and Summarize gaps."
    label = "Compute coverage"
    help = (
        "Exact distance of every candidate to its nearest owned image, the covering radius and its "
        "quantiles, and which candidates are gaps, at a level of false gaps that the owned drives "
        "support."
    )
    params = CoverageParams
    remembers = SETS
    on_sets = True
    tells_time = True


class SummarizeGaps(StepOperator):
    operator = "summarize_gaps"
    then = "Next: look at the cards in Gap Explorer."
    label = "Summarize gaps"
    help = (
        "Group the gaps of the last coverage run in cards: kinds of scene that you do not own, "
        "with a name, figures, and whether the candidates have enough of them. Gaps get the field "
        "`gap_card`."
    )
    icon = "view_module"
    params = CardParams
    remembers = ("cards", *SETS)
    on_sets = True
    tells_time = True


class ExportGapCards(StepOperator):
    operator = "export_gap_cards"
    label = "Export gap cards"
    help = (
        "Write the cards of the last Summarize gaps as one page with pictures, which opens "
        "offline, or as a table."
    )
    icon = "file_download"
    params = CardFileParams
    writes = Destination("cards", "output", "replace_file", (".html", ".csv", ".json"))


class SelectKCenter(StepOperator):
    operator = "select_kcenter"
    then = "Next: label the picks, or export a Visual Spec."
    label = "Select by K-Center"
    help = (
        "Pick candidates one by one, each the farthest from owned images and picks so far. They "
        "get the tag `kcenter`, a rank and the covering radius after them; old picks are cleared."
    )
    params = KCenterParams
    remembers = ("kcenter", *SETS)
    on_sets = True
    tells_time = True


class SelectCandidates(DriveOperator):
    operator = "select_candidates"
    then = "Next: label the picks, or export a Visual Spec."
    label = "Select candidates"
    help = (
        "Pick what to label: by K-Center, novelty or herding, with at most so many picks a drive, "
        "time between them, and support by other images. The picks get the tag `kcenter` and a "
        "rank; old picks are cleared."
    )
    params = CandidateParams
    remembers = ("kcenter", *SETS)
    on_sets = True
    tells_time = True


class ExportBudgetCurve(StepOperator):
    operator = "export_budget_curve"
    label = "Export budget curve"
    help = (
        "Write what each pick buys, radius, covered share, support and gap cards, beside plain "
        "K-Center, random orders and an equal share a drive: as a page, a picture or a table."
    )
    icon = "show_chart"
    params = CurveFileParams
    writes = Destination("curves", "output", "replace_file", (".html", ".png", ".csv"))


class ComputeSphere(StepOperator):
    operator = "compute_sphere"
    label = "Compute sphere"
    help = (
        "Fit 3D UMAP to owned images and candidates together and put every image on the unit "
        "sphere, with figures that say how far to trust it."
    )
    params = SphereParams
    remembers = ("sphere", *SETS)
    on_sets = True
    tells_time = True


class FindGaps(DriveOperator):
    operator = "find_gaps"
    then = "Next: look at what you lack, and label the picks."
    label = "Find gaps"
    help = (
        "Embed the images, measure how far every candidate is from the ones you own, pick the "
        "candidates that cover most, lay everything out on the sphere, and group gaps in cards. "
        "What is done already is skipped."
    )
    params = GapParams
    remembers = ("embeddings", *SETS)
    on_sets = True
    tells_time = True
    long = True

    def live(
        self, ctx: foo.ExecutionContext, work: Callable[[Reporter], Any]
    ) -> Generator[Any, None, Any]:
        """Show the panel after a short run as well: a long one opens it to show how far it is."""
        result = yield from super().live(ctx, work)
        if result is not None and in_app(ctx):
            yield panel_of(ctx)
        return result

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        return types.Placement(
            types.Places.SAMPLES_GRID_SECONDARY_ACTIONS,
            types.Button(label="Find gaps (Gapsphere)", icon=self.icon, prompt=True),
        )


class ComputeHeatmaps(StepOperator):
    operator = "compute_heatmaps"
    label = "Compute heatmaps"
    help = (
        "Show on each image what the encoder looked at: attention rollout for transformers, "
        "Grad-CAM for convolutional networks. Maps that are up to date are not made again."
    )
    icon = "center_focus_strong"
    params = HeatmapParams
    remembers = ("heatmaps",)
    on_target = True
    tells_time = True
    long = True


class ExportArtifacts(StepOperator):
    operator = "export_artifacts"
    label = "Export artifacts"
    help = (
        "Write embeddings, coordinates, distances, picks and a 3D plot that opens offline: "
        "`embed_*.npz`, `umap3d_*.npy`, `nn_U_to_S.npy`, `coverage.json`, "
        "`kcenter_indices.json`, ..."
    )
    icon = "file_download"
    params = ExportParams
    remembers = SETS
    on_sets = True
    writes = Destination("artifacts", "folder", "overwrite")


class ImportArtifacts(StepOperator):
    operator = "import_artifacts"
    then = "Next: look at the sphere in Gap Explorer."
    label = "Import artifacts"
    help = (
        "Read umap3d_S.npy, umap3d_U.npy, nn_U_to_S.npy, coverage.json, paths_S.json and "
        "paths_U.json, and what else is there, into this dataset. Every shape is checked."
    )
    icon = "file_upload"
    params = ImportParams
    needs_images = False


class ImportFeatureCache(StepOperator):
    operator = "import_feature_cache"
    then = "Next: review in the panel Rationale summary."
    label = "Import feature cache"
    help = (
        "Read metadata.csv, coordinates, embeddings and what a language model said of each image "
        "into this dataset. Importing again updates; what a person decided stays."
    )
    icon = "file_upload"
    params = FeatureCacheParams
    needs_images = False

    def run(self, ctx: foo.ExecutionContext, params: Any, report: Reporter) -> Any:
        if not params.cache_dir.strip():
            raise InputError("Name the cache: the folder that holds metadata.csv.")
        return super().run(ctx, params, report)


class ExportReviews(StepOperator):
    operator = "export_reviews"
    label = "Export reviews"
    help = (
        "Write metadata.csv and the rationale tables again, row for row, with the columns "
        "review_decision, review_label, review_note and review_time added."
    )
    icon = "file_download"
    params = ReviewExportParams
    needs_images = False
    writes = Destination("reviews", "folder", "overwrite")


class RankGapsByFailures(StepOperator):
    operator = "rank_gaps_by_failures"
    label = "Rank gaps by failures"
    help = (
        "Order the gaps by how often a model fails near them: the error rate of the nearest "
        "samples that the rationale tables, or a person, judged."
    )
    icon = "format_list_numbered"
    params = FailureParams
    needs_images = False
    remembers = ("failures",)
