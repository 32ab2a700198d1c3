"""A recorded live session becomes a FiftyOne sequence: a sample a frame, in the frames' order.

The picture of a sample is the reconstruction, since a live server never sees the frame itself.  Its
absolute path is the key, so that reading a session again, one that was cut off too, adds only the
frames it has gained.  It keeps no record to be half true: samples are added, none is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import fiftyone as fo

from ...coverage.words import counted
from ...interchange.files.listed_paths import local_path
from ...progress import Progress, silent
from ...results import Result
from ...sparse.frames.coords import uv_of
from ...sparse.live.recorder import RecordedFrame, Recording, read_recording
from ..store.database import database_failures
from ..store.fields import fields
from ..store.leases import LOADING, holds_lease
from ..store.names import FRAME_NUMBER, SEQUENCE
from ..store.sets.door import refuse_additions

BLOCK = 500
MEASURES = {
    "n_samples": (int, "Pixels measured of the frame"),
    "importance_mean": (float, "Mean of the importance map"),
    "expected_error": (float, "The model's estimate of its mean absolute error, in grey levels"),
    "held_out_psnr": (float, "Quality (dB) measured on samples kept from the model"),
    "adaptive": (bool, "Whether the next pixels were placed by importance"),
    "scene_cut": (bool, "Whether the frame was taken for a scene cut"),
}


@dataclass(frozen=True, repr=False)
class ImportedRecording(Result):
    """What was read; ``sequence`` is the value of that field."""

    sequence: str
    added: int
    known: int

    def __str__(self) -> str:
        added = counted(self.added, "frame")
        return f"{added} added as the sequence {self.sequence!r}, {self.known:,} known"


@database_failures()
@holds_lease("import_recording", LOADING)
def import_recording(
    dataset: fo.Dataset,
    folder: str | Path,
    *,
    sequence: str | None = None,
    keypoints: bool = False,
    progress: Progress = silent,
) -> ImportedRecording:
    """Add a recorded session to a dataset.

    Parameters
    ----------
    folder : path
        One session of a recorder's folder, the one with ``session.json``.
    sequence : str, optional
        Value of the field ``sequence``; ``live-`` and the session's first letters if not given.
    keypoints : bool
        Also store the measured pixels as keypoints, some 25 KB a sample at 500 pixels.

    Raises
    ------
    ArtifactError
        It is not a recording, or a file of it is missing.
    BusyError
        Another run adds samples to the dataset.
    """
    refuse_additions(dataset)
    recording = read_recording(local_path(folder).resolve())
    sequence = sequence or f"live-{recording.session['session_id'][:8]}"
    wanted: dict[str, tuple[type, str]] = {
        SEQUENCE: (str, "Which drive or session the frame is of"),
        FRAME_NUMBER: (int, "Number of the frame in its sequence"),
        **MEASURES,
    }
    fields.declare_all(dataset, {name: (*of, {}) for name, of in wanted.items()})
    known = set(dataset.values("filepath"))
    new = [frame for frame in recording.frames if str(frame.reconstruction) not in known]
    for start in range(0, len(new), BLOCK):
        block = new[start : start + BLOCK]
        samples = [_sample(recording, frame, sequence, keypoints) for frame in block]
        dataset.add_samples(samples, progress=False)
        progress(start + len(block), len(new))
    return ImportedRecording(sequence, len(new), len(recording.frames) - len(new))


def _sample(
    recording: Recording, frame: RecordedFrame, sequence: str, keypoints: bool
) -> fo.Sample:
    height, width = recording.resolution
    figures = {name: getattr(frame, name) for name in MEASURES}
    sample = fo.Sample(
        filepath=str(frame.reconstruction),
        metadata=fo.ImageMetadata(width=width, height=height, mime_type="image/png"),
        **{SEQUENCE: sequence, FRAME_NUMBER: frame.frame_id, **figures},
    )
    if frame.importance is not None:
        sample["importance"] = fo.Heatmap(map_path=str(frame.importance))
    if keypoints:
        points = uv_of(recording.samples(frame).pixels, recording.resolution).tolist()
        sample["measured"] = fo.Keypoints(keypoints=[fo.Keypoint(label="pixel", points=points)])
    return sample
