"""``import_artifacts``: an analysis made elsewhere becomes samples, fields and runs."""

from __future__ import annotations

import fiftyone.operators as foo

from ..plugin.dataset.gaps.artifacts import ArtifactImport, import_artifacts
from ..plugin.progress import Reporter
from ..plugin.settings.steps import ImportParams
from .step import StepOperator


class ImportArtifacts(StepOperator):
    operator = "import_artifacts"
    label = "Import artifacts"
    help = (
        "Read umap3d_S.npy, umap3d_U.npy, nn_U_to_S.npy, coverage.json, paths_S.json and "
        "paths_U.json, and what else is there, into this dataset. Every shape is checked."
    )
    icon = "file_upload"
    params = ImportParams

    def run(
        self, ctx: foo.ExecutionContext, params: ImportParams, report: Reporter
    ) -> ArtifactImport:
        return import_artifacts(ctx.dataset, params.folder, suffix=params.suffix)
