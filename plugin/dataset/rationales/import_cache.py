"""``import_feature_cache``: features and rationales made elsewhere become samples, fields, runs.

``file_name`` is the key: importing again updates the samples that are there and adds the others, so
an import that was killed is simply run again.  What a person decided is never overwritten.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import fiftyone as fo
import numpy as np

from ...coverage import words
from ...errors import EmptySetError, MismatchError
from ...interchange.features.feature_cache import FeatureCache, open_cache
from ...progress import Reporter, quiet
from ...results import Result
from ...settings.fields import make
from ...settings.rationales import FeatureCacheParams
from ...settings.steps import EmbeddingParams
from ..gaps import sphere
from ..gaps.vectors import embedding_run
from ..store import runs
from ..store.database import counted
from ..store.fields import decided
from ..store.fields.ownership import Writes, refuse_foreign
from ..store.leases import holds_lease
from ..store.names import Names, ReviewNames
from ..store.runs import Record
from ..store.sets.door import refuse_additions
from ..store.sets.resolve import reloaded
from ..store.steps import written as vectors_written
from ..store.steps.step import Step
from .columns import declare_columns, our_columns, reviewed
from .look import WORKSPACE, check_look, save_look
from .map import plan_map, write_map
from .samples import SampleWriter, refuse_repeated_names

STEP = "feature_cache"
LOOKS = "looks"
"""In the results of a running record: settings of imports before it."""


@dataclass(frozen=True, repr=False)
class FeatureCacheResult(Result):
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
        added = words.counted(self.added, "sample")
        lines = [f"{self.dataset}: {added} added, {self.updated:,} updated"]
        for model, counts in self.statuses.items():
            found = ", ".join(f"{count:,} {status}" for status, count in counts.items() if count)
            lines.append(f"{model or 'status'}: {found}")
        if self.placed:
            lines.append(
                f"coordinates: {words.counted(self.placed, 'sample')}, {self.dimensions} dimensions"
            )
        if self.embedded:
            lines.append(f"embeddings: {words.counted(self.embedded, 'sample')}")
        if self.missing_images:
            lines.append(
                f"{words.counted(self.missing_images, 'image', 'is|are')} not in the folder: shown "
                "as cards"
            )
        if self.cards:
            lines.append(
                f"{words.counted(self.cards, 'card')} drawn in place of images, in "
                f"{self.cards_folder} (FiftyOne deletes no media: remove that folder when you "
                "delete the dataset)"
            )
        if self.earlier:
            lines.append(
                f"{words.counted(self.earlier, 'sample')} of the dataset not in this cache: kept"
            )
        if self.placed:
            lines.append(
                f"the App's workspace {WORKSPACE!r} shows the review's summary, map and sphere"
            )
        if self.findings:
            lines.append(
                "Left out or corrected, the first names in brackets; up to 100 of each are in "
                f"dataset.get_run_info({self.run!r}).config.inputs['examples']; answers that were "
                f"not read in full say why in the field {ReviewNames().llm_problem!r}:"
            )
        return "\n".join([*lines, *self.findings])


@holds_lease("import_feature_cache")
def import_feature_cache(
    dataset: fo.Dataset,
    params: FeatureCacheParams,
    *,
    report: Reporter = quiet,
) -> FeatureCacheResult:
    """Read a feature cache into ``dataset``.

    Writes a sample for each row of ``metadata.csv``: ``file_name``, ``ground_truth``, the other
    columns typed, ``prediction_status``, ``llm_score``, ``llm_rationale``, ``llm_raw``,
    ``llm_problem``, ``embedding`` and a place on the sphere; the brain runs ``feature_cache`` (the
    coordinates as they are) and ``gapsphere`` (on the sphere); colours, shown fields and a
    workspace.

    Raises
    ------
    InputError, ArtifactError
        A file or word cannot be used; nothing was written.
    MismatchError
        ``embedding`` holds vectors of an encoder: they are not replaced by others in silence.
    """
    started = time.monotonic()
    dataset, names = reloaded(dataset), Names(params.suffix)
    refuse_additions(dataset)
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
        refuse_repeated_names(dataset, cache)
        made_by = _vectors_there(dataset, names, cache)
        step = Step.of(STEP, dataset, params, _read_from(cache), writes)
        before = _looks(step.earlier)
        begin = partial(step.begin, {LOOKS: before})
        refuse_foreign(dataset, names, sphere.writes(names), our_columns(dataset, cache, params))
        for model in reviewed(cache):
            decided.claim(dataset, model)
        columns = declare_columns(dataset, cache, params, begin)
        embedding = _claim(dataset, names, cache, made_by)
        checked = time.monotonic()
        sphere_map = plan_map(dataset, names, cache)
        writer = SampleWriter(dataset, names, cache, columns, params, sphere_map, embedding is None)
        writer.run(report("Samples"))
        written = time.monotonic()
        rewrite, last = writer.updated > 0, report("Maps and runs")
        last(0, 1)
        placed = write_map(dataset, names, cache, sphere_map, writer.ids, rewrite=rewrite)
        embedded = _record_embeddings(embedding, dataset, names, cache, writer)
        cards = writer.carded * 2 > len(writer.ids) and not params.image_root
        looks = [_settings(each) for each in before]
        save_look(dataset, params, looks, placed=placed > 0, cards=cards)
        last(1, 1)
        imported = _result(writer, placed, embedded)
    finished = time.monotonic()
    imported.seconds.update(
        checking=checked - started, samples=written - checked, runs=finished - written
    )
    step.inputs = {**step.inputs, "examples": cache.found.listed()}
    step.complete(imported)
    return imported


def _looks(earlier: Record | None) -> list[Mapping[str, Any]]:
    """Settings that colours and shown fields may be as an import left them.

    Those of the last one; where it was interrupted, also of the imports before it, up to one that
    came to its end.
    """
    if earlier is None:
        return []
    return [*(earlier.results.get(LOOKS, ()) if earlier.running else ()), dict(earlier.params)]


def _settings(kept: Mapping[str, Any]) -> FeatureCacheParams:
    """Those of an earlier import, as far as this version has them."""
    known = FeatureCacheParams.model_fields
    return make(FeatureCacheParams, {name: kept[name] for name in known if name in kept})


def writes(names: Names) -> Writes:
    """What the step writes beside the table's own columns."""
    return Writes(STEP, brain=(names.map_key,), compared=False)


def _result(writer: SampleWriter, placed: int, embedded: int) -> FeatureCacheResult:
    dataset, cache = writer.dataset, writer.cache
    return FeatureCacheResult(
        dataset=dataset.name,
        added=writer.added,
        updated=writer.updated,
        earlier=counted(dataset) - len(writer.ids) if writer.had_file_name else 0,
        cards=writer.cards.drawn,
        missing_images=writer.missing,
        statuses=writer.statuses,
        placed=placed,
        dimensions=0 if cache.coordinates is None else cache.coordinates.shape[1],
        embedded=embedded,
        findings=cache.found.lines(),
        cards_folder=str(writer.cards.folder),
        run=writer.names.run_key(STEP),
    )


def _vectors_there(dataset: fo.Dataset, names: Names, cache: FeatureCache) -> str:
    """Fingerprint of the vectors that ``embedding`` holds, "" where it holds none."""
    held = dataset.has_field(names.embedding) and bool(len(dataset.exists(names.embedding)))
    if cache.embeddings is None or not held:
        return ""
    record = runs.read(dataset, names, embedding_run.STEP)
    made_by = str(record.inputs.get("fingerprint", "")) if record else ""
    if not made_by.startswith("cache:"):
        raise MismatchError(
            f"{names.embedding!r} holds vectors of {made_by or 'an encoder that is not recorded'}. "
            "Import with a suffix to keep both, or into a dataset of its own."
        )
    return made_by


def _claim(dataset: fo.Dataset, names: Names, cache: FeatureCache, made_by: str) -> Step | None:
    """Reserve ``embedding`` for this cache; None where it holds all of its vectors already."""
    if cache.embeddings is None:
        return None
    inputs = _inputs(cache)
    step = Step(
        embedding_run.STEP, dataset, names, {}, inputs, embedding_run.writes(names, measured=False)
    )
    earlier = step.earlier
    if earlier and earlier.results and made_by == inputs["fingerprint"]:
        return None
    if not made_by or made_by == inputs["fingerprint"]:
        step.begin()
        return step
    step.inputs = earlier.inputs if earlier else {}  # until the field is empty
    step.begin()
    dataset.clear_sample_field(names.embedding)
    step.now(inputs)
    return step


def _inputs(cache: FeatureCache) -> dict[str, str]:
    """How the vectors are called: like a field's, since no encoder here can make more of them."""
    named = cache.meta.get("model") or cache.meta.get("model_name")
    name = named if isinstance(named, str) else "/".join(cache.folder.parts[-3:])
    return {"encoder": f"field:{name}", "fingerprint": cache.fingerprint()}


def _record_embeddings(
    step: Step | None, dataset: fo.Dataset, names: Names, cache: FeatureCache, writer: SampleWriter
) -> int:
    if cache.embeddings is None:
        return 0
    usable = np.isfinite(cache.embeddings[list(writer.ids), 0])
    ids = [each for each, has in zip(writer.ids.values(), usable, strict=True) if has]
    results = {"dimension": int(cache.embeddings.shape[1]), "embedded": int(usable.sum())}
    if step is None:
        step, ids = Step(embedding_run.STEP, dataset, names, {}, _inputs(cache)), []
        step.begin()
    # The parameters of a plain run: with them, find_gaps takes these vectors for done work.
    step.settings = EmbeddingParams(suffix=names.suffix).model_dump(mode="json")
    vectors_written.note(step, names.embedding, ids)
    step.complete(results)
    return int(usable.sum())


def _read_from(cache: FeatureCache) -> dict[str, Any]:
    return {
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
    }


def imported_from(dataset: fo.Dataset) -> Mapping[str, Any]:
    """What the last import of a feature cache read: its folder, tables and language models.

    Raises
    ------
    EmptySetError
        Nothing was imported.
    """
    records = (runs.read(dataset, Names(of), STEP) for of in runs.suffixes(dataset, STEP))
    last = max(filter(None, records), key=lambda record: record.created, default=None)
    if last is not None:
        return last.inputs
    raise EmptySetError("No feature cache was imported here: run import_feature_cache first.")
