"""Every setting with its default, range, help text and seed key, once.

An operator's form, its Python arguments, the command line and ``config.yaml`` are all read off
the parameter classes below, so they cannot drift apart.  A step has one class; a class that runs
several steps inherits theirs.  ``key`` is the setting's place in a YAML file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ..errors import InputError

Metric = Literal["cosine", "euclidean"]
EncoderName = Literal["auto", "internvl", "packaged", "transformers", "zoo", "field"]


def setting(
    default: Any,
    description: str,
    *,
    title: str | None = None,
    key: str | None = None,
    advanced: bool = True,
    **limits: Any,
) -> Any:
    """Declare one setting: its default, its sentence, its label, its YAML key, its limits.

    ``advanced`` settings are folded away in forms until asked for.
    """
    extra: dict[str, Any] = {"key": key, "advanced": advanced}
    return Field(default, title=title, description=description, json_schema_extra=extra, **limits)


class Params(BaseModel):
    """Base of all parameter classes: immutable, and an unknown name is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class AnalysisParams(Params):
    """Which of several analyses on one dataset is meant."""

    suffix: str = setting(
        "",
        "Appended to every field, tag and run, so that two analyses live side by side",
        pattern=r"^([A-Za-z][A-Za-z0-9_]*)?$",
        max_length=40,
    )


class SetParams(AnalysisParams):
    """Who plays S and who plays U."""

    owned: str = setting(
        "S",
        "Images you own: a sample tag, or field:NAME=VALUE, or view:NAME of a saved view",
        advanced=False,
        title="S: images you own",
    )
    pool: str = setting(
        "U",
        "Candidates you could add: a sample tag, or field:NAME=VALUE, or view:NAME",
        advanced=False,
        title="U: candidates",
    )


class LoadParams(Params):
    """What ``load_images`` takes in."""

    owned_images: str | None = setting(
        None,
        "Images you own (S): a folder, a glob, a JSON list or a video",
        key="data.S_dir",
        advanced=False,
        title="S: images you own",
    )
    pool_images: str | None = setting(
        None,
        "Candidate images (U): a folder, a glob, a JSON list or a video",
        key="data.U_dir",
        advanced=False,
        title="U: candidates",
    )
    csv: str | None = setting(
        None,
        "Or one CSV with `filename` (relative to it), `split` (S or U) and any further columns",
        key="data.csv",
        advanced=False,
        title="CSV",
    )
    frames_per_second: float = setting(
        1.0, "Frames taken from each second of a video", key="data.fps", gt=0, le=1000
    )
    num_workers: int = setting(
        4, "Workers that read images", key="inference.num_workers", ge=1, le=64, title="Workers"
    )


class EmbeddingParams(AnalysisParams):
    """How images become vectors."""

    encoder: EncoderName = setting(
        "auto",
        "auto: InternVL2 where a checkpoint or INTERNVL2_PATH is given, else packaged",
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
        "Side of the square the image is resized to, in pixels (InternVL2)",
        key="inference.image_size",
        ge=28,
        le=4032,
    )
    include_cls: bool = setting(
        False,
        "Average the CLS token in with the patch tokens",
        key="model.include_cls",
        title="Include CLS token",
    )
    precision: Literal["bf16", "fp16", "fp32"] | None = setting(
        None, "Arithmetic of the model; empty: the best for the device", key="inference.precision"
    )
    device: str | None = setting(
        None, "cpu, cuda, cuda:1, mps; empty: a GPU when there is one", key="inference.device"
    )
    batch_size: int = setting(
        8,
        "Images at once; halved by itself when memory runs out",
        key="inference.batch_size",
        ge=1,
        le=4096,
    )
    num_workers: int = setting(
        4, "Threads that decode images", key="inference.num_workers", ge=1, le=64, title="Workers"
    )
    sky_crop_top_pct: float = setting(
        0.0,
        "Share of the image masked from the top, 0 to 1 (0.3 hides most of the sky)",
        key="preprocess.sky_crop_top_pct",
        ge=0,
        lt=1,
        title="Sky mask",
    )
    roi: tuple[float, float, float, float] | None = setting(
        None,
        "Box that is kept, as shares of width and height: left, top, right, bottom",
        key="preprocess.roi",
        title="Region of interest",
    )
    overwrite: bool = setting(
        False,
        "Throw away vectors made by another encoder, weights or preprocessing",
        title="Overwrite",
    )

    @field_validator("roi", mode="before")
    @classmethod
    def _roi_from_text(cls, value: Any) -> Any:
        """Accept ``0,0.2,1,1``: a form and a command line give text."""
        if isinstance(value, str):
            return tuple(float(part) for part in value.split(",")) if value.strip() else None
        return value


class MetricParams(SetParams):
    """The unit that distances and radii are told in."""

    metric: Metric = setting(
        "cosine", "Distance between unit vectors", key="distance.metric", advanced=False
    )


class CoverageParams(MetricParams):
    """How far U is from S, and from where on a candidate is a gap."""

    delta: float | None = setting(
        None,
        "A candidate farther than this from S is a gap; empty: read off S itself",
        key="distance.delta",
        advanced=False,
        ge=0,
        allow_inf_nan=False,
        title="δ: a gap starts here",
    )
    reset_delta: bool = setting(
        False,
        "Read δ off S again instead of keeping the first run's",
        key="distance.reset_delta",
        title="Read δ again",
    )
    memory_mb: int = setting(
        512,
        "Memory for one block of distances, in MiB",
        key="distance.memory_mb",
        ge=16,
        le=1 << 20,
        title="Memory for distances",
    )


class KCenterParams(MetricParams):
    """How many candidates to pick."""

    k: int = setting(
        100,
        "How many candidates K-Center picks from U",
        key="kcenter.num_select",
        advanced=False,
        ge=1,
        title="How many picks",
    )


class SphereParams(SetParams):
    """How embeddings become places on the unit sphere."""

    n_neighbors: int = setting(
        30,
        "UMAP: neighbours each image is fitted to",
        key="umap.n_neighbors",
        ge=2,
        le=1000,
        title="UMAP neighbours",
    )
    min_dist: float = setting(
        0.1,
        "UMAP: least distance between points",
        key="umap.min_dist",
        ge=0,
        le=1,
        title="UMAP least distance",
    )
    umap_metric: Metric = setting(
        "cosine", "UMAP: distance between vectors", key="umap.metric", title="UMAP metric"
    )
    seed: int = setting(51, "Seed: the same seed gives the same sphere", key="umap.seed", ge=0)
    pca_dim: int | None = setting(
        None,
        "Reduce to this many dimensions by PCA first; empty: do not",
        key="umap.pca_dim",
        ge=3,
        title="PCA dimensions",
    )
    fit_limit: int = setting(
        100_000,
        "Fit UMAP on at most this many images; the others are placed among them",
        key="umap.fit_limit",
        ge=100,
        title="Fit at most",
    )
    native_sphere: bool = setting(
        False, "Let UMAP itself work on the sphere (haversine): slower", key="umap.native_sphere"
    )


class GapParams(EmbeddingParams, CoverageParams, KCenterParams, SphereParams):
    """``find_gaps``: the four steps in a row."""


class HeatmapParams(AnalysisParams):
    """Which images get a heatmap, and what it shows."""

    only: Literal["all", "picks", "gaps"] = setting(
        "all",
        "all: every image of the target; picks: those that K-Center picked; gaps: those beyond δ",
        advanced=False,
        title="Which images",
    )
    about: Literal["attention", "new", "shared"] = setting(
        "attention",
        "attention: what the encoder read; new: what sets an image apart from its nearest image "
        "of S; shared: what both have in common",
        advanced=False,
        title="What it shows",
    )
    start: Literal["mean", "cls", "point"] = setting(
        "mean",
        "Where reading starts: the tokens the embedding averages, CLS, or the patch at one place",
        title="Read from",
    )
    point: tuple[float, float] | None = setting(
        None,
        "That place, as shares of width and height: 0.5,0.8 is low in the middle",
        title="Place to read from",
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
    device: str | None = setting(None, "cpu, cuda, cuda:1, mps; empty: as the embeddings were made")
    batch_size: int = setting(
        4, "Images at once; halved by itself when memory runs out", ge=1, le=1024
    )
    num_workers: int = setting(4, "Threads that decode images", ge=1, le=64, title="Workers")
    overwrite: bool = setting(False, "Make heatmaps again that are up to date", title="Overwrite")

    @field_validator("point", mode="before")
    @classmethod
    def _point_from_text(cls, value: Any) -> Any:
        """Accept ``0.5,0.8``: a form and a command line give text."""
        if isinstance(value, str):
            return tuple(float(part) for part in value.split(",")) if value.strip() else None
        return value

    @model_validator(mode="after")
    def _point_where_needed(self) -> HeatmapParams:
        if (self.start == "point") != (self.point is not None):
            raise ValueError("`start` at point and `point` go together: give both or neither")
        if self.point is not None and not all(0 <= share <= 1 for share in self.point):
            raise ValueError("`point` needs two shares from 0 to 1, such as 0.5,0.8")
        return self


class PlotParams(Params):
    """The 3D plot that is exported."""

    viz_mode: Literal["spherical", "cartesian"] = setting(
        "spherical",
        "Unit sphere or plain 3D UMAP",
        key="viz.mode",
        advanced=False,
        title="Projection",
    )
    sample_limit: int = setting(
        10_000,
        "Points drawn one by one; above it U is shown as density",
        key="viz.sample_limit",
        ge=100,
    )


class ViewerParams(Params):
    """What the Gap Explorer panel starts with."""

    top_k: int = setting(8, "Candidates shown for a place", key="viewer.top_k", ge=1, le=200)
    viewer_metric: Metric = setting(
        "cosine", "Distance that orders candidates", key="viewer.metric"
    )
    delta_threshold: float | None = setting(
        None, "δ the panel starts with; empty: the run's", key="viewer.delta_threshold", ge=0
    )
    point_limit: int = setting(
        50_000, "Points drawn at most", key="viewer.point_limit", ge=100, le=10_000_000
    )
    search_space: Literal["U", "S", "both"] = setting(
        "U", "Where candidates are looked for", key="viewer.search_space"
    )


class SpecParams(SetParams):
    """What a Visual Spec asks for, and the file it becomes."""

    candidates: str | None = setting(
        None,
        "What to collect more of: kcenter, a tag, field:NAME=VALUE, view:NAME, all, or "
        "place:X,Y,Z on the sphere; empty: the K-Center picks of a dataset, all of a view",
        advanced=False,
    )
    output: str | None = setting(
        None,
        "File to write: .zip for everything, .html for the page alone; empty: a ZIP named by the "
        "spec's id, below FiftyOne's dataset folder",
        advanced=False,
        title="File",
    )
    language: Literal["en", "ko"] = setting(
        "en", "Language of the page; a ZIP holds both", advanced=False
    )
    quantity: int | None = setting(
        None,
        "Images wanted; empty: as many as S usually holds within the same radius",
        advanced=False,
        ge=1,
        le=10_000_000,
        title="How many",
    )
    spec_title: str = setting(
        "", "Headline of the page; empty: a sentence with the quantity", max_length=200
    )
    note: str = setting("", "Remarks for whoever collects: route, hours, contact", max_length=2000)
    spec_delta: float | None = setting(
        None,
        "From this distance to S on an image counts as new; empty: the analysis's own δ",
        ge=0,
        le=2,
        allow_inf_nan=False,
        title="δ of this spec",
    )
    spec_radius: float | None = setting(
        None,
        "Up to this distance from the candidates' centre an image is accepted; empty: as far as "
        "the farthest candidate",
        gt=0,
        le=2,
        allow_inf_nan=False,
        title="Radius of this spec",
    )
    images: int = setting(
        12, "Candidates shown with pictures; all are listed", ge=1, le=200, title="Pictures"
    )
    owned_images_shown: int = setting(
        6, "Images of S shown as what not to collect", ge=0, le=100, title="Pictures of S"
    )
    opacity: float = setting(0.6, "Opacity of heatmaps over their images", ge=0, le=1)
    replace_file: bool = setting(False, "Replace the file if it is there", title="Replace file")


class CheckSpecParams(AnalysisParams):
    """How a Visual Spec's encoder is opened again; what changes vectors comes from the spec."""

    checkpoint: str | None = setting(
        None, "Where the spec's model lies on this machine; empty: where it lay at issue"
    )
    precision: Literal["bf16", "fp16", "fp32"] | None = setting(
        None, "Arithmetic of the model; empty: as at issue"
    )
    device: str | None = setting(None, "cpu, cuda, cuda:1, mps; empty: a GPU when there is one")
    batch_size: int = setting(
        8, "Images at once; halved by itself when memory runs out", ge=1, le=4096
    )
    num_workers: int = setting(4, "Threads that decode images", ge=1, le=64, title="Workers")


class FeatureCacheParams(AnalysisParams):
    """What ``import_feature_cache`` takes in; file names are relative to the cache."""

    cache_dir: str = setting(
        "",
        "Folder with metadata.csv, on the machine that FiftyOne runs on; embeddings.pt, labels.pt, "
        "meta.json and scores_centroid.csv are read where they lie beside it",
        advanced=False,
        title="Cache folder",
    )
    coords_file: str = setting(
        "vis_umap_coords.npy",
        "File with a row for each row of metadata.csv: (n, 2) or (n, 3)",
        advanced=False,
        title="Coordinates",
    )
    image_dir: str | None = setting(
        None,
        "Folder with the images; empty: a card with name, class, status and score is drawn",
        advanced=False,
        title="Image folder",
    )
    mis_csv: str = setting(
        "mis_Qwen_Qwen3-VL-4B-Instruct.csv",
        "What a language model said of misclassified images; several models: mis_A.csv,mis_B.csv",
        advanced=False,
        title="Rationales of misclassified images",
    )
    correct_csv: str = setting(
        "correct_Qwen_Qwen3-VL-4B-Instruct.csv",
        "What it said of correctly classified ones; several models: correct_A.csv,correct_B.csv",
        advanced=False,
        title="Rationales of correct ones",
    )
    image_root: str | None = setting(
        None,
        "Address that the images are served below, https://host/folder: the App then shows them "
        "from there",
        title="Image address",
    )
    color_by: str = setting(
        "ground_truth_word_label", "Field that colours samples in the App", title="Colour by"
    )
    hover: str = setting(
        "file_name,ground_truth_word_label,ground_truth_num_label",
        "Fields shown on each image, with commas between them",
        title="Shown on images",
    )


class ReviewExportParams(Params):
    """Where ``export_reviews`` writes, and what of."""

    folder: str = setting("reviewed", "Folder that the tables go to", advanced=False)
    cache_dir: str | None = setting(
        None,
        "Where the imported cache lies now; empty: where it was imported from",
        title="Cache folder",
    )
    reviewed_only: bool = setting(
        False, "Leave out rows that nobody decided on", advanced=False, title="Reviewed rows only"
    )
    overwrite: bool = setting(False, "Replace tables that lie there", advanced=False)


class FailureParams(AnalysisParams):
    """How gaps are ranked by the failures around them."""

    neighbors: int = setting(
        15,
        "How many of the nearest reviewed samples tell how often things go wrong there",
        ge=1,
        le=1000,
        advanced=False,
        title="Reviewed neighbours",
    )
    model: str = setting(
        "",
        "Language model whose files tell correct from misclassified; empty: the first",
        title="Language model",
    )


class Settings(LoadParams, GapParams, PlotParams, ViewerParams):
    """All settings together: what a ``config.yaml`` may say."""


ParamsT = TypeVar("ParamsT", bound=Params)


def make(params: type[ParamsT], values: dict[str, Any]) -> ParamsT:
    """Validate ``values`` into ``params``; the first mistake becomes an :class:`InputError`."""
    try:
        return params(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or params.__name__
        if first["type"] == "extra_forbidden":
            known = ", ".join(sorted(params.model_fields))
            raise InputError(f"There is no setting {name!r} here; there are: {known}.") from error
        raise InputError(f"{name}: {first['msg']} (given: {first['input']!r}).") from error


def select(params: type[ParamsT], values: Params) -> ParamsT:
    """Narrow ``values`` to the settings that ``params`` knows."""
    return params(**{name: getattr(values, name) for name in params.model_fields})


def keys() -> dict[str, str]:
    """YAML key of each setting that has one, ``{"kcenter.num_select": "k", ...}``."""
    found = {}
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("key"):
            found[str(extra["key"])] = name
    return found


def load_yaml(path: str | Path) -> dict[str, Any]:
    """Read a ``config.yaml`` into settings by name; environment variables in values are expanded.

    Raises
    ------
    InputError
        The file cannot be read, is not a mapping of sections, or has a key nobody knows.
    """
    import yaml

    try:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path} cannot be read as YAML: {error}.") from error
    if document is None:
        return {}
    if not isinstance(document, dict) or not all(isinstance(v, dict) for v in document.values()):
        raise InputError(f"{path} has to be sections with settings, such as `kcenter:`.")
    known, values = keys(), {}
    for section, entries in document.items():
        for entry, value in entries.items():
            key = f"{section}.{entry}"
            if key not in known:
                raise InputError(
                    f"{path}: nobody knows {key!r}; known: {', '.join(sorted(known))}."
                )
            values[known[key]] = _expand(value)
    make(Settings, values)
    return values


def _expand(value: Any) -> Any:
    """Replace ``${NAME}`` by the environment's value; a name that is not set leaves nothing."""
    if not isinstance(value, str) or "$" not in value:
        return value
    expanded = os.path.expandvars(value)
    return None if "$" in expanded else expanded
