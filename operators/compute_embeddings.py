"""``compute_embeddings``: images of the target view become unit vectors."""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.gaps.embed import EmbeddingResult, compute_embeddings
from ..plugin.progress import Reporter
from ..plugin.settings.steps import EmbeddingParams
from .step import StepOperator


class ComputeEmbeddings(StepOperator):
    operator = "compute_embeddings"
    label = "Compute embeddings"
    help = (
        "Give every image that has none a unit vector. Each batch is written as soon as it is "
        "done: stop at any time, run again to go on."
    )
    params = EmbeddingParams

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object) -> None:
        ctx.target_view()  # offers the choice of dataset, current view or selection

    def run(
        self, ctx: foo.ExecutionContext, params: EmbeddingParams, report: Reporter
    ) -> EmbeddingResult:
        return compute_embeddings(ctx.target_view(), params, progress=report("Embeddings"))
