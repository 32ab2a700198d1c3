"""``train_sparse_transformer``: a model learns to rebuild a dataset's own frames from few pixels.

Checkpoint, log and weights are in a folder with the model's name, among the models that simulations
and servers choose from; the same name on the same frames goes on where it ended.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...encoders.device import choose_device
from ...errors import Cancelled, InputError, MismatchError
from ...interchange.files.checked import write_text
from ...progress import Progress, Reporter, quiet
from ...results import Result
from ...settings.fields import select
from ...settings.sparse import NOTHING, SparseTrainParams, TrainSequencesParams
from ...sparse.learn.streams import StreamConfig
from ...sparse.learn.train import TrainConfig, Trainer
from ...sparse.network.weights import fingerprint
from ..store import places
from ..store.database import database_failures
from ..store.leases import holds_lease, lease
from ..store.names import Names
from ..store.sets.resolve import Samples, reloaded
from ..store.steps.step import Step
from .clips import Clips, read_clips
from .frames import frames_among, frames_of_videos
from .models import open_registry, trained_here
from .sequences import ordered_sequences

STEP, COMMAND = "trained", "train_sparse_transformer"
ABOUT = "training.json"
FILES = (
    *("checkpoint.safetensors", "weights.safetensors", "best.safetensors", "log.jsonl"),
    ABOUT,
)
"""What a training writes, the file last that says whose it is."""
REMOVING = "removing"
"""In that file, while a training that is begun anew deletes the others."""
LOG_LINES = 8
VALIDATED = 16
"""Clips to validate with at most, of a fifth of them: one frame of each is looked at."""
LEAST_CROP, CROP_STEP = 16, 8


@dataclass(frozen=True, repr=False)
class TrainingResult(Result):
    """What ``train_sparse_transformer`` did.

    ``before`` and ``after`` are the validation (dB) of the model it started from and of the model
    that is kept; ``log`` is a line a validation, the newest last.
    """

    name: str
    fingerprint: str
    step: int
    steps_now: int
    before: float
    after: float
    clips: tuple[int, int, int, int]
    validated: int
    log: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        count, length, height, width = self.clips
        lines = [
            f"model  {self.name} ({self.fingerprint[:8]}), step {self.step}, {self.steps_now} now",
            f"clips  {count} of {length} frames of {width} x {height}, "
            f"the last {self.validated} to validate",
            f"validation  {self.after:.2f} dB, {self.before:.2f} dB before training",
        ]
        for line in self.log[-LOG_LINES:]:
            score = line["validation"]
            checked = "" if score is None else f", validation {score:.2f} dB"
            lines.append(f"step {line['step']}: training {line['psnr']:.2f} dB{checked}")
        return "\n".join([*lines, *self.notes])


@database_failures()
@holds_lease(COMMAND, STEP)
def train_sparse_transformer(
    samples: Samples,
    params: TrainSequencesParams | None = None,
    *,
    report: Reporter = quiet,
) -> TrainingResult:
    """Train a reconstruction model on sequences of a dataset.

    Parameters
    ----------
    samples
        Dataset or view, of images or videos.
    report
        Stages ``Reading`` and ``Training``; ``Cancelled`` from the latter keeps every step.

    Raises
    ------
    EmptySetError
        Fewer than two clips.
    InputError
        Frames too small, a field that cannot be used, or a name that is not to be had.
    MismatchError
        A model of that name learned from other frames or another start, and ``overwrite`` is off.
    UnknownModelError
        The model to start from is unknown.

    Examples
    --------
    >>> train_sparse_transformer(dataset, TrainSequencesParams(model_name="dusk"))  # doctest: +SKIP
    """
    params = params or TrainSequencesParams()
    if params.model_name in ("default", NOTHING):
        raise InputError(f"{params.model_name!r} means another model here; give yours a name.")
    dataset = reloaded(samples)
    settings = params.model_dump(mode="json")
    step = Step(STEP, dataset, Names(params.model_name), settings, {})
    samples = frames_among(samples, params.slices)
    if dataset.media_type == "video":
        samples = frames_of_videos(samples, progress=report("Frames"))
    ordered = ordered_sequences(samples, params.sequence_field, params.order_field)
    clips = read_clips(ordered.sequences, params, progress=report("Reading"))
    folder = places.inside(places.sparse_models() / params.model_name)
    with lease(None, f"{STEP}/{folder}", COMMAND, what=f"the model {params.model_name!r}"):
        return _trained(step, params, ordered.notes, clips, folder, report("Training"))


def _trained(
    step: Step,
    params: TrainSequencesParams,
    notes: Sequence[str],
    clips: Clips,
    folder: Path,
    progress: Progress,
) -> TrainingResult:
    """Train in the folder, which datasets share and this run alone writes."""
    trainer, about = _opened(clips, params, folder, step)
    step.inputs = {**about, "folder": str(folder), "skipped": len(clips.skipped)}
    step.begin()
    first = trainer.step
    try:
        trainer.run(progress)
    except Cancelled:
        trainer.save()
        raise
    log = tuple(line for line in _log(folder) if line["validation"] is not None)
    before = about["before"]
    after = max((line["validation"] for line in log), default=before)
    notes = [*notes, *clips.notes]
    if trainer.step < params.steps:
        notes.append(f"Stopped early: no better validation for {params.patience} steps.")
    if log and after <= before:
        notes.append("No validation was better than before training: keep the model it began with.")
    trained = TrainingResult(
        params.model_name,
        fingerprint(trained_here()[params.model_name]),
        trainer.step,
        trainer.step - first,
        before,
        after,
        clips.frames.shape,
        len(trainer.held_out),
        log,
        tuple(notes),
        step.seconds,
    )
    lists = {name: list(getattr(trained, name)) for name in ("clips", "log", "notes")}
    step.complete({**vars(trained), **lists})
    return trained


def _opened(
    clips: Clips, params: TrainSequencesParams, folder: Path, step: Step
) -> tuple[Trainer, dict[str, Any]]:
    """The trainer at its last step, and its model's frames, start and quality before."""
    if params.start_from == params.model_name:
        raise InputError(
            f"start_from is {params.model_name!r} itself, and training under that name continues "
            "anyway. Name another start."
        )
    begins = params.start_from != NOTHING
    start = open_registry("cpu").get(params.start_from) if begins else None
    about: dict[str, Any] = {
        "clips": clips.digest,
        "start_from": params.start_from,
        "start": "" if start is None else start.version,
    }
    known = _about(folder)
    if known is None and folder.is_dir() and any(folder.iterdir()):
        raise MismatchError(f"{folder} holds files that no training wrote: choose another name.")
    if known is not None and (params.overwrite or REMOVING in known):
        write_text(folder / ABOUT, json.dumps({REMOVING: True}))  # else a kill leaves half a model
        for name in FILES:
            (folder / name).unlink(missing_ok=True)
            step.at(f"removed {name}")
    elif known is not None and about.items() <= known.items():
        about = known
    elif known is not None:
        raise MismatchError(
            f"A model {params.model_name!r} exists that learned from other frames or started from "
            "another model. Choose another name, or overwrite to start again."
        )
    height, width = clips.frames.shape[2:]
    crop = min(StreamConfig.crop, min(height, width) // CROP_STEP * CROP_STEP)
    if crop < LEAST_CROP:
        raise InputError(
            f"Frames of {width} x {height} are too small to learn from: {LEAST_CROP} pixels a side "
            "are needed. Give a larger working size."
        )
    every = params.validate_every
    settings = dict(select(SparseTrainParams, params))
    trainer = Trainer(
        clips.frames,
        folder,
        TrainConfig(
            **settings, stream=StreamConfig(crop=crop), save_every=every, validate_every=every
        ),
        None if start is None else start.model.config,
        str(choose_device(params.device)),
        held_out=min(VALIDATED, max(1, len(clips.frames) // 5)),
    )
    if (folder / "checkpoint.safetensors").exists():
        trainer.resume()
    elif start is not None:
        trainer.model.load_state_dict(start.model.state_dict())
        trainer.mean.load_state_dict(start.model.state_dict())
    if "before" not in about:
        about["before"] = trainer.validate()
        write_text(folder / ABOUT, json.dumps(about))
    return trainer, about


def _about(folder: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found


def _log(folder: Path) -> list[dict[str, Any]]:
    file = folder / "log.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [json.loads(line) for line in lines]
