"""``simulate_adaptive_sampling``: sequences through the closed loop, results on the samples.

Its imports wait until it is used: they bring torch, and the App loads every operator at its start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.progress import Reporter
from ..plugin.settings.fields import Params
from .form import choose
from .step import StepOperator

if TYPE_CHECKING:
    from ..plugin.dataset.sparse.simulate import SimulationResult


class SimulateAdaptiveSampling(StepOperator):
    operator = "simulate_adaptive_sampling"
    label = "Simulate adaptive sampling"
    help = (
        "Play sequences of frames as if only a few pixels of each could be measured: where they "
        "go, how well the frame is rebuilt from them, and which frames are hard. Another policy "
        "under another suffix is kept beside it. What is done already is skipped."
    )
    icon = "grain"

    def parameters(self) -> type[Params]:
        from ..plugin.settings.sparse import SimulateParams

        return SimulateParams

    def extend_form(self, ctx: foo.ExecutionContext, inputs: types.Object) -> None:
        from ..plugin.dataset.sparse.models import model_names

        choose(inputs, self.parameters(), "checkpoint_key", model_names())
        choose_fields(ctx, inputs, self.parameters())
        ctx.target_view()  # offers the choice of dataset, current view or selection

    def run(self, ctx: foo.ExecutionContext, params: Any, report: Reporter) -> SimulationResult:
        from ..plugin.dataset.sparse.simulate import simulate_adaptive_sampling

        return simulate_adaptive_sampling(ctx.target_view(), params, progress=report("Frames"))


def choose_fields(ctx: foo.ExecutionContext, inputs: types.Object, params: type[Params]) -> None:
    """Offer the dataset's own fields for grouping and ordering, beside the usual names."""
    from ..plugin.dataset.sparse.sequences import fields_to_group, fields_to_order

    choose(inputs, params, "sequence_field", fields_to_group(ctx.dataset))
    choose(inputs, params, "order_field", fields_to_order(ctx.dataset))
