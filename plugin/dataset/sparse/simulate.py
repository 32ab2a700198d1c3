"""``simulate_adaptive_sampling``: sequences of a dataset through the closed loop, policy by policy.

Each frame is shown to the live server's loop at the pixels it asked for; what it makes of them, and
how far that is from the frame, goes onto the sample.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ...coverage.words import counted
from ...embeddings.extract import Skipped
from ...errors import Cancelled
from ...progress import Progress, silent
from ...results import Result
from ...settings.sparse import SimulateParams
from ...sparse.loop.build import make_loop
from ...sparse.network.registry import LoadedModel
from ..store.database import database_failures
from ..store.leases import holds_lease
from ..store.sets.resolve import Samples, reloaded
from . import results
from .frames import frames_among, frames_of_videos
from .hard import count_hard, mark_hard
from .job import Job, Tally, policy_name, told
from .models import open_registry
from .run import Player
from .sequences import ordered_sequences
from .simulations import frame_mean

SHOWN_SEQUENCES, SHOWN_SKIPPED = 12, 5


@dataclass(frozen=True, repr=False)
class SimulationResult(Result):
    """What ``simulate_adaptive_sampling`` did.

    ``sequences`` are all of this suffix, as :class:`.simulations.Simulation` has them; ``done``
    frames were played now, ``known`` before; ``hard`` frames have an error above ``hard_above``
    grey levels, None where S was not simulated; ``hard_gaps`` of them are gaps, None where none was
    looked for; ``dataset`` is where it was written: another one for videos.
    """

    dataset: str
    policy: str
    model: str
    sequences: Mapping[str, Mapping[str, Any]]
    done: int
    known: int
    skipped: tuple[Skipped, ...]
    hard: int
    hard_gaps: int | None
    hard_above: float | None
    notes: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        counts = f"{self.done} played, {self.known} already there, {len(self.skipped)} skipped"
        lines = [f"policy  {self.policy} with the model {self.model}", f"frames  {counts}"]
        shown = list(self.sequences.items())
        for name, means in shown[:SHOWN_SEQUENCES]:  # two spaces end a label of the summary
            lines.append(f"{'_'.join(name.split()) or '(empty)'}  {_summary(means)}")
        if len(shown) > SHOWN_SEQUENCES:
            lines.append(f"and {len(shown) - SHOWN_SEQUENCES} more sequences")
        if len(shown) > 1:
            lines.append(f"all  {_summary(_overall(self.sequences.values()))}")
        if self.hard_above is not None:
            gaps = "" if self.hard_gaps is None else f", {self.hard_gaps} of them gaps"
            hard = counted(self.hard, "frame")
            lines.append(f"hard  {hard}{gaps}: error above {self.hard_above:.2f} of 255")
        lines += self.notes
        lines += [f"skipped: {item.reason}" for item in self.skipped[:SHOWN_SKIPPED]]
        return "\n".join(lines)


@database_failures()
@holds_lease("simulate_adaptive_sampling", "sparse")
def simulate_adaptive_sampling(
    samples: Samples,
    params: SimulateParams | None = None,
    *,
    model: LoadedModel | None = None,
    progress: Progress = silent,
) -> SimulationResult:
    """Play sequences to the closed loop and write the results of each frame.

    Writes ``reconstruction`` (path of a PNG, and a media field of the App), ``importance`` (what
    the next pixels were drawn by), ``psnr``, ``ssim``, ``reconstruction_error``,
    ``importance_mean``, ``n_samples``, ``scene_cut`` and ``is_hard``; ``measured`` on request.
    What is there of the same settings and model is not made again; a sequence that has grown goes
    on.  Videos are first made into frames of a dataset ``NAME-frames``, where the results then are.

    Parameters
    ----------
    samples
        Dataset or view.  A view that begins a sequence elsewhere, or leaves frames out, makes
        another sequence of it: its earlier results are replaced.
    model
        In place of the registered model that ``params.checkpoint_key`` names.
    progress
        Called once a frame; ``Cancelled`` from it ends the run after that frame, which is kept.

    Raises
    ------
    EmptySetError
        There are no samples.
    InputError
        A field cannot be used, or the dataset is neither of images nor of videos.
    MismatchError
        The suffix holds results of other settings or another model, and ``overwrite`` is off.
    UnknownModelError
        There is no model of that name.

    Examples
    --------
    >>> params = SimulateParams(pattern="random", suffix="random")
    >>> print(simulate_adaptive_sampling(dataset, params))                # doctest: +SKIP
    """
    params = params or SimulateParams()
    dataset = reloaded(samples)
    samples = frames_among(samples, params.slices)
    notes: list[str] = []
    if dataset.media_type == "video":
        samples = dataset = frames_of_videos(samples, progress=progress)
        notes.append(f"The videos' frames are the dataset {dataset.name!r}; the results are there.")
    ordered = ordered_sequences(samples, params.sequence_field, params.order_field)
    model = model or open_registry(params.device).get(params.checkpoint_key)
    make_loop(params, model.model)  # settings that no loop can follow are refused before anything
    job = Job(dataset, params, model, ordered)
    tally = Tally(means=results.claim(job), notes=[*notes, *ordered.notes])
    player = Player(job, tally, progress)
    try:
        for sequence in ordered.sequences:
            player.play(sequence)
    except Cancelled:
        _close(job, tally)
        raise
    hard_above = _close(job, tally)
    hard, hard_gaps = count_hard(dataset, job.names)
    return SimulationResult(
        dataset.name,
        policy_name(params),
        f"{model.key} ({model.version[:8]})",
        tally.means,
        tally.played,
        tally.known,
        tuple(tally.skipped),
        hard,
        hard_gaps,
        hard_above,
        tuple(tally.notes),
        job.step.seconds,
    )


def _close(job: Job, tally: Tally) -> float | None:
    above = mark_hard(job.dataset, job.names, job.params.owned, job.params.quantile)
    job.step.at("marked")
    job.step.complete(told(job, tally, above))
    return above


def _summary(means: Mapping[str, Any]) -> str:
    if means["psnr"] is None:
        return f"no frame, {means['skipped']} skipped"
    size = "" if means["resolution"] is None else " of {} x {}".format(*means["resolution"])
    ssim = "" if means["ssim"] is None else f", SSIM {means['ssim']:.3f}"
    later = ""
    if means.get("psnr_later") is not None and means["frames_later"] < means["frames"]:
        count = means["frames_later"]
        later = f"; after warm-up {means['psnr_later']:.2f} dB, {count} frames"
    return (
        f"{means['psnr']:.2f} dB{ssim}, {means['frames']} frames, "
        f"{means['n_samples']:.0f} pixels{size}{later}"
    )


def _overall(sequences: Collection[Mapping[str, Any]]) -> dict[str, Any]:
    totals = {name: sum(means[name] for means in sequences) for name in ("frames", "skipped")}
    figures = {name: frame_mean(sequences, name) for name in ("psnr", "ssim", "n_samples")}
    # A record of before they were told apart says nothing of frames after warm-up.
    figures["psnr_later"] = frame_mean(sequences, "psnr_later", "frames_later")
    totals["frames_later"] = sum(means.get("frames_later", 0) for means in sequences)
    return {**totals, "resolution": None, **figures}
