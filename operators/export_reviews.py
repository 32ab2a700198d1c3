"""``export_reviews``: the tables of a feature cache with a person's decisions beside the rows."""

from __future__ import annotations

import fiftyone.operators as foo

from ..plugin.dataset.rationales.export import ReviewExport, export_reviews
from ..plugin.progress import Reporter
from ..plugin.settings.rationales import ReviewExportParams
from .step import StepOperator


class ExportReviews(StepOperator):
    operator = "export_reviews"
    label = "Export reviews"
    help = (
        "Write metadata.csv and the rationale tables again, row for row, with the columns "
        "review_decision, review_label, review_note and review_time added."
    )
    icon = "file_download"
    params = ReviewExportParams

    def run(
        self, ctx: foo.ExecutionContext, params: ReviewExportParams, report: Reporter
    ) -> ReviewExport:
        return export_reviews(ctx.dataset, params, report=report)
