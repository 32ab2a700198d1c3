"""Sparse sampling: play a dataset's sequences through the closed loop, and train on them.

What brings torch is imported when it is used: the App loads every operator at its start.
"""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.types import RiskLevel

from ..plugin.settings.fields import Params
from ..plugin.settings.sparse import NOTHING, SimulateParams, TrainSequencesParams
from .last_run import LastRun
from .step import StepOperator
from .widgets import choose, to_top


class SimulateAdaptiveSampling(StepOperator):
    operator = "simulate_adaptive_sampling"
    label = "Simulate adaptive sampling"
    help = (
        "Play sequences of frames as if only a few pixels of each could be measured: where they "
        "go, how well the frame is rebuilt from them, and which frames are hard. Another policy "
        "under another suffix is kept beside it. What is done already is skipped."
    )
    icon = "grain"
    params = SimulateParams
    remembers = ("sparse",)
    unasked = ("name", "epsilon", "sentinel_value")  # of configurations and checkpoints
    risk = RiskLevel.HIGH  # overwriting deletes the pictures of the simulation before
    on_target = True
    long = True

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object, last: LastRun) -> None:
        _choose(ctx, inputs, self.params, "checkpoint_key")
        super().extend_form(ctx, inputs, last)


class TrainSparseTransformer(StepOperator):
    operator = "train_sparse_transformer"
    label = "Train sparse transformer"
    help = (
        "Teach a model to rebuild this dataset's frames from few pixels, starting from a trained "
        "one. Simulations and the live server then choose it by its name; the same name "
        "goes on where it stopped. A step takes about a second."
    )
    icon = "model_training"
    params = TrainSequencesParams
    risk = RiskLevel.HIGH  # overwriting deletes the model before
    on_target = True
    long = True

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object, last: LastRun) -> None:
        _choose(ctx, inputs, self.params, "start_from", NOTHING)
        for name in ("steps", "model_name"):
            to_top(inputs, name)
        super().extend_form(ctx, inputs, last)


def _choose(
    ctx: foo.ExecutionContext, inputs: types.Object, params: type[Params], model: str, *more: str
) -> None:
    """Offer the models for ``model``, and the dataset's own fields for grouping and ordering."""
    from ..plugin.dataset.sparse.models import model_names
    from ..plugin.dataset.sparse.sequences import fields_to_group, fields_to_order

    choose(inputs, params, model, [*model_names(), *more])
    choose(inputs, params, "sequence_field", fields_to_group(ctx.dataset))
    choose(inputs, params, "order_field", fields_to_order(ctx.dataset))
