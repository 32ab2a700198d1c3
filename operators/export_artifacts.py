"""``export_artifacts``: the analysis as files that other programs read."""

from __future__ import annotations

import fiftyone.operators as foo

from ..plugin.dataset.gaps.artifacts import ArtifactExport, export_artifacts
from ..plugin.progress import Reporter
from ..plugin.settings.fields import select
from ..plugin.settings.steps import ExportParams, PlotParams, SetParams
from .step import StepOperator


class ExportArtifacts(StepOperator):
    operator = "export_artifacts"
    label = "Export artifacts"
    help = (
        "Write embeddings, coordinates, distances, picks and a 3D plot that opens offline: "
        "embed_*.npz, umap3d_*.npy, nn_U_to_S.npy, coverage.json, kcenter_indices.json, ..."
    )
    icon = "file_download"
    params = ExportParams

    def run(
        self, ctx: foo.ExecutionContext, params: ExportParams, report: Reporter
    ) -> ArtifactExport:
        return export_artifacts(
            ctx.dataset,
            params.folder,
            select(SetParams, params),
            select(PlotParams, params),
            overwrite=params.overwrite,
        )
