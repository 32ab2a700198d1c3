"""``import_feature_cache``: features and rationales made elsewhere become samples, fields, runs.

``file_name`` is the key: importing again updates the samples that are there and adds the others, so
an import that was killed is simply run again.  What a person decided is never overwritten.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ...errors import EmptySetError, MismatchError
from ...interchange.feature_cache import WORD_LABEL, FeatureCache, Row, open_cache
from ...interchange.verdicts import FILE_NAME
from ...progress import Progress, Reporter, quiet
from ...settings.rationales import FeatureCacheParams
from ...settings.steps import EmbeddingParams
from ..gaps import embed
from ..store import runs, vectors
from ..store.insert import insert
from ..store.names import OWNED_TAG, POOL_TAG, Names, ReviewNames
from ..store.sets import reloaded
from .cards import CardFolder
from .columns import Column, declare_columns
from .look import WORKSPACE, check_look, image_url, save_look
from .map import SphereMap, plan_map, write_map

STEP = "feature_cache"
BLOCK = 500
IMAGE_URL = "image_url"
Array = NDArray[Any]


@dataclass(frozen=True)
class FeatureCacheResult:
    """What was imported.

    ``findings`` are sentences for everything that was left out or corrected; the run record ``run``
    has the names behind them.
    """

    dataset: str
    added: int
    updated: int
    earlier: int
    cards: int
    missing_images: int
    statuses: dict[str, dict[str, int]]
    placed: int
    dimensions: int
    embedded: int
    findings: list[str]
    cards_folder: str
    run: str
    seconds: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{self.dataset}: {self.added:,} samples added, {self.updated:,} updated"]
        for model, counts in self.statuses.items():
            found = ", ".join(f"{count:,} {status}" for status, count in counts.items() if count)
            lines.append(f"{model or 'status'}: {found}")
        if self.placed:
            lines.append(f"coordinates: {self.placed:,} samples, {self.dimensions} dimensions")
        if self.embedded:
            lines.append(f"embeddings: {self.embedded:,} samples")
        if self.missing_images:
            lines.append(f"{self.missing_images:,} images are not in the folder: they have cards")
        if self.cards:
            lines.append(
                f"{self.cards:,} cards drawn in place of images, in {self.cards_folder} (FiftyOne "
                "deletes no media: remove that folder when you delete the dataset)"
            )
        if self.earlier:
            lines.append(
                f"{self.earlier:,} samples of an earlier import are not in this cache: kept"
            )
        if self.placed:
            lines.append(
                f"the App's workspace {WORKSPACE!r} shows the review's summary, map and sphere"
            )
        if self.findings:
            lines.append(
                "Left out or corrected, the first names in brackets; up to 100 of each are in "
                f"dataset.get_run_info({self.run!r}).config.inputs['examples']:"
            )
        return "\n".join([*lines, *self.findings])


def import_feature_cache(
    dataset: fo.Dataset,
    params: FeatureCacheParams,
    *,
    report: Reporter = quiet,
) -> FeatureCacheResult:
    """Read a feature cache into ``dataset``.

    Writes a sample for each row of ``metadata.csv``: ``file_name``, ``ground_truth``, the other
    columns typed, ``prediction_status``, ``llm_score``, ``llm_rationale``, ``llm_raw``,
    ``embedding`` and a place on the sphere; the brain runs ``feature_cache`` (the coordinates as
    they are) and ``gapsphere`` (on the sphere); colours, shown fields and a workspace.

    Raises
    ------
    InputError, ArtifactError
        A file or word cannot be used; nothing was written.
    MismatchError
        ``embedding`` holds vectors of an encoder: they are not replaced by others in silence.
    """
    started = time.monotonic()
    dataset, names = reloaded(dataset), Names(params.suffix)
    check_look(params)
    defaults = FeatureCacheParams()
    optional = (defaults.coords_file, defaults.mis_csv, defaults.correct_csv)
    with open_cache(
        params.cache_dir,
        coords_file=params.coords_file,
        mis_csv=params.mis_csv,
        correct_csv=params.correct_csv,
        image_dir=params.image_dir,
        optional=optional,
        progress=report("Checking tables"),
    ) as cache:
        made_by = _vectors_there(dataset, names, cache)
        columns = declare_columns(dataset, cache, params)
        same_vectors = _claim(dataset, names, cache, made_by)
        checked = time.monotonic()
        laid = plan_map(dataset, names, cache)
        writer = _Writer(dataset, names, cache, columns, params, laid, same_vectors)
        writer.run(report("Samples"))
        written = time.monotonic()
        rewrite, last = writer.updated > 0, report("Maps and runs")
        last(0, 1)
        placed = write_map(dataset, names, cache, laid, writer.ids, rewrite=rewrite)
        embedded = _record_embeddings(dataset, names, cache, writer)
        cards = writer.carded * 2 > len(writer.ids) and not params.image_root
        save_look(dataset, params, placed=placed > 0, cards=cards)
        last(1, 1)
        imported = writer.result(placed, embedded)
    finished = time.monotonic()
    imported.seconds.update(
        checking=checked - started, samples=written - checked, runs=finished - written
    )
    _record(dataset, names, params, cache, imported)
    return imported


class _Writer:
    """Turns blocks of rows into samples, new ones or those that are there."""

    def __init__(
        self,
        dataset: fo.Dataset,
        names: Names,
        cache: FeatureCache,
        columns: Sequence[Column],
        params: FeatureCacheParams,
        laid: SphereMap | None,
        same_vectors: bool,
    ) -> None:
        self.dataset, self.names, self.cache = dataset, names, cache
        self.columns, self.params = columns, params
        self.laid, self.same_vectors = laid, same_vectors
        self.known = _known(dataset)
        self.had_file_name = bool(self.known) and dataset.has_field(FILE_NAME)
        self.ids: dict[int, str] = {}
        """Sample id of each row of the arrays."""
        self.added = self.updated = self.missing = self.carded = 0
        self.cards = CardFolder(dataset)
        self.statuses: dict[str, dict[str, int]] = {
            verdict.model: dict.fromkeys(("misclassified", "correct", "ambiguous", "unknown"), 0)
            for verdict in cache.verdicts
        }

    def run(self, progress: Progress) -> None:
        done = 0
        for rows in self.cache.blocks(BLOCK):
            self._write(rows)
            done += len(rows)
            progress(done, self.cache.usable)
        self.cards.sweep()

    def _write(self, rows: Sequence[Row]) -> None:
        values = [self._values(row) for row in rows]
        paths = self._paths(rows, values)
        new, old = [], {}
        for place, (row, path) in enumerate(zip(rows, paths, strict=True)):
            sample_id = self.known.get(row.file_name) or self.known.get(path)
            if sample_id is None:
                new.append(place)
            else:
                self.ids[row.index] = sample_id
                old[sample_id] = place
        if old:
            self._update(old, rows, values, paths)
        if new:
            samples = [self._sample(rows[at], values[at], paths[at]) for at in new]
            for place, sample_id in zip(new, insert(self.dataset, samples), strict=True):
                self.ids[rows[place].index] = sample_id
        self.added += len(new)
        self.updated += len(old)

    def _values(self, row: Row) -> dict[str, Any]:
        values: dict[str, Any] = {column.field: column.value(row) for column in self.columns}
        for verdict, said in zip(self.cache.verdicts, row.said, strict=True):
            self.statuses[verdict.model][said.status] += 1
        return values

    def _paths(self, rows: Sequence[Row], values: Sequence[Mapping[str, Any]]) -> list[str]:
        paths = []
        for row, held in zip(rows, values, strict=True):
            if row.path is not None and Path(row.path).is_file():
                paths.append(row.path)
                continue
            self.carded += 1
            self.missing += row.path is not None
            paths.append(self.cards.path(row.file_name, held))
        self.cards.draw()
        return paths

    def _sample(self, row: Row, values: Mapping[str, Any], path: str) -> fo.Sample:
        given = {name: value for name, value in values.items() if value is not None}
        if self.params.image_root:
            given[IMAGE_URL] = image_url(self.params.image_root, row.file_name)
        label = given.get(WORD_LABEL)
        if label is not None:
            given[ReviewNames.ground_truth] = fo.Classification(label=label)
        vector = self._vector(row)
        if vector is not None:
            given[self.names.embedding] = vector
        if self.laid is not None:
            given |= self.laid.fields(self.names, row.index)
        return fo.Sample(filepath=path, tags=self._tags(values), **given)

    def _tags(self, values: Mapping[str, Any]) -> list[str]:
        split = values.get("split")
        return [split] if split in (OWNED_TAG, POOL_TAG) else []

    def _vector(self, row: Row) -> Array | None:
        if self.cache.embeddings is None:
            return None
        vector: Array = self.cache.embeddings[row.index]
        return None if np.isnan(vector[0]) else vector

    def _update(
        self,
        old: Mapping[str, int],
        rows: Sequence[Row],
        values: Sequence[Mapping[str, Any]],
        paths: Sequence[str],
    ) -> None:
        def write(name: str, column: Mapping[str, Any]) -> None:
            self.dataset.set_values(name, column, key_field="id", progress=False)

        write("filepath", {i: paths[place] for i, place in old.items()})
        for column in self.columns:
            if not column.restores:
                name = column.field
                write(name, {i: values[place][name] for i, place in old.items()})
        if self.params.image_root:
            root = self.params.image_root
            urls = {i: image_url(root, rows[place].file_name) for i, place in old.items()}
            write(IMAGE_URL, urls)
        self._relabel(old, values)
        if self.cache.embeddings is not None and not self.same_vectors:
            found = {i: self._vector(rows[place]) for i, place in old.items()}
            there = {i: vector for i, vector in found.items() if vector is not None}
            if there:
                matrix = np.stack(list(there.values()))
                vectors.write(self.dataset, self.names.embedding, list(there), matrix)

    def _relabel(self, old: Mapping[str, int], values: Sequence[Mapping[str, Any]]) -> None:
        """Ground truth where it differs: an unchanged label keeps its id, and the tags it has."""
        name = ReviewNames.ground_truth
        ids, labels = self.dataset.select(list(old), ordered=False).values(["id", f"{name}.label"])
        changed = {}
        for sample_id, label in zip(ids, labels, strict=True):
            wanted = values[old[sample_id]][WORD_LABEL]
            if wanted != label:
                changed[sample_id] = None if wanted is None else fo.Classification(label=wanted)
        if changed:
            self.dataset.set_values(name, changed, key_field="id", progress=False)

    def result(self, placed: int, embedded: int) -> FeatureCacheResult:
        coordinates = self.cache.coordinates
        return FeatureCacheResult(
            self.dataset.name,
            self.added,
            self.updated,
            len(self.dataset) - len(self.ids) if self.had_file_name else 0,
            self.cards.drawn,
            self.missing,
            self.statuses,
            placed,
            0 if coordinates is None else coordinates.shape[1],
            embedded,
            self.cache.found.lines(),
            str(self.cards.folder),
            self.names.run_key(STEP),
        )


def _known(dataset: fo.Dataset) -> dict[str, str]:
    """Ids of the samples that are there, by file name and by absolute path."""
    if not len(dataset):
        return {}
    ids, paths = dataset.values(["id", "filepath"])
    known = dict(zip(paths, ids, strict=True))
    if dataset.has_field(FILE_NAME):
        there = zip(dataset.values(FILE_NAME), ids, strict=True)
        known |= {name: sample_id for name, sample_id in there if name is not None}
    return known


def _vectors_there(dataset: fo.Dataset, names: Names, cache: FeatureCache) -> str:
    """Fingerprint of the vectors that ``embedding`` holds, "" where it holds none."""
    held = dataset.has_field(names.embedding) and bool(len(dataset.exists(names.embedding)))
    if cache.embeddings is None or not held:
        return ""
    record = runs.read(dataset, names, embed.STEP)
    made_by = str(record.inputs.get("fingerprint", "")) if record else ""
    if not made_by.startswith("cache:"):
        raise MismatchError(
            f"{names.embedding!r} holds vectors of {made_by or 'an encoder that is not recorded'}. "
            "Import with a suffix to keep both, or into a dataset of its own."
        )
    return made_by


def _claim(dataset: fo.Dataset, names: Names, cache: FeatureCache, made_by: str) -> bool:
    """Reserve ``embedding`` for this cache; whether it holds all of its vectors already."""
    if cache.embeddings is None:
        return False
    record, fingerprint = runs.read(dataset, names, embed.STEP), cache.fingerprint()
    if made_by == fingerprint and record and record.results:
        return True
    if made_by and made_by != fingerprint:
        dataset.clear_sample_field(names.embedding)
    vectors.declare(dataset, names.embedding, "Unit vector of the image, from a feature cache")
    inputs = {"encoder": _encoder(cache), "fingerprint": fingerprint}
    runs.write(dataset, names, runs.Record(embed.STEP, {}, inputs))
    return False


def _encoder(cache: FeatureCache) -> str:
    """How the vectors are called: like a field's, since no encoder here can make more of them."""
    named = cache.meta.get("model") or cache.meta.get("model_name")
    return (
        f"field:{named}" if isinstance(named, str) else "field:" + "/".join(cache.folder.parts[-3:])
    )


def _record_embeddings(
    dataset: fo.Dataset, names: Names, cache: FeatureCache, writer: _Writer
) -> int:
    if cache.embeddings is None:
        return 0
    usable = np.isfinite(cache.embeddings[list(writer.ids), 0])
    inputs = {"encoder": _encoder(cache), "fingerprint": cache.fingerprint()}
    results = {"dimension": int(cache.embeddings.shape[1]), "embedded": int(usable.sum())}
    # The parameters of a plain run: with them, find_gaps takes these vectors for done work.
    settings = EmbeddingParams(suffix=names.suffix).model_dump(mode="json")
    runs.write(dataset, names, runs.Record(embed.STEP, settings, inputs, results))
    return int(usable.sum())


def _record(
    dataset: fo.Dataset,
    names: Names,
    params: FeatureCacheParams,
    cache: FeatureCache,
    imported: FeatureCacheResult,
) -> None:
    inputs = {
        "folder": str(cache.folder),
        "metadata": str(cache.metadata.path.resolve()),
        "models": [
            {
                "model": verdict.model,
                "suffix": verdict.suffix,
                **{outcome: str(file.path.resolve()) for outcome, file in verdict.files()},
            }
            for verdict in cache.verdicts
        ],
        "meta": dict(cache.meta),
        "examples": cache.found.listed(),
    }
    record = runs.Record(STEP, params.model_dump(mode="json"), inputs, asdict(imported))
    runs.write(dataset, names, record)


def imported_from(dataset: fo.Dataset) -> Mapping[str, Any]:
    """What the last import of a feature cache read: its folder, tables and language models.

    Raises
    ------
    EmptySetError
        Nothing was imported.
    """
    for key in dataset.list_runs():
        base, _, suffix = key.partition(f"gapsphere_{STEP}")
        if base == "" and key.startswith("gapsphere_"):
            record = runs.read(dataset, Names(suffix.removeprefix("_")), STEP)
            if record is not None:
                return record.inputs
    raise EmptySetError("No feature cache was imported here: run import_feature_cache first.")
