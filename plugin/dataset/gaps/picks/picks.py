"""``select_candidates``: which candidates to add first, in order, with the radius after each.

``select_kcenter``, its old name, is its default without any constraint.  Both write the same
fields, tag and record, so whatever reads picks reads those of any policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ....coverage.knee import knee
from ....coverage.nearest.rows import squared_to_metric
from ....coverage.picks.budget import FIGURES, PICKS, Line, table, touched
from ....coverage.picks.curve import Curve, curve
from ....coverage.picks.kcenter import k_center_greedy
from ....coverage.picks.quotas import Quota
from ....coverage.picks.select import Picks, select
from ....coverage.words import counted, decimals, in_percent
from ....engine.engine import opened
from ....errors import EmptySetError
from ....progress import Progress, silent
from ....results import Result
from ....settings.steps import CandidateParams, KCenterParams, PickParams
from ...store import runs
from ...store.fields.ownership import Column, Writes, refuse_foreign
from ...store.leases import holds_lease
from ...store.names import Names
from ...store.samples import by_slice, slices_line
from ...store.sets.door import admitted
from ...store.sets.resolve import Samples
from ...store.steps.inputs import Inputs, read_inputs
from ...store.steps.step import Step
from ..coverage import measured
from .pick_rules import PickRules, read_rules

if TYPE_CHECKING:
    import pandas as pd

STEP = "kcenter"
WHY = {
    "max_per_group": "of drives that have all picks they may have",
    "min_apart": "too near in time to a pick of their drive",
    "near duplicate": "near duplicates of S or of a pick",
    "no support": "without support",
    "quota": "kept back by quotas",
}
"""Why a candidate was not picked, in words."""


@dataclass(frozen=True, repr=False)
class PickResult(Result):
    """The picks.

    ``ids`` sample ids, first pick first; ``radii`` the covering radius (``delta_max``) after each,
    in ``metric``; ``radius_before`` the one with no pick; ``reused``: read off an earlier run.
    ``look_at`` are candidates without support, ``short`` says what could not be met.  ``p99``,
    ``covered``, ``supported`` and ``cards`` are columns of :attr:`curve`, after 0, 1, ... picks,
    empty where they are not known; ``covered`` is about ``delta``.  ``budget`` is the first number
    of picks that meets the ``target``, None where none does.
    """

    ids: list[str]
    radii: list[float]
    radius_before: float
    metric: str
    wanted: int
    seconds: float
    reused: bool = False
    slices: Mapping[str, int] = field(default_factory=dict)
    policy: str = "kcenter"
    look_at: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)
    covered: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    supported: list[float] = field(default_factory=list)
    cards: list[int] = field(default_factory=list)
    delta: float | None = None
    target: str = ""
    budget: int | None = None

    @property
    def curve(self) -> pd.DataFrame:
        """What 0, 1, ... picks buy: a row for each, what is not known left out.

        Columns are ``picks``; ``radius`` and ``p99``, the largest distance of a candidate to S and
        the picks and its 0.99 quantile, in ``metric``; ``covered``, the share of U within δ;
        ``supported``, that with at least five images of S and picks within δ; ``cards``, the gap
        cards that have a pick.
        """
        if not self.radii and self.ids:
            raise EmptySetError("These picks were imported without their radii: select them again.")
        known = {"radius": [self.radius_before, *self.radii]}
        known |= {name: getattr(self, name) for name in FIGURES[1:] if getattr(self, name)}
        line = Line(PICKS, {name: np.asarray(values) for name, values in known.items()})
        return table([line]).drop(columns="line")

    @property
    def knee(self) -> int | None:
        """Picks after which the radius falls little (:func:`knee`), None without a bend."""
        return knee([self.radius_before, *self.radii])

    def __str__(self) -> str:
        few = len(self.ids) < self.wanted and not self.short
        short = f" (there are no more candidates; {self.wanted} wanted)" if few else ""
        by = "" if self.policy == "kcenter" else f" by {self.policy}"
        radii = self.radii or ([] if self.ids else [self.radius_before])  # imports may tell none
        after = f"{decimals(radii[-1], 4)} after" if radii else "unknown after"
        lines = [
            f"{counted(len(self.ids), 'pick')}{by}{short}: covering radius "
            f"{decimals(self.radius_before, 4)} before, {after} ({self.metric})"
        ]
        if self.covered:
            lines.append(
                f"within δ: {in_percent(self.covered[0])} of candidates before, "
                f"{in_percent(self.covered[-1])} after"
            )
        at = self.knee
        if at is not None:
            there = [self.radius_before, *radii][at]
            where = f"{counted(at, 'pick')} ({decimals(there, 4)})"
            lines.append(f"the radius bends at {where}: later ones buy less")
        if self.target:
            met = "no number of these" if self.budget is None else f"the first {self.budget:,}"
            lines.append(f"target: {self.target} with {met} picks")
        lines += [f"not met: {reason}" for reason in self.short]
        if self.look_at:
            without = counted(len(self.look_at), "candidate")
            lines.append(f"look at these: {without} without support")
        return "\n".join([*lines, *slices_line(self.slices)])


@holds_lease("select_kcenter")
def select_kcenter(
    samples: Samples,
    params: KCenterParams | None = None,
    *,
    inputs: Inputs | None = None,
    progress: Progress = silent,
) -> PickResult:
    """Pick ``params.k`` candidates of U by exact K-Center greedy, S being covered already.

    Writes ``kcenter_rank`` (1 = first), ``kcenter_radius`` and the tag ``kcenter``; those of an
    earlier run are cleared first.  Where U holds fewer than ``k``, all of it is ranked.
    """
    params = params or KCenterParams()
    samples = admitted(samples, params.slices)
    inputs = inputs or read_inputs(samples, params)
    step = Step.of(STEP, samples, params, writes=writes)
    step.inputs = inputs.trace(step.earlier)
    if known := step.current():
        return replace(of_record(known), reused=True)
    refuse_foreign(step.dataset, step.names, writes(step.names))
    owned, pool = inputs.owned.matrix, inputs.pool.matrix
    k = min(params.k, len(pool))
    step.work = work(len(pool), k)
    with opened(params.engine, params.ray_address) as engine:
        d0 = measured.distances(step.dataset, step.names, inputs, engine)
        indices, radii = k_center_greedy(owned, pool, k, d0, engine=engine, progress=progress)
    picked = PickResult(
        [inputs.pool.ids[index] for index in indices],
        _in_metric(radii, params),
        _in_metric(np.max(d0, keepdims=True), params)[0],
        params.metric,
        params.k,
        step.seconds,
    )
    return _written(step, samples, picked)


@holds_lease("select_candidates")
def select_candidates(
    samples: Samples,
    params: CandidateParams | None = None,
    *,
    inputs: Inputs | None = None,
    progress: Progress = silent,
) -> PickResult:
    """Pick up to ``params.k`` candidates of U by a policy, under constraints.

    Writes what :func:`select_kcenter` does, and the tag ``look_at`` where support is asked for.
    What cannot be met is in ``short``; the rest is picked.

    Raises
    ------
    InputError
        A constraint needs drives, times or δ that are not there, or a field or tag of the user's
        has one of our names.
    """
    params = params or CandidateParams()
    samples = admitted(samples, params.slices)
    inputs = inputs or read_inputs(samples, params)
    rules = read_rules(samples, params, inputs)

    def planned(names: Names) -> Writes:
        return writes(names, support=params.support is not None)

    step = Step.of(STEP, samples, params, writes=planned)
    step.inputs = inputs.trace(step.earlier) | {"rules": rules.digest()}
    if known := step.current():
        return replace(of_record(known), reused=True)
    refuse_foreign(step.dataset, step.names, planned(step.names))
    pool = inputs.pool.matrix
    d0 = measured.distances(step.dataset, step.names, inputs)
    k = min(params.k, len(pool))
    step.work = work(len(pool), k)
    found = select(
        None,
        pool,
        k,
        d0,
        policy=params.policy,
        exponent=params.novelty_exponent,
        gamma=params.herding_gamma,
        constraints=rules.constraints,
        progress=progress,
    )
    bought = curve(
        pool, found.indices, d0, delta=rules.delta, support=rules.support, metric=params.metric
    )
    picked = _picked(found, bought, inputs, params, rules, step.seconds)
    return _written(step, samples, picked)


def read(dataset: fo.Dataset, names: Names) -> PickResult | None:
    """What the last run picked; None where none ran.

    Raises
    ------
    UnfinishedError
        It was interrupted.
    """
    record = runs.finished(dataset, names, STEP)
    return None if record is None or not record.results else of_record(record.results)


def require(dataset: fo.Dataset, names: Names) -> PickResult:
    """What the last run picked, for a step that needs picks.

    Raises
    ------
    EmptySetError
        There was no run, or it picked nothing: the sentence says why.
    UnfinishedError
        It was interrupted.
    """
    picked = read(dataset, names)
    if picked is None:
        raise EmptySetError(
            "Nothing was picked yet: run select_kcenter or select_candidates first."
        )
    if not picked.ids:
        why = "; ".join(picked.short) or "no candidate may be picked"
        raise EmptySetError(f"The last run picked nothing ({why}): ask for less and select again.")
    return picked


def of_record(results: Mapping[str, Any]) -> PickResult:
    """A recorded result; what a later version keeps besides is left out."""
    return PickResult(**runs.known(PickResult, results))


def work(pool: int, k: int) -> float:
    """The most distances that picking computes: of each pick to each candidate."""
    return float(pool) * k


def _picked(
    found: Picks,
    bought: Curve,
    inputs: Inputs,
    params: CandidateParams,
    rules: PickRules,
    seconds: float,
) -> PickResult:
    radii, target = bought.radius.tolist(), _target(params)
    aimed = {"radius": params.target_radius, "covered": params.target_covered}
    return PickResult(
        [inputs.pool.ids[row] for row in found.indices],
        radii[1:],
        radii[0],
        params.metric,
        params.k,
        seconds,
        policy=params.policy,
        look_at=[inputs.pool.ids[row] for row in found.look_at],
        short=_short(found, params.k, len(inputs.pool.ids), rules.constraints.quotas),
        covered=_listed(bought.covered),
        p99=bought.p99.tolist(),
        supported=_listed(bought.supported),
        cards=[] if rules.card is None else touched(found.indices, rules.card).tolist(),
        delta=rules.delta,
        target=target,
        budget=bought.first(**aimed) if target else None,
    )


def _listed(column: NDArray[np.float64] | None) -> list[float]:
    return [] if column is None else column.tolist()


def _target(params: CandidateParams) -> str:
    """What the picks aim at, in words; empty without a target."""
    parts = []
    if params.target_radius is not None:
        parts.append(f"radius of at most {params.target_radius:g}")
    if params.target_covered is not None:
        parts.append(f"{100 * params.target_covered:.1f} % of candidates within δ")
    return " and ".join(parts)


def _short(found: Picks, wanted: int, candidates: int, quotas: Sequence[Quota]) -> list[str]:
    """What the picks do not meet, a sentence each."""
    count = len(found.indices)
    few = []
    for quota in quotas:
        have, there = int(quota.members[found.indices].sum()), int(quota.members.sum())
        if have < quota.least:
            few.append(f"{quota.name}: {have} of at least {quota.least} picks; there are {there}")
    if count in (wanted, candidates):
        return few
    # A pick under a cap closes its own drive: what is left of the drive was refused.
    reasons = ", ".join(f"{n:,} {WHY[name]}" for name, n in found.refused.items())
    return [*few, f"{count} of {wanted} picks; the other candidates are refused: {reasons}"]


def _written(step: Step, samples: Samples, picked: PickResult) -> PickResult:
    slices = by_slice(samples.select(picked.ids)) if picked.ids else {}
    picked = replace(picked, slices=slices)
    write(step, picked)
    return picked


def _in_metric(radii: NDArray[np.floating], params: PickParams) -> list[float]:
    """Euclidean radii in the unit the user reads distances in."""
    return squared_to_metric(np.asarray(radii, np.float64) ** 2, params.metric).tolist()


def writes(names: Names, *, support: bool = False) -> Writes:
    """What the step writes; the tag ``look_at`` is one of a run with ``support``."""
    return Writes(
        STEP,
        (
            Column(names.kcenter_rank, int, "Place among the picks, 1 = first", first=True),
            Column(
                names.kcenter_radius,
                float,
                "Covering radius of S and the picks up to this one",
                first=True,
            ),
        ),
        tags=(names.kcenter_tag, *([names.look_at_tag] if support else [])),
    )


def write(step: Step, picked: PickResult) -> None:
    """Write rank, radius and tags of the picks in place of earlier ones', then the record."""
    names = step.names
    step.begin()
    unknown: list[float | None] = [None] * len(picked.ids)  # an import may not tell radii
    ranks = range(1, len(picked.ids) + 1)
    columns = {names.kcenter_rank: ranks, names.kcenter_radius: picked.radii or unknown}
    step.write_columns(picked.ids, columns)
    step.tag(names.kcenter_tag, picked.ids)
    step.tag(names.look_at_tag, picked.look_at)
    step.complete(picked)
