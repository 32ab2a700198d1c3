"""``compute_sphere``: S and U on the unit sphere."""

from __future__ import annotations

import fiftyone.operators as foo

from ..plugin.dataset.gaps.sphere import SphereResult, compute_sphere
from ..plugin.progress import Reporter
from ..plugin.settings.steps import SphereParams
from .step import StepOperator


class ComputeSphere(StepOperator):
    operator = "compute_sphere"
    label = "Compute sphere"
    help = (
        "Fit 3D UMAP to S and U together and put every image on the unit sphere, with figures "
        "that say how far to trust it."
    )
    params = SphereParams

    def run(
        self, ctx: foo.ExecutionContext, params: SphereParams, report: Reporter
    ) -> SphereResult:
        return compute_sphere(ctx.dataset, params, progress=report("Sphere"))
