"""What a user's samples say of their scene: the plain fields that Gapsphere did not write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import fiftyone as fo

from ....interchange.features.feature_cache import METADATA
from .. import runs
from ..database import counted
from ..fiftyone_internals import column_values, run_parts
from ..names import Names, ReviewNames
from ..samples import flat
from .decided import IMPORT
from .fields import FEW, blocks, is_ours
from .verdict_fields import models

OF_THE_SCENE = (Names().is_hard, Names().reconstruction_error)


def metadata(dataset: fo.Dataset, ids: Sequence[str]) -> dict[str, list[Any]]:
    """Columns of plain values that Gapsphere did not write, in the order of ``ids``."""
    return columns(dataset, ids, scene_paths(dataset))


def scene_paths(dataset: fo.Dataset) -> dict[str, str]:
    """Paths of plain values that Gapsphere did not write, by the name of their field."""
    paths, recorded, unmarked = {}, _recorded(dataset), _is_review_unmarked(dataset)
    verdicts = {ReviewNames(model).prediction_status for model in models(dataset)}
    for name, field in dataset.get_field_schema().items():
        marked = is_ours(dataset, name)
        ours = _of_a_step(name, recorded, marked=marked and not _is_of_table(field))
        said = name in verdicts or _of_review(name, marked=marked or unmarked)
        if name in ("id", "filepath") or ours or said:
            continue
        if isinstance(field, (fo.StringField, fo.BooleanField, fo.IntField, fo.FloatField)):
            paths[name] = name
        elif getattr(field, "document_type", None) is fo.Classification:
            paths[name] = f"{name}.label"
    return paths


def columns(
    dataset: fo.Dataset, ids: Sequence[str], paths: Mapping[str, str]
) -> dict[str, list[Any]]:
    """Values of some paths by name, in the order of ``ids``.

    None where a sample is gone or holds NaN, which programs write for a missing number, and
    everywhere where the dataset has no such field (any more).
    """
    if not paths:
        return {}
    samples, views = flat(dataset), [flat(dataset)]
    if len(ids) * FEW < counted(samples):
        views = [samples.select(block, ordered=False) for block in blocks(list(ids))]
    there = [name for name, path in paths.items() if dataset.has_field(path)]
    found_ids: list[str] = []
    found: list[list[Any]] = [[] for _ in there]
    for view in views:
        some, *values = column_values(view, ["id", *(paths[name] for name in there)])
        found_ids += some
        for column, more in zip(found, values, strict=True):
            column += more
    for at, name in enumerate(there):
        if isinstance(dataset.get_field(paths[name]), fo.FloatField):
            found[at] = [None if value != value else value for value in found[at]]
    row = {sample_id: index for index, sample_id in enumerate(found_ids)}
    order = [row.get(sample_id) for sample_id in ids]
    nothing: dict[str, list[Any]] = {name: [None] * len(ids) for name in paths}
    return nothing | {
        name: [None if index is None else column[index] for index in order]
        for name, column in zip(there, found, strict=True)
    }


def _is_of_table(field: fo.Field) -> bool:
    """Whether an import made the field for a column of the user's table."""
    return (field.description or "").endswith(f" of {METADATA}")


def _is_review_unmarked(dataset: fo.Dataset) -> bool:
    """Whether an earlier version, which marked no field, imported what models said."""
    status = ReviewNames().prediction_status
    return bool(runs.suffixes(dataset, IMPORT)) and not is_ours(dataset, status)


def _of_review(name: str, *, marked: bool) -> bool:
    """Whether the field names a file, or what a model or a person said by our mark."""
    return name in ReviewNames.of_files or (marked and ReviewNames.tells_of_review(name))


def _recorded(dataset: fo.Dataset) -> set[str]:
    """Fields of analyses that records name, marked or not.

    Those of the first version, which marked no field, name none: any of the analysis may be theirs.
    """
    found: set[str] = set()
    records = run_parts(dataset, "method", "token", "fields")
    for step in runs.VERBS:
        for suffix in runs.suffixes(dataset, step):
            names = Names(suffix)
            record = records.get(names.run_key(step), {})
            if record.get("method") == f"{runs.METHOD}{step}":
                written = record.get("fields") if record.get("token") else names.fields()
                found.update(set(written or ()).intersection(names.fields()))
    return found


def _of_a_step(name: str, recorded: Collection[str], *, marked: bool) -> bool:
    """Whether a step wrote the field, under any suffix, and it does not describe the scene.

    How hard a frame is to rebuild does: it is a property of the image that a gap may share.  A
    field without our mark is the user's, whatever its name, unless a record names it.
    """
    if any(name == word or name.startswith(f"{word}_") for word in OF_THE_SCENE):
        return False
    words = [value for value in vars(Names()).values() if value]
    ours = any(name == word or name.startswith(f"{word}_") for word in words)
    return name in recorded or (marked and ours)
