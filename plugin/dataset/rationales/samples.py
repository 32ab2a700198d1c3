"""Rows of a feature cache as samples: new ones are inserted, existing ones updated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ...coverage.words import counted
from ...errors import InputError
from ...interchange.features.feature_cache import METADATA, WORD_LABEL, FeatureCache, Row
from ...interchange.features.verdicts import FILE_NAME
from ...interchange.files.file_names import RealPaths
from ...interchange.tables.columns import shown
from ...progress import Progress
from ...settings.rationales import FeatureCacheParams
from ..store.fields.fields import is_ours
from ..store.insert import insert
from ..store.names import OWNED_TAG, POOL_TAG, Names, ReviewNames
from ..store.sets.door import is_image
from ..store.vectors import vectors
from .cards import CardFolder
from .columns import Column, reviewed
from .decisions import DECISIONS
from .look import IMAGE_URL, image_url
from .map import SphereMap

BLOCK = 500
Array = NDArray[Any]
TAKEN = "rows left out: an earlier row is of the same sample, by its file or its file_name"
SPLIT = "splits left out: the sample is in the other set, where it stays (tag_samples moves it)"
LOCKED = "splits left out: the tags of the dataset are read-only"
DECIDED = "decisions left out: the sample has another one here, which stays"
FROZEN = "decisions left out: their fields in the dataset are read-only"
UNKNOWN = f"decisions left out: none of {', '.join(DECISIONS)}"


@dataclass(eq=False)
class SampleWriter:
    """Turns blocks of rows into samples, new or existing ones."""

    dataset: fo.Dataset
    names: Names
    cache: FeatureCache
    columns: Sequence[Column]
    params: FeatureCacheParams
    sphere_map: SphereMap | None
    same_vectors: bool

    def __post_init__(self) -> None:
        self.real = RealPaths()
        self.known, self.files = _known(self.dataset, self.real)
        named = (column.field for column in self.columns if not column.restores)
        self.theirs = {name for name in named if not is_ours(self.dataset, name)}
        """Fields of the user's that the table has as well."""
        restored = {column.field for column in self.columns if column.restores}
        self.reviewed = [
            (names, [name for name in names.decided if name in restored])
            for names in reviewed(self.cache)
        ]
        """Of each model whose decisions the table brings, their fields that it has."""
        self.had_file_name = bool(self.known) and self.dataset.has_field(FILE_NAME)
        self.reached: set[str] = set()
        self.ids: dict[int, str] = {}
        """Sample id of each row of the arrays."""
        self.added = self.updated = self.missing = self.carded = 0
        self.cards = CardFolder(self.dataset)
        self.statuses: dict[str, dict[str, int]] = {
            verdict.model: dict.fromkeys(("misclassified", "correct", "ambiguous", "unknown"), 0)
            for verdict in self.cache.verdicts
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
            sample_id = self._known_as(row.file_name, path)
            if sample_id is None:
                new.append(place)
            elif sample_id in self.reached:
                self.cache.found.add(METADATA, TAKEN, row.file_name)
            else:
                self.reached.add(sample_id)
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
        for names, fields in self.reviewed:
            decision = values[names.decision]
            if decision not in (None, *DECISIONS):
                self.cache.found.add(METADATA, UNKNOWN, f"{row.file_name}: {decision}")
                values |= dict.fromkeys(fields)
        return values

    def _known_as(self, name: str, path: str | None) -> str | None:
        """The sample of that file name or, by its real path, of that file."""
        return self.known.get(name) or (self.known.get(self.real(path)) if path else None)

    def _stays(self, own: str, path: str | None) -> bool:
        """Whether a sample keeps its file: it is the one of the row, or the user named it."""
        same = path is not None and self.real(path) == self.real(own)
        theirs = FILE_NAME in self.theirs and not self.cards.holds(own)
        return same or (theirs and Path(own).is_file())

    def _paths(self, rows: Sequence[Row], values: Sequence[Mapping[str, Any]]) -> list[str]:
        paths = []
        for row, held in zip(rows, values, strict=True):
            own = self.files.get(self._known_as(row.file_name, row.path) or "")
            if own is not None and self._stays(own, row.path):
                paths.append(own)
                continue
            if row.path is not None and is_image(row.path) and Path(row.path).is_file():
                paths.append(row.path)
                continue
            if own is not None and not self.cards.holds(own):
                paths.append(own)
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
        if self.sphere_map is not None:
            given |= self.sphere_map.fields(self.names, row.index)
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
        for name in (column.field for column in self.columns if not column.restores):
            given = {i: values[place][name] for i, place in old.items()}
            if name in self.theirs:
                given = self._differing(name, given, {i: rows[at] for i, at in old.items()})
            if given:
                write(name, given)
        if self.params.image_root:
            root = self.params.image_root
            urls = {i: image_url(root, rows[place].file_name) for i, place in old.items()}
            write(IMAGE_URL, urls)
        self._relabel(old, values)
        self._tag(old, rows, values)
        self._decide(old, rows, values)
        if self.cache.embeddings is not None and not self.same_vectors:
            found = {i: self._vector(rows[place]) for i, place in old.items()}
            there = {i: vector for i, vector in found.items() if vector is not None}
            if there:
                matrix = np.stack(list(there.values()))
                vectors.write(self.dataset, self.names.embedding, list(there), matrix)

    def _differing(
        self, name: str, given: Mapping[str, Any], rows: Mapping[str, Row]
    ) -> dict[str, Any]:
        """What differs from a field of the user's, and is said; an empty cell says nothing."""
        there = self.dataset.select(list(given), ordered=False).values(["id", name])
        held = dict(zip(*there, strict=True))
        new = {i: one for i, one in given.items() if one is not None and one != held[i]}
        own = f"values of the dataset's own field {name!r}"
        if self.dataset.get_field(name).read_only:
            self.cache.found.add(
                METADATA, f"{own} left: it is read-only", *(rows[i].file_name for i in new)
            )
            return {}
        replaced = [rows[i].file_name for i in new if held[i] is not None]
        self.cache.found.add(METADATA, f"{own} replaced", *replaced)
        return new

    def _decide(
        self, old: Mapping[str, int], rows: Sequence[Row], values: Sequence[Mapping[str, Any]]
    ) -> None:
        """Decisions of the table where nobody has decided; others that differ are said."""
        for names, fields in self.reviewed:
            given = {i: values[at] for i, at in old.items() if values[at][names.decision]}
            there = self.dataset.select(list(given), ordered=False).values(["id", *fields])
            held = {i: dict(zip(fields, row, strict=True)) for i, *row in zip(*there, strict=True)}
            new = [i for i in held if held[i][names.decision] is None]
            if new and any(self.dataset.get_field(name).read_only for name in fields):
                self.cache.found.add(METADATA, FROZEN, *(rows[old[i]].file_name for i in new))
                new = []
            for name in reversed(fields):  # the decision last: who is stopped before it has none
                if new:
                    column = {i: given[i][name] for i in new}
                    self.dataset.set_values(name, column, key_field="id", progress=False)
            said = [name for name in fields if name != names.time]
            for i, here in held.items():
                decided = here[names.decision] is not None
                if decided and any(here[name] != given[i][name] for name in said):
                    self.cache.found.add(METADATA, DECIDED, rows[old[i]].file_name)

    def _tag(
        self, old: Mapping[str, int], rows: Sequence[Row], values: Sequence[Mapping[str, Any]]
    ) -> None:
        """Tag samples that are in neither set; a sample in the other one stays, and is said."""
        wanted = {i: tag for i, at in old.items() for tag in self._tags(values[at])}
        if not wanted:
            return
        tagged = self.dataset.select(list(wanted), ordered=False).values(["id", "tags"])
        new: dict[str, list[str]] = {}
        for sample_id, tags in zip(*tagged, strict=True):
            tag = wanted[sample_id]
            if not {OWNED_TAG, POOL_TAG}.intersection(tags):
                new.setdefault(tag, []).append(sample_id)
            elif tag not in tags:
                self.cache.found.add(METADATA, SPLIT, rows[old[sample_id]].file_name)
        for tag, ids in new.items():
            if self.dataset.get_field("tags").read_only:
                self.cache.found.add(METADATA, LOCKED, *(rows[old[i]].file_name for i in ids))
            else:
                self.dataset.select(ids).tag_samples(tag)

    def _relabel(self, old: Mapping[str, int], values: Sequence[Mapping[str, Any]]) -> None:
        """Ground truth where it differs: an unchanged label keeps its id, and the tags it has."""
        name = ReviewNames.ground_truth
        if WORD_LABEL not in self.cache.metadata.header:
            return
        ids, labels = self.dataset.select(list(old), ordered=False).values(["id", f"{name}.label"])
        changed = {}
        for sample_id, label in zip(ids, labels, strict=True):
            wanted = values[old[sample_id]][WORD_LABEL]
            if wanted != label:
                changed[sample_id] = None if wanted is None else fo.Classification(label=wanted)
        if changed:
            self.dataset.set_values(name, changed, key_field="id", progress=False)


def _known(dataset: fo.Dataset, real: RealPaths) -> tuple[dict[str, str], dict[str, str]]:
    """Ids of the samples that are there, by file name and by real path; and their paths."""
    ids, paths = dataset.values(["id", "filepath"])
    known = dict(zip(map(real, paths), ids, strict=True))
    if dataset.has_field(FILE_NAME):
        there = zip(dataset.values(FILE_NAME), ids, strict=True)
        known |= {name: sample_id for name, sample_id in there if name is not None}
    return known, dict(zip(ids, paths, strict=True))


def refuse_repeated_names(dataset: fo.Dataset, cache: FeatureCache) -> None:
    """Refuse rows whose name several samples have: each would reach any one of them.

    Raises
    ------
    InputError
        There is one.
    """
    if isinstance(dataset.get_field(FILE_NAME), fo.StringField):
        names = Counter(name for name in dataset.values(FILE_NAME) if name is not None)
        twice = cache.listed([name for name, count in names.items() if count > 1])
        if twice:
            raise InputError(
                f"{counted(len(twice), 'value')} of the field {FILE_NAME!r} on several samples, "
                f"such as {shown(twice[0])}: the rows of a cache could not be told apart. Rename "
                "that field, or import into a dataset of its own."
            )
