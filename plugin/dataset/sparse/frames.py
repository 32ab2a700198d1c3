"""Pictures as the loop reads them: decoded ahead, in the model's channels, at the working size.

A colour picture becomes grey by ITU-R 601 luma where the model reads grey; shrinking averages the
pixels that become one, so that a sample is what a small camera would have measured there.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...embeddings.decode_ahead import decode_ahead
from ...embeddings.images import open_rgb
from ...errors import EmptySetError, InputError
from ...progress import Progress, silent
from ...sparse.measure.playback import working_resolution
from ..gaps.images.load import load_images
from ..store.database import counted
from ..store.fiftyone_internals import dataset_id
from ..store.names import OWNED_TAG
from ..store.sets.door import admitted
from ..store.sets.resolve import Samples, dataset_of

Frame = NDArray[np.uint8]
AHEAD = 6
FRAMES_OF = "gapsphere_frames_of"
ALL_FRAMES = 1000.0
"""Frames a second of video that no camera reaches: all of them are taken."""


def read_frame(path: str, side: int, channels: int) -> Frame:
    """A picture as uint8 (H, W, channels), its longest side at most ``side``.

    ImageError where it cannot be decoded, InputError where it is too long and narrow for that size.
    """
    image = open_rgb(path)
    height, width = working_resolution(image.size, side)
    image = image.convert("L") if channels == 1 else image
    small = image.resize((width, height), Image.Resampling.BOX)
    return np.asarray(small, np.uint8).reshape(height, width, channels)


def read_ahead(
    paths: Sequence[str], side: int, channels: int
) -> Generator[Frame | str, None, None]:
    """Each file's frame in turn, or the reason why it cannot be read."""
    read = partial(read_frame, side=side, channels=channels)
    return decode_ahead(paths, read, ahead=lambda: AHEAD, workers=2)


def frames_among(samples: Samples, slices: str | None) -> Samples:
    """Images or videos to take frames from; of groups, the chosen slices.

    Raises
    ------
    EmptySetError
        There are no samples.
    InputError
        They are neither images nor videos, or as :func:`..store.sets.door.admitted`.
    """
    found = admitted(samples, slices, videos=True)
    if not counted(found):
        raise EmptySetError("There are no samples to take frames from.")
    return found


def frames_of_videos(samples: Samples, *, progress: Progress = silent) -> fo.Dataset:
    """The frames of videos as images of a dataset of their own, ``NAME-frames``.

    A video's frames become one sequence by :func:`load_images`; calling it again adds only what is
    new.  Videos tagged S become frames tagged S, all others U.  InputError where a dataset of that
    name holds something else.
    """
    videos = dataset_of(samples)
    name = f"{videos.name}-frames"
    known = fo.dataset_exists(name)
    frames = fo.load_dataset(name) if known else fo.Dataset(name, persistent=videos.persistent)
    if known and frames.info.get(FRAMES_OF) != str(dataset_id(videos)):
        raise InputError(
            f"The dataset {name!r}, where frames of {videos.name!r} would go, is another one: "
            "rename or delete it."
        )
    frames.info[FRAMES_OF] = str(dataset_id(videos))
    frames.save()
    paths, tags = samples.values(["filepath", "tags"])
    owned = [path for path, mine in zip(paths, tags, strict=True) if OWNED_TAG in mine]
    pool = [path for path in paths if path not in set(owned)]
    load_images(
        frames, owned or None, pool or None, frames_per_second=ALL_FRAMES, progress=progress
    )
    return frames
