"""One client's session: its loop, its state, and what became of its frames.

No socket and no thread here.  The server calls :meth:`Session.take` when a frame arrives,
:meth:`Session.step` in a worker, one frame at a time, and :meth:`Session.answer` when it sends.
Frames that the loop is too slow for are skipped: the newest wins.  Coordinates are stamped
with the first frame that can still use them, ``max(newest received, worked on) + 1``.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from ...errors import CheckpointError, GapsphereError, InputError, MessageError
from ...settings.fields import make
from ...settings.serving import ServeParams
from ...settings.sparse import SparseParams
from ..frames.coords import Pixels, resolution_to_wire
from ..frames.samples import Samples
from ..loop.build import make_loop, sampler_line
from ..loop.loop import SamplingLoop
from ..loop.state import LoopState, Step
from ..network.registry import LoadedModel, ModelRegistry, UnknownModelError
from .binary import entropy_floor
from .protocol import LARGEST_ID, Code, FrameData, SessionStart, UvCoordinates

log = logging.getLogger(__name__)

REMEMBERED_COORDINATES = 32
"""How many of the last coordinates a client may still answer to by id: a second at 30 FPS."""

CLIENT_SETTINGS = {
    "pattern", "sample_count", "importance_ratio", "warmup_frames", "collision_threshold", "method",
    "extra", "extra_ratio", "revisit_ratio", "signal", "epsilon", "temporal", "memory",
    "target_psnr", "seed",
}  # fmt: skip
"""What ``session_start`` may choose for itself; all else is the server's."""


@dataclass
class Counts:
    """What became of a session's frames."""

    received: int = 0
    answered: int = 0
    superseded: int = 0
    late: int = 0
    gaps: int = 0
    problems: int = 0


@dataclass
class Session:
    """Made by :func:`open_session`."""

    wishes: SessionStart
    params: SparseParams
    model: LoadedModel
    loop: SamplingLoop
    state: LoopState
    most_samples: int
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    opened: float = field(default_factory=time.time)
    newest: int | None = None
    last: Step | None = None
    last_frame_id: int | None = None
    last_seconds: float = float("nan")
    counts: Counts = field(default_factory=Counts)
    _asked: OrderedDict[int, Pixels] = field(default_factory=OrderedDict)
    _number: int = 0

    def opening(self) -> UvCoordinates:
        """The first coordinates, sent at once; frame 0 is the first that may use them."""
        return self._ask(0, self.state.pixels, None)

    def take(self, frame: FrameData) -> tuple[Samples, int]:
        """Check a frame on arrival: its samples, and how many frames are missing before it."""
        if self.newest is not None and frame.frame_id <= self.newest:
            self.counts.late += 1
            raise MessageError(
                Code.INVALID_FRAME_DATA,
                f"Frame {frame.frame_id} came after frame {self.newest}; send frames in order.",
            )
        if frame.frame_id == LARGEST_ID:  # in bytes it means none, and has no frame after it
            raise MessageError(
                Code.INVALID_FRAME_DATA,
                f"{LARGEST_ID} is no frame's number: the last is {LARGEST_ID - 1}; start a new "
                "session before it.",
            )
        asked = None if frame.coordinates_id is None else self._asked.get(frame.coordinates_id)
        samples = frame.samples(asked, self.wishes.resolution)
        if len(samples) > self.most_samples:
            raise MessageError(
                Code.INVALID_FRAME_DATA,
                f"Frame {frame.frame_id} has {len(samples)} samples; a frame may have "
                f"{self.most_samples} here.",
            )
        model, key = self.model.model.config, self.model.key
        if samples.channels != model.channels:
            raise MessageError(
                Code.INVALID_FRAME_DATA,
                f"Frame {frame.frame_id} has {samples.channels} channel(s); the model {key} reads "
                f"{model.channels}.",
            )
        if samples.state is not None and len(samples.state) > model.state_size:
            raise MessageError(
                Code.INVALID_FRAME_DATA,
                f"Frame {frame.frame_id} has a state of {len(samples.state)} entries; the model "
                f"{key} reads up to {model.state_size}.",
            )
        missing = 0 if self.newest is None else frame.frame_id - self.newest - 1
        self.newest = frame.frame_id
        self.counts.received += 1
        self.counts.gaps += missing
        return samples, missing

    def step(self, frame_id: int, samples: Samples) -> Step:
        """Run the loop on a frame.  It blocks: one frame of a session at a time, in a worker."""
        started = time.perf_counter()
        step = self.loop.step(samples, self.state)
        self.last_seconds = time.perf_counter() - started
        self.state, self.last, self.last_frame_id = step.state, step, frame_id
        self.counts.problems += len(step.problems)
        return step

    def answer(self, frame_id: int, step: Step) -> UvCoordinates:
        """Coordinates for the first frame that can still use them."""
        self.counts.answered += 1
        target = max(frame_id, frame_id if self.newest is None else self.newest) + 1
        return self._ask(target, step.pixels, frame_id)

    def acknowledgement(self) -> dict[str, Any]:
        model = self.model.model.config
        return {
            "session_id": self.id,
            "checkpoint_key": self.model.key,
            "checkpoint_loaded": True,
            "model_version": self.model.version,
            "sample_count": self.state.count,
            "channels": model.channels,
            "max_state_dim": model.state_size,
            "state_sentinel": self.params.sentinel_value,
            "resolution": resolution_to_wire(self.wishes.resolution),
            "encoding": self.wishes.encoding,
            "pattern": self.params.pattern,
            "entropy_floor_bytes": round(entropy_floor(self.state.count, self.wishes.resolution)),
        }

    def feedback(self, step: Step, frame_id: int) -> dict[str, Any]:
        """``reconstruction_feedback``: how the frame went, without the true frame."""
        stats = None if step.stats is None else vars(step.stats)
        return {
            "frame_id": frame_id,
            "psnr": step.held_out_psnr,
            "expected_error": step.expected_error,
            "reconstruction_time_ms": round(1000 * self.last_seconds, 3),
            "importance_map_summary": stats,
            "shares": step.shares,
            "adaptive": step.warm,
            "scene_cut": step.cut,
            "problems": list(step.problems),
        }

    def summary(self) -> dict[str, Any]:
        return {
            "session_id": self.id,
            "opened": self.opened,
            "checkpoint_key": self.model.key,
            "resolution": resolution_to_wire(self.wishes.resolution),
            "encoding": self.wishes.encoding,
            "pattern": self.params.pattern,
            "sample_count": self.state.count,
            "last_frame_id": self.last_frame_id,
            "last_step_ms": None if self.last is None else round(1000 * self.last_seconds, 3),
            **vars(self.counts),
        }

    def _ask(self, target: int, pixels: Pixels, source: int | None) -> UvCoordinates:
        number = self._number % (LARGEST_ID + 1)
        self._number += 1
        self._asked[number] = pixels
        while len(self._asked) > REMEMBERED_COORDINATES:
            self._asked.popitem(last=False)
        return UvCoordinates(target, pixels, number, source)


def open_session(
    wishes: SessionStart,
    registry: ModelRegistry,
    params: SparseParams,
    limits: ServeParams,
) -> Session:
    """Make a client's session: its model, its sampler, its first coordinates.

    ``wishes.sampling`` overrides those of ``params`` in :data:`CLIENT_SETTINGS`.  MessageError
    (INVALID_SESSION, UNKNOWN_MODEL, MODEL_ERROR) where that does not go.
    """
    height, width = wishes.resolution
    if height * width > limits.max_pixels:
        raise MessageError(
            Code.INVALID_SESSION,
            f"{width} x {height} pixels are more than the {limits.max_pixels} that this server "
            "takes.",
        )
    unknown = sorted(set(wishes.sampling) - CLIENT_SETTINGS)
    if unknown:
        raise MessageError(
            Code.INVALID_SESSION,
            f"A session cannot set {', '.join(unknown)[:200]}; it can set: "
            f"{', '.join(sorted(CLIENT_SETTINGS))}.",
        )
    try:
        params = make(SparseParams, {**params.model_dump(), **wishes.sampling})
        key = wishes.checkpoint_key or params.checkpoint_key
        model = registry.get(key)
        count = min(params.sample_count, height * width)
        most = max(count, params.most_samples if params.target_psnr is not None else 0)
        if min(most, height * width) > limits.max_samples:
            raise InputError(f"A frame may have {limits.max_samples} samples here, not {most}.")
        loop = make_loop(params, model.model)
        state = loop.start(wishes.resolution, seed=params.seed)
    except UnknownModelError as error:
        raise MessageError(Code.UNKNOWN_MODEL, str(error)) from error
    except CheckpointError as error:  # its sentence names a file, which clients must not learn
        log.exception("The model %r cannot be used.", key)
        raise MessageError(
            Code.MODEL_ERROR, f"The model {key} cannot be loaded; see the server's log."
        ) from error
    except GapsphereError as error:
        raise MessageError(Code.INVALID_SESSION, str(error)) from error
    session = Session(wishes, params, model, loop, state, limits.max_samples)
    log.info("%s", sampler_line(params, session.id))
    return session
