"""Which drive each image belongs to, and the order in which a drive was recorded.

A drive is one recording, the unit of evidence.  A field names it; images without a name are each a
drive of their own.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import fiftyone as fo
import numpy as np
from fiftyone.core.labels import Label
from numpy.typing import NDArray

from ....errors import InputError, MismatchError
from ....interchange.files.natural_order import natural
from ..fields.fields import is_ours
from ..fiftyone_internals import column_values
from ..names import FRAME_NUMBER, SEQUENCE
from ..samples import Samples, dataset_of, flat, slice_path

NAMING = (fo.StringField, fo.IntField, fo.ObjectIdField)
SCENES = frozenset(["scene", "scene_name", "scene_id", "scene_token", "drive", "recording"])
"""Names of fields that are taken to name the scene of a group."""
HIDDEN = frozenset(["id", "filepath", "tags", "metadata", FRAME_NUMBER])


@dataclass(frozen=True, eq=False)
class Drives:
    """The drive of each image of S and of U, None where it has no name.

    ``field`` is the path that names them, None where the dataset has no such field; ``order`` int64
    (m,) sorts S by drive and, within one, as it was recorded.  ``by_group``: no field names drives,
    and each group of a grouped dataset counts as one; ``by_file`` then sorts S by slice and file.
    """

    field: str | None
    owned: list[str | None]
    pool: list[str | None]
    order: NDArray[np.int64]
    by_group: bool = False
    by_file: NDArray[np.int64] | None = None

    @property
    def named(self) -> list[str | None] | None:
        """The drives of S in recorded order; None where no field names one of several images."""
        if _alone(self.owned):
            return None
        return [self.owned[row] for row in self.order]

    @property
    def unnamed(self) -> int:
        """How many images of S have no name of a drive."""
        return sum(label is None for label in self.owned)

    def digest(self) -> str:
        """Changes with what drive any image belongs to, and with their order."""
        said = repr((self.field, self.owned, self.pool))
        found = hashlib.blake2b(said.encode(), digest_size=8)
        found.update(self.order.tobytes())
        return found.hexdigest()


def read_drives(
    samples: Samples, field: str, owned_ids: Sequence[str], pool_ids: Sequence[str]
) -> Drives:
    """Read the drives of S and U.

    Raises
    ------
    InputError
        The field is missing (and not the default) or holds lists, floats or other values that name
        nothing.
    MismatchError
        Samples of S or U were deleted since they were asked for.
    """
    dataset = dataset_of(samples)
    path, camera = naming_path(dataset, field), slice_path(dataset)
    frames = FRAME_NUMBER if dataset.has_field(FRAME_NUMBER) else None
    asked = ["id", "filepath", *{path: 0, camera: 0, frames: 0}]
    paths = [name for name in asked if name]
    read = dict(zip(paths, column_values(flat(dataset), paths), strict=True))
    ids, files = read["id"], read["filepath"]
    nothing = [None] * len(ids)
    labels, numbers, cameras = (read.get(name or "", nothing) for name in (path, frames, camera))
    row = {sample_id: index for index, sample_id in enumerate(ids)}
    gone = sum(sample_id not in row for part in (owned_ids, pool_ids) for sample_id in part)
    if gone:
        raise MismatchError(
            f"Samples of S or U ({gone:,}) were deleted from {dataset.name!r} while it was read: "
            "run it again."
        )
    rows = [row[sample_id] for sample_id in owned_ids]
    owned = [drive_name(labels[index]) for index in rows]
    paths = [files[index] or "" for index in rows]
    taken = [numbers[index] for index in rows]
    # An image that is a drive of its own is taken for one of its folder's: that tells a video.
    names = [None] * len(owned) if _alone(owned) else owned
    folders = [
        "" if name else os.path.dirname(file) for name, file in zip(names, paths, strict=True)
    ]
    sides = [cameras[index] or "" for index in rows]
    parts = [(name or "", *rest) for name, *rest in zip(names, folders, sides, strict=True)]
    order = _recorded(parts, taken, paths)
    pool = [drive_name(labels[row[sample_id]]) for sample_id in pool_ids]
    if camera is None or path != group_path(dataset):
        return Drives(path, owned, pool, order)
    by_file = _recorded(list(zip(sides, map(os.path.dirname, paths), strict=True)), taken, paths)
    return Drives(path, owned, pool, order, by_group=True, by_file=by_file)


def _alone(labels: Sequence[str | None]) -> bool:
    """Whether each image is a drive of its own: none has a name, or each another one."""
    named = [label for label in labels if label is not None]
    return len(set(named)) == len(named)


def _recorded(
    parts: Sequence[tuple[str, ...]], numbers: Sequence[Any], files: Sequence[str]
) -> NDArray[np.int64]:
    """The order by parts; within one by frame number, or by file where numbers come again."""
    taken = Counter(zip(parts, numbers, strict=True))
    again = {part for (part, _), count in taken.items() if count > 1}
    keys = [
        (part, [] if part in again else _number(number))
        for part, number in zip(parts, numbers, strict=True)
    ]
    return _sorted(keys, files)


def _sorted(keys: Sequence[Any], files: Sequence[str]) -> NDArray[np.int64]:
    """The order by keys; among equals by their files' names, as people count."""
    order = sorted(range(len(keys)), key=keys.__getitem__)
    if any(keys[a] == keys[b] for a, b in pairwise(order)):
        order = sorted(range(len(keys)), key=lambda at: (keys[at], natural(files[at])))
    return np.array(order, np.int64)


def naming_path(dataset: fo.Dataset, field: str) -> str | None:
    """The path that holds names of drives: a label field's is its ``label``.

    Raises
    ------
    InputError
        As :func:`read_drives`.
    """
    found = dataset.get_field(field) if field else None
    if found is None:
        if field in ("", SEQUENCE):
            return _scene_path(dataset)
        known = ", ".join(map(repr, naming_fields(dataset)[:10])) or "there is none"
        raise InputError(
            f"The dataset has no field {field!r} to name drives by; fields that can: {known}."
            + _undeclared(dataset, field)
        )
    inside = _list_around(dataset, field)
    if getattr(found, "document_type", None) is fo.Classification and not inside:
        return f"{field}.label"
    if isinstance(found, NAMING) and not inside:
        return field
    kind = "list" if inside else type(found).__name__.removesuffix("Field").lower()
    raise InputError(
        f"{field!r} holds {kind} values, which name no drive: choose a field of text, whole "
        "numbers, ids or a classification as sequence_field."
    )


def _undeclared(dataset: fo.Dataset, path: str) -> str:
    """What to do where a path may be a dynamic attribute, which FiftyOne knows once declared."""
    around = dataset.get_field(path.rpartition(".")[0]) if "." in path else None
    if not isinstance(around, fo.EmbeddedDocumentField):
        return ""
    return " An attribute that was added to samples is a field after add_dynamic_sample_fields()."


def _list_around(dataset: fo.Dataset, path: str) -> bool:
    """Whether a path leads through a list, so that a sample has several values of it."""
    parts = path.split(".")
    above = (".".join(parts[:depth]) for depth in range(1, len(parts)))
    return any(isinstance(dataset.get_field(each), fo.ListField) for each in above)


def _in_a_label(dataset: fo.Dataset, path: str) -> bool:
    """Whether a path is an attribute of a label, which is about the label rather than the scene."""
    around = dataset.get_field(path.rpartition(".")[0]) if "." in path else None
    document = getattr(around, "document_type", None)
    return document is not None and issubclass(document, Label)


def group_path(dataset: fo.Dataset) -> str:
    """The path that tells which group a sample is of."""
    return f"{dataset.group_field}.id"


def _scene_path(dataset: fo.Dataset) -> str | None:
    """What names the scene of a group where nothing was asked for: a field, else the group."""
    if dataset.media_type != "group":
        return None
    named = [path for path in naming_fields(dataset) if path.split(".")[-1] in SCENES]
    return naming_path(dataset, named[0]) if named else group_path(dataset)


def drive_ids(dataset: fo.Dataset, path: str, drive: str) -> list[str]:
    """Samples of a drive, given as its name."""
    ids, labels = flat(dataset).values(["id", path])
    return [i for i, label in zip(ids, labels, strict=True) if drive_name(label) == drive]


def naming_fields(dataset: fo.Dataset) -> list[str]:
    """Fields that can name drives, for a form; nested ones included, those that steps wrote not."""
    found = []
    for path, field in dataset.get_field_schema(flat=True).items():
        if path.split(".")[0] in HIDDEN or path.startswith("_") or path.endswith(".id"):
            continue
        if _list_around(dataset, path) or _in_a_label(dataset, path):
            continue
        if path != SEQUENCE and is_ours(dataset, path.split(".")[0]):
            continue
        classification = (
            isinstance(field, fo.EmbeddedDocumentField) and field.document_type is fo.Classification
        )
        if classification or isinstance(field, NAMING):
            found.append(path)
    return sorted(found, key=lambda path: (path != SEQUENCE, path))


def drive_name(label: Any) -> str | None:
    """The name of a drive; None where there is none: an empty text names nothing."""
    return None if label is None or label == "" else str(label)


def _number(value: Any) -> list[Any]:
    """A key of a frame number, which may be text; every frame has its kind of key."""
    if isinstance(value, str):
        return natural(value)
    return ["", float(value) if isinstance(value, int | float) and value == value else 0.0]
