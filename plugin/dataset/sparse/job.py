"""One simulation: what it plays, with which settings and model, and where its results go."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import fiftyone as fo

from ...embeddings.extract import Skipped
from ...settings.sparse import EVEN, SimulateParams, SparseParams
from ...sparse.loop.build import make_sampler
from ...sparse.network.registry import LoadedModel
from ..store.names import Names
from ..store.step import Step
from .files import SimulationFiles
from .sequences import OrderedFrames
from .simulations import STEP

LISTED = 100
"""Skipped frames that a record lists."""
NOT_SHAPING = {"name", "suffix", "owned", "quantile", "overwrite", "checkpoint_key", "device"}
"""Settings that change no frame's result; the model counts by its fingerprint and its device."""


@dataclass(frozen=True)
class Job:
    """What one call works with."""

    dataset: fo.Dataset
    params: SimulateParams
    model: LoadedModel
    ordered: OrderedFrames

    @cached_property
    def names(self) -> Names:
        return Names(self.params.suffix)

    @cached_property
    def device(self) -> str:
        return str(next(self.model.model.parameters()).device)

    @cached_property
    def recipe(self) -> str:
        """Digest, 12 hex digits, of all that shapes a frame's result but the frames themselves."""
        shaping = self.params.model_dump(mode="json", exclude=NOT_SHAPING)
        shaping["sequence_field"] = self.ordered.sequence_field
        shaping["order_field"] = self.ordered.order_field
        shaped = json.dumps([self.model.version, self.device, shaping], sort_keys=True)
        return hashlib.sha256(shaped.encode()).hexdigest()[:12]

    @cached_property
    def files(self) -> SimulationFiles:
        return SimulationFiles(self.dataset, self.names, self.recipe)

    @cached_property
    def step(self) -> Step:
        inputs = {
            "model": self.model.key,
            "fingerprint": self.model.version,
            "device": self.device,
            "recipe": self.recipe,
            "folder": str(self.files.folder),
        }
        settings = self.params.model_dump(mode="json")
        return Step(STEP, self.dataset, self.names, settings, inputs)

    @property
    def figures(self) -> tuple[str, ...]:
        names = self.names
        return (
            names.psnr, names.ssim, names.reconstruction_error, names.importance_mean,
            names.n_samples, names.scene_cut, names.importance, names.measured,
            names.reconstruction,
        )  # fmt: skip


@dataclass
class Tally:
    """What a call has done so far.

    ``played`` frames now, ``known`` before; ``means`` of every sequence under the suffix, as
    :class:`~.simulations.Simulation` has them.
    """

    played: int = 0
    known: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    means: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def policy_name(params: SparseParams) -> str:
    """The policy in a few words.

    >>> policy_name(SparseParams()), policy_name(SparseParams(pattern="uniform"))
    ('dispersion, diffusion', 'blue noise')
    """
    if params.pattern in EVEN:
        even = EVEN[params.pattern]
        return "blue noise" if even == "blue" else even
    extra = getattr(make_sampler(params), "extra", "none")
    third = "" if extra == "none" else f", {extra}"
    return f"{params.signal}, {params.method}{third}"


def record(job: Job, tally: Tally, hard_above: float | None = None) -> None:
    """Keep on the dataset what was done so far."""
    results = {
        "policy": policy_name(job.params),
        "sequence_field": job.ordered.sequence_field,
        "order_field": job.ordered.order_field,
        "sequences": tally.means,
        "hard_above": hard_above,
        "played": tally.played,
        "already_there": tally.known,
        "skipped_count": len(tally.skipped),
        "skipped": [asdict(item) for item in tally.skipped[:LISTED]],
        "notes": tally.notes,
        "seconds": job.step.seconds,
    }
    job.step.complete(results)
