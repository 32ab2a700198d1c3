"""The results of a simulation on the samples: their fields, values, means and tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import fiftyone as fo
import numpy as np

from ...errors import GapsphereError, InputError, MismatchError
from ...sparse.frames.coords import resolution_to_wire, uv_of
from ...sparse.measure.playback import PlayedFrame
from ...sparse.network.importance import scaled
from ..store import fields
from ..store.appearance import hide_at_first
from ..store.database import counted
from ..store.names import Names
from ..store.samples import flat
from ..store.sets import resolve
from ..store.skipped import tag_skipped
from .files import SimulationState
from .frames import read_frame
from .job import Job
from .simulations import plain

Means = dict[str, dict[str, Any]]


def claim(job: Job) -> Means:
    """Take the suffix's fields for a job; the means of the sequences that still hold.

    MismatchError where the fields hold something else and ``overwrite`` is off, InputError where
    one has another type or the word that names S means nothing.
    """
    dataset, names, known = job.dataset, job.names, Means()
    resolve(dataset, job.params.owned)
    record = job.step.earlier
    if record is not None and record.inputs.get("recipe") == job.recipe:
        known = plain(record.results["sequences"])
        if job.params.overwrite:
            for sequence in job.ordered.sequences:
                job.files.forget(sequence.value)
    else:
        held = [name for name in job.figures if dataset.has_field(name)]
        taken = next((name for name in held if counted(flat(dataset).exists(name))), None)
        if taken and not job.params.overwrite:
            by = record.results["policy"] if record else "an unrecorded run"
            raise MismatchError(
                f"{taken!r} holds results of {by} with other settings or another model. "
                "Use a suffix to keep both, or overwrite to replace them."
            )
        if names.reconstruction in held:
            clear(job, flat(dataset).exists(names.reconstruction).values("id"))
        job.files.clear()
    job.files.sign()
    _declare(dataset, names, keypoints=job.params.keypoints)
    return known


def write(job: Job, block: Sequence[tuple[str, PlayedFrame]]) -> None:
    """Write pictures and fields of played frames, each with its sample's id."""
    columns: dict[str, dict[str, Any]] = {name: {} for name in job.figures}
    for sample_id, played in block:
        for name, value in _values(job, sample_id, played).items():
            columns[name][sample_id] = value
    for name, values in columns.items():
        if values:
            job.dataset.set_values(name, values, key_field="id", progress=False)


def clear(job: Job, ids: Sequence[str]) -> None:
    """Remove the results of samples, and their pictures."""
    for name in (*job.figures, job.names.is_hard):
        if ids and job.dataset.has_field(name):
            job.dataset.set_values(name, dict.fromkeys(ids), key_field="id", progress=False)
    job.files.drop(ids)


def clear_sequence(job: Job, value: str) -> None:
    """Remove the results of a sequence."""
    simulated: fo.DatasetView = flat(job.dataset).exists(job.names.reconstruction)
    if job.ordered.sequence_field is not None:
        simulated = resolve(simulated, f"field:{job.ordered.sequence_field}={value}")
    clear(job, simulated.values("id"))


def holds(job: Job, reached: SimulationState) -> bool:
    """Whether the samples have what was written, and what was skipped still cannot be read."""
    failed = {item.id for item in reached.skipped}
    written = [sample_id for sample_id in reached.ids if sample_id not in failed]
    view = flat(job.dataset).select(written, ordered=False).exists(job.names.reconstruction)
    if counted(view) < len(written):
        return False
    return not any(_readable(item.path, job.params.side) for item in reached.skipped)


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


def _declare(dataset: fo.Dataset, names: Names, *, keypoints: bool) -> None:
    for name, kind, description in (
        (names.psnr, float, "Reconstruction against the frame at the working size, in dB"),
        (names.ssim, float, "Structural similarity of the two, as Wang et al. (2004) set it"),
        (names.reconstruction_error, float, "Mean absolute error, in grey levels 0 to 255"),
        (names.importance_mean, float, "Mean of the importance map, by Gapsphere"),
        (names.n_samples, int, "Pixels measured of the frame"),
        (names.scene_cut, bool, "Whether the frame was taken for a scene cut"),
        (names.is_hard, bool, "Whether the error is above the chosen quantile of S"),
        (names.reconstruction, fo.StringField, "The frame rebuilt from the measured pixels"),
    ):
        fields.declare(dataset, name, kind, description)
        _check(name, isinstance(dataset.get_field(name), fields.TYPES.get(kind, kind)))
    labels = [(names.importance, fo.Heatmap, "Where to measure next: each map's top is 255")]
    if keypoints:
        labels.append((names.measured, fo.Keypoints, "The measured pixels"))
        if not dataset.has_field(names.measured):
            # Hundreds of dots would cover a thumbnail.
            hide_at_first(dataset, names.measured, instead=names.psnr)
    for name, label, description in labels:
        if not dataset.has_field(name):
            dataset.add_sample_field(
                name,
                fo.EmbeddedDocumentField,
                embedded_doc_type=label,
                description=description,
            )
        _check(name, getattr(dataset.get_field(name), "document_type", None) is label)
    config = dataset.app_config
    if names.reconstruction not in config.media_fields:
        config.media_fields = [*config.media_fields, names.reconstruction]
        config.media_fallback = True  # frames that were not simulated show themselves
        dataset.save()


def _check(name: str, fits: bool) -> None:
    if not fits:
        raise InputError(
            f"The dataset has a field {name!r} of another type; use a suffix, so that the "
            "simulation's fields have names of their own."
        )


def _readable(path: str, side: int) -> bool:
    try:
        read_frame(path, side, 1)
    except (GapsphereError, MemoryError):
        return False
    return True


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
