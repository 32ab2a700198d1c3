"""A feature cache: the folder in which other projects leave features and an LLM's verdicts.

``metadata.csv`` names the samples and its row order pairs with the arrays; ``mis_*.csv`` and
``correct_*.csv`` hold what a language model said of each.  The tables are streamed twice, once to
check them and once to hand them out, and what has to be found again by name waits in a temporary
SQLite file: memory holds the arrays and one block of rows, however large the tables are.

A file that is wrong as a whole is an error.  A single row that cannot be used is left out, counted
and listed, and the rest goes on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArtifactError, InputError
from ...progress import Progress, silent
from ..files.checked import read_json, read_npy
from ..files.file_names import Folder, unsafe
from ..files.listed_paths import local_path
from ..tables.columns import Narrowing
from ..tables.csv_stream import CsvFile, open_csv
from ..tables.findings import Findings
from ..tables.name_index import NameIndex
from .rationales import EMPTY
from .tensors import read_pt
from .verdicts import (
    FILE_NAME,
    RATIONALE,
    ModelAnswer,
    Verdicts,
    find_verdicts,
    named_file,
    said_of,
)

Array = NDArray[Any]
Rows = Callable[[CsvFile], Iterator[list[str]]]

METADATA, EMBEDDINGS, LABELS, META = "metadata.csv", "embeddings.pt", "labels.pt", "meta.json"
CENTROID = "scores_centroid.csv"
NUM_LABEL, WORD_LABEL = "ground_truth_num_label", "ground_truth_word_label"
KNOWN = (FILE_NAME, NUM_LABEL, WORD_LABEL, "ground_truth_L2_num_label")
"""Columns with a meaning; all but the first may be missing."""
CENTROID_COLUMNS = ("sim_to_centroid", "pct_rank_in_class", "is_bottom_5pct")
META_LIMIT = 1 << 16
REPEATED = "rows left out: an earlier row has the file_name"
OFF_SCALE = "scores outside 0 to 1, which order the review as they are: are all on one scale?"
UNREAD = "tables of rationales not read: mis_csv and correct_csv name those to read"
STRANGE = "rows left out: no sample of that name"
LOOK_AFTER = 10_000
"""Rows of a table between two reports of progress, where the work can be stopped."""


@dataclass(frozen=True)
class Row:
    """One sample: ``index`` into the arrays, ``cells`` as they stand in ``metadata.csv``."""

    index: int
    file_name: str
    path: str | None
    cells: Sequence[str]
    said: Sequence[ModelAnswer]
    centroid: tuple[float | None, float | None, bool | None] | None


@dataclass(eq=False)
class FeatureCache:
    """A cache that was checked as a whole; a context manager, since its index is a file."""

    folder: Path
    metadata: CsvFile
    kinds: dict[str, Narrowing]
    """Type of each column of ``metadata.csv`` but the name and the label in words."""
    rows: int
    usable: int
    verdicts: tuple[Verdicts, ...]
    extra_kinds: dict[tuple[str, str], Narrowing]
    """Type of (suffix, column) for the further columns of the verdicts."""
    coordinates: Array | None
    """float32 (rows, 2) or (rows, 3), NaN where they cannot be used"""
    embeddings: Array | None
    """float32 (rows, d), unit rows, NaN where they cannot be used"""
    has_centroid: bool
    meta: Mapping[str, Any]
    found: Findings
    _index: NameIndex

    def __enter__(self) -> FeatureCache:
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()

    def fingerprint(self) -> str:
        """Names the embeddings by their content."""
        if self.embeddings is None:
            return ""
        digest = hashlib.blake2b(np.ascontiguousarray(self.embeddings).data, digest_size=16)
        return f"cache:{digest.hexdigest()}"

    def listed(self, names: Sequence[str]) -> list[str]:
        """Those of some names that a usable row has."""
        there = self._index.paths(names)
        return [name for name in names if name in there]

    def blocks(self, size: int) -> Iterator[list[Row]]:
        """The usable rows in their order, at most ``size`` at once."""
        rows = enumerate(self.metadata.rows())
        while block := list(islice(rows, size)):
            yield self._joined(block)

    def _joined(self, block: list[tuple[int, list[str]]]) -> list[Row]:
        at = self.metadata.place(FILE_NAME)
        names = [cells[at] for _, cells in block]
        paths = self._index.paths(names)
        said = [self._index.said(names, number) for number in range(len(self.verdicts))]
        centroid = self._index.centroid(names)
        rows = []
        for index, cells in block:
            name = cells[at]
            first, path = paths.get(name, (None, None))
            if first == index:
                spoken = [said_of(by.get(name, {})) for by in said]
                self._note(name, spoken)
                rows.append(Row(index, name, path, cells, spoken, centroid.get(name)))
        return rows

    def _note(self, name: str, spoken: Sequence[ModelAnswer]) -> None:
        """Note the answers that were not read in full, and scores of another scale."""
        for verdict, one in zip(self.verdicts, spoken, strict=True):
            said = one.rationale
            if one.status == "unknown":
                continue
            files = dict(verdict.files())
            table = files[one.status].name if one.status in files else verdict.model
            if said.problem:
                empty = said.problem == EMPTY
                what = "missing: empty cell" if empty else f"kept as raw text: {said.problem}"
                self.found.add(table, f"rationales {what}", name)
            if said.note:
                self.found.add(table, said.note.partition(" (")[0], f"{name}: {said.note}")
            if said.score is not None and not 0 <= said.score <= 1:
                self.found.add(table, OFF_SCALE, f"{name}: {said.score:g}")


def open_cache(
    folder: str | Path,
    *,
    coords_file: str = "",
    mis_csv: str = "",
    correct_csv: str = "",
    image_dir: str | None = None,
    optional: Sequence[str] = (),
    progress: Progress = silent,
) -> FeatureCache:
    """Check a cache as a whole; close what comes back.

    Parameters
    ----------
    folder
        Holds ``metadata.csv``; the other names are relative to it, or absolute.
    mis_csv, correct_csv
        One file each, or several with commas between them, one pair a language model.
    image_dir
        Every ``file_name`` has to stay inside it, links followed.
    optional
        Names that may be missing: the defaults, which the user did not choose.

    Raises
    ------
    InputError, ArtifactError
        A file that was named is not there, or cannot be used as a whole; the sentence says which.
    """
    place = local_path(folder)
    if not place.is_dir():
        raise InputError(f"{place} is not a folder; a feature cache is a folder with {METADATA}.")
    if not (place / METADATA).is_file():
        raise InputError(f"{place} has no {METADATA}: it is not a feature cache.")
    metadata = open_csv(place / METADATA, required=(FILE_NAME,))
    coords = named_file(place, coords_file, optional)
    verdicts = find_verdicts(place, mis_csv, correct_csv, optional)
    images = Folder(local_path(image_dir)) if image_dir else None
    if images is not None and not Path(images.path).is_dir():
        raise InputError(f"{image_dir} is not a folder: give the folder with the images.")
    centroid = place / CENTROID
    said = [file.path for verdict in verdicts for _, file in verdict.files()]
    tables = [metadata.path, *said, *([centroid] if centroid.is_file() else [])]

    def rows(file: CsvFile) -> Iterator[list[str]]:
        for number, cells in enumerate(file.rows()):
            if not number % LOOK_AFTER:
                progress(tables.index(file.path), len(tables))
            yield cells

    found, index = Findings(), NameIndex()
    unread = {path.name for kind in ("mis", "correct") for path in place.glob(f"{kind}_*.csv")}
    found.add(place.name, UNREAD, *sorted(unread - {path.name for path in said}))
    try:
        kinds, count = _check_metadata(metadata, images, index, found, rows)
        extra_kinds: dict[tuple[str, str], Narrowing] = {}
        for number, verdict in enumerate(verdicts):
            extra_kinds |= _read_verdicts(verdict, number, index, found, rows)
        if centroid.is_file():
            _read_centroid(centroid, index, found, rows)
        embeddings = place / EMBEDDINGS
        cache = FeatureCache(
            folder=place.resolve(),
            metadata=metadata,
            kinds=kinds,
            rows=count,
            usable=index.count("sample"),
            verdicts=verdicts,
            extra_kinds=extra_kinds,
            coordinates=_coordinates(coords, count, found) if coords else None,
            embeddings=_embeddings(embeddings, count, found) if embeddings.is_file() else None,
            has_centroid=centroid.is_file(),
            meta=_meta(place / META, found),
            found=found,
            _index=index,
        )
        if (place / LABELS).is_file():
            _compare_labels(place / LABELS, metadata, count, found)
        return cache
    except BaseException:
        index.close()
        raise


def _check_metadata(
    metadata: CsvFile, images: Folder | None, index: NameIndex, found: Findings, rows: Rows
) -> tuple[dict[str, Narrowing], int]:
    at = metadata.place(FILE_NAME)
    watched = [
        (place, Narrowing(name, decimal_comma=metadata.dialect.decimal_comma), name)
        for place, name in enumerate(metadata.header)
        if name not in (FILE_NAME, WORD_LABEL)
    ]
    count = 0
    for count, cells in enumerate(rows(metadata), start=1):
        name = cells[at]
        for place, column, _ in watched:
            column.see(cells[place])
        path, reason = images.resolve(name) if images else (None, unsafe(name))
        if reason:
            found.add(METADATA, f"rows left out: file_name {reason}", name)
        elif not index.add("sample", name, count - 1, path):
            found.add(METADATA, REPEATED, name)
    if not count:
        raise ArtifactError(f"{metadata.path} has a header and no row.")
    if not index.count("sample"):
        raise ArtifactError(f"{metadata.path}: no row can be used.\n{found}")
    return {name: column for _, column, name in watched}, count


def _read_verdicts(
    verdict: Verdicts, number: int, index: NameIndex, found: Findings, rows: Rows
) -> dict[tuple[str, str], Narrowing]:
    kinds = {
        (verdict.suffix, name): Narrowing(name, decimal_comma=verdict.decimal_comma)
        for name in verdict.extra
    }
    for outcome, file in verdict.files():
        at, said = file.place(FILE_NAME), file.place(RATIONALE)
        extra = [(name, file.place(name)) for name in verdict.extra if name in file.header]
        for cells in rows(file):
            more = {name: cells[place] for name, place in extra}
            for name, cell in more.items():
                kinds[verdict.suffix, name].see(cell)
            kept = json.dumps(more) if more else "{}"
            if not index.add("said", cells[at], number, outcome, cells[said], kept):
                found.add(file.name, REPEATED, cells[at])
        count, names = index.strangers("said", "model = ? AND outcome = ?", number, outcome)
        found.add(file.name, STRANGE, *names, count=count)
    return kinds


def _read_centroid(path: Path, index: NameIndex, found: Findings, rows: Rows) -> None:
    file = open_csv(path, required=(FILE_NAME, *CENTROID_COLUMNS))
    at = file.place(FILE_NAME)
    places = [file.place(name) for name in CENTROID_COLUMNS]
    for cells in rows(file):
        similarity, rank, bottom = (cells[place].strip() for place in places)
        values = _finite(similarity), _finite(rank), _flag(bottom)
        for text, value in zip((similarity, rank, bottom), values, strict=True):
            if text and value is None:
                found.add(CENTROID, "cells left out: no value", f"{cells[at]}: {text}")
        if not index.add("centroid", cells[at], *values):
            found.add(CENTROID, REPEATED, cells[at])
    count, names = index.strangers("centroid")
    found.add(CENTROID, STRANGE, *names, count=count)


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _flag(text: str) -> bool | None:
    return {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}.get(
        text.lower()
    )


def _coordinates(path: Path, count: int, found: Findings) -> Array:
    rows = read_npy(path)
    if rows.ndim != 2 or rows.shape[1] not in (2, 3):
        raise ArtifactError(f"{path.name} has the shape {rows.shape}; (n, 2) or (n, 3) is needed.")
    _paired(path.name, len(rows), count)
    rows = rows.astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad) == len(rows):
        raise ArtifactError(f"{path.name} holds no coordinates, only NaN or infinity.")
    rows[bad] = np.nan
    _note_rows(found, path.name, "rows without a place: NaN or infinite", bad)
    return rows


def _embeddings(path: Path, count: int, found: Findings) -> Array:
    rows = read_pt(path, preferred="embeddings")
    if rows.ndim != 2 or not rows.shape[1]:
        raise ArtifactError(f"{path.name} has the shape {rows.shape}; (n, d) is needed.")
    _paired(path.name, len(rows), count)
    rows = rows.astype(np.float32, copy=False)
    # Half first would lose small numbers; in float64 no square of a float32 overflows.
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    bad = np.flatnonzero(~np.isfinite(norms) | (norms == 0))
    norms[bad] = np.nan
    _note_rows(found, path.name, "rows without a vector: NaN, infinite or zero", bad)
    unit: Array = (rows / norms[:, None]).astype(np.float32)
    return unit


def _note_rows(found: Findings, name: str, sentence: str, rows: Array) -> None:
    shown = [f"row {row + 1}" for row in rows[: Findings.LISTED]]
    found.add(name, sentence, *shown, count=len(rows))


def _paired(name: str, length: int, count: int) -> None:
    if length != count:
        raise ArtifactError(
            f"{METADATA} has {count} rows and {name} has {length}: they are paired by their order, "
            "so both have to come from one run."
        )


def _compare_labels(path: Path, metadata: CsvFile, count: int, found: Findings) -> None:
    """Hold ``labels.pt`` against the metadata: where they differ, two runs were mixed."""
    labels = read_pt(path, preferred="labels").reshape(-1)
    _paired(path.name, len(labels), count)
    if NUM_LABEL not in metadata.header:
        return
    at, name_at = metadata.place(NUM_LABEL), metadata.place(FILE_NAME)
    for label, cells in zip(labels.tolist(), metadata.rows(), strict=False):
        listed = _finite(cells[at])
        if listed is not None and listed != label:
            found.add(
                LABELS,
                f"rows that differ from {NUM_LABEL}: are both of one run?",
                f"{cells[name_at]}: {label} and {cells[at]}",
            )


def _meta(path: Path, found: Findings) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    if path.stat().st_size > META_LIMIT:
        found.add(META, f"files not read: larger than {META_LIMIT >> 10} KiB", count=1)
        return {}
    held = read_json(path)
    return held if isinstance(held, dict) else {"meta": held}
