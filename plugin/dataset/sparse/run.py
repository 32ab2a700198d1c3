"""Play each sequence of a simulation from where it stopped to its end, block by block."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from ...coverage.words import counted
from ...embeddings.extract import Skipped
from ...errors import Cancelled
from ...progress import Progress
from ...settings.sparse import SparseParams
from ...sparse.frames.coords import Resolution
from ...sparse.loop.build import make_loop
from ...sparse.loop.loop import SamplingLoop
from ...sparse.measure.playback import PlayedFrame, play_frame
from . import results
from .files import SimulationState
from .frames import Frame, read_ahead
from .job import Job, Tally, told
from .sequences import FrameSequence

BLOCK = 25
"""Frames between two writes: that much work at most is done again after a kill."""


class Player:
    """Plays a job's sequences and counts in its tally what became of them."""

    def __init__(self, job: Job, tally: Tally, progress: Progress) -> None:
        self._job, self._tally, self._progress = job, tally, progress
        self._behind, self._total = 0, sum(map(len, job.ordered.sequences))
        self._loops: dict[Resolution, SamplingLoop] = {}

    def play(self, sequence: FrameSequence) -> None:
        """Bring one sequence to its end; ``Cancelled`` by ``progress`` keeps what was played."""
        reached = self._reached(sequence)
        start = len(reached.ids)
        self._tally.known += start - len(reached.skipped)
        self._behind += start
        self._progress(self._behind, self._total)
        if start < len(sequence):
            self._open(sequence.value)
        try:
            self._advance(sequence, reached)
        except Cancelled:
            self._finish(sequence, reached, start)
            raise
        self._finish(sequence, reached, start)

    def _reached(self, sequence: FrameSequence) -> SimulationState:
        """What holds of an earlier run; else the beginning, with what is stale removed."""
        reached = self._job.files.reached(sequence.value)
        if reached is not None:
            common = min(len(reached.ids), len(sequence))
            same = reached.ids[:common] == list(sequence.ids[:common])
            paths = dict(zip(sequence.ids, sequence.paths, strict=True))
            if same and results.holds(self._job, reached, paths):
                ids = reached.ids[:common]  # a view may end earlier
                skipped = [item for item in reached.skipped if item.id in ids]
                return replace(reached, ids=ids, skipped=skipped)
        self._job.files.forget(sequence.value)
        self._open(sequence.value)
        results.clear_sequence(self._job, sequence)
        return SimulationState()

    def _open(self, value: str) -> None:
        """Take a sequence out of the record, before its frames change."""
        if self._tally.means.pop(value, None) is not None:
            self._job.step.go_on(told(self._job, self._tally))
            self._job.step.at("opened")

    def _advance(self, sequence: FrameSequence, reached: SimulationState) -> None:
        start, block = len(reached.ids), list[tuple[str, PlayedFrame]]()
        paths, channels = sequence.paths[start:], self._job.model.model.config.channels
        try:
            with closing(read_ahead(paths, self._job.params.side, channels)) as frames:
                for sample_id, path, frame in zip(sequence.ids[start:], paths, frames, strict=True):
                    if isinstance(frame, str):
                        reached.skipped.append(Skipped(sample_id, path, frame))
                    else:
                        block.append((sample_id, self._step(frame, reached)))
                        self._tally.played += 1
                    reached.ids.append(sample_id)
                    self._behind += 1
                    if len(block) == BLOCK:
                        self._write(sequence.value, reached, block)
                    self._progress(self._behind, self._total)
        except Cancelled:
            self._write(sequence.value, reached, block)
            raise
        if len(reached.ids) > start:
            self._write(sequence.value, reached, block)

    def _step(self, frame: Frame, reached: SimulationState) -> PlayedFrame:
        resolution = (frame.shape[0], frame.shape[1])
        loop, state = self._loop(resolution), reached.state
        if state is None or state.resolution != resolution:
            reached.restarts += state is not None
            state = loop.start(resolution, seed=self._job.params.seed)
        played = play_frame(loop, frame, state)
        reached.state = played.step.state
        reached.problems += played.step.problems
        return played

    def _loop(self, resolution: Resolution) -> SamplingLoop:
        if resolution not in self._loops:
            params: SparseParams = self._job.params
            if self._job.params.density is not None:
                count = max(1, round(self._job.params.density * resolution[0] * resolution[1]))
                params = params.model_copy(update={"sample_count": count})
            self._loops[resolution] = make_loop(params, self._job.model.model)
        return self._loops[resolution]

    def _write(
        self, value: str, reached: SimulationState, block: list[tuple[str, PlayedFrame]]
    ) -> None:
        results.write(self._job, block)
        self._job.files.save(value, reached)
        self._job.step.at("saved")
        block.clear()

    def _finish(self, sequence: FrameSequence, reached: SimulationState, start: int) -> None:
        """Tag what could not be read, note what was worked around, and take the means."""
        tally, name = self._tally, repr(sequence.value)
        tally.skipped += reached.skipped
        results.tag(self._job, reached)
        if reached.restarts:
            tally.notes.append(
                f"Sequence {name}: its pictures change shape or size "
                f"{counted(reached.restarts, 'time')}, and sampling started again at each."
            )
        if reached.problems:
            tally.notes.append(
                f"Sequence {name}: {counted(len(reached.problems), 'problem', 'was|were')} worked "
                f"around, the first: {reached.problems[0]}"
            )
        if len(reached.ids) > start or sequence.value not in tally.means:
            means = results.means(self._job, reached)
            tally.means[sequence.value] = {**means, "slice": sequence.slice}
            tally.means = dict(sorted(tally.means.items()))
            self._job.step.go_on(told(self._job, tally))
            self._job.step.at("played")
