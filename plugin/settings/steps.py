"""Parameters of the dataset's steps: each setting with its default, range, sentence and YAML key.

An operator's form, its Python arguments, the command line and ``config.yaml`` are all read off
these classes.  A step has one class; a class that runs several steps inherits theirs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import model_validator

from . import fields
from .fields import COMMAS, LISTED, Params, Precision, setting
from .quotas import quota_word

_DRIVES = (
    "Field that names the drive an image was recorded on: text, whole numbers, ids or a "
    "classification; images without a name each count as a drive"
)

Metric = Literal["cosine", "euclidean"]
Pooling = Literal["mean", "rows"]
EncoderName = Literal["auto", "internvl", "packaged", "transformers", "zoo", "field"]


class AnalysisParams(Params, section="analysis"):
    """Which of several analyses on one dataset is meant."""

    suffix: str = fields.suffix(
        "Name of the analysis, appended to its fields, tags and runs, so that several can coexist"
    )


class DeletionParams(AnalysisParams, section="analysis"):
    """The analysis that is deleted."""

    suffix: str = fields.suffix(
        "Suffix of the analysis to delete; empty: the analysis without a suffix",
        advanced=False,
        title="Analysis",
    )


class ImageParams(AnalysisParams, section="analysis"):
    """Which images of a grouped dataset are meant."""

    slices: Annotated[str | None, LISTED] = fields.slices()


class SetParams(ImageParams, section="analysis"):
    """Which samples are S and which are U."""

    owned: str = setting(
        "S",
        "S, the images you own: a sample tag, field:NAME=VALUE, view:NAME (a saved view), or not: "
        "before one of these for all other samples",
        advanced=False,
        members=True,
        title="Which images do you own?",
    )
    pool: str = setting(
        "U",
        "U, the candidates you could add: named in the same way; not:S is every sample that is "
        "not in S",
        advanced=False,
        members=True,
        title="Which are the candidates?",
    )


class LoadParams(Params, section="data"):
    """What ``load_images`` reads."""

    owned_images: str | None = setting(
        None,
        "Images you own (S): a folder, a glob, a JSON list, a video or an MCAP file; "
        "`folder/{sequence}` takes each folder below for a drive",
        key="data.S_dir",
        advanced=False,
        title="Images you own",
    )
    pool_images: str | None = setting(
        None,
        "Candidate images (U): a folder, a glob, a JSON list, a video or an MCAP file; "
        "`folder/{sequence}` takes each folder below for a drive",
        key="data.U_dir",
        advanced=False,
        title="Candidates",
    )
    csv: str | None = setting(
        None,
        "Or one CSV with `filename` (relative to it), `split` (S or U) and any further columns",
        advanced=False,
        title="CSV",
    )
    update_known: bool = setting(
        True,
        "Write the CSV's columns, and fields named in a path, to images that are there already; an "
        "empty cell changes nothing",
    )
    frames_per_second: float = setting(
        1.0, "Frames taken from each second of a recording", key="data.fps", gt=0, le=1000
    )
    camera_topics: str = setting(
        "",
        "Cameras of MCAP files: topics separated by commas, with * for any part; empty: all",
        key="data.camera_topics",
    )
    num_workers: int = fields.num_workers("Threads that read images", key="inference.num_workers")

    def how(self) -> dict[str, Any]:
        """All but the two sources, which the Python API takes in more forms."""
        return self.model_dump(exclude={"owned_images", "pool_images"})


class InferenceParams(ImageParams, section="inference"):
    """How an encoder runs, whichever it is."""

    precision: Precision | None = fields.precision("the best for the device")
    device: str | None = fields.device()
    batch_size: int = fields.batch_size(8)
    num_workers: int = fields.num_workers()


class EngineParams(Params, section="ray"):
    """Where shards of the work run; no result depends on it, so no record keeps it."""

    engine: Literal["local", "ray"] = setting(
        "local",
        "Where embeddings, distances, K-Center and new places on the sphere are computed: local, "
        "in this process; ray, on the GPUs and cores of a Ray cluster, with the same result",
        key="engine",
        exclude=True,
    )
    ray_address: str | None = setting(
        None,
        "Ray cluster that this machine is part of: host:port, or auto for the one that runs here; "
        "empty: RAY_ADDRESS of the environment, else Ray is started on this machine for this run",
        key="ray.address",
        exclude=True,
        title="Address of the Ray cluster",
    )


class EmbeddingParams(InferenceParams, EngineParams, section="inference"):
    """How images become vectors."""

    encoder: EncoderName = setting(
        "auto",
        "auto: that of the checkpoint given as model, else the InternVL2 checkpoint that "
        "INTERNVL2_PATH names, else packaged",
        key="model.encoder",
        advanced=False,
    )
    model_path: str | None = setting(
        None,
        "Checkpoint folder or hub id (OpenGVLab/InternVL2-8B); zoo: model name; field: field name",
        key="model.path",
        advanced=False,
        title="Model",
    )
    image_size: int = setting(
        448,
        "InternVL2: side of the square that images are resized to, in pixels; a multiple of 14",
        ge=28,
        le=4032,
    )
    include_cls: bool = setting(
        False,
        "Average the CLS token in with the patch tokens",
        key="model.include_cls",
        title="Include CLS token",
    )
    pooling: Pooling | None = setting(
        None,
        "mean: average of all patches; rows: each row of patches apart, then projected; empty: "
        "rows for packaged, mean for the others",
        key="model.pooling",
    )
    sky_crop_top_pct: float = setting(
        0.0,
        "Share of the image masked from the top, 0 to 1 (0.3 hides most of the sky)",
        key="preprocess.sky_crop_top_pct",
        ge=0,
        lt=1,
        title="Sky mask",
    )
    roi: Annotated[tuple[float, float, float, float] | None, COMMAS] = setting(
        None,
        "Box to keep, as shares of width and height: left, top, right, bottom, such as 0,0.2,1,1",
        key="preprocess.roi",
        title="Region of interest",
    )
    attributes: bool = setting(
        True,
        "Measure brightness, contrast, sharpness … of each image while it is decoded, the field "
        "`attributes`",
        title="Measure attributes",
    )
    overwrite: bool = fields.overwrite(
        "Discard vectors made by another encoder, weights or preprocessing"
    )


class AttributeParams(ImageParams, section="attributes"):
    """How attributes of images are measured."""

    num_workers: int = fields.num_workers()
    overwrite: bool = fields.overwrite("Measure images again that have attributes")


class MetricParams(SetParams, section="distance"):
    """The unit of distances and radii."""

    metric: Metric = setting(
        "cosine",
        "Distance between unit vectors: cosine, 1 - cos, 0 to 2; euclidean, 0 to 2",
        advanced=False,
    )


class CoverageParams(MetricParams, EngineParams, section="distance"):
    """How far U is from S, and at what distance a candidate is a gap."""

    delta: float | None = setting(
        None,
        "A candidate farther than this from every owned image is a gap, in the unit of `metric`; "
        "empty: computed from the owned images",
        advanced=False,
        ge=0,
        title="δ: distance at which gaps start",
    )
    reset_delta: bool = setting(
        False,
        "Compute δ from the owned images again instead of keeping the first run's",
        title="Compute δ again",
    )
    sequence_field: str = setting(
        "sequence",
        _DRIVES,
        advanced=False,
        title="Field that names the drive",
    )
    alpha: float = setting(
        0.1,
        "Rate of false gaps allowed on a new drive of a kind that you own, 0 to 1; m owned drives "
        "support 1 / (m + 1) at best",
        advanced=False,
        gt=0,
        lt=1,
        title="Level α: false gaps allowed",
    )
    camera_field: str | None = setting(
        None,
        "Field that names the camera: brightness and the like are then compared camera by camera",
        title="Field that names the camera",
    )
    score: Literal["nearest", "novelty"] | None = setting(
        None,
        "What decides: nearest, the distance to the owned images; novelty, what lies outside the "
        "components that hold 90 % of their variance; empty: novelty for provisional verdicts, "
        "else nearest",
        title="Score that decides",
    )
    memory_mb: int = setting(
        512,
        "Memory for one block of distances, in MiB",
        ge=16,
        le=1 << 20,
        title="Memory for distances",
    )


class PickParams(MetricParams, section="kcenter"):
    """How many candidates to pick."""

    k: int = setting(
        100,
        "Number of candidates to pick",
        key="kcenter.num_select",
        advanced=False,
        ge=1,
        title="Number of picks",
    )


class KCenterParams(PickParams, EngineParams, section="kcenter"):
    """How many candidates to pick, and where."""


class CandidateParams(PickParams, section="select"):
    """Which candidates to label: a policy, and what the picks must keep to."""

    policy: Literal["kcenter", "novelty", "herding"] = setting(
        "kcenter",
        "kcenter: the farthest from owned images and picks; novelty: the same, weighted by the "
        "distance to owned images; herding: what brings all candidates nearest",
        advanced=False,
    )
    max_per_sequence: int | None = setting(
        None,
        "Largest number of picks of one drive",
        advanced=False,
        ge=1,
        title="Most picks of a drive",
    )
    quota: Annotated[tuple[str, ...] | None, COMMAS] = setting(
        None,
        "Picks of a kind, at least and at most: weather=snow:10..20, town=oslo:..5; where not all "
        "can be met, earlier ones go first",
        advanced=False,
        title="Quotas",
    )
    min_seconds_apart: float | None = setting(
        None,
        "Least time between picks of one drive, in seconds, by `time_field`",
        advanced=False,
        gt=0,
        title="Least seconds between picks",
    )
    min_frames_apart: int | None = setting(
        None,
        "Least number of frames between picks of one drive, by `frame_number`, in place of seconds",
        ge=1,
        title="Least frames between picks",
    )
    support: int | None = setting(
        None,
        "Number of other candidates that must lie near a pick, its near duplicates not counted; "
        "candidates with fewer are not picked and get the tag `look_at`",
        advanced=False,
        ge=1,
        title="Images that must support a pick",
    )
    support_radius: float | None = setting(
        None,
        "Distance within which images support a pick, in the unit of `metric`; empty: δ of the "
        "last coverage run",
        ge=0,
        le=2,
        title="Radius of support",
    )
    skip_duplicates: bool = setting(
        True,
        "Pick no near duplicate of an owned image or of another pick: one that is nearer than "
        "neighbouring frames of owned drives usually are",
        title="Skip near duplicates",
    )
    target_radius: float | None = setting(
        None,
        "Covering radius aimed at, in the unit of `metric`: the result says how many picks meet it",
        gt=0,
        le=2,
        title="Radius aimed at",
    )
    target_covered: float | None = setting(
        None,
        "Share of candidates within δ aimed at, 0 to 1: the result says how many picks meet it",
        gt=0,
        le=1,
        title="Covered share aimed at",
    )
    novelty_exponent: float = setting(
        2.0,
        "Policy novelty: power of the distance to owned images that weighs it; 0 is kcenter",
        ge=0,
        le=100,
        title="Weight of novelty",
    )
    herding_gamma: float = setting(
        1.0,
        "Policy herding: images are alike by exp(-gamma d²) of their Euclidean distance d",
        gt=0,
        le=1e6,
        title="Gamma of herding",
    )
    time_field: str = setting(
        "timestamp",
        "Field with the time of an image within its drive: seconds, or dates",
        title="Field with the time",
    )
    sequence_field: str = setting(
        "sequence",
        _DRIVES,
        key="distance.sequence_field",
        title="Field that names the drive",
    )

    @model_validator(mode="after")
    def _apart_in_one_unit(self) -> CandidateParams:
        if self.min_seconds_apart is not None and self.min_frames_apart is not None:
            raise ValueError("give `min_seconds_apart` or `min_frames_apart`, not both")
        return self

    @model_validator(mode="after")
    def _quotas_can_be_meant(self) -> CandidateParams:
        for word in self.quota or ():
            quota_word(word)
        return self


class SphereParams(SetParams, EngineParams, section="umap"):
    """How embeddings become points on the unit sphere."""

    n_neighbors: int = setting(
        30,
        "UMAP: number of neighbours each image is fitted to",
        ge=2,
        le=1000,
        title="UMAP neighbours",
    )
    min_dist: float = setting(
        0.1,
        "UMAP: least distance between points, in the units of its layout",
        ge=0,
        le=1,
        title="UMAP least distance",
    )
    umap_metric: Metric = setting(
        "cosine", "UMAP: distance between vectors", key="umap.metric", title="UMAP metric"
    )
    seed: int = setting(51, "Seed: the same seed gives the same sphere", ge=0)
    pca_dim: int | None = setting(
        None,
        "Number of dimensions to reduce to by PCA first; empty: no PCA",
        ge=3,
        title="PCA dimensions",
    )
    fit_limit: int = setting(
        100_000,
        "Largest number of images UMAP is fitted on; the others are placed among them",
        ge=100,
    )
    place_share: float = setting(
        0.1,
        "Largest share of images that are placed on the existing sphere as they come; where more "
        "came since it was fitted, it is fitted again. 0: always",
        ge=0,
        le=1,
        title="Share placed without a new fit",
    )
    native_sphere: bool = setting(False, "Let UMAP itself work on the sphere (haversine): slower")


class CardParams(SetParams, section="cards"):
    """How gaps are summarized in cards; distances and drives are those of the coverage run."""

    card_runs: int = setting(
        20,
        "Number of runs that draw the owned drives again, with replacement, to see whether a card "
        "holds; 0: none",
        ge=0,
        le=1000,
        title="Runs for stability",
    )
    card_quantity: int | None = setting(
        None,
        "Number of images wanted of each kind; empty: as many as you usually own within δ",
        ge=1,
        le=10_000_000,
        title="Images wanted of each kind",
    )
    phrase_model: str | None = setting(
        None,
        "Image-text encoder that describes cards by phrases: the folder of a CLIP or SigLIP model, "
        "or the hub id of one that is on this disk already; empty: no phrases",
        title="Model for phrases",
    )


class CardFileParams(AnalysisParams, section="cards"):
    """The file that gap cards are written to."""

    output: str = setting(
        "gap-cards.html",
        "File to write: .html for a page with pictures, .csv or .json for the figures",
        advanced=False,
        title="File",
    )
    replace_file: bool = setting(False, "Replace the file if it exists", key="cards.replace")


class BudgetParams(AnalysisParams, section="curve"):
    """What the picks are compared with."""

    random_seeds: int = setting(
        20,
        "Random orders that the picks are compared with; each takes as long as a curve",
        ge=1,
        le=1000,
        title="Random orders",
    )


class CurveFileParams(BudgetParams, section="curve"):
    """The file that the budget curve of the picks is written to."""

    output: str = setting(
        "curve.html",
        "File to write: .html for a page with the picks' pictures, .png for the plot, .csv for "
        "the figures",
        advanced=False,
        title="File",
    )
    replace_file: bool = setting(False, "Replace the file if it exists", key="curve.replace")


class AnalyzeParams(CoverageParams, KCenterParams, SphereParams):
    """Coverage, K-Center and sphere of images that have embeddings."""


class GapParams(EmbeddingParams, AnalyzeParams, CardParams):
    """``find_gaps``: the five steps in a row."""


class HeatmapParams(ImageParams, section="heatmap"):
    """Which images get a heatmap, and what it shows."""

    only: Literal["all", "picks", "gaps"] = setting(
        "all",
        "all: every image; picks: those that K-Center picked; gaps: those beyond δ",
        advanced=False,
        title="Which images",
    )
    about: Literal["attention", "new", "shared"] = setting(
        "attention",
        "attention: what the encoder read; new: what sets an image apart from its nearest owned "
        "image; shared: what both have in common",
        advanced=False,
        title="What it shows",
    )
    encoder: EncoderName | None = setting(
        None,
        "Model whose attention is shown; empty: the one that made the embeddings, else auto: the "
        "checkpoint given as model, else the one INTERNVL2_PATH names, else packaged",
        key="model.encoder",
    )
    model_path: str | None = setting(
        None,
        "Checkpoint folder or hub id of that model, such as OpenGVLab/InternVL2-8B; empty: that of "
        "the embeddings",
        key="model.path",
        title="Model",
    )
    start: Literal["mean", "cls", "point"] = setting(
        "mean",
        "Where the rollout starts: the tokens the embedding averages, CLS, or the patch at a point",
        title="Start from",
    )
    point: Annotated[tuple[float, float] | None, COMMAS] = setting(
        None,
        "Point that the rollout starts from, as shares of width and height: 0.5,0.8 is in the "
        "middle near the bottom",
        title="Start point",
    )
    head_fusion: Literal["mean", "max", "min"] = setting(
        "mean", "How the heads of a layer become one map"
    )
    discard_ratio: float = setting(
        0.0, "Share of the weakest attention that is set to zero, 0 to 1", ge=0, lt=1
    )
    residual: float = setting(
        0.5, "Weight of the residual path beside attention, 0 to 1", ge=0, le=1
    )
    device: str | None = fields.device(when_empty="the device of the embeddings")
    batch_size: int = fields.batch_size(4, most=1024)
    num_workers: int = fields.num_workers()
    overwrite: bool = fields.overwrite("Replace heatmaps that are up to date")

    @model_validator(mode="after")
    def _point_where_needed(self) -> HeatmapParams:
        if (self.start == "point") != (self.point is not None):
            raise ValueError("`start` at point and `point` go together: give both or neither")
        if self.point is not None and not all(0 <= share <= 1 for share in self.point):
            raise ValueError("`point` needs two shares from 0 to 1, such as 0.5,0.8")
        return self


class PlotParams(Params, section="viz"):
    """The 3D plot that is exported."""

    viz_mode: Literal["spherical", "cartesian"] = setting(
        "spherical",
        "Unit sphere or plain 3D UMAP",
        key="viz.mode",
        flag="--viz",
        advanced=False,
        title="Projection",
    )
    sample_limit: int = setting(
        10_000,
        "Largest number of points drawn one by one; above it candidates are shown as density",
        ge=100,
    )


class ExportParams(SetParams, PlotParams, section="artifacts"):
    """Which analysis is exported as files, and where to."""

    folder: str = setting(
        "outputs", "Folder that the files are written to", flag="--data-root", advanced=False
    )
    overwrite: bool = setting(
        False,
        "Replace an analysis that is already there",
        flag="--overwrite-outputs",
        advanced=False,
    )


class ImportParams(AnalysisParams, section="artifacts"):
    """Which files of an analysis are imported."""

    folder: str = setting(
        "outputs", "Folder with the files of an analysis", flag="--data-root", advanced=False
    )
