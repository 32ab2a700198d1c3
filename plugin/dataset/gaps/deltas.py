"""δ as a person tries it: what it would make gaps of, the gaps as a view, and taking it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import fiftyone as fo
import numpy as np
from cachetools import TTLCache, cached
from fiftyone import ViewField as F
from numpy.typing import NDArray

from ...coverage import ticks
from ...coverage.breakdown import telling_field
from ...coverage.criterion import GAP
from ...coverage.ticks import Tick
from ...errors import EmptySetError, InputError
from ...progress import Progress, silent
from ...projection.verdict import Judged
from ...settings.steps import CoverageParams
from ..store import runs
from ..store.fields.metadata import columns, scene_paths
from ..store.samples import flat
from ..store.sets.door import admitted
from ..store.sets.resolve import IN_A_QUERY
from ..store.steps.inputs import read_inputs
from .analysis import Analysis
from .coverage import coverage, kept_delta
from .coverage.coverage import CoverageResult
from .picks import picks

LOOKED_AT = 5000
"""Candidates by which the field to count by is chosen."""
KEPT_SECONDS = 30.0
"""Values of a field are read again after so long: another may change them meanwhile."""

_lock = threading.Lock()
"""Of the values kept: the App answers in threads."""


def _key(analysis: Analysis, *path: str) -> tuple[str, ...]:
    return (*analysis.key, *path)


def ticks_of(analysis: Analysis) -> list[Tick]:
    """Distances worth trying as δ on this analysis."""
    threshold = analysis.threshold
    exact = threshold.basis == "level" and threshold.score == "nearest"
    return ticks.ticks(
        analysis.dist,
        analysis.yardstick,
        threshold.drives,
        threshold.alpha,
        _radii(analysis),
        at_level=threshold.delta if exact else None,
    )


def _radii(analysis: Analysis) -> list[float]:
    """Covering radius before the first pick and after each; empty where it is not known.

    So it is for picks from among others than coverage measured since.
    """
    picked, covered = (
        runs.read(analysis.dataset, analysis.names, step) for step in (picks.STEP, coverage.STEP)
    )
    if picked is None or picked.running or covered is None or not picked.saw(covered.inputs):
        return []
    found = picks.of_record(picked.results)
    if found.metric != analysis.threshold.metric or not found.radii:
        return []
    return [found.radius_before, *found.radii]


def is_given(analysis: Analysis) -> bool:
    """Whether the δ of the run is a person's, now or since an earlier run."""
    basis, delta = analysis.threshold.basis, analysis.threshold.delta
    return basis == "given" or (
        basis == "kept" and kept_delta.is_given(analysis.dataset, analysis.names, delta)
    )


def gaps_at(analysis: Analysis, delta: float) -> NDArray[np.bool_]:
    """Which points are gaps at a δ, bool (n,)."""
    return np.asarray(Judged.of(analysis.space, delta).verdicts == GAP)


def gap_view(analysis: Analysis, delta: float) -> fo.DatasetView:
    """The gaps at a δ, the farthest from S first: a view by its condition, not by ids."""
    names, samples = analysis.names, flat(analysis.dataset)
    own = delta == analysis.threshold.delta and analysis.dataset.has_field(names.is_gap)
    gap = F(names.is_gap) == True if own else F(names.dist_to_S) > delta  # noqa: E712
    return samples.match(gap).sort_by(names.dist_to_S, reverse=True)


@cached(TTLCache(8, 20 * KEPT_SECONDS), _key, _lock)
def field_to_count_by(analysis: Analysis) -> str | None:
    """The path of the user's that tells most of how far candidates are from S."""
    rows = np.flatnonzero(np.isfinite(analysis.dist))
    if len(rows) > LOOKED_AT:
        rows = np.sort(np.random.default_rng(51).choice(rows, LOOKED_AT, replace=False))
    paths = scene_paths(analysis.dataset).values()
    found = columns(analysis.dataset, analysis.ids.text(rows), dict(zip(paths, paths, strict=True)))
    drive = analysis.sequence_field
    words = {
        path: values
        for path, values in found.items()
        if path != drive and any(isinstance(value, (str, bool)) for value in values)
    }
    if drive in found:  # what else tells as much says more than the name of a recording
        words[drive] = found[drive]
    return telling_field(words, analysis.dist[rows])


@cached(TTLCache(8, KEPT_SECONDS), _key, _lock)
def values_of(analysis: Analysis, path: str) -> list[Any]:
    """The value of a path at each point, None where it has none."""
    return analysis.column(path)


def use_delta(
    analysis: Analysis,
    delta: float | None,
    dataset: fo.Dataset | None = None,
    *,
    progress: Progress = silent,
) -> CoverageResult:
    """Run coverage again on the same images, with this δ, or with the one measured on S (None).

    ``dataset`` is the analysis's own, as an object that no other thread holds.

    Raises
    ------
    EmptySetError
        The distances came without embeddings.
    """
    params = CoverageParams(
        **{
            **_known(analysis.params),
            "suffix": analysis.names.suffix,
            "delta": delta,
            "reset_delta": delta is None,
        }
    )
    if analysis.lacks:
        raise EmptySetError(
            f"{analysis.lacks} Another δ can be looked at here; writing it needs embeddings."
        )
    own = dataset or analysis.dataset
    samples = admitted(own, params.slices)
    inputs = read_inputs(samples, params)
    record = runs.read(own, analysis.names, coverage.STEP)
    if record is not None and not record.saw(inputs.trace(record)):
        # Images came or went since, or the run was on a view: δ changes for those measured then.
        if len(analysis.ids) > IN_A_QUERY:
            raise InputError(
                f"Images came or went since the run, or it was on a view, and δ can then be "
                f"changed for {IN_A_QUERY:,} images at most: run compute_coverage with this δ."
            )
        measured = flat(own).select(analysis.ids.text(), ordered=False)
        return coverage.compute_coverage(measured, params, progress=progress)
    return coverage.compute_coverage(samples, params, inputs=inputs, progress=progress)


def _known(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: params[name] for name in CoverageParams.model_fields if name in params}
