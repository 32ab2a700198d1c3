"""Simulations, sequences and curves of a view, as the component reads them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import fiftyone as fo
import numpy as np
from fiftyone import ViewField as F
from numpy.typing import NDArray

from ...plugin.dataset.sparse.sequences import ALL, GROUPS, UNTOLD, is_none
from ...plugin.dataset.sparse.simulations import Curve, Simulation, curve, simulations
from ...plugin.dataset.store.database import counted
from ...plugin.dataset.store.names import Names
from ...plugin.dataset.store.samples import all_of, dataset_of, flat, slice_path
from ...plugin.errors import InputError
from ...plugin.vectors.sample_ids import pack_ids
from ..wire import b64
from .contract import METRICS


def stamp(found: list[Simulation]) -> str:
    """A text that changes once a simulation is added, repeated or deleted."""
    return " ".join(f"{one.suffix}@{one.created}" for one in found)


def usable(dataset: fo.Dataset, found: list[Simulation]) -> list[Simulation]:
    """Those whose sequence field is still there, and still names sequences."""
    return [
        one
        for one in found
        if one.sequence_field is None or isinstance(dataset.get_field(one.sequence_field), GROUPS)
    ]


def described(dataset: fo.Dataset, simulation: Simulation) -> dict[str, Any]:
    """A simulation for the list of policies."""
    names = simulation.names
    return {
        "suffix": simulation.suffix,
        "policy": simulation.policy,
        "order": simulation.order_field,
        "importance": dataset.has_field(names.importance),
        "measured": dataset.has_field(names.measured),
    }


def listed(view: fo.DatasetView, found: list[Simulation]) -> list[dict[str, Any]]:
    """Sequences of which the view holds frames; ``psnr`` is each policy's mean over all frames."""
    view, fields = all_of(view), {one.sequence_field for one in found}
    counts = {field: _counts(view, field) for field in fields}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found:
        for value, figures in one.sequences.items():
            frames = counts[one.sequence_field].get((value, figures.get("slice", UNTOLD)), 0)
            if not frames:
                continue
            row = rows.setdefault(
                (one.sequence_field or "", value),
                {
                    "field": one.sequence_field,
                    "value": value,
                    "frames": frames,
                    "whole": 0,
                    "resolution": figures.get("resolution"),
                    "psnr": {},
                },
            )
            row["whole"] = max(row["whole"], figures["frames"] + (figures.get("skipped") or 0))
            row["psnr"][one.suffix] = figures["psnr"]
    return [rows[key] for key in sorted(rows)]


def _counts(view: fo.DatasetView, field: str | None) -> dict[tuple[str, str | None], int]:
    """Frames by a sequence's value and slice, which is None without one, or may be untold.

    Of groups, each value of the field may be a sequence, and each slice of one.
    """
    if field is not None and not view.has_field(field):
        return {}
    camera, view = slice_path(dataset_of(view)), flat(view)
    if camera is None:
        values = {ALL: counted(view)} if field is None else view.count_values(field)
        known = {str(value): count for value, count in values.items() if value is not None}
        return {(name, of): count for name, count in known.items() for of in (None, UNTOLD)}
    slices = view.values(camera)
    values = [ALL] * len(slices) if field is None else view.values(field)
    pairs = [(v, of) for v, of in zip(values, slices, strict=True) if v is not None]
    told = [key for v, of in pairs for key in ((str(v), None), (f"{v} {of}", of))]
    return Counter([*told, *((name, UNTOLD) for name, _ in told)])


def of_sequence(dataset: fo.Dataset, field: str | None, value: str) -> list[Simulation]:
    """The simulations of one sequence; InputError where all were deleted."""
    found = [
        one
        for one in usable(dataset, simulations(dataset))
        if one.sequence_field == field and value in one.sequences
    ]
    if not found:
        raise InputError(
            f"The simulations of the sequence {value!r} were deleted, or their field was: reload "
            f"the panel."
        )
    return found


def curves(view: fo.DatasetView, found: list[Simulation], value: str) -> dict[str, Any]:
    """Every policy's figures, in the order of the first one's frames; InputError without frames."""
    view = all_of(view)
    read = {one.suffix: curve(view, one, value) for one in found}
    first = read[found[0].suffix]
    if not first.ids:
        raise InputError(f"The current view has no frames of the sequence {value!r}.")
    ids = pack_ids(first.ids)
    return {
        "n": len(first.ids),
        "ids": b64(ids),
        "numbers": b64(first.numbers),
        "time": isinstance(view.get_field(found[0].order_field or "id"), fo.DateTimeField),
        "cuts": _cuts(view, found, first.ids),
        "columns": {
            suffix: {
                name: b64(getattr(one, name)[_like(first, one)].astype(np.float32))
                for name in METRICS
            }
            for suffix, one in read.items()
        },
    }


def part(
    view: fo.DatasetView, simulation: Simulation, value: str, start: int, stop: int
) -> fo.DatasetView:
    """Frames ``start`` to before ``stop`` of a sequence, as a view in the frames' order.

    The whole sequence is a short view whatever its length; a part names its frames.  InputError
    where there are none.
    """
    view = all_of(view)
    ids = curve(view, simulation, value).ids
    wanted = ids[max(start, 0) : stop]
    if not wanted:
        raise InputError("The current view has none of these frames.")
    if len(wanted) < len(ids):
        return view.select(wanted, ordered=True)
    order = simulation.order_field
    frames = simulation.frames(view, value)
    by_file = order is None or any(map(is_none, frames.values(order)))
    return frames.sort_by("filepath" if by_file else order)


def home_of(dataset: fo.Dataset, sample_id: str) -> dict[str, Any] | None:
    """The simulated sequence that holds a sample, None if it is in none."""
    found = usable(dataset, simulations(dataset))
    view = flat(dataset).select(sample_id)
    named = {field: _counts(view, field) for field in {one.sequence_field for one in found}}
    for one in found:
        for value, of in named[one.sequence_field]:
            known = one.sequences.get(value)
            if known is not None and known.get("slice", UNTOLD) == of and len(view):
                return {"field": one.sequence_field, "value": value}
    return None


def _like(first: Curve, other: Curve) -> NDArray[np.int64]:
    """The place of each frame of ``first`` in ``other``, which holds the same frames."""
    place = {sample_id: at for at, sample_id in enumerate(other.ids)}
    return np.array([place[sample_id] for sample_id in first.ids])


def _cuts(view: fo.DatasetView, found: list[Simulation], ids: list[str]) -> list[int]:
    """Places of the frames that a policy, or a recorded live session, marked as a scene cut."""
    fields = {Names().scene_cut, *(one.names.scene_cut for one in found)}
    begins = {
        sample_id
        for field in fields
        if view.has_field(field)
        for sample_id in view.match(F(field) == True).values("id")  # noqa: E712  an expression
    }
    return [at for at, sample_id in enumerate(ids) if sample_id in begins]
