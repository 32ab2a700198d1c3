"""The simulations of sparse sampling that a dataset has, to show and compare.

One simulation is one policy, run closed-loop over sequences of frames; its fields and its run share
one suffix, so that several policies are kept side by side.  This module only reads and does not
import torch; :mod:`.simulate` writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ..store import runs
from ..store.names import Names
from ..store.samples import Samples
from .sequences import ORDERS, UNTOLD, as_numbers, field_of, frames_of, in_order

STEP = "sparse"
_NUMBERS = (fo.IntField, fo.FloatField)
_REMEDY = "rename or delete it, then simulate again"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Simulation:
    """One policy over sequences of a dataset.

    ``sequences`` has by the sequence's value, as text: ``frames`` (simulated), ``skipped``, means
    ``psnr`` (dB), ``ssim`` and ``n_samples`` (None where nothing was simulated), ``psnr_later`` of
    the ``frames_later`` after warm-up, and the working ``resolution`` as [width, height].
    ``slice`` is the slice of groups that the value ends in.
    ``sample_count`` pixels a frame were asked for; with a density or a wanted quality, see
    ``n_samples``.
    """

    suffix: str
    policy: str
    names: Names
    sequence_field: str | None
    order_field: str | None
    sequences: Mapping[str, Mapping[str, Any]]
    sample_count: int
    model: str
    fingerprint: str
    created: str
    params: Mapping[str, Any]
    inputs: Mapping[str, Any]

    @property
    def psnr(self) -> float:
        """Mean over all frames, in dB; NaN where there is none."""
        mean = frame_mean(self.sequences.values(), "psnr")
        return float("nan") if mean is None else mean

    def frames(self, samples: Samples, sequence: str) -> Samples:
        """The frames of a sequence."""
        told = self.sequences.get(sequence, {})
        return frames_of(samples, self.sequence_field, sequence, told.get("slice", UNTOLD))


@dataclass(frozen=True, eq=False)
class Curve:
    """One sequence of one simulation, in the frames' order; NaN where a frame was not simulated.

    ``ids`` 24 hex digits a frame; the others float64 (n,): ``numbers`` frame numbers, ``psnr`` in
    dB, ``ssim``, ``n_samples``, ``reconstruction_error`` in grey levels.
    """

    ids: list[str]
    numbers: Floats
    psnr: Floats
    ssim: Floats
    n_samples: Floats
    reconstruction_error: Floats


def simulations(dataset: fo.Dataset) -> list[Simulation]:
    """Every simulation of a dataset, the one without a suffix first, then by suffix.

    InputError where a run of that name is not the record of a simulation.
    """
    found = []
    for suffix in runs.suffixes(dataset, STEP):
        names = Names(suffix)
        record = runs.read(dataset, names, STEP)
        if record is not None and record.step == STEP:
            try:
                found.append(_simulation(names, record))
            except (KeyError, TypeError) as error:
                key = names.run_key(STEP)
                raise InputError(
                    f"The run {key!r} is not the record of a simulation ({error} is missing or "
                    f"wrong): dataset.delete_run({key!r}), then simulate again with overwrite."
                ) from error
    return found


def curve(samples: Samples, simulation: Simulation, sequence: str) -> Curve:
    """Figures of a sequence's frames in ``samples``.

    InputError where the sequence's field is gone, or a field is no longer what was written.
    """
    names, order = simulation.names, simulation.order_field
    columns = (names.psnr, names.ssim, names.n_samples, names.reconstruction_error)
    for name in columns:
        field_of(samples, name, _NUMBERS, f"hold a curve: {_REMEDY}")
    if order:
        field_of(samples, order, ORDERS, f"order frames: {_REMEDY}")
    samples = simulation.frames(samples, sequence)
    wanted = ["id", "filepath", *(name for name in (order, *columns) if name)]
    there = [name for name in wanted if samples.has_field(name)]
    read = dict(zip(there, samples.values(there), strict=True))
    none = [None] * len(read["id"])
    numbers = read.get(order or "", none)
    place = in_order(numbers, read["filepath"])
    figures = [np.array(read.get(name, none), np.float64)[place] for name in columns]
    return Curve(
        [read["id"][at] for at in place], as_numbers([numbers[at] for at in place]), *figures
    )


def frame_mean(
    sequences: Iterable[Mapping[str, Any]], name: str, weight: str = "frames"
) -> float | None:
    """Mean of a figure over all frames of all sequences that have it."""
    known = [(means[weight], means[name]) for means in sequences if means.get(name) is not None]
    frames = sum(count for count, _ in known)
    return sum(count * value for count, value in known) / frames if frames else None


def plain(value: Any) -> Any:
    """A record's value without the database's own lists and dictionaries."""
    return json.loads(json.dumps(value))


def _simulation(names: Names, record: runs.Record) -> Simulation:
    results, inputs = record.results, record.inputs
    return Simulation(
        names.suffix,
        results["policy"],
        names,
        results["sequence_field"],
        results["order_field"],
        plain(results["sequences"]),
        record.params["sample_count"],
        inputs["model"],
        inputs["fingerprint"],
        record.created,
        record.params,
        inputs,
    )
