"""What a step will do on so many images, and about how long that takes: told before it starts.

Only counts and records are read, since a form asks at every key that is pressed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import fiftyone as fo

from ...coverage.words import counted as number
from ...errors import EmptySetError, UnfinishedError
from ...estimate import Part, clock, told
from ...settings.fields import Params, select
from ...settings.steps import CandidateParams, CoverageParams, HeatmapParams, SphereParams
from ..store import paces, runs
from ..store.names import Names
from ..store.samples import dataset_of
from ..store.sets.counts import kept_count
from ..store.sets.resolve import Samples
from . import heatmaps, sphere, unchanged
from .cards.card_records import STEP as CARDS
from .coverage import coverage
from .picks import picks
from .picks.pick_rules import OF_THESE, delta_of
from .vectors import embed, measure
from .vectors.embedding_run import STEP as EMBEDDINGS
from .vectors.embedding_run import recorded


@dataclass(frozen=True)
class Counts:
    """How many images a step is about: ``waiting`` have no result of it yet."""

    images: int = 0
    waiting: int = 0
    owned: int = 0
    pool: int = 0


def of_images(samples: Samples, field: str) -> Counts:
    """Of a step that works image by image and fills ``field``."""
    images = kept_count(samples)
    there = dataset_of(samples).has_field(field)
    return Counts(images, kept_count(samples.exists(field, False)) if there else images)


def of_sets(owned: Samples, pool: Samples, field: str) -> Counts:
    """Of a step on S and U that first fills ``field`` where that is missing."""
    mine, theirs = of_images(owned, field), of_images(pool, field)
    images, waiting = mine.images + theirs.images, mine.waiting + theirs.waiting
    return Counts(images, waiting, mine.images, theirs.images)


@dataclass
class _Run:
    """A run that is foreseen: sentences on what is there, and its parts."""

    dataset: fo.Dataset
    params: Any
    counts: Counts

    def __post_init__(self) -> None:
        self.names = Names(self.params.suffix)
        self.there: list[str] = []
        self.parts: list[Part] = []
        self.since = _since(self.dataset, self.names, self.params, self.counts)

    def add(self, step: str, what: str, called: str, count: float, of: str = "") -> None:
        if count:
            pace, elsewhere = paces.last(self.dataset, self.names, step, count, of)
            self.parts.append(Part(what, called, count, pace, elsewhere))

    def add_new(self, step: str, what: str, called: str, count: float, images: int) -> None:
        """A part that does what is new alone; where none was measured, as a share of the whole."""
        pace = paces.again(self.dataset, self.names, step, images)
        if pace is None:
            self.add(step, what, called, count)
        elif count:
            self.parts.append(Part(what, called, images, pace))

    def say(self, what: str, every: int, waiting: int) -> None:
        if waiting < every:
            which = f"all {every:,}" if not waiting else f"{every - waiting:,} of {every:,}"
            self.there.append(f"{what} of {which} images are there already.")


@dataclass(frozen=True)
class _Since:
    """How many images S and U have more than in the last run with these settings."""

    owned: int
    pool: int

    @property
    def images(self) -> int:
        return self.owned + self.pool


def _since(dataset: fo.Dataset, names: Names, params: Any, counts: Counts) -> _Since | None:
    """None where no such run finished, or images have gone since, or changed."""
    record = (
        runs.read(dataset, names, coverage.STEP) if isinstance(params, CoverageParams) else None
    )
    if record is None or record.running or "owned_count" not in record.inputs:
        return None
    if select(CoverageParams, params).model_dump(mode="json") != dict(record.params):
        return None
    owned, pool = (record.inputs[name] for name in ("owned_count", "pool_count"))
    found = _Since(counts.owned - owned, counts.pool - pool)
    none_gone = found.owned >= 0 and found.pool >= 0
    return found if none_gone and counts.waiting <= found.images else None


def foreseen(step: str, dataset: fo.Dataset, params: Params, counts: Counts) -> str:
    """What a run of the step will do and about how long it takes; "" where nothing is foreseen.

    Where it cannot run yet: what to run first.
    """
    if missing := _missing(step, dataset, params, counts):
        return missing
    run = _Run(dataset, params, counts)
    for add in _PARTS[step]:
        add(run)
    if run.since is not None and step == "find_gaps":
        run.there.append(_told(run, run.since))
    on_sets = bool(counts.owned)
    again = on_sets and runs.read(dataset, run.names, coverage.STEP) is not None
    return told(run.parts, run.there, again=again)


def _missing(step: str, dataset: fo.Dataset, params: Params, counts: Counts) -> str:
    if step in _ON_EMBEDDINGS and 0 < counts.images == counts.waiting:
        field = field_of(step, params)
        return (
            f"No image has a vector in {field!r} yet: run Find gaps, or Compute embeddings first."
        )
    names = Names(getattr(params, "suffix", ""))
    try:
        if step == "summarize_gaps":
            coverage.read(dataset, names)
        elif isinstance(params, CandidateParams) and _asks_delta(params):
            if delta_of(dataset, names, params) is None:
                return f"These picks need δ, and there is none {OF_THESE}: {_COVER_FIRST}"
        elif isinstance(params, HeatmapParams) and params.about != "attention":
            runs.finished(dataset, names, coverage.STEP)
            if not dataset.has_field(names.nearest_S):
                return f"No image has a nearest owned one yet: {_COVER_FIRST}"
    except EmptySetError:
        return f"Coverage is not computed yet: {_COVER_FIRST}"
    except UnfinishedError as error:
        return str(error)
    return ""


_COVER_FIRST = "run Find gaps, or Compute coverage first."


def _asks_delta(params: CandidateParams) -> bool:
    supported = params.support is not None and params.support_radius is None
    return supported or params.target_covered is not None


def _told(run: _Run, since: _Since) -> str:
    """What has come since the last run; how long a look takes that finds nothing new."""
    if since.images:
        are = (
            "owned image or candidate is"
            if since.images == 1
            else "owned images and candidates are"
        )
        return f"{since.images:,} {are} new since the last run with these settings."
    pace = paces.again(run.dataset, run.names, unchanged.RECORD, run.counts.images)
    said = "There are as many images as in the last run with these settings"
    if pace is None:
        return f"{said}."
    return f"{said}: about {clock(pace.takes(run.counts.images) or 0)} if nothing has changed."


def _embedded(run: _Run) -> None:
    params, waiting = run.params, run.counts.waiting
    before = runs.read(run.dataset, run.names, EMBEDDINGS)
    if params.encoder == heatmaps.FIELD:
        copied = before is not None and before.inputs.get("encoder") == f"field:{params.model_path}"
        waiting = waiting if copied else run.counts.images
        run.say("Vectors", run.counts.images, waiting)
        run.add(EMBEDDINGS, f"vectors of {number(waiting, 'image')} to copy", "copying", waiting)
        return
    made_by = embed.made_with(params)
    if params.overwrite and before and embed.made_with(recorded(before.params)) != made_by:
        waiting = run.counts.images
    run.say("Embeddings", run.counts.images, waiting)
    run.add(EMBEDDINGS, f"{number(waiting, 'image')} to embed", "embedding", waiting, made_by)


def _measured(run: _Run) -> None:
    waiting = run.counts.images if run.params.overwrite else run.counts.waiting
    run.say("Attributes", run.counts.images, waiting)
    run.add(measure.STEP, f"{number(waiting, 'image')} to measure", "measuring", waiting)


def _mapped(run: _Run) -> None:
    waiting = run.counts.images if run.params.overwrite else run.counts.waiting
    run.say("Heatmaps", run.counts.images, waiting)
    record = runs.read(run.dataset, run.names, EMBEDDINGS)
    made_by = heatmaps.made_with(run.params, record.params if record else {})
    run.add(heatmaps.STEP, f"{number(waiting, 'heatmap')} to make", "making them", waiting, made_by)


def _covered(run: _Run) -> None:
    owned, pool, since = run.counts.owned, run.counts.pool, run.since
    if since is not None and since.images:
        what = f"distances of {number(since.images, 'new image')}"
        work = coverage.work(since.owned, owned + pool) + float(since.pool) * owned
        run.add_new(coverage.STEP, what, "distances", work, owned + pool)
        return
    what = f"distances of {number(pool, 'candidate')} to {number(owned, 'owned image')}"
    run.add(coverage.STEP, what, "distances", coverage.work(owned, pool))


def _picked(run: _Run) -> None:
    k = min(run.params.k, run.counts.pool)
    run.add(picks.STEP, number(k, "pick"), "picking", picks.work(run.counts.pool, k))


def _laid(run: _Run) -> None:
    count, new = run.counts.owned + run.counts.pool, run.since.images if run.since else 0
    if new and isinstance(run.params, SphereParams) and new <= run.params.place_share * count:
        what = f"{number(new, 'new image')} to place on the sphere"
        run.add_new(sphere.STEP, what, "the sphere", new, count)
        return
    run.add(sphere.STEP, f"{number(count, 'image')} on the sphere", "the sphere", count)


def _carded(run: _Run) -> None:
    run.add(CARDS, "gap cards", "gap cards", run.counts.pool)


_PARTS: dict[str, tuple[Callable[[_Run], None], ...]] = {
    "find_gaps": (_embedded, _covered, _picked, _laid, _carded),
    "compute_embeddings": (_embedded,),
    "compute_attributes": (_measured,),
    "compute_heatmaps": (_mapped,),
    "compute_coverage": (_covered,),
    "select_kcenter": (_picked,),
    "select_candidates": (_picked,),
    "compute_sphere": (_laid,),
    "summarize_gaps": (_carded,),
}


_ON_EMBEDDINGS = "compute_coverage", "select_kcenter", "select_candidates", "compute_sphere"


def field_of(step: str, params: Params) -> str:
    """The field by which a sample has its result already."""
    names = Names(getattr(params, "suffix", ""))
    if step == "compute_heatmaps":
        return names.heatmap
    return names.attributes if step == "compute_attributes" else names.embedding


def narrowed(samples: Samples, params: Params) -> Samples:
    """The samples that a step takes of its target."""
    if isinstance(params, HeatmapParams):
        return heatmaps.narrowed(samples, Names(params.suffix), params)
    return samples
