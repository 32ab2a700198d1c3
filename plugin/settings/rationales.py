"""Parameters of feature caches, the reviews of their rationales, and failures around gaps."""

from __future__ import annotations

from . import fields
from .fields import Params, setting
from .steps import AnalysisParams


class FeatureCacheParams(AnalysisParams, section="cache"):
    """What ``import_feature_cache`` reads; file names are relative to the cache."""

    cache_dir: str = setting(
        "",
        "Folder with metadata.csv, on the machine that FiftyOne runs on; embeddings.pt, labels.pt, "
        "meta.json and scores_centroid.csv are read if they are beside it",
        key="cache.dir",
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
        "A language model's rationales for misclassified images; several models: "
        "mis_A.csv,mis_B.csv",
        advanced=False,
        title="Rationales of misclassified images",
    )
    correct_csv: str = setting(
        "correct_Qwen_Qwen3-VL-4B-Instruct.csv",
        "Its rationales for correctly classified images; several models: "
        "correct_A.csv,correct_B.csv",
        advanced=False,
        title="Rationales of correct images",
    )
    image_root: str | None = setting(
        None,
        "URL of the folder that serves the images, https://host/folder: the App then loads them "
        "from there",
        title="Image URL",
    )
    color_by: str = setting("ground_truth_word_label", "Field that colours samples in the App")
    hover: str = setting(
        "file_name,ground_truth_word_label,ground_truth_num_label",
        "Fields shown on each image, separated by commas",
        title="Shown on images",
    )


class ReviewExportParams(Params, section="reviews"):
    """Which tables ``export_reviews`` writes, and where to."""

    folder: str = setting("reviewed", "Folder that the tables are written to", advanced=False)
    cache_dir: str | None = setting(
        None,
        "Location of the imported cache; empty: where it was imported from",
        title="Cache folder",
    )
    reviewed_only: bool = setting(
        False, "Leave out rows without a decision", advanced=False, title="Reviewed rows only"
    )
    overwrite: bool = fields.overwrite("Replace tables that exist", advanced=False)


class FailureParams(AnalysisParams, section="failures"):
    """How gaps are ranked by the failures around them."""

    neighbors: int = setting(
        15,
        "Number of nearest reviewed samples that give the failure rate around a gap",
        ge=1,
        le=1000,
        advanced=False,
        title="Reviewed neighbours",
    )
    model: str = setting(
        "",
        "Language model whose files say which images are misclassified; empty: the first",
        title="Language model",
    )
