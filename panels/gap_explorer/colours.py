"""What the points can be coloured by, and the column of one field.

Everything on a sample that is a number or a word: its own fields, what the metadata and the
attributes hold, and the labels of label fields, single or in lists.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ...plugin.coverage.breakdown import value_counts
from ...plugin.dataset.gaps.analysis import Analysis
from ...plugin.dataset.store.fields.fields import MARK
from ...plugin.dataset.store.names import Names
from ...plugin.errors import InputError
from ..wire import MISSING, b64, squeeze
from .contract import FieldChoice
from .contract_kinds import FieldGroup, Kind

Array = NDArray[Any]
CLASSES = 250
"""Classes that the legend names and the scene tells apart; rarer ones share the last."""
UNITS = {
    "metadata.size_bytes": "bytes",
    "metadata.width": "pixels",
    "metadata.height": "pixels",
    "metadata.frame_rate": "frames a second",
    "metadata.duration": "seconds",
}
_HIDDEN = {"id", "filepath", "created_at", "last_modified_at"}
_NO_LABEL = {"tags", "mask_path", "map_path", "index", "closed", "filled"}
"""Words, numbers and flags of FiftyOne's labels that say nothing of what is labelled."""


def numeric_column(
    name: str, values: Array, low: float | None = None, high: float | None = None
) -> dict[str, Any]:
    """A numeric colour column; the range is the values' own unless given."""
    known = values[np.isfinite(values)]
    if low is None:
        low = float(known.min()) if len(known) else 0.0
    if high is None:
        high = float(known.max()) if len(known) else 0.0
    return {
        "field": name,
        "kind": "numeric",
        "values": b64(squeeze(values, low, high)),
        "min": low,
        "max": high,
        "classes": [],
    }


def categorical_column(name: str, values: list[Any]) -> dict[str, Any]:
    """A categorical colour column, most frequent class first.

    A list counts by its most frequent entry, the first of equals.
    """
    firsts = [main_entry(value) if isinstance(value, list) else value for value in values]
    counts = value_counts(firsts)
    classes = [value for value, _ in counts[:CLASSES]]
    rare = len(counts) - len(classes)
    number = {value: i for i, value in enumerate(classes)}
    other = MISSING
    if rare:
        other = len(classes)
        classes.append(f"{rare:,} others")
    coded = [MISSING if value is None else number.get(str(value), other) for value in firsts]
    return {
        "field": name,
        "kind": "categorical",
        "values": b64(np.array(coded, np.uint16)),
        "min": 0.0,
        "max": 0.0,
        "classes": classes,
    }


def main_entry(entries: list[Any]) -> Any:
    """The most frequent entry of a list, or of lists in it; the first of equals, None for none."""
    flat = (one for entry in entries for one in (entry if isinstance(entry, list) else [entry]))
    known = [entry for entry in flat if entry is not None]
    return Counter(known).most_common(1)[0][0] if known else None


def colour_fields(dataset: fo.Dataset, names: Names | None = None) -> list[FieldChoice]:
    """Fields that points can be coloured by, the analysis' own distance aside: the panel has it.

    Each with its group in the list, its kind, and its unit where one is known.
    """
    schema = dataset.get_field_schema(flat=True)
    media = set(dataset.app_config.media_fields)  # paths, one a sample
    own = {Names().dist_to_S, "" if names is None else names.dist_to_S}
    found = []
    for path, field in schema.items():
        if path in _HIDDEN | media | own or path.rpartition(".")[2].startswith("_"):
            continue
        parents = [schema[path[:at]] for at, sign in enumerate(path) if sign == "."]
        kind = _kind(path, field, parents)
        if kind is not None:
            group, unit = _group(path, field, parents), _unit(path, field)
            found.append(FieldChoice(path=path, kind=kind, group=group, unit=unit))
    return found


def _kind(path: str, field: fo.Field, parents: list[fo.Field]) -> Kind | None:
    """What a field is as a colour; None where it is none."""
    if _labelled(parents) and path.rpartition(".")[2] in _NO_LABEL:
        return None
    listed = any(isinstance(parent, fo.ListField) for parent in parents)
    if isinstance(field, fo.ListField):
        listed, field = True, field.field
    if isinstance(field, fo.BooleanField | fo.StringField):
        return "categorical"
    if isinstance(field, fo.FloatField | fo.IntField) and not listed:
        return "numeric"
    return None


def _labelled(parents: list[fo.Field]) -> bool:
    held = [one.field if isinstance(one, fo.ListField) else one for one in parents]
    documents = [getattr(one, "document_type", None) for one in held]
    return any(document is not None and issubclass(document, fo.Label) for document in documents)


def _group(path: str, field: fo.Field, parents: list[fo.Field]) -> FieldGroup:
    if _labelled(parents):
        return "labels"
    if path.startswith("metadata."):
        return "metadata"
    if not (field.info or {}).items() >= MARK.items():
        return "fields"
    return "attributes" if parents else "coverage"


def _unit(path: str, field: fo.Field) -> str:
    unit = (field.info or {}).get("unit")
    return str(unit or UNITS.get(path) or field.description or "")


def colour_column(analysis: Analysis, rows: Array, field: str) -> dict[str, Any]:
    """The column of one field, read from the dataset.

    Raises
    ------
    InputError
        The dataset has no such field, or it cannot be a colour.
    """
    kinds = {choice["path"]: choice["kind"] for choice in colour_fields(analysis.dataset)}
    if field not in kinds:
        raise InputError(f"The dataset has no field {field!r} to colour by.")
    column = analysis.column(field)
    ordered = [column[row] for row in rows.tolist()]
    if kinds[field] == "numeric":
        return numeric_column(field, np.array(ordered, dtype=np.float64))
    return categorical_column(field, ordered)
