"""One simulation: what it plays, with which settings and model, and where its results go."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import fiftyone as fo

from ...embeddings.extract import Skipped
from ...settings.sparse import EVEN, SimulateParams, SparseParams
from ...sparse.loop.build import make_sampler
from ...sparse.network.registry import LoadedModel
from ..store import runs
from ..store.fields.fields import is_ours
from ..store.fields.ownership import Column, Writes
from ..store.names import Names
from ..store.steps.step import Step
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
        plan = planned(self.dataset, self.names, keypoints=self.params.keypoints)
        return Step(STEP, self.dataset, self.names, settings, inputs, plan)

    @property
    def figures(self) -> tuple[str, ...]:
        """Fields of a frame's own result; ``reconstruction``, the last, tells that it is whole."""
        columns = (column.name for column in self.step.writes.columns)
        return tuple(name for name in columns if name != self.names.is_hard)


def planned(dataset: fo.Dataset, names: Names, *, keypoints: bool = False) -> Writes:
    """What a simulation writes; measured pixels where they are kept, or a run kept them before."""
    before, plan = runs.read(dataset, names, STEP), writes(names)
    recorded = before is not None and bool(before.params.get("keypoints"))
    if keypoints or recorded or is_ours(dataset, names.measured):
        pixels = _measured(names, first=recorded)  # else such a field is the user's
        plan = replace(plan, columns=(pixels, *plan.columns))
    return plan


def writes(names: Names) -> Writes:
    """What every simulation writes on the frames."""
    columns = (
        _column(names.psnr, float, "Reconstruction against the frame at the working size, in dB"),
        _column(
            names.ssim, float, "Structural similarity of the two, as Wang et al. (2004) set it"
        ),
        _column(names.reconstruction_error, float, "Mean absolute error, in grey levels 0 to 255"),
        _column(names.importance_mean, float, "Mean of the importance map, by Gapsphere"),
        _column(names.n_samples, int, "Pixels measured of the frame"),
        _column(names.scene_cut, bool, "Whether the frame was taken for a scene cut"),
        _column(names.is_hard, bool, "Whether the error is above the chosen quantile of S"),
        Column(
            names.importance,
            fo.EmbeddedDocumentField,
            "Where to measure next: each map's top is 255",
            first=True,
            document=fo.Heatmap,
        ),
        _column(names.reconstruction, str, "The frame rebuilt from the measured pixels"),
    )
    return Writes(STEP, columns, compared=False)


def _measured(names: Names, *, first: bool) -> Column:
    return Column(
        names.measured,
        fo.EmbeddedDocumentField,
        "The measured pixels",
        first=first,
        document=fo.Keypoints,
    )


def _column(name: str, kind: type, description: str) -> Column:
    return Column(name, kind, description, first=True)


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


def told(job: Job, tally: Tally, hard_above: float | None = None) -> dict[str, Any]:
    """What the record says of what was done so far."""
    return {
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
