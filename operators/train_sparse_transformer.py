"""``train_sparse_transformer``: a reconstruction model learns from this dataset's sequences.

Its imports wait until it is used: they bring torch, and the App loads every operator at its start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.progress import Reporter
from ..plugin.settings.fields import Params
from .form import choose, to_top
from .simulate_adaptive_sampling import choose_fields
from .step import StepOperator

if TYPE_CHECKING:
    from ..plugin.dataset.sparse.train import TrainingResult


class TrainSparseTransformer(StepOperator):
    operator = "train_sparse_transformer"
    label = "Train sparse transformer"
    help = (
        "Teach a model to rebuild this dataset's frames from few pixels, starting from a trained "
        "one. Simulations and the live server then choose it by its name; the same name "
        "goes on where it stopped. Better scheduled in the background: a step takes about a second."
    )
    icon = "model_training"

    def parameters(self) -> type[Params]:
        from ..plugin.settings.sparse import TrainSequencesParams

        return TrainSequencesParams

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object) -> None:
        from ..plugin.dataset.sparse.models import model_names
        from ..plugin.settings.sparse import NOTHING

        choose(inputs, self.parameters(), "start_from", [*model_names(), NOTHING])
        choose_fields(ctx, inputs, self.parameters())
        for name in ("steps", "model_name"):
            to_top(inputs, name)
        ctx.target_view()  # offers the choice of dataset, current view or selection

    def run(self, ctx: foo.ExecutionContext, params: Any, report: Reporter) -> TrainingResult:
        from ..plugin.dataset.sparse.train import train_sparse_transformer

        return train_sparse_transformer(ctx.target_view(), params, report=report)
