"""``export_reviews``: the tables of an imported cache again, a person's decisions beside them.

The rows are read from the cache itself, so that everything it says is in the export to the letter;
the decisions come from the samples.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import fiftyone as fo

from ...coverage import words
from ...errors import ArtifactError, InputError
from ...interchange.features.reviews import write_reviewed
from ...interchange.features.verdicts import CORRECT, FILE_NAME, MIS, RATIONALE
from ...interchange.files.listed_paths import local_path
from ...interchange.tables.csv_stream import CsvFile, open_csv
from ...progress import Reporter, quiet
from ...results import Result
from ...settings.rationales import ReviewExportParams
from ..store.database import counted
from ..store.fields.decided import is_decided
from ..store.names import ReviewNames
from ..store.sets.resolve import reloaded
from .import_cache import imported_from

Cells = dict[str, dict[str, str]]


@dataclass(frozen=True, repr=False)
class ReviewExport(Result):
    """The tables that were written, with their rows; ``decided`` samples of all.

    ``unlisted`` of them are in no row, as those of a cache that was imported before.
    """

    files: dict[str, int]
    decided: int
    samples: int
    unlisted: int = 0

    def __str__(self) -> str:
        lines = [f"{self.decided} of {self.samples} samples decided on"]
        if self.unlisted:
            lines.append(
                f"{words.counted(self.unlisted, 'decision', 'is|are')} not written, of samples "
                "that these tables do not list: import the cache that does, and export again."
            )
        return "\n".join([*lines, *(f"{path}: {rows} rows" for path, rows in self.files.items())])


def export_reviews(
    dataset: fo.Dataset, params: ReviewExportParams | None = None, *, report: Reporter = quiet
) -> ReviewExport:
    """Write the imported tables again with the decisions added.

    ``metadata.csv`` and the rationale tables get the columns ``review_decision``, ``review_label``,
    ``review_note`` and ``review_time``; see :mod:`...interchange.tables.safe_cells` for formulas.

    Raises
    ------
    EmptySetError
        No cache was imported into the dataset.
    ArtifactError, InputError
        A table of the cache is gone, or files are in the way.
    """
    params = params or ReviewExportParams()
    dataset = reloaded(dataset)
    sources = _sources(imported_from(dataset), params.cache_dir)
    folder = local_path(params.folder)
    targets = _targets(folder, [table for table, _ in sources], params.overwrite)
    names = dataset.values(FILE_NAME)
    progress, written = report("Tables"), {}
    decided: set[str] = set()
    for done, ((table, models), target) in enumerate(zip(sources, targets, strict=True)):
        progress(done, len(sources))
        cells: Cells = {name: {} for name in names if name is not None}
        columns: list[str] = []
        for model in models:
            called = ReviewNames("" if len(models) == 1 else model).decided
            _add_decisions(dataset, ReviewNames(model), called, cells)
            columns += called
        here = {name for name, row in cells.items() if row}
        decided |= here
        written[str(target)] = write_reviewed(
            table,
            target,
            columns,
            cells,
            reviewed=here.__contains__ if params.reviewed_only else None,
        )
    progress(len(sources), len(sources))
    metadata = sources[0][0]
    at = metadata.place(FILE_NAME)
    unlisted = decided.difference(cells[at] for cells in metadata.rows())
    return ReviewExport(written, len(decided), counted(dataset), len(unlisted))


def _sources(imported: Mapping[str, Any], cache_dir: str | None) -> list[tuple[CsvFile, list[str]]]:
    """The tables that were imported, each with the suffixes of the models it speaks of."""
    moved = local_path(cache_dir) if cache_dir else None

    def opened(path: str, required: tuple[str, ...]) -> CsvFile:
        place = moved / Path(path).name if moved else Path(path)
        if not place.is_file():
            raise ArtifactError(
                f"{place} was imported and no longer exists: give the folder the cache is in now "
                "(cache_dir)."
            )
        return open_csv(place, required=required)

    models = imported["models"]
    suffixes = [model["suffix"] for model in models] or [""]
    sources = [(opened(imported["metadata"], (FILE_NAME,)), suffixes)]
    for model in models:
        for outcome in (MIS, CORRECT):
            if outcome in model:
                table = opened(model[outcome], (FILE_NAME, RATIONALE))
                sources.append((table, [model["suffix"]]))
    return sources


def _targets(folder: Path, tables: list[CsvFile], overwrite: bool) -> list[Path]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be used: {error.strerror}.") from error
    targets = [folder / table.name for table in tables]
    if len(set(targets)) < len(targets):
        raise InputError("Two tables of the cache have one name: rename one and import again.")
    for table, target in zip(tables, targets, strict=True):
        if target.exists() and os.path.samefile(table.path, target):
            raise InputError(f"{folder} is the cache itself: choose another folder.")
        if target.exists() and not overwrite:
            raise InputError(
                f"{target} is there already: choose another folder, or replace it: `overwrite`, on "
                "the command line --overwrite."
            )
    return targets


def _add_decisions(
    dataset: fo.Dataset, names: ReviewNames, called: Sequence[str], cells: Cells
) -> None:
    if not is_decided(dataset, names):
        return
    both = zip(names.decided, called, strict=True)
    columns = {name: column for name, column in both if dataset.has_field(name)}
    found, *values = dataset.exists(names.decision).values([FILE_NAME, *columns])
    for name, *row in zip(found, *values, strict=True):
        if name in cells:
            cells[name] |= {
                column: _cell(value) for column, value in zip(columns.values(), row, strict=True)
            }


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or timezone.utc).isoformat(timespec="milliseconds")
    return "" if value is None else str(value)
