"""The image files of frames, and which of their pixels were measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import fiftyone as fo
import numpy as np

from ...plugin.dataset.store.names import Names
from ...plugin.dataset.store.samples import flat as all_of
from ..wire import b64

QUANTUM = 65535


def pictures(
    dataset: fo.Dataset, ids: Sequence[str], suffixes: Sequence[str]
) -> dict[str, list[str | None]]:
    """Files by column: ``frame``, and of each policy ``reconstruction:suffix``, ``importance:...``.

    An entry is None where the frame has no such file or was deleted from the dataset; there is no
    column where the field is gone, or holds something else.
    """
    named = {"frame": "filepath"}
    for suffix in suffixes:
        names = Names(suffix)
        named[f"reconstruction:{suffix}"] = names.reconstruction
        named[f"importance:{suffix}"] = f"{names.importance}.map_path"
    known = {column: dataset.get_field(path) for column, path in named.items()}
    paths = {
        column: path for column, path in named.items() if isinstance(known[column], fo.StringField)
    }
    read = all_of(dataset).select(ids).values(["id", *paths.values()])
    place = {sample_id: at for at, sample_id in enumerate(read[0])}
    rows = [place.get(sample_id) for sample_id in ids]
    return {
        name: [None if row is None else column[row] for row in rows]
        for name, column in zip(paths, read[1:], strict=True)
    }


def measured(dataset: fo.Dataset, ids: Sequence[str], suffix: str) -> dict[str, Any]:
    """Measured pixels as (u, v) in uint16 steps over 0..1; ``counts`` is how many of each frame."""
    field = Names(suffix).measured
    known: dict[str, np.ndarray[Any, Any]] = {}
    if isinstance(dataset.get_field(f"{field}.keypoints"), fo.ListField):
        view = all_of(dataset).select(ids)
        for sample_id, groups in zip(
            *view.values(["id", f"{field}.keypoints.points"]), strict=True
        ):
            points = [point for group in groups or () for point in group or ()]
            known[sample_id] = np.array(points, np.float64).reshape(-1, 2)
    none = np.empty((0, 2))
    found = [known.get(sample_id, none) for sample_id in ids]
    flat = np.concatenate([none, *found])
    flat = np.nan_to_num(flat).clip(0, 1)
    return {
        "counts": [len(points) for points in found],
        "points": b64(np.rint(flat * QUANTUM).astype(np.uint16)),
    }
