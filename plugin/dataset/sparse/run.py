"""One run of a simulation: each sequence from wherever it stands to its end, block by block.

A block's pictures and fields are written before the loop's state that follows it, so whatever ends
the run, the next one goes on from a frame whose results are there, to the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import fiftyone as fo
import numpy as np

from ...embeddings.extract import Skipped
from ...errors import Cancelled, GapsphereError, InputError, MismatchError
from ...progress import Progress
from ...settings.sparse import SparseParams
from ...sparse.frames.coords import Resolution, resolution_to_wire, uv_of
from ...sparse.loop.build import make_loop
from ...sparse.loop.loop import SamplingLoop
from ...sparse.measure.playback import PlayedFrame, play_frame
from ...sparse.network.registry import LoadedModel
from ..store import fields, runs
from ..store.appearance import hide_at_first
from ..store.database import counted
from ..store.names import Names
from ..store.sets import resolve
from .files import SimulationFiles, SimulationState
from .frames import Frame, read_ahead, read_frame
from .sequences import FrameSequence, OrderedFrames
from .settings import SimulateParams, policy_name, recipe
from .simulations import STEP, plain

BLOCK = 25
"""Frames between two writes: that much work at most is done again after a kill."""
LISTED = 100

Block = list[tuple[str, PlayedFrame]]


@dataclass
class Run:
    """What one call works with, and what it has done so far.

    ``done`` frames were played now, ``known`` before; ``means`` are those of every sequence under
    the suffix, as :class:`.sparse.Simulation` has them.
    """

    dataset: fo.Dataset
    params: SimulateParams
    model: LoadedModel
    ordered: OrderedFrames
    progress: Progress
    notes: list[str]
    done: int = 0
    known: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    means: dict[str, dict[str, Any]] = field(default_factory=dict)
    _behind: int = 0
    _loops: dict[Resolution, SamplingLoop] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = names = Names(self.params.suffix)
        self.total = sum(map(len, self.ordered.sequences))
        self.notes += self.ordered.notes
        self.device = str(next(self.model.model.parameters()).device)
        self.recipe = recipe(self.params, self.ordered, self.model, self.device)
        self.files = SimulationFiles(self.dataset, names, self.recipe)
        self.figures = (
            names.psnr, names.ssim, names.reconstruction_error, names.importance_mean,
            names.n_samples, names.scene_cut, names.importance, names.measured,
            names.reconstruction,
        )  # fmt: skip

    def claim(self) -> None:
        """Take the suffix's fields for these settings.

        Raises
        ------
        MismatchError
            They hold something else, and ``overwrite`` is off.
        InputError
            One of them is of another kind, or S is named by a word that means nothing.
        """
        resolve(self.dataset, self.params.owned)
        record = runs.read(self.dataset, self.names, STEP)
        if record is not None and record.inputs.get("recipe") == self.recipe:
            self.means = plain(record.results["sequences"])
            if self.params.overwrite:
                for sequence in self.ordered.sequences:
                    self.files.forget(sequence.value)
        else:
            held = [name for name in self.figures if self.dataset.has_field(name)]
            taken = next((n for n in held if counted(self.dataset.exists(n))), None)
            if taken and not self.params.overwrite:
                by = record.results["policy"] if record else "something unrecorded"
                raise MismatchError(
                    f"{taken!r} holds results of {by} with other settings or another model. "
                    "Use a suffix to keep both, or overwrite to replace them."
                )
            if self.names.reconstruction in held:
                self._clear(self.dataset.exists(self.names.reconstruction).values("id"))
            self.files.clear()
        self.files.sign()
        self._declare()
        self.record(None)

    def play(self, sequence: FrameSequence) -> None:
        """Bring one sequence to its end; ``Cancelled`` by ``progress`` keeps what was played."""
        reached = self._reached(sequence)
        start = len(reached.ids)
        self.known += start - len(reached.skipped)
        self._behind += start
        self.progress(self._behind, self.total)
        block: Block = []
        paths, channels = sequence.paths[start:], self.model.model.config.channels
        frames = read_ahead(paths, self.params.side, channels)
        try:
            for sample_id, path, frame in zip(sequence.ids[start:], paths, frames, strict=True):
                if isinstance(frame, str):
                    reached.skipped.append(Skipped(sample_id, path, frame))
                else:
                    block.append((sample_id, self._step(frame, reached)))
                    self.done += 1
                reached.ids.append(sample_id)
                self._behind += 1
                if len(block) == BLOCK:
                    self._write(sequence, reached, block)
                self.progress(self._behind, self.total)
        except Cancelled:
            self._finish(sequence, reached, block, start)
            raise
        self._finish(sequence, reached, block, start)

    def record(self, hard_above: float | None, seconds: float = 0.0) -> None:
        """Keep what was done so far on the dataset."""
        inputs = {
            "model": self.model.key,
            "fingerprint": self.model.version,
            "device": self.device,
            "recipe": self.recipe,
            "folder": str(self.files.folder),
        }
        results = {
            "policy": policy_name(self.params),
            "sequence_field": self.ordered.sequence_field,
            "order_field": self.ordered.order_field,
            "sequences": self.means,
            "hard_above": hard_above,
            "played": self.done,
            "already_there": self.known,
            "skipped_count": len(self.skipped),
            "skipped": [asdict(item) for item in self.skipped[:LISTED]],
            "notes": self.notes,
            "seconds": seconds,
        }
        params = self.params.model_dump(mode="json")
        runs.write(self.dataset, self.names, runs.Record(STEP, params, inputs, results))

    # Where a sequence stands ----------------------------------------------------------------------

    def _reached(self, sequence: FrameSequence) -> SimulationState:
        """What holds of an earlier run; else the beginning, with what is stale taken away."""
        reached = self.files.reached(sequence.value)
        if reached is not None:
            common = min(len(reached.ids), len(sequence))
            same = reached.ids[:common] == list(sequence.ids[:common])
            if same and self._holds(reached):
                return replace(reached, ids=reached.ids[:common])  # a view may end earlier
        self.files.forget(sequence.value)
        self.means.pop(sequence.value, None)
        simulated: fo.DatasetView = self.dataset.exists(self.names.reconstruction)
        if self.ordered.sequence_field is not None:
            word = f"field:{self.ordered.sequence_field}={sequence.value}"
            simulated = resolve(simulated, word)
        self._clear(simulated.values("id"))
        return SimulationState()

    def _holds(self, reached: SimulationState) -> bool:
        """Whether the samples have what was written, and what was skipped still cannot be read."""
        failed = {item.id for item in reached.skipped}
        written = [sample_id for sample_id in reached.ids if sample_id not in failed]
        view = self.dataset.select(written, ordered=False).exists(self.names.reconstruction)
        if counted(view) < len(written):
            return False
        return not any(self._readable(item.path) for item in reached.skipped)

    def _readable(self, path: str) -> bool:
        try:
            read_frame(path, self.params.side, 1)
        except (GapsphereError, MemoryError):
            return False
        return True

    # One frame, one block -------------------------------------------------------------------------

    def _step(self, frame: Frame, reached: SimulationState) -> PlayedFrame:
        height, width = resolution = frame.shape[:2]
        if resolution not in self._loops:
            params: SparseParams = self.params
            if self.params.density is not None:
                count = max(1, round(self.params.density * height * width))
                params = params.model_copy(update={"sample_count": count})
            self._loops[resolution] = make_loop(params, self.model.model)
        loop, state = self._loops[resolution], reached.state
        if state is None or state.resolution != resolution:
            reached.restarts += state is not None
            state = loop.start(resolution, seed=self.params.seed)
        played = play_frame(loop, frame, state)
        reached.state = played.step.state
        reached.problems += played.step.problems
        return played

    def _write(self, sequence: FrameSequence, reached: SimulationState, block: Block) -> None:
        """Pictures, then fields, then the state that says so."""
        columns: dict[str, dict[str, Any]] = {name: {} for name in self.figures}
        for sample_id, played in block:
            for name, value in self._values(sample_id, played).items():
                columns[name][sample_id] = value
        for name, values in columns.items():
            if values:
                self.dataset.set_values(name, values, key_field="id", progress=False)
        self.files.save(sequence.value, reached)
        block.clear()

    def _values(self, sample_id: str, played: PlayedFrame) -> dict[str, Any]:
        names, step = self.names, played.step
        values: dict[str, Any] = {
            names.psnr: played.psnr,
            names.ssim: None if np.isnan(played.ssim) else played.ssim,
            names.reconstruction_error: played.error,
            names.n_samples: len(played.pixels),
            names.scene_cut: step.cut,
            names.reconstruction: self.files.keep("reconstruction", sample_id, step.frame),
        }
        if step.importance is not None:
            values[names.importance_mean] = float(step.importance.mean())
            shown = step.importance / max(float(step.importance.max()), 1e-12) * 255
            picture = np.clip(np.rint(shown), 0, 255).astype(np.uint8)
            path = self.files.keep("importance", sample_id, picture)
            values[names.importance] = fo.Heatmap(map_path=path, range=[0, 255])
        if self.params.keypoints:
            points = uv_of(played.pixels, step.state.resolution).tolist()
            pixels = fo.Keypoint(label="pixel", points=points)
            values[names.measured] = fo.Keypoints(keypoints=[pixels])
        return values

    def _finish(
        self, sequence: FrameSequence, reached: SimulationState, block: Block, start: int
    ) -> None:
        """Write what is left of it, tag what could not be read, and take its means."""
        went_on = len(reached.ids) > start
        if went_on:
            self._write(sequence, reached, block)
        self.skipped += reached.skipped
        self._tag(reached)
        name = repr(sequence.value)
        if reached.restarts:
            self.notes.append(
                f"Sequence {name}: its pictures change shape or size {reached.restarts} times, "
                "and sampling started anew at each."
            )
        if reached.problems:
            self.notes.append(
                f"Sequence {name}: {len(reached.problems)} problems were worked around, the "
                f"first: {reached.problems[0]}"
            )
        if went_on or sequence.value not in self.means:
            self.means[sequence.value] = self._means(reached)
            self.means = dict(sorted(self.means.items()))
            self.record(None)

    def _means(self, reached: SimulationState) -> dict[str, Any]:
        names = self.names
        view = self.dataset.select(reached.ids, ordered=False).exists(names.reconstruction)
        psnr, ssim, count = view.values([names.psnr, names.ssim, names.n_samples])
        size = None if reached.state is None else resolution_to_wire(reached.state.resolution)
        return {
            "frames": len(psnr),
            "skipped": len(reached.skipped),
            "psnr": _mean(psnr),
            "ssim": _mean(ssim),
            "n_samples": _mean(count),
            "resolution": size,
        }

    # Tags and fields ------------------------------------------------------------------------------

    def _tag(self, reached: SimulationState) -> None:
        """Tag the frames that failed; one that works loses the tag unless it has no embedding."""
        tag, failed = self.names.skipped_tag, [item.id for item in reached.skipped]
        works = self.dataset.select(reached.ids, ordered=False).match_tags(tag)
        works = works.exclude(failed) if failed else works
        if self.dataset.has_field(self.names.embedding):
            works = works.exists(self.names.embedding)
        if counted(works):
            works.untag_samples(tag)
        if failed:
            self.dataset.select(failed, ordered=False).tag_samples(tag)

    def _clear(self, ids: Sequence[str]) -> None:
        """Take results off samples, and their pictures away."""
        for name in (*self.figures, self.names.is_hard):
            if ids and self.dataset.has_field(name):
                none = dict.fromkeys(ids)
                self.dataset.set_values(name, none, key_field="id", progress=False)
        self.files.drop(ids)

    def _declare(self) -> None:
        names, dataset = self.names, self.dataset
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
            self._check(name, isinstance(dataset.get_field(name), fields.TYPES.get(kind, kind)))
        labels = [(names.importance, fo.Heatmap, "Where to measure next: each map's top is 255")]
        if self.params.keypoints:
            labels.append((names.measured, fo.Keypoints, "The measured pixels"))
            if not dataset.has_field(names.measured):
                # Hundreds of dots over a thumbnail leave nothing of it to see.
                hide_at_first(dataset, names.measured, instead=names.psnr)
        for name, label, description in labels:
            if not dataset.has_field(name):
                dataset.add_sample_field(
                    name,
                    fo.EmbeddedDocumentField,
                    embedded_doc_type=label,
                    description=description,
                )
            found = getattr(dataset.get_field(name), "document_type", None)
            self._check(name, found is label)
        config = dataset.app_config
        if names.reconstruction not in config.media_fields:
            config.media_fields = [*config.media_fields, names.reconstruction]
            config.media_fallback = True  # frames that were not simulated show themselves
            dataset.save()

    def _check(self, name: str, fits: bool) -> None:
        if not fits:
            raise InputError(
                f"The dataset has a field {name!r} of another kind; use a suffix, so that the "
                "simulation's fields have names of their own."
            )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
