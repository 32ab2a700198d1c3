"""Datasets of drives for the benches, made in the database: what is measured is not the making.

One document that FiftyOne wrote is cloned there, with other ids, files, drives and vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS, NEW_KINDS = 40, 10
"""Kinds of scenes of S, and how many more U has."""
FIELD = "vector"
"""The field that holds what the user's own encoder made."""
ROWS_AT_ONCE = 100_000
"""Images of which the vectors are in memory at once."""


def drives(
    count: int, kinds: Sequence[int], dimension: int, seed: int | Sequence[int], frames: int = 100
) -> NDArray[np.float32]:
    """Unit rows of ``count`` drives, float32 (count * frames, dimension).

    Each is a path that wanders (every frame is a near copy of the one before) around a place of its
    own near a kind of scene.
    """
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((KINDS + NEW_KINDS, dimension))
    kind = random.choice(np.asarray(kinds), count)
    start = centres[kind] + 0.4 * random.standard_normal((count, dimension))
    rows = np.empty((count, frames, dimension), np.float32)
    step = np.zeros((count, dimension))
    for frame in range(frames):
        step = 0.95 * step + 0.1 * random.standard_normal((count, dimension))
        rows[:, frame] = start + step
    flat = rows.reshape(-1, dimension)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    return flat


def add(
    dataset: Any,
    tag: str,
    rows: NDArray[np.float32],
    name: str,
    *,
    frames: int = 100,
    first: int = 0,
) -> None:
    """Clone the dataset's first document in the database, a time for each row.

    Frames are numbered from ``first``, so that drives may be added a block at a time.
    """
    from bson import ObjectId
    from fiftyone.core.utils import serialize_numpy_array

    from ...plugin.dataset.store.fiftyone_internals import collection

    samples = collection(dataset)
    one = samples.find_one({"tags": []})
    assert one is not None
    now = datetime.now(timezone.utc)
    for at in range(0, len(rows), 5000):
        samples.insert_many(
            {
                **one,
                "_id": ObjectId(),
                "filepath": f"/{name}/{number:07}.jpg",
                "tags": [tag],
                "sequence": f"{name}-{number // frames}",
                "frame_number": number % frames,
                "created_at": now,
                "last_modified_at": now,
                FIELD: serialize_numpy_array(row),
            }
            for number, row in enumerate(rows[at : at + 5000], first + at)
        )


def made(name: str, owned: int, pool: int, dimension: int, *, frames: int = 100) -> Any:
    """A dataset of so many drives of S and of U, and the image they were cloned from, in no set."""
    import fiftyone as fo

    dataset = fo.Dataset(name)
    for field, kind in (("sequence", fo.StringField), ("frame_number", fo.IntField)):
        dataset.add_sample_field(field, kind)
    dataset.add_sample_field(FIELD, fo.VectorField)
    dataset.add_sample(fo.Sample("/one.jpg"))
    block = max(ROWS_AT_ONCE // frames, 1)
    for tag, count, kinds, seed in (
        ("S", owned, KINDS, 1),
        ("U", pool, KINDS + NEW_KINDS, 2),
    ):
        for at in range(0, count, block):
            some = min(block, count - at)
            rows = drives(some, range(kinds), dimension, (seed, at), frames)
            add(dataset, tag, rows, tag, frames=frames, first=at * frames)
    return dataset
