"""Which samples are the frames of which sequence, and in what order.

A field groups (``sequence``), a field orders (``frame_number``).  Where a dataset has neither, its
samples are one sequence in the order of their files; a note lists whatever is left out or
guessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import fiftyone as fo
import numpy as np
from fiftyone import ViewField as F
from numpy.typing import NDArray

from ...coverage.words import counted
from ...errors import InputError
from ...interchange.files.natural_order import natural, numbers_of, order_keys
from ..store.database import is_empty
from ..store.samples import Samples, dataset_of, flat, image_slices, seconds_of, slice_path
from ..store.sets.resolve import resolve

ALL = "all frames"
"""What the one sequence of a dataset without a grouping field is called."""

GROUPS = (fo.StringField, fo.IntField, fo.BooleanField, fo.FloatField, fo.ObjectIdField)
UNTOLD = ""
"""Of a sequence whose slice nobody noted."""
ORDERS = (fo.IntField, fo.FloatField, fo.StringField, fo.DateField, fo.DateTimeField)


@dataclass(frozen=True)
class FrameSequence:
    """Frames in order: ids (24 hex digits) and files of the samples.

    ``slice`` is the one that ends its value, where a dataset has several slices of images and each
    is a sequence of its own.
    """

    value: str
    ids: tuple[str, ...]
    paths: tuple[str, ...]
    slice: str | None = None

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class OrderedFrames:
    """The sequences of some samples; the fields that made them, None where a field is not there."""

    sequences: tuple[FrameSequence, ...]
    sequence_field: str | None
    order_field: str | None
    notes: tuple[str, ...]


def ordered_sequences(samples: Samples, sequence_field: str, order_field: str) -> OrderedFrames:
    """Images as sequences of frames; InputError for a field that cannot group, or order.

    Samples without a value in ``sequence_field`` are left out, unless none has one; a sequence in
    which a frame has no value in ``order_field`` is ordered by its files.
    """
    notes: list[str] = []
    group = field_of(
        samples, sequence_field, GROUPS, "group frames: text, numbers or ids are needed"
    )
    order = field_of(
        samples, order_field, ORDERS, "order frames: numbers, text or times are needed"
    )
    camera = slice_path(dataset_of(samples))
    wanted = ["id", "filepath", *(name for name in (group, order, camera) if name)]
    columns = dict(zip(wanted, samples.values(wanted), strict=True))
    ids, paths = columns["id"], columns["filepath"]
    values = _known(columns[group] if group else [None] * len(ids))
    numbers = _known(columns[order] if order else [None] * len(ids))
    if not any(value is not None for value in values):
        notes.append(f"No sample has a {sequence_field!r}: all {len(ids)} are one sequence.")
        group, values = None, [ALL] * len(ids)
    # One slice alone is named too: the others may be simulated as well, under another suffix.
    slices = columns[camera] if camera and len(image_slices(dataset_of(samples))) > 1 else None
    if slices:
        pairs = zip(values, slices, strict=True)
        values = [None if value is None else f"{value} {of}" for value, of in pairs]
    rows: dict[str, list[int]] = defaultdict(list)
    for row, value in enumerate(values):
        if value is not None:
            rows[str(value)].append(row)
    left_out = len(ids) - sum(map(len, rows.values()))
    if left_out:
        notes.append(f"{counted(left_out, 'sample', 'has|have')} no {sequence_field!r}: left out.")
    made, by_file, twice = [], 0, 0
    for value in sorted(rows, key=natural):
        own = rows[value]
        mine = [numbers[row] for row in own]
        by_file += any(number is None for number in mine)
        twice += len(set(mine)) < len(mine) and None not in mine
        own = [own[at] for at in in_order(mine, [paths[row] for row in own])]
        files = tuple(paths[row] for row in own)
        own_ids, own_slice = tuple(ids[row] for row in own), slices[own[0]] if slices else None
        made.append(FrameSequence(value, own_ids, files, own_slice))
    if by_file:
        which = "" if len(made) == 1 else f" in {by_file} of {len(made)} sequences"
        notes.append(f"Frames without a {order_field!r}{which}: ordered by their files.")
    if twice:
        notes.append(
            f"{counted(twice, 'sequence', 'has|have')} several frames of one {order_field!r}, "
            f"ordered by their files: do several cameras share a {sequence_field!r}?"
        )
    return OrderedFrames(tuple(made), group, order, tuple(notes))


def is_none(value: Any) -> bool:
    """Whether a value says nothing: an empty text names nothing, NaN is a missing number."""
    return value is None or value == "" or value != value


def _known(values: Sequence[Any]) -> list[Any]:
    """Values, None where there is none."""
    return [None if is_none(value) else value for value in values]


def frames_of(
    samples: Samples, sequence_field: str | None, sequence: str, slice: str | None = UNTOLD
) -> Samples:
    """Frames of a sequence, by the value and the slice that :func:`ordered_sequences` gives it.

    Where a record of an earlier version does not tell the slice, a value that ends as one is one of
    the field where samples have it: of *night front* it may also be the slice *front* of *night*.
    """
    dataset, samples = dataset_of(samples), flat(samples)
    if slice == UNTOLD:
        slice = _slice_in(dataset, samples, sequence_field, sequence)
    if slice is not None:
        samples = samples.match(F(slice_path(dataset)) == slice)
        sequence = sequence.removesuffix(f" {slice}")
    if sequence_field is None:
        return samples
    return resolve(samples, f"field:{sequence_field}={sequence}")


def _slice_in(
    dataset: fo.Dataset, samples: Samples, sequence_field: str | None, sequence: str
) -> str | None:
    """The slice that a sequence's value seems to end in."""
    camera = slice_path(dataset)
    if camera and isinstance(dataset.get_field(sequence_field or "id"), fo.StringField):
        whole = resolve(samples, f"field:{sequence_field}={sequence}")
        if not is_empty(whole):
            return None
    slices = sorted(image_slices(dataset), key=len, reverse=True) if camera else []
    return next((name for name in slices if sequence.endswith(f" {name}")), None)


def in_order(numbers: Sequence[Any], paths: Sequence[str]) -> list[int]:
    """Places of frames in their order: by number, then file; by file alone where one has none.

    Numbers inside text count as numbers.

    >>> in_order([10, 2, 2], ["a", "c", "b"]), in_order(["10", "2"], ["a", "b"])
    ([2, 1, 0], [1, 0])
    """
    places, files = range(len(paths)), [natural(path or "") for path in paths]
    if any(map(is_none, numbers)):
        return sorted(places, key=files.__getitem__)
    texts = numbers and all(isinstance(number, str) for number in numbers)
    keys = order_keys(numbers) if texts else numbers
    return sorted(places, key=lambda at: (keys[at], files[at]))


def as_numbers(values: Sequence[Any]) -> NDArray[np.float64]:
    """Frame numbers for an axis: the values themselves, seconds of times, else 0, 1, 2, ...

    >>> as_numbers([30, 60]).tolist(), as_numbers(["b", "a"]).tolist(), as_numbers(["2"]).tolist()
    ([30.0, 60.0], [0.0, 1.0], [2.0])
    """
    if values and all(isinstance(value, datetime) for value in values):
        return np.array([seconds_of(value) for value in values])
    if values and all(isinstance(value, str) for value in values):
        read = numbers_of(values)
        return np.array(range(len(values)) if read is None else read, np.float64)
    if any(isinstance(value, (str, date)) or value is None for value in values):
        return np.arange(len(values), dtype=np.float64)
    return np.array(values, dtype=np.float64)


def fields_to_group(dataset: fo.Dataset) -> list[str]:
    """Fields whose values may name sequences, for a form."""
    return _of_kinds(dataset, (fo.StringField, fo.IntField, fo.ObjectIdField))


def fields_to_order(dataset: fo.Dataset) -> list[str]:
    """Fields whose values may order frames, for a form."""
    return _of_kinds(dataset, ORDERS)


def _of_kinds(dataset: fo.Dataset, kinds: tuple[type, ...]) -> list[str]:
    taken = ("id", "created_at", "last_modified_at")
    schema = dataset.get_field_schema()
    return [name for name, f in schema.items() if isinstance(f, kinds) and name not in taken]


def field_of(samples: Samples, name: str, kinds: tuple[type, ...], needed: str) -> str | None:
    """The name, where the dataset has such a field; InputError where it is of other kinds."""
    field = samples.get_field(name) if name else None
    if field is None:
        return None
    if not isinstance(field, kinds):
        raise InputError(f"{name!r} is a {type(field).__name__} and cannot {needed}.")
    return name
