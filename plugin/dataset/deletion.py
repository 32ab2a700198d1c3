"""``delete_analysis``: take off a dataset what an analysis wrote on it, and nothing of the user's.

Ours are fields that a step may write (:mod:`.store.fields.ownership`), tags of the samples that a
run of ours tagged, records and the files behind them.  Records go last, since they say what is
ours: whoever is killed in between deletes the rest the next time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

import fiftyone as fo

from ..coverage.words import counted
from ..results import Result
from ..settings.steps import AnalysisParams
from .sparse.simulations import STEP as SIMULATED
from .store import binaries, places, runs
from .store.fields import ownership, tags
from .store.fields.fields import is_ours
from .store.fields.ownership import Writes, read_only
from .store.fiftyone_internals import dataset_id
from .store.leases import ANALYSIS, lease
from .store.names import Names
from .store.samples import Samples, dataset_of, flat, reloaded
from .store.sets import kept_samples, tagged
from .store.vectors import mapped

KEPT = ("feature_cache", "failures", "trained", tagged.STEP)
"""Records that stay, with what they are about: reviews and imported columns, models, S and U."""
SCOPES = (ANALYSIS, "spec", "sparse")
"""Leases of the steps that write an analysis."""
SPHERE = "sphere"


@dataclass(frozen=True, repr=False)
class DeletionResult(Result):
    """What ``delete_analysis`` deleted, or would delete where ``deleted`` is false.

    ``fields`` by name, ``tags`` by the samples that lose each, ``runs`` by key.  ``kept`` are
    fields with a name of ours that are the user's.  ``shown_by`` names another dataset, a clone for
    one, that shows pictures of the analysis's simulation: these stay.
    """

    dataset: str
    suffix: str
    fields: tuple[str, ...]
    tags: Mapping[str, int]
    runs: tuple[str, ...]
    kept: tuple[str, ...]
    deleted: bool = False
    shown_by: str | None = None

    def __bool__(self) -> bool:
        """Whether there is anything of the analysis."""
        return bool(self.fields or self.tags or self.runs)

    def __str__(self) -> str:
        of = f"analysis {self.suffix!r}" if self.suffix else "analysis without a suffix"
        if not self:
            return f"{self.dataset!r} holds nothing of an {of}."
        tagged = ", ".join(
            f"{tag} ({counted(count, 'sample')})" for tag, count in self.tags.items()
        )
        lines = [
            f"{self.dataset}: the {of} {'is deleted' if self.deleted else 'would be deleted'}",
            f"fields      {', '.join(self.fields) or 'none'}",
            f"tags        {tagged or 'none'}",
            f"runs        {', '.join(self.runs) or 'none'}",
        ]
        if self.kept:
            lines.append(f"kept        {', '.join(self.kept)}: not written by Gapsphere")
        if self.shown_by is not None:
            lines.append(f"kept        pictures of the simulation: {self.shown_by!r} shows them")
        return "\n".join(lines)


def analysis_of(samples: Samples, suffix: str = "") -> DeletionResult:
    """What :func:`delete_analysis` would delete."""
    dataset, names = reloaded(samples), Names(suffix)
    # Earlier versions took a suffix such as "drives", which made "support_drives" of "support".
    others = {name for each in suffixes(dataset) if each != suffix for name in Names(each).fields()}
    there = [name for name in names.fields() if dataset.has_field(name) and name not in others]
    written = ownership.written(dataset, names, *_plans(dataset, names))
    ours = [name for name in there if name in written or is_ours(dataset, name)]
    tagged = {tag: len(_carrying(dataset, names, tag)) for tag in names.tags()}
    steps = _steps(dataset, names)
    laid = SPHERE in steps and dataset.has_brain_run(names.brain_key)
    return DeletionResult(
        dataset.name,
        suffix,
        tuple(ours),
        {tag: count for tag, count in tagged.items() if count},
        (*[names.brain_key] * laid, *map(names.run_key, steps)),
        tuple(name for name in there if name not in ours),
    )


def delete_analysis(samples: Samples, params: AnalysisParams | None = None) -> DeletionResult:
    """Delete fields, tags, runs and sphere of one analysis; samples and other fields stay.

    Reviews, imported columns, trained models and exported files stay as well.

    Raises
    ------
    BusyError
        A step of the analysis runs.
    InputError
        One of the fields is read-only.
    """
    dataset, names = dataset_of(samples), Names((params or AnalysisParams()).suffix)
    with ExitStack() as alone:
        for scope in SCOPES:
            key = f"{scope}/{names.suffix}"
            alone.enter_context(lease(dataset, key, "delete_analysis"))
        return _deleted(dataset, names)


def _deleted(dataset: fo.Dataset, names: Names) -> DeletionResult:
    from .sparse import files as simulations  # it brings what simulates

    found = analysis_of(dataset, names.suffix)
    for name in found.fields:
        if dataset.get_field(name).read_only:
            raise read_only(name)
    for tag in found.tags:
        tags.change(dataset, names, tag, add=[], remove=_carrying(dataset, names, tag))
    if names.brain_key in found.runs:
        dataset.delete_brain_run(names.brain_key)
    if found.fields:
        dataset.delete_sample_fields(list(found.fields))
    if names.embedding in found.fields:
        mapped.forget(dataset, names.embedding)
    pictures = places.sparse(dataset) / names.run_key(SIMULATED)
    shown_by = simulations.delete(pictures, dataset_id(dataset))
    binaries.delete(dataset, names.suffix)
    for step in _steps(dataset, names):
        dataset.delete_run(names.run_key(step))
    return replace(found, deleted=True, shown_by=shown_by)


def _plans(dataset: fo.Dataset, names: Names) -> list[Writes]:
    """What the steps of an analysis write."""
    # They bring all that computes, and the App loads every operator at its start.
    from .gaps import heatmaps, sphere
    from .gaps.cards import cards
    from .gaps.coverage import coverage
    from .gaps.picks import picks
    from .gaps.vectors import embedding_run, measure
    from .sparse.job import planned
    from .spec import check

    steps = coverage, picks, cards, sphere, measure, heatmaps, check
    plans = [embedding_run.writes(names, measured=False), *(step.writes(names) for step in steps)]
    return [*plans, planned(dataset, names)]


def suffixes(dataset: fo.Dataset) -> list[str]:
    """Suffixes of analyses of which embeddings or distances were computed, "" first."""
    found = {each for step in ("embeddings", "coverage") for each in runs.suffixes(dataset, step)}
    return sorted(found)


def _steps(dataset: fo.Dataset, names: Names) -> list[str]:
    """Steps with a record that goes with the analysis."""
    return [
        step
        for step in runs.steps(dataset, names)
        if step not in KEPT and not step.startswith(kept_samples.STEP)
    ]


def _carrying(dataset: fo.Dataset, names: Names, tag: str) -> set[str]:
    """Samples that have a tag still that a run of ours set."""
    mine = tags.ours(dataset, names, tag)
    return mine.intersection(flat(dataset).match_tags(tag).values("id")) if mine else mine
