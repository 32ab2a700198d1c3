"""``import_feature_cache``: features and rationales made elsewhere become samples."""

from __future__ import annotations

import fiftyone.operators as foo

from ..plugin.dataset.rationales.import_cache import FeatureCacheResult, import_feature_cache
from ..plugin.errors import InputError
from ..plugin.progress import Reporter
from ..plugin.settings.rationales import FeatureCacheParams
from .step import StepOperator


class ImportFeatureCache(StepOperator):
    operator = "import_feature_cache"
    label = "Import feature cache"
    help = (
        "Read metadata.csv, coordinates, embeddings and what a language model said of each image "
        "into this dataset. Importing again updates; what a person decided stays."
    )
    icon = "file_upload"
    params = FeatureCacheParams

    def run(
        self, ctx: foo.ExecutionContext, params: FeatureCacheParams, report: Reporter
    ) -> FeatureCacheResult:
        if not params.cache_dir.strip():
            raise InputError("Name the cache: the folder that holds metadata.csv.")
        return import_feature_cache(ctx.dataset, params, report=report)
