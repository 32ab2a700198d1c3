"""The fields that hold a person's decisions, and whether those on a dataset are ours.

They have no run of their own, so the mark of each field says whose it is.  Earlier versions marked
none: there the history, which nothing but a decision wrote, or the record of their import stands
for it.  A user's fields under these names are neither read as decisions nor written.
"""

from __future__ import annotations

import fiftyone as fo

from .. import runs
from ..names import Names, ReviewNames
from ..samples import Samples, dataset_of
from . import fields
from .ownership import Column, Writes, fits, refuse_foreign

IMPORT = "feature_cache"
"""The step that brings decisions in beside a table."""


def writes(names: ReviewNames) -> Writes:
    """The fields of a model's decisions, the history last: where it is there, all else is."""
    of = f" of {names.model}" if names.model else ""
    columns = (
        Column(names.decision, str, f"A person's decision on the rationale{of}"),
        Column(names.label, str, "The class that a person gave in place of the ground truth"),
        Column(names.note, str, "A person's note to the decision"),
        Column(names.time, fo.DateTimeField, "When the decision was made, UTC"),
        Column(
            names.history,
            fo.ListField,
            "What the decisions replaced, oldest first: undo reads it",
            subfield=fo.DictField,
        ),
    )
    return Writes(IMPORT, columns, suffixed=False)


def is_decided(samples: Samples, names: ReviewNames) -> bool:
    """Whether there are decisions that were made, or brought in, by us."""
    dataset = dataset_of(samples)
    return fields.is_ours(dataset, names.decision) or _is_earlier(dataset, names)


def claim(dataset: fo.Dataset, names: ReviewNames) -> None:
    """Mark the fields of an earlier version as ours.

    Raises
    ------
    InputError
        A field under one of the names is the user's.
    """
    planned = writes(names)
    if _is_earlier(dataset, names):
        for column in planned.columns:
            fields.mark(dataset, column.name)
    refuse_foreign(dataset, Names(), planned)


def _is_earlier(dataset: fo.Dataset, names: ReviewNames) -> bool:
    columns = writes(names).columns
    there = [column for column in columns if dataset.has_field(column.name)]
    if any(fields.is_ours(dataset, column.name) or not fits(dataset, column) for column in there):
        return False
    if dataset.has_field(names.history):
        return len(there) == len(columns)
    records = (runs.read(dataset, Names(of), IMPORT) for of in runs.suffixes(dataset, IMPORT))
    imported = any(record is not None and not record.token for record in records)
    return imported and dataset.has_field(names.decision)
