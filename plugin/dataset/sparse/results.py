"""The results of a simulation on the samples: their fields, values, means and tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import fiftyone as fo
import numpy as np

from ...errors import GapsphereError, MismatchError
from ...sparse.frames.coords import resolution_to_wire, uv_of
from ...sparse.measure.playback import PlayedFrame
from ...sparse.network.importance import scaled
from ..store.database import counted
from ..store.fields.appearance import hide_at_first
from ..store.fields.ownership import refuse_foreign
from ..store.fields.skipped import tag_skipped
from ..store.names import Names
from ..store.samples import flat
from ..store.sets.resolve import resolve
from .files import SimulationState
from .frames import read_frame
from .job import Job, Tally, told
from .sequences import FrameSequence, frames_of, ordered_sequences
from .simulations import plain

Means = dict[str, dict[str, Any]]
CLEARING = "clearing"
"""Of a running record's inputs: the fields still hold results of other settings."""


def claim(job: Job) -> Means:
    """Begin a job's step on the suffix's fields; the means of the sequences that still hold.

    MismatchError where the fields hold something else and ``overwrite`` is off, InputError where
    one is the user's or the word that names S means nothing.
    """
    dataset, names, step = job.dataset, job.names, job.step
    resolve(dataset, job.params.owned)
    refuse_foreign(dataset, names, step.writes)
    first_pixels = job.params.keypoints and not dataset.has_field(names.measured)
    earlier = step.earlier
    known = Means()
    inputs = {} if earlier is None else earlier.inputs
    goes_on = inputs.get("recipe") == job.recipe
    if earlier is not None and goes_on and CLEARING not in inputs:
        known = _still_there(job, plain(earlier.results.get("sequences", {})))
        step.begin(told(job, Tally(means=known)))
        if job.params.overwrite:
            for sequence in job.ordered.sequences:
                job.files.forget(sequence.value)
    else:
        _clear_other(job, asked=job.params.overwrite or goes_on)
    job.files.sign()
    _show(dataset, names, pixels=first_pixels)
    return known


def _still_there(job: Job, known: Means) -> Means:
    """Means of sequences that have frames: whole ones may have been deleted since."""
    there = {sequence.value for sequence in job.ordered.sequences}
    if not there.issuperset(known):  # else the frames of the whole dataset are not asked for
        frames, params = flat(job.dataset), job.params
        found = ordered_sequences(frames, params.sequence_field, params.order_field).sequences
        there.update(sequence.value for sequence in found)
    return {value: means for value, means in known.items() if value in there}


def _clear_other(job: Job, *, asked: bool) -> None:
    """Begin with empty fields: results of other settings go, where that was asked for."""
    dataset, names, step = job.dataset, job.names, job.step
    held = [name for name in job.figures if dataset.has_field(name)]
    taken = next((name for name in held if counted(flat(dataset).exists(name))), None)
    if taken and not asked:
        told_of = {} if step.earlier is None else step.earlier.results
        by = told_of.get("policy", "an unrecorded run")
        raise MismatchError(
            f"{taken!r} holds results of {by} with other settings or another model. "
            "Use a suffix to keep both, or overwrite to replace them."
        )
    inputs = step.inputs
    step.inputs = {**inputs, CLEARING: True}
    step.begin(told(job, Tally()))
    if names.reconstruction in held:
        clear(job, flat(dataset).exists(names.reconstruction).values("id"))
    step.at("cleared")
    job.files.clear()
    step.now(inputs)


def write(job: Job, block: Sequence[tuple[str, PlayedFrame]]) -> None:
    """Write pictures and fields of played frames, each with its sample's id."""
    columns: dict[str, dict[str, Any]] = {name: {} for name in job.figures}
    for sample_id, played in block:
        for name, value in _values(job, sample_id, played).items():
            columns[name][sample_id] = value
    for name, values in columns.items():
        if values:
            job.dataset.set_values(name, values, key_field="id", progress=False)
            job.step.at(f"wrote {name}")


def clear(job: Job, ids: Sequence[str]) -> None:
    """Remove the results of samples, and their pictures."""
    for name in (job.names.is_hard, *job.figures):  # the one that tells goes last
        if ids and job.dataset.has_field(name):
            job.dataset.set_values(name, dict.fromkeys(ids), key_field="id", progress=False)
    job.files.drop(ids)


def clear_sequence(job: Job, sequence: FrameSequence) -> None:
    """Remove the results of a sequence."""
    simulated = flat(job.dataset).exists(job.names.reconstruction)
    field = job.ordered.sequence_field
    clear(job, frames_of(simulated, field, sequence.value, sequence.slice).values("id"))


def holds(job: Job, reached: SimulationState, paths: Mapping[str, str]) -> bool:
    """Whether the samples have what was written, and what was skipped still cannot be read.

    ``paths`` are those of the samples now.
    """
    failed = {item.id for item in reached.skipped}
    written = [sample_id for sample_id in reached.ids if sample_id not in failed]
    view = flat(job.dataset).select(written, ordered=False).exists(job.names.reconstruction)
    if counted(view) < len(written):
        return False
    skipped = (paths.get(item.id, item.path) for item in reached.skipped)
    return not any(_readable(path, job.params.side) for path in skipped)


def means(job: Job, reached: SimulationState) -> dict[str, Any]:
    """Figures of a sequence, as :class:`~.simulations.Simulation` has them.

    ``psnr_later`` is of the ``frames_later`` after warm-up: those before are drawn evenly, whatever
    the policy.
    """
    names = job.names
    view = flat(job.dataset).select(reached.ids, ordered=False).exists(names.reconstruction)
    ids, psnr, ssim, count = view.values(["id", names.psnr, names.ssim, names.n_samples])
    of = dict(zip(ids, psnr, strict=True))
    in_order = [of[sample_id] for sample_id in reached.ids if sample_id in of]
    later = in_order[job.params.warmup_frames :]
    size = None if reached.state is None else resolution_to_wire(reached.state.resolution)
    return {
        "frames": len(psnr),
        "skipped": len(reached.skipped),
        "psnr": _mean(psnr),
        "frames_later": len(later),
        "psnr_later": _mean(later),
        "ssim": _mean(ssim),
        "n_samples": _mean(count),
        "resolution": size,
    }


def tag(job: Job, reached: SimulationState) -> None:
    """Tag the frames that failed; one that works loses the tag unless it has no embedding."""
    failed = [item.id for item in reached.skipped]
    tag_skipped(job.dataset, job.names, reached.ids, failed, embedded=True)


def _values(job: Job, sample_id: str, played: PlayedFrame) -> dict[str, Any]:
    names, step = job.names, played.step
    values: dict[str, Any] = {
        names.psnr: played.psnr,
        names.ssim: None if np.isnan(played.ssim) else played.ssim,
        names.reconstruction_error: played.error,
        names.n_samples: len(played.pixels),
        names.scene_cut: step.cut,
        names.reconstruction: job.files.keep("reconstruction", sample_id, step.frame),
    }
    if step.importance is not None:
        values[names.importance_mean] = float(step.importance.mean())
        path = job.files.keep("importance", sample_id, scaled(step.importance))
        values[names.importance] = fo.Heatmap(map_path=path, range=[0, 255])
    if job.params.keypoints:
        points = uv_of(played.pixels, step.state.resolution).tolist()
        pixels = fo.Keypoint(label="pixel", points=points)
        values[names.measured] = fo.Keypoints(keypoints=[pixels])
    return values


def _show(dataset: fo.Dataset, names: Names, *, pixels: bool) -> None:
    """Let the App show reconstructions as media, and hide new ``pixels`` until they are ticked."""
    if pixels:
        # Hundreds of dots would cover a thumbnail.
        hide_at_first(dataset, names.measured, instead=names.psnr)
    config = dataset.app_config
    if names.reconstruction not in config.media_fields:
        config.media_fields = [*config.media_fields, names.reconstruction]
        config.media_fallback = True  # frames that were not simulated show themselves
        dataset.save()


def _readable(path: str, side: int) -> bool:
    try:
        read_frame(path, side, 1)
    except (GapsphereError, MemoryError):
        return False
    return True


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
