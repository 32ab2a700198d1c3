"""The δ bar: the gaps at a δ and what they are of, the grid of them, and taking a δ."""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np

from ...plugin.coverage.breakdown import value_counts
from ...plugin.coverage.words import counted, decimals
from ...plugin.dataset.gaps import deltas
from ...plugin.dataset.gaps.analysis import Analysis
from ...plugin.dataset.gaps.coverage.coverage import CoverageResult
from ...plugin.errors import InputError
from ...plugin.progress import Reporter
from .. import work
from . import actions
from .colours import main_entry
from .contract_pages import CLASSES_MAX


def gaps_at(found: Analysis, delta: float, field: str | None) -> dict[str, Any]:
    """How many gaps there are, counted by ``field`` or by the field that tells most."""
    rows = np.flatnonzero(deltas.gaps_at(found, delta))
    field = field or deltas.field_to_count_by(found)
    counts: list[tuple[str, int]] = []
    if field is not None:
        values = deltas.values_of(found, field)
        of = (values[row] for row in rows.tolist())
        counts = value_counts(main_entry(one) if isinstance(one, list) else one for one in of)
    shown = counts[:CLASSES_MAX]
    return {
        "gaps": len(rows),
        "field": field,
        "classes": [{"value": value, "gaps": count} for value, count in shown],
        "others": len(rows) - sum(count for _, count in shown),
    }


def show(ctx: foo.ExecutionContext, found: Analysis, delta: float) -> dict[str, Any]:
    """Put the gaps at a δ into the grid."""
    gaps = int(deltas.gaps_at(found, delta).sum())
    if not gaps:
        raise InputError("No candidate lies beyond this δ.")
    actions.unlink(ctx)
    ctx.ops.set_view(deltas.gap_view(found, delta))
    return {"message": f"The grid shows {counted(gaps, 'gap')}."}


def use(
    ctx: foo.ExecutionContext, found: Analysis, delta: float | None
) -> tuple[dict[str, Any], bool]:
    """Write a δ through to the samples and the run; None takes the one that S gives.

    Returns what is said, and whether it is written already: else it goes on in the background.
    """
    value = None if delta is None else float(delta)

    def write(own: fo.Dataset, report: Reporter) -> CoverageResult:
        return deltas.use_delta(found, value, own, progress=report("Coverage"))

    form = {"suffix": found.names.suffix, "delta": value, "reset_delta": value is None}
    covered = work.waited(ctx, "compute_coverage", "Use δ", write, form)
    if covered is None:
        return {"message": "Writing δ goes on in the background."}, False
    ctx.ops.reload_samples()
    return {"message": f"δ is now {decimals(covered.delta)}: {counted(covered.gaps, 'gap')}."}, True
