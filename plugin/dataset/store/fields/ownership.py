"""Whose is a field, a tag or a run that has one of our names: ours, or the user's.

A field is ours where it carries our mark, or where a first version (which marked none) left the
record of the step that writes it; a tag or a brain run where that record is there.  All else
belongs to the user, and a step stops before it writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fiftyone as fo

from ....errors import InputError
from .. import runs
from ..names import Names, shared_field
from ..samples import flat
from .fields import TYPES, Declared, declare_all, is_ours
from .tags import RECORD as MEMBERS


@dataclass(frozen=True)
class Column:
    """A field that a step writes.

    ``kind`` is a Python or a FiftyOne type, ``document`` the class of an embedded document and
    ``parts`` its fields, ``subfield`` the type in a list; ``first``: the first version wrote it,
    without a mark.
    """

    name: str
    kind: type
    description: str
    first: bool = False
    document: type | None = None
    parts: tuple[Mapping[str, Any], ...] = ()
    subfield: type | None = None

    def declared(self) -> Declared:
        """Its type, its description and what else FiftyOne is told of it."""
        more: dict[str, Any] = {}
        if self.document is not None:
            more["embedded_doc_type"] = self.document
        if self.parts:
            more["fields"] = list(self.parts)
        if self.subfield is not None:
            more["subfield"] = self.subfield
        return self.kind, self.description, more


@dataclass(frozen=True)
class Writes:
    """All that a step writes on a dataset beside its record.

    ``tags`` are those that stand for a result; ``brain`` keys of brain runs.  ``compared``: a
    re-run looks whether the samples still hold what was written.  ``suffixed``: a suffix gives them
    other names.
    """

    step: str
    columns: tuple[Column, ...] = ()
    tags: tuple[str, ...] = ()
    brain: tuple[str, ...] = ()
    compared: bool = True
    suffixed: bool = True


def declare(dataset: fo.Dataset, *columns: Column) -> None:
    """Add those that are not there, marked as ours."""
    declare_all(dataset, {column.name: column.declared() for column in columns})


def refuse_foreign(dataset: fo.Dataset, names: Names, *plans: Writes) -> None:
    """Stop before anything of the user's would be written.

    Raises
    ------
    InputError
        Fields, tags or runs of these names are there that no run of ours wrote, or another
        analysis has such a field.
    """
    fields = any(plan.columns for plan in plans)
    if names.suffix and fields and (shared := shared_field(names.suffix)):
        raise InputError(
            f"With the suffix {names.suffix!r} this analysis would write the field {shared!r} of "
            "another analysis: choose another suffix."
        )
    found: dict[str, list[str]] = {}
    suffixed, keys = True, runs.Keys.of(dataset, names)
    for plan in plans:
        for what, name in _foreign(dataset, keys, plan):
            suffixed = suffixed and plan.suffixed
            if name not in found.setdefault(what, []):
                found[what].append(name)
    if not found:
        return
    said = " and ".join(_listed(what, sorted(of)) for what, of in found.items())
    one = sum(map(len, found.values())) == 1
    raise InputError(
        f"The dataset has {said} of its own, which would be overwritten: rename "
        f"{'it' if one else 'them'}{', or give this analysis a suffix' if suffixed else ''}."
    )


def read_only_among(dataset: fo.Dataset, *plans: Writes) -> InputError | None:
    """What to say where somebody made a field of a plan read-only, or the tags, if it sets tags."""
    for plan in plans:
        for name in [column.name for column in plan.columns] + ["tags"] * bool(plan.tags):
            if dataset.has_field(name) and dataset.get_field(name).read_only:
                return read_only(name, suffixed=plan.suffixed and name != "tags")
    return None


def read_only(name: str, *, suffixed: bool = False) -> InputError:
    """What to say where a field does not let itself be written."""
    return InputError(
        f"The field {name!r} is read-only: set read_only to False on dataset.get_field({name!r}) "
        f"and save it{', or give this analysis a suffix' if suffixed else ''}."
    )


def _foreign(dataset: fo.Dataset, keys: runs.Keys, plan: Writes) -> list[tuple[str, str]]:
    """What of the plan's names belongs to the user, each with what it is."""
    if keys.foreign(plan.step):
        return [("run", keys.names.run_key(plan.step))]
    if plan.tags and keys.foreign(MEMBERS):
        return [("run", keys.names.run_key(MEMBERS))]
    recorded = keys.has(plan.step)
    found = [
        ("field", column.name)
        for column in plan.columns
        if dataset.has_field(column.name) and not _is_ours(dataset, column, recorded)
    ]
    if not recorded:
        there = flat(dataset).distinct("tags") if plan.tags else []
        found += [("tag", tag) for tag in plan.tags if tag in there]
        found += [("brain run", key) for key in plan.brain if dataset.has_brain_run(key)]
    return found


def written(dataset: fo.Dataset, names: Names, *plans: Writes) -> set[str]:
    """Fields of the plans that are there and ours."""
    found: set[str] = set()
    keys = runs.Keys.of(dataset, names)
    for plan in plans:
        recorded = keys.has(plan.step)
        there = (column for column in plan.columns if dataset.has_field(column.name))
        found |= {column.name for column in there if _is_ours(dataset, column, recorded)}
    return found


def _is_ours(dataset: fo.Dataset, column: Column, recorded: bool) -> bool:
    """Whether a field that is there is ours, as it has to be for us to write it."""
    marked = is_ours(dataset, column.name) or (column.first and recorded)
    return marked and fits(dataset, column)


def fits(dataset: fo.Dataset, column: Column) -> bool:
    """Whether the field that is there has the column's type."""
    field = dataset.get_field(column.name)
    if not isinstance(field, TYPES.get(column.kind, column.kind)):
        return False
    if column.subfield is not None and not isinstance(field.field, column.subfield):
        return False
    return column.document is None or field.document_type is column.document


def _listed(what: str, names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"a {what} {names[0]!r}"
    return f"{what}s {', '.join(map(repr, names[:-1]))} and {names[-1]!r}"
