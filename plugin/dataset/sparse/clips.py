"""A dataset's sequences as training clips: equal lengths, one size, in memory.

Clips do not overlap, and they keep the order of their sequences: the trainer holds the last ones
out, so its validation is on the end of the last sequence and not on frames between trained ones.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...coverage.words import counted
from ...embeddings.extract import Skipped
from ...errors import EmptySetError
from ...progress import Progress, silent
from ...settings.sparse import ClipParams
from .frames import Frame, read_ahead
from .sequences import FrameSequence

LEAST_CLIPS = 2


@dataclass(frozen=True, eq=False)
class Clips:
    """``frames`` uint8 (clips, length, H, W), grey; ``sequences`` is the value of each clip's."""

    frames: NDArray[np.uint8]
    sequences: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]

    @property
    def digest(self) -> str:
        """First 16 hex digits of the frames' SHA-256: the same clips, the same digest."""
        return hashlib.sha256(np.ascontiguousarray(self.frames).data).hexdigest()[:16]


def read_clips(
    sequences: tuple[FrameSequence, ...], params: ClipParams, *, progress: Progress = silent
) -> Clips:
    """Cut sequences into clips of ``params.clip_length`` frames and read them.

    What remains of a sequence is left out, and of more frames than ``params.most_frames`` clips are
    left out evenly; a clip with a frame that cannot be read, or of another size than most, as well.
    EmptySetError where fewer than two clips remain: one trains, one validates.
    """
    length, notes = params.clip_length, list[str]()
    cut = [
        (sequence, start)
        for sequence in sequences
        for start in range(0, len(sequence) - length + 1, length)
    ]
    longest = max(map(len, sequences))
    if len(cut) < LEAST_CLIPS:
        raise EmptySetError(
            f"Training needs {LEAST_CLIPS} clips of {length} frames, one of them to validate, and "
            f"there are {len(cut)}: the longest sequence has {longest} frames. Add frames, or give "
            "a smaller clip_length (3 at least)."
        )
    short = sum(len(sequence) < length for sequence in sequences)
    if short:
        notes.append(f"{counted(short, 'sequence')} of fewer than {length} frames left out.")
    most = max(LEAST_CLIPS, params.most_frames // length)
    if len(cut) > most:
        notes.append(f"{most} of {len(cut)} clips are used: most_frames is {params.most_frames}.")
        cut = [cut[at] for at in np.linspace(0, len(cut) - 1, most).round().astype(int)]
    rows = [(sequence, at) for sequence, start in cut for at in range(start, start + length)]
    shots: list[Frame | None] = []
    skipped = []
    frames = read_ahead([sequence.paths[at] for sequence, at in rows], params.side, 1)
    for done, ((sequence, at), frame) in enumerate(zip(rows, frames, strict=True), 1):
        if isinstance(frame, str):
            skipped.append(Skipped(sequence.ids[at], sequence.paths[at], frame))
        shots.append(None if isinstance(frame, str) else frame[..., 0])
        progress(done, len(rows))
    sizes = Counter(shot.shape for shot in shots if shot is not None)
    usual = sizes.most_common(1)[0][0] if sizes else None
    clips: dict[int, list[Frame]] = {}
    for row in range(len(cut)):
        part = shots[row * length : (row + 1) * length]
        clip = [shot for shot in part if shot is not None and shot.shape == usual]
        if len(clip) == length:
            clips[row] = clip
    if len(clips) < len(cut):
        notes.append(
            f"{counted(len(cut) - len(clips), 'clip')} left out: a frame cannot be read, or has "
            "another shape than most."
        )
    if len(clips) < LEAST_CLIPS:
        why = f": {skipped[0].reason}" if skipped else "; frames of one shape are needed."
        left = counted(len(clips), "clip", "remains|remain")
        raise EmptySetError(f"{left} and training needs {LEAST_CLIPS}{why}")
    of = tuple(cut[row][0].value for row in clips)
    return Clips(np.array(list(clips.values())), of, tuple(skipped), tuple(notes))
