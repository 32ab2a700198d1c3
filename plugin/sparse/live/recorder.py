"""A live session on disk: its samples and what was made of them.

A session is a folder: ``session.json`` describes it, ``frames.jsonl`` has a line for each frame,
whose reconstruction and importance are PNG files and whose samples are in the bytes of
:mod:`.binary`.  Files are written before the line that names them, so a recording cut off
anywhere can be read up to there.
"""

from __future__ import annotations

import io
import json
import logging
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import dataclasses

from ...errors import ArtifactError, GapsphereError, InputError
from ...interchange.files.listed_paths import local_path
from ..frames.coords import Resolution, resolution_from_wire
from ..frames.samples import Samples, make_samples
from ..network.importance import scaled
from . import binary
from .protocol import FrameData

if TYPE_CHECKING:
    from ..loop.state import Step

log = logging.getLogger(__name__)

FORMAT = "gapsphere-sparse-recording-1"


@dataclasses.dataclass(frozen=True, config={"strict": True, "extra": "forbid"})
class RecordedFrame:
    """One line of a recording, of whose values ValueError tells if they are of other types.

    The picture ``importance`` maps 0 to ``importance_max`` of the frame onto 0..255.
    """

    frame_id: int
    reconstruction: Path
    importance: Path | None
    samples: Path
    n_samples: int
    timestamp: float | None
    importance_mean: float | None
    importance_max: float | None
    expected_error: float | None
    held_out_psnr: float | None
    adaptive: bool
    scene_cut: bool
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Recording:
    """A recorded session."""

    folder: Path
    session: dict[str, Any]
    frames: tuple[RecordedFrame, ...]

    @property
    def resolution(self) -> Resolution:
        return resolution_from_wire(self.session["resolution"])

    def samples(self, frame: RecordedFrame) -> Samples:
        data = binary.read_frame_data(frame.samples.read_bytes(), self.resolution)
        if data.pixels is None:
            raise ArtifactError(f"{frame.samples} has no coordinates; it is not a recorded frame.")
        return make_samples(data.pixels, data.values, self.resolution, data.state)


class Recorder:
    """Writes sessions below a folder until ``most_bytes`` are written.

    InputError where the folder cannot be made or written to.
    """

    def __init__(self, folder: str | Path, *, most_bytes: int = 2_000_000_000) -> None:
        self.folder = local_path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.folder).close()
        except OSError as error:
            raise InputError(
                f"Sessions cannot be recorded to {folder} ({error.strerror}): choose another "
                "folder."
            ) from error
        self.written = 0
        self._most = most_bytes
        self._told = False

    def begin(self, session_id: str, session: dict[str, Any]) -> None:
        if self._is_full():
            return
        folder = self.folder / session_id
        for part in ("frames", "importance", "samples"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        text = json.dumps({"format": FORMAT, **session}, indent=2)
        (folder / "session.json").write_text(text, encoding="utf-8")
        self.written += len(text)

    def add(
        self, session_id: str, frame_id: int, samples: Samples, step: Step, timestamp: float | None
    ) -> None:
        """Write one frame; nothing once the size is reached."""
        if self._is_full():
            return
        folder, name = self.folder / session_id, f"{frame_id:08d}"
        sent = FrameData(
            frame_id, samples.values, samples.pixels, state=samples.state, timestamp=timestamp
        )
        files = {
            f"frames/{name}.png": png(step.frame),
            f"samples/{name}.bin": binary.write_frame(sent),
        }
        importance = step.importance
        if importance is not None:
            files[f"importance/{name}.png"] = png(scaled(importance))
        for place, data in files.items():
            (folder / place).write_bytes(data)
            self.written += len(data)
        line = {
            "frame_id": frame_id,
            "importance": importance is not None,
            "sample_count": len(samples),
            "timestamp": timestamp,
            "importance_mean": None if importance is None else float(importance.mean()),
            "importance_max": None if importance is None else float(importance.max()),
            "expected_error": _number(step.expected_error),
            "held_out_psnr": _number(step.held_out_psnr),
            "adaptive": step.warm,
            "scene_cut": step.cut,
            "problems": list(step.problems),
        }
        with (folder / "frames.jsonl").open("a", encoding="utf-8") as file:
            self.written += file.write(json.dumps(line) + "\n")

    def _is_full(self) -> bool:
        full = self.written >= self._most
        if full and not self._told:
            log.warning("The recording reached %d bytes; no more is written.", self._most)
            self._told = True
        return full


def png(image: NDArray[np.uint8]) -> bytes:
    """A PNG of (H, W), (H, W, 1) or (H, W, 3); it loses nothing."""
    flat = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
    buffer = io.BytesIO()
    Image.fromarray(flat).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def read_recording(folder: str | Path) -> Recording:
    """A session's folder, frames in the order of their numbers.

    ArtifactError where it is not a recording, or a file that a line names is missing.
    """
    folder = Path(folder)
    try:
        session = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ArtifactError(f"{folder} is not a recorded session: {error}.") from error
    if not isinstance(session, dict) or session.get("format") != FORMAT:
        raise ArtifactError(f"{folder} is not a recorded session: its format is not {FORMAT}.")
    try:
        resolution_from_wire(session.get("resolution"))
    except GapsphereError as error:
        raise ArtifactError(f"{folder / 'session.json'} is damaged: {error}") from error
    if not isinstance(session.get("session_id"), str):
        raise ArtifactError(f"{folder / 'session.json'} is damaged: it names no session.")
    frames = sorted(_lines(folder), key=lambda frame: frame.frame_id)
    return Recording(folder, session, tuple(frames))


def _lines(folder: Path) -> Iterator[RecordedFrame]:
    path = folder / "frames.jsonl"
    if not path.exists():
        return
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read: {error}.") from error
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text)
            name, mapped = f"{line['frame_id']:08d}", line.pop("importance")
            frame = RecordedFrame(
                reconstruction=folder / "frames" / f"{name}.png",
                importance=folder / "importance" / f"{name}.png" if mapped else None,
                samples=folder / "samples" / f"{name}.bin",
                n_samples=line.pop("sample_count"),
                problems=tuple(line.pop("problems")),
                **line,
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if number == len(lines):
                log.warning("%s ends in the middle of a line, which is skipped.", path)
                return
            raise ArtifactError(f"{path}, line {number}, is not a recorded frame.") from error
        for file in (frame.reconstruction, frame.importance, frame.samples):
            if file is not None and not file.exists():
                raise ArtifactError(f"{path}, line {number}, names {file}, which is missing.")
        yield frame


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
