"""The sparse sampling panel: curves over the frames of a sequence, and the images behind them."""

from __future__ import annotations

from typing import Any

import fiftyone.operators as foo

from ...plugin import PLUGIN
from ...plugin.dataset.sparse.simulations import simulations
from ...plugin.dataset.store.database import is_empty
from ...plugin.dataset.store.fiftyone_internals import is_dynamic_groups
from ...plugin.dataset.store.places import sparse_server
from ...plugin.dataset.store.samples import flat
from ...plugin.errors import EmptySetError, InputError
from ...plugin.sparse.live.state import running_servers
from .. import work
from ..component import ViewPanel, can_prompt
from ..event import answered
from ..own_view import OwnViews
from . import pictures, sequences
from .contract import CHUNK, COMPONENT, EVENTS

SIMULATE = f"{PLUGIN}/simulate_adaptive_sampling"

_views = OwnViews()


class SparseSampling(ViewPanel):
    """How well each policy reconstructs the frames of a sequence, and where it sampled."""

    panel = "sparse_sampling"
    label = "Sparse sampling"
    help = (
        "PSNR over the frames of a sequence for every simulated policy, with the frame, "
        "its reconstruction and its importance, which places the next frame's pixels. Arrow "
        "keys and space move through the frames."
    )
    icon = "grain"
    category = foo.Categories.ANALYZE
    component = COMPONENT
    events = tuple(EVENTS)

    # What the panel asks ------------------------------------------------------------------------

    @answered
    def open(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """The simulations, and their sequences of which the view holds frames."""
        dataset = ctx.dataset
        if dataset is None:
            return {"kind": "no_dataset"}
        can_run = can_prompt(SIMULATE)
        found = simulations(dataset)
        if not found:
            return {"kind": "empty" if is_empty(dataset) else "none", "can_run": can_run}
        usable = sequences.usable(dataset, found)
        if not usable:
            fields = sorted({one.sequence_field or "" for one in found})
            return {"kind": "gone", "fields": fields, "can_run": can_run}
        total = len({(one.sequence_field, key) for one in usable for key in one.sequences})
        if not total:
            return {"kind": "begun", "stamp": sequences.stamp(found)}
        there = sequences.listed(_views.base(ctx), usable)
        return {
            "kind": "ready" if there else "outside",
            "stamp": sequences.stamp(found),
            "simulations": [sequences.described(dataset, one) for one in usable],
            "unusable": len(found) - len(usable),
            "sequences": there,
            "total": total,
            "shown": _views.shown(ctx),
            "can_run": can_run,
        }

    @answered
    def curves(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Ids, frame numbers and every policy's figures of one sequence."""
        field, value = _sequence(ctx)
        found = sequences.of_sequence(ctx.dataset, field, value)
        return sequences.curves(_views.base(ctx), found, value)

    @answered
    def pictures(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        suffixes = [str(suffix) for suffix in ctx.params.get("suffixes") or ()]
        return {"files": pictures.pictures(ctx.dataset, _ids(ctx), suffixes)}

    @answered
    def measured(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Pixels measured of some frames by one policy."""
        return pictures.measured(ctx.dataset, _ids(ctx), str(ctx.params.get("suffix") or ""))

    @answered
    def locate(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """The sequence of the sample that a person opened."""
        return {"home": sequences.home_of(ctx.dataset, _ids(ctx)[0])}

    # What it does to the grid -------------------------------------------------------------------

    @answered
    def show(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Show a sequence, or some frames of it, in the grid and in the frames' order."""
        field, value = _sequence(ctx)
        simulation = sequences.of_sequence(ctx.dataset, field, value)[0]
        start, stop = int(ctx.params["start"]), int(ctx.params["stop"])
        base = _views.base(ctx).view()
        view = sequences.part(base, simulation, value, start, stop)
        what = {"field": field, "value": value, "start": start, "stop": stop}
        _views.show(ctx, base, view, what)
        return {"shown": what}

    @answered
    def back(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        _views.back(ctx)
        return {}

    @answered
    def select(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        ids = _ids(ctx)
        ctx.ops.set_selected_samples(ids)
        return {"selected": len(ids)}

    @answered
    def open_sample(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        sample_id = _ids(ctx)[0]
        view = flat(ctx.view) if is_dynamic_groups(ctx.view) else ctx.view
        if not len(view.select(sample_id)):
            raise EmptySetError(
                "The current view does not have this frame: clear the filters first."
            )
        ctx.ops.open_sample(id=sample_id)
        return {}

    # What goes on beside it ---------------------------------------------------------------------

    @answered
    def pulse(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Whether simulations came or went since ``open``, and the live server's state."""
        found = [] if ctx.dataset is None else simulations(ctx.dataset)
        return {
            "stamp": sequences.stamp(found),
            "server": live_server(),
            "command": "gapsphere sparse serve",
            "work": work.work(ctx.dataset),
        }

    @answered
    def work(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Stop some work, take its last word off, or open the form that goes on with it."""
        return work.end(ctx, ctx.params)

    def simulate(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        ctx.prompt(SIMULATE)
        return {}


def live_server() -> dict[str, Any] | None:
    """The latest server started on this machine, None without one, by the file it keeps."""
    servers = running_servers(sparse_server())
    if not servers:
        return None
    return {"stream": servers[-1].stream, "sessions": servers[-1].sessions}


def _sequence(ctx: foo.ExecutionContext) -> tuple[str | None, str]:
    field = ctx.params.get("field")
    return None if field is None else str(field), str(ctx.params.get("value"))


def _ids(ctx: foo.ExecutionContext) -> list[str]:
    ids = [str(sample_id) for sample_id in ctx.params.get("ids") or ()]
    if not 0 < len(ids) <= CHUNK:
        raise InputError(f"Between 1 and {CHUNK} frames can be requested at once, not {len(ids)}.")
    return ids
