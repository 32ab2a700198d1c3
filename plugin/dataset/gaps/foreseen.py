"""What a step will do on so many images, and about how long that takes: told before it starts.

Only counts and records are read, since a form asks at every key that is pressed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import fiftyone as fo

from ...coverage.words import counted as number
from ...estimate import Part, told
from ...settings.fields import Params
from ...settings.steps import HeatmapParams
from ..store import paces, runs
from ..store.names import Names
from ..store.samples import dataset_of
from ..store.sets.counts import kept_count
from ..store.sets.resolve import Samples
from . import heatmaps, sphere
from .cards.card_records import STEP as CARDS
from .coverage import coverage
from .picks import picks
from .vectors import embed, measure


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

    def add(self, step: str, what: str, called: str, count: float, of: str = "") -> None:
        if count:
            pace, elsewhere = paces.last(self.dataset, self.names, step, count, of)
            self.parts.append(Part(what, called, count, pace, elsewhere))

    def say(self, what: str, every: int, waiting: int) -> None:
        if waiting < every:
            which = f"all {every:,}" if not waiting else f"{every - waiting:,} of {every:,}"
            self.there.append(f"{what} of {which} images are there already.")


def foreseen(step: str, dataset: fo.Dataset, params: Params, counts: Counts) -> str:
    """What a run of the step will do and about how long it takes; "" where nothing is foreseen."""
    run = _Run(dataset, params, counts)
    for add in _PARTS[step]:
        add(run)
    on_sets = bool(counts.owned)
    again = on_sets and runs.read(dataset, run.names, coverage.STEP) is not None
    return told(run.parts, run.there, again=again)


def _embedded(run: _Run) -> None:
    params, waiting = run.params, run.counts.waiting
    before = runs.read(run.dataset, run.names, embed.STEP)
    if params.encoder == heatmaps.FIELD:
        copied = before is not None and before.inputs.get("encoder") == f"field:{params.model_path}"
        waiting = waiting if copied else run.counts.images
        run.say("Vectors", run.counts.images, waiting)
        run.add(embed.STEP, f"vectors of {number(waiting, 'image')} to copy", "copying", waiting)
        return
    made_by = embed.made_with(params)
    if params.overwrite and before and embed.made_with(embed.recorded(before.params)) != made_by:
        waiting = run.counts.images
    run.say("Embeddings", run.counts.images, waiting)
    run.add(embed.STEP, f"{number(waiting, 'image')} to embed", "embedding", waiting, made_by)


def _measured(run: _Run) -> None:
    waiting = run.counts.images if run.params.overwrite else run.counts.waiting
    run.say("Attributes", run.counts.images, waiting)
    run.add(measure.STEP, f"{number(waiting, 'image')} to measure", "measuring", waiting)


def _mapped(run: _Run) -> None:
    waiting = run.counts.images if run.params.overwrite else run.counts.waiting
    run.say("Heatmaps", run.counts.images, waiting)
    record = runs.read(run.dataset, run.names, embed.STEP)
    made_by = heatmaps.made_with(run.params, record.params if record else {})
    run.add(heatmaps.STEP, f"{number(waiting, 'heatmap')} to make", "making them", waiting, made_by)


def _covered(run: _Run) -> None:
    owned, pool = run.counts.owned, run.counts.pool
    what = f"distances of {number(pool, 'candidate')} to {number(owned, 'owned image')}"
    run.add(coverage.STEP, what, "distances", coverage.work(owned, pool))


def _picked(run: _Run) -> None:
    k = min(run.params.k, run.counts.pool)
    run.add(picks.STEP, number(k, "pick"), "picking", picks.work(run.counts.pool, k))


def _laid(run: _Run) -> None:
    count = run.counts.owned + run.counts.pool
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
