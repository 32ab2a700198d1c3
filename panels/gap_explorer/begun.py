"""What there is of an analysis that has no sphere: its run ended early, or steps ran alone."""

from __future__ import annotations

from typing import TypedDict

import fiftyone as fo

from ...plugin.coverage.words import joined
from ...plugin.dataset.gaps.cards.card_records import STEP as CARDS
from ...plugin.dataset.gaps.coverage.coverage import STEP as COVERAGE
from ...plugin.dataset.gaps.picks.picks import STEP as PICKS
from ...plugin.dataset.gaps.sphere import STEP as SPHERE
from ...plugin.dataset.gaps.vectors.embedding_run import STEP as EMBEDDINGS
from ...plugin.dataset.store import runs
from ...plugin.dataset.store.names import Names
from ...plugin.dataset.store.samples import flat
from ...plugin.dataset.store.sets.counts import kept_count

MADE = {COVERAGE: "coverage", PICKS: "the picks", SPHERE: "the sphere", CARDS: "the gap cards"}
"""What the steps after the embeddings make, as words."""


class Begun(TypedDict):
    """Sentences; empty where there is nothing to say."""

    done: str
    unfinished: str


def suffix_of(dataset: fo.Dataset) -> str:
    """Of the first analysis that has vectors; "" where none has."""
    return next(iter(runs.suffixes(dataset, EMBEDDINGS)), "")


def begun(dataset: fo.Dataset, suffix: str) -> Begun:
    """What is done so far, and which step did not finish."""
    names = Names(suffix)
    records = {step: runs.read(dataset, names, step) for step in (EMBEDDINGS, *MADE)}
    there = {step: record for step, record in records.items() if record is not None}
    done = [MADE[step] for step, record in there.items() if step in MADE and not record.running]
    if EMBEDDINGS in there and dataset.has_field(names.embedding):
        images = flat(dataset)
        count = kept_count(images.exists(names.embedding))
        done.insert(0, f"vectors of {count:,} of {kept_count(images):,} images")
    of = f" (suffix {suffix!r})" if suffix else ""
    cut = [runs.VERBS[step] for step, record in there.items() if record.running]
    return {
        "done": f"Done so far{of}: {joined(done)}." if done else "",
        "unfinished": f"The last {cut[0]}{of if not done else ''} did not finish." if cut else "",
    }
