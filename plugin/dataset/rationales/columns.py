"""Columns of a feature cache as fields: how each is called, typed, and read off a row."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from operator import attrgetter
from typing import Any

import fiftyone as fo

from ...errors import InputError
from ...interchange.features.feature_cache import (
    CENTROID_COLUMNS,
    KNOWN,
    METADATA,
    FeatureCache,
    Row,
)
from ...interchange.tables.columns import Narrowing, drive_name, fitted, frame_number
from ...settings.rationales import FeatureCacheParams
from ..store.fields import decided, fields, ownership
from ..store.fields.ownership import Writes, declare
from ..store.fiftyone_internals import reserved_names
from ..store.names import FRAME_NUMBER, SEQUENCE, Names, ReviewNames

FIELD_TYPES = {int: fo.IntField, float: fo.FloatField, bool: fo.BooleanField, str: fo.StringField}
OURS = ("prediction_status", "llm_", "review_", "failure_", ReviewNames.image_url, "csv_")
"""Beginnings of names that the import itself writes."""

GROUND_TRUTH = ownership.Column(
    ReviewNames.ground_truth,
    fo.EmbeddedDocumentField,
    "What the image shows, from the feature cache",
    first=True,
    document=fo.Classification,
)
ADDRESS = ownership.Column(ReviewNames.image_url, str, "Where the image is served", first=True)


@dataclass(frozen=True)
class Column:
    """One field of every sample, and how a row gives its value."""

    field: str
    value: Callable[[Row], Any]
    restores: bool = False
    """It holds a person's decisions: given where nobody has decided here."""


def our_columns(dataset: fo.Dataset, cache: FeatureCache, params: FeatureCacheParams) -> Writes:
    """The fields whose names are ours and not the table's."""
    planned = [*_verdicts(dataset, cache), *_centroid(cache)]
    columns = [
        ownership.Column(name, kind, description, first=True)
        for name, kind, description, _ in planned
    ]
    if params.image_root:
        columns.append(ADDRESS)
    return Writes(decided.IMPORT, (*columns, GROUND_TRUTH), suffixed=False)


def declare_columns(
    dataset: fo.Dataset,
    cache: FeatureCache,
    params: FeatureCacheParams,
    begin: Callable[[], None],
) -> list[Column]:
    """Declare every field that the cache gives, and ``begin`` once all of it is known to fit.

    Raises
    ------
    InputError
        ``color_by`` or ``hover`` names no column, or the dataset has a field of another type, or
        one that is read-only.
    """
    planned = [*_metadata(dataset, cache), *_verdicts(dataset, cache), *_centroid(cache)]
    known = {name for name, *_ in planned} | {ReviewNames.ground_truth}
    for setting, words in (("color_by", [params.color_by]), ("hover", shown_fields(params))):
        for word in words:
            default = FeatureCacheParams.model_fields[setting].default
            if getattr(params, setting) == default:
                continue  # a table without labels is shown without them
            if word and word not in known and not dataset.has_field(word):
                raise InputError(
                    f"{setting}: there is no {word!r}; known: {', '.join(sorted(known))}."
                )
    for name, kind, *_ in planned:
        _check_kind(dataset, name, kind)
        if fields.is_ours(dataset, name) and dataset.get_field(name).read_only:
            raise ownership.read_only(name)
    begin()
    fields.declare_all(
        dataset,
        {
            name: (FIELD_TYPES.get(kind, kind), description, {})
            for name, kind, description, _ in planned
        },
    )
    declare(dataset, GROUND_TRUTH, *([ADDRESS] if params.image_root else []))
    columns = [Column(name, value) for name, _, _, value in planned]
    return columns + review_columns(dataset, cache)


def shown_fields(params: FeatureCacheParams) -> list[str]:
    """The fields that ``hover`` names."""
    return [word.strip() for word in params.hover.split(",") if word.strip()]


Planned = tuple[str, type, str, Callable[[Row], Any]]


def _metadata(dataset: fo.Dataset, cache: FeatureCache) -> list[Planned]:
    planned: list[Planned] = []
    taken: set[str] = set()
    reserved = reserved_names(dataset)
    restored = {name for names in reviewed(cache) for name in names.decided}
    for place, header in enumerate(cache.metadata.header):
        if header in restored:
            continue  # a person's decisions: review_columns
        name = _field_name(header, taken, reserved)
        column = cache.kinds.get(header)
        kind, convert = _fitted(dataset, name, column or Narrowing())
        if name == SEQUENCE and kind is str:
            convert = drive_name
        if name == FRAME_NUMBER and kind is not int and _numbered(dataset, cache, place):
            kind, convert = int, frame_number
        planned.append((name, kind, f"Column {header!r} of {METADATA}", _reader(place, convert)))
    return planned


def _numbered(dataset: fo.Dataset, cache: FeatureCache, place: int) -> bool:
    """Whether all cells of a column are frame numbers that the field may hold, if it is there."""
    if not isinstance(dataset.get_field(FRAME_NUMBER), fo.IntField | None):
        return False
    try:
        for cells in cache.metadata.rows():
            frame_number(cells[place])
    except ValueError:
        return False
    return True


def _reader(place: int, convert: Callable[[str], Any]) -> Callable[[Row], Any]:
    def read(row: Row) -> Any:
        cell = row.cells[place]
        return convert(cell) if cell else None

    return read


def _field_name(header: str, taken: set[str], reserved: Collection[str]) -> str:
    """A name that FiftyOne accepts, that is free, and that no step of ours will write."""
    if header in KNOWN:
        return header
    name = re.sub(r"\W", "_", header).strip("_") or "column"
    steps = {value for value in vars(Names()).values() if isinstance(value, str) and value}
    ours = name in steps | {ReviewNames.ground_truth, *CENTROID_COLUMNS} or name.startswith(OURS)
    if ours or name in reserved or name[0].isdigit():
        name = f"csv_{name}"
    return _free(name, taken)


def _free(name: str, taken: set[str]) -> str:
    """``name``, numbered where another column has become it; from now on it is taken."""
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    taken.add(unique)
    return unique


def _verdicts(dataset: fo.Dataset, cache: FeatureCache) -> list[Planned]:
    planned: list[Planned] = []
    taken: set[str] = set()
    for number, verdict in enumerate(cache.verdicts):
        names, of = ReviewNames(verdict.suffix), f", by {verdict.model}"
        which = f"Which table names the image: correct, misclassified, ambiguous (both){of}"
        sent = f"What was sent, where score and rationale do not tell all of it{of}"
        planned += [
            (names.prediction_status, str, which, _of(number, "status")),
            (names.llm_score, float, f"Score{of}", _of(number, "rationale.score")),
            (names.llm_rationale, str, f"Rationale{of}", _of(number, "rationale.text")),
            (names.llm_raw, str, sent, _of(number, "rationale.raw")),
            (names.llm_problem, str, f"What was wrong with it{of}", _problem(number)),
        ]
        taken.update(name for name, *_ in planned)
        for extra in verdict.extra:
            column = cache.extra_kinds[verdict.suffix, extra]
            word = re.sub(r"\W", "_", extra).strip("_") or "column"
            name = _free(f"llm_{word}" + (f"_{verdict.suffix}" if verdict.suffix else ""), taken)
            kind, convert = _fitted(dataset, name, column)
            planned.append((name, kind, f"Column {extra!r}{of}", _extra(number, extra, convert)))
    if not cache.verdicts:
        status = ReviewNames().prediction_status
        planned.append((status, str, "No table names any image", lambda _: "unknown"))
    return planned


def _of(number: int, path: str) -> Callable[[Row], Any]:
    value = attrgetter(path)
    return lambda row: value(row.said[number])


def _problem(number: int) -> Callable[[Row], str | None]:
    return lambda row: row.said[number].rationale.problem or None


def _extra(number: int, name: str, convert: Callable[[str], Any]) -> Callable[[Row], Any]:
    def read(row: Row) -> Any:
        cell = row.said[number].extra.get(name)
        return convert(cell) if cell else None

    return read


def _centroid(cache: FeatureCache) -> list[Planned]:
    if not cache.has_centroid:
        return []
    similarity, rank, bottom = CENTROID_COLUMNS
    return [
        (similarity, float, "Cosine similarity to the centroid of its class", _from_centroid(0)),
        (rank, float, "Percentile of that similarity within the class", _from_centroid(1)),
        (bottom, bool, "Among the 5 % of its class that are least like it", _from_centroid(2)),
    ]


def _from_centroid(at: int) -> Callable[[Row], Any]:
    return lambda row: None if row.centroid is None else row.centroid[at]


def _fitted(dataset: fo.Dataset, name: str, column: Narrowing) -> tuple[type, Callable[[str], Any]]:
    """Type and converter of a column; a field that is there keeps its own where values fit it."""
    held = dataset.get_field(name)
    if isinstance(held, fo.StringField):
        return str, str
    if isinstance(held, fo.FloatField) and column.kind is int and column.exact_as_float:
        return float, partial(fitted, kind=float)
    return column.kind, column.convert


def _check_kind(dataset: fo.Dataset, name: str, kind: type) -> None:
    held = dataset.get_field(name)
    if held is not None and not isinstance(held, FIELD_TYPES[kind]):
        raise InputError(
            f"The dataset has a field {name!r} of another type ({type(held).__name__}) than the "
            f"cache would fill it with: rename that field, or import into a dataset of its own."
        )


def review_columns(dataset: fo.Dataset, cache: FeatureCache) -> list[Column]:
    """Decisions that an export of ours put beside the metadata."""
    columns = []
    for names in reviewed(cache):
        for column in decided.writes(names).columns:
            if column.name in cache.metadata.header:
                declare(dataset, column)
                convert = _time if column.name == names.time else str
                read = _reader(cache.metadata.place(column.name), convert)
                columns.append(Column(column.name, read, restores=True))
    return columns


def reviewed(cache: FeatureCache) -> list[ReviewNames]:
    """Of each model whose decisions are beside the metadata."""
    suffixes = ("", *(verdict.suffix for verdict in cache.verdicts if verdict.suffix))
    named = (ReviewNames(suffix) for suffix in suffixes)
    return [names for names in named if names.decision in cache.metadata.header]


def _time(cell: str) -> datetime | None:
    """Naive UTC, as FiftyOne keeps it; None where the cell is not a time."""
    try:
        time = datetime.fromisoformat(cell)
    except ValueError:
        return None
    return time.astimezone(timezone.utc).replace(tzinfo=None) if time.tzinfo else time
