"""A table for samples that are there already: what differs is written, what is empty stays.

Only fields that the table names are touched, and an empty cell says nothing: a value that a person
or another table gave is never cleared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import fiftyone as fo

from ....coverage.words import counted
from ....errors import InputError
from ...store.fields.fields import TYPES, blocks

_FITS: Mapping[type, frozenset[type]] = {
    fo.StringField: frozenset([str]),
    fo.IntField: frozenset([int]),
    fo.FloatField: frozenset([int, float]),
    fo.BooleanField: frozenset([bool]),
    fo.DateField: frozenset([date]),
    fo.DateTimeField: frozenset([datetime]),
    fo.GeoLocation: frozenset([fo.GeoLocation]),
}


@dataclass(frozen=True)
class Changes:
    """Values that differ, by field and sample id."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Samples by field."""
        return {name: len(by_id) for name, by_id in self.values.items()}

    @property
    def samples(self) -> int:
        """Samples with at least one value that differs."""
        return len(set().union(*self.values.values()))

    def joined(self, other: Changes) -> Changes:
        """These and others."""
        names = dict.fromkeys([*self.values, *other.values])
        pairs = {n: self.values.get(n, {}) | other.values.get(n, {}) for n in names}
        return Changes(pairs)

    def __str__(self) -> str:
        fields = ", ".join(f"{name} of {count:,}" for name, count in self.counts.items())
        what = counted(len(self.values), "field")
        return f"{what} of {counted(self.samples, 'sample')} ({fields})"


def changes(
    dataset: fo.Dataset, rows: Mapping[str, int], columns: Mapping[str, Sequence[Any]]
) -> Changes:
    """How ``columns`` differ from what the samples hold.

    Parameters
    ----------
    rows
        Place in the columns by sample id.
    columns
        Values of the types of their fields; None says nothing.
    """
    found = {}
    for name, cells in columns.items():
        new = {i: cells[row] for i, row in rows.items() if cells[row] is not None}
        if new and dataset.has_field(name):
            held = zip(*dataset.values(["id", name]), strict=True)
            same = [i for i, value in held if i in new and _same(value, new[i])]
            for sample_id in same:
                del new[sample_id]
        if new:
            found[name] = new
    return Changes(found)


def write_changes(dataset: fo.Dataset, found: Changes) -> None:
    """Write the values that differ; a field that is not there is added."""
    for name, values in found.values.items():
        if not dataset.has_field(name):
            dataset.add_sample_field(name, TYPES[type(next(iter(values.values())))])
        for ids in blocks(list(values)):
            block = {sample_id: values[sample_id] for sample_id in ids}
            dataset.set_values(name, block, key_field="id", progress=False)


def refuse_other_types(dataset: fo.Dataset, *listed: Mapping[str, Sequence[Any]]) -> None:
    """Stop before frames of a recording would bring values into a field of another type.

    Raises
    ------
    InputError
        A field has another type than the values for it, or would get values of several.
    """
    for name in dict.fromkeys(name for columns in listed for name in columns):
        there = dataset.get_field(name)
        held = getattr(there, "document_type", type(there))
        cells = (cell for columns in listed for cell in columns.get(name, ()))
        given = {type(cell) for cell in cells if cell is not None}
        if there is None and len(given) > 1:
            kinds = " and ".join(sorted(kind.__name__ for kind in given))
            raise InputError(
                f"The field {name!r} would get {kinds} values, from a table and from frames of "
                "recordings: rename that column of the table."
            )
        if there is not None and not given <= _FITS.get(held, frozenset()):
            raise InputError(
                f"The dataset has a field {name!r} of its own, a {held.__name__}, which "
                f"these images would fill with {min(kind.__name__ for kind in given)} values: "
                "rename that field."
            )


def _same(held: Any, new: Any) -> bool:
    return held == new and isinstance(held, bool) == isinstance(new, bool)
