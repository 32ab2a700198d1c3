"""``stop``: the button that ends Gapsphere's work on this dataset after its batch."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.types import RiskLevel

from ..plugin.dataset.work import told


class Stop(foo.Operator):
    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="stop",
            label="Gapsphere: Stop the running work",
            description="End the work on this dataset after its batch; what is done is kept.",
            icon="stop_circle",
            risk_level=RiskLevel.LOW,
        )

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        return types.Placement(
            types.Places.SAMPLES_GRID_SECONDARY_ACTIONS,
            types.Button(label="Stop Gapsphere's work", icon="stop_circle", prompt=False),
        )

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        told.stop(ctx.dataset)
        ctx.ops.notify("Gapsphere stops after its batch; what is done is kept.", variant="info")
        return {}
