"""``budget_curve`` and ``export_budget_curve``: what the picks buy, beside other orders.

Computed when it is asked for, from the vectors: twenty random orders take twenty times as long as
the curve that :attr:`.picks.PickResult.curve` already has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import fiftyone as fo

from ....coverage.knee import knee
from ....coverage.picks.budget import Line, budget_lines, table
from ....coverage.words import capital, counted, decimals, in_percent
from ....errors import MismatchError
from ....interchange.files.checked import write_whole
from ....interchange.files.report_file import report_path
from ....progress import Progress, silent
from ....report.curve_figure import curve_png
from ....report.curve_page import PickShown, curve_page
from ....report.pictures import report_picture
from ....results import Result
from ....settings.fields import make
from ....settings.quotas import QuotaWord, quota_word
from ....settings.steps import BudgetParams, CandidateParams, CurveFileParams
from ...store import runs
from ...store.fields.metadata import columns
from ...store.names import Names
from ...store.runs import Record
from ...store.sets.door import admitted
from ...store.sets.drives import read_drives
from ...store.sets.resolve import Samples, dataset_of
from ...store.steps.inputs import Inputs, read_inputs
from ..coverage import coverage, measured
from .pick_rules import cards_of, delta_of
from .picks import STEP, PickResult, require

if TYPE_CHECKING:
    import pandas as pd

ON_PAGE, SIDE = 60, 320
"""Pictures of picks on a page at most, and their longest side in pixels."""

CONSTRAINTS = (
    *("max_per_sequence", "min_seconds_apart", "min_frames_apart"),
    *("support", "support_radius"),
)
"""Settings of picks, beside quotas, that a page names where they are given."""


@dataclass(frozen=True, repr=False)
class BudgetResult(Result):
    """What the picks buy, and what as many others would.

    ``lines`` are the picks, plain K-Center, random orders and an equal share a drive; ``knee`` is
    the number of picks after which the radius falls little.  ``delta`` is the one that the picks
    were made at, where they were; ``note`` says so where coverage has another since.
    """

    dataset: str
    metric: str
    delta: float | None
    picked: PickResult
    lines: list[Line]
    note: str = ""

    @property
    def knee(self) -> int | None:
        """Picks after which the radius falls little (:func:`knee`), None without a bend."""
        return knee(self.lines[0].figures["radius"])

    @property
    def curve(self) -> pd.DataFrame:
        """A row for each order (``line``) and number of picks; columns as ``PickResult.curve``.

        Figures of random orders are medians, with ``_low`` and ``_high`` their range.
        """
        return table(self.lines)

    def __str__(self) -> str:
        last = len(self.picked.ids)
        rows = [f"after {last:,} picks: covering radius"]
        for line in self.lines:
            known = [decimals(line.figures["radius"][last], 4)]
            if "covered" in line.figures:
                known.append(f"{in_percent(line.figures['covered'][last])} of U within δ")
            if "supported" in line.figures:
                known.append(f"{in_percent(line.figures['supported'][last])} with support")
            if "cards" in line.figures:
                known.append(f"{line.figures['cards'][last]:g} gap cards")
            rows.append(f"  {line.name:<12}{', '.join(known)}")
        if self.knee is not None:
            rows.append(f"the radius bends at {counted(self.knee, 'pick')}")
        rows += [self.note] if self.note else []
        return "\n".join(rows)


@dataclass(frozen=True, repr=False)
class CurveFile(Result):
    """What ``export_budget_curve`` wrote: the curve of ``picks`` in ``path``."""

    path: Path
    picks: int

    def __str__(self) -> str:
        return f"budget curve of {counted(self.picks, 'pick')}: {self.path}"


def budget_curve(
    samples: Samples, params: BudgetParams | None = None, *, progress: Progress = silent
) -> BudgetResult:
    """What the picks of the last run buy, beside K-Center, random orders and an equal share.

    Raises
    ------
    EmptySetError
        Nothing was picked.
    MismatchError
        S or U, or their vectors, have changed since.
    """
    params = params or BudgetParams()
    dataset, names = dataset_of(samples), Names(params.suffix)
    picked = require(dataset, names)
    record = runs.read(dataset, names, STEP)
    assert record is not None, "its result was read"
    settings = _settings(dataset, names, record, params.suffix)
    samples = admitted(samples, settings.slices)
    inputs = read_inputs(samples, settings)
    order = _rows(picked, inputs, record)
    d0 = measured.distances(dataset, names, inputs)
    drives = read_drives(samples, settings.sequence_field, inputs.owned.ids, inputs.pool.ids)
    current = delta_of(dataset, names, settings)
    delta = current if picked.delta is None else picked.delta
    same = delta == current  # what coverage counted at another δ says nothing of this curve
    lines = budget_lines(
        inputs.pool.matrix,
        order,
        d0,
        drives=drives.pool,
        delta=delta,
        support=None if delta is None or not same else measured.support(dataset, names, inputs),
        card=cards_of(dataset, names, inputs.pool.ids) if same else None,
        metric=settings.metric,
        seeds=params.random_seeds,
        progress=progress,
    )
    note = "" if delta is None or same else _other_delta(delta, current)
    return BudgetResult(dataset.name, settings.metric, delta, picked, lines, note)


def _other_delta(delta: float, current: float | None) -> str:
    now = "has no δ in this metric now" if current is None else f"has δ {current:.4g} now"
    return (
        f"The picks were made at δ {delta:.4g}, and coverage {now}: support and gap cards are left "
        "out. Select again for a curve at the current one."
    )


def _settings(dataset: fo.Dataset, names: Names, record: Record, suffix: str) -> CandidateParams:
    """Those of the picks that say what S and U are; K-Center leaves the drives to coverage."""
    covered = runs.read(dataset, names, coverage.STEP)
    wanted = ("owned", "pool", "slices", "metric", "sequence_field")
    told = [dict(each.params) for each in (covered, record) if each is not None]
    known = {name: params[name] for params in told for name in wanted if name in params}
    return make(CandidateParams, {**known, "suffix": suffix})


def _rows(picked: PickResult, inputs: Inputs, record: Record) -> list[int]:
    """The rows of U that the picks are."""
    row = {sample_id: at for at, sample_id in enumerate(inputs.pool.ids)}
    if not record.saw(inputs.trace(record)) or any(each not in row for each in picked.ids):
        raise MismatchError(
            "S or U, or their vectors, are not those that the picks were made from: select again, "
            "or give the view that they were made on."
        )
    return [row[each] for each in picked.ids]


def export_budget_curve(
    samples: Samples, params: CurveFileParams, *, progress: Progress = silent
) -> CurveFile:
    """Write the curve of the last picks as a page, a picture or a table, by the ending.

    Raises
    ------
    EmptySetError, MismatchError
        As :func:`budget_curve`.
    InputError, ArtifactError
        The ending, the folder or the file cannot be used.
    """
    path = curve_path(params.output, replace=params.replace_file)
    found = budget_curve(samples, params, progress=progress)
    return write_curve(dataset_of(samples), found, path, params.suffix)


def curve_path(output: str, *, replace: bool = False) -> Path:
    """Where a curve is written; the errors are those of :func:`report_path`."""
    return report_path(output, "curve", WRITERS, replace=replace)


def write_curve(dataset: fo.Dataset, found: BudgetResult, path: Path, suffix: str) -> CurveFile:
    """Write a curve to a path of :func:`curve_path`."""
    content = WRITERS[path.suffix.lower()](dataset, Names(suffix), found)
    write_whole(path, lambda file: file.write(content))
    return CurveFile(path.resolve(), len(found.picked.ids))


def _marks(found: BudgetResult) -> dict[str, int]:
    """Budgets to mark, by what they are."""
    marks = {"knee": found.knee, "target met": found.picked.budget}
    return {text: at for text, at in marks.items() if at is not None}


def _csv(_: fo.Dataset, __: Names, found: BudgetResult) -> bytes:
    return str(found.curve.to_csv(index=False)).encode()


def _png(dataset: fo.Dataset, _: Names, found: BudgetResult) -> bytes:
    return curve_png(
        found.lines,
        title=f"What each pick buys: {dataset.name}",
        metric=found.metric,
        delta=found.delta,
        marks=_marks(found),
    )


def _page(dataset: fo.Dataset, names: Names, found: BudgetResult) -> bytes:
    record, picked = runs.read(dataset, names, STEP), found.picked
    listed = [*picked.ids, *picked.look_at[:ON_PAGE]]
    at = columns(dataset, listed, {"path": "filepath"})["path"]
    path = {i: p or "deleted since" for i, p in zip(listed, at, strict=True)}
    radius = found.lines[0].figures["radius"]

    def picture(sample_id: str, text: str) -> PickShown:
        return PickShown(report_picture(path[sample_id], SIDE), path[sample_id], text)

    made = [record.created[:10], str(record.inputs.get("encoder", ""))] if record else []
    sentences = str(picked).splitlines()
    sentences[1:1] = _asked(record) if record else []
    warned = [line for line in sentences if line.startswith("not met: ")]
    return curve_page(
        dataset.name,
        [f"{capital(line)}." for line in sentences if line not in warned],
        [*(f"{capital(line)}." for line in warned), *filter(None, [found.note])],
        found.lines,
        metric=found.metric,
        delta=found.delta,
        marks=_marks(found),
        paths=[path[i] for i in picked.ids],
        picks=[
            picture(i, f"{rank}. radius {decimals(radius[rank])}")
            for rank, i in enumerate(picked.ids[:ON_PAGE], start=1)
        ],
        look_at=[picture(i, "without support") for i in picked.look_at[:ON_PAGE]],
        made=" · ".join(filter(None, made)),
    ).encode()


def _asked(record: Record) -> list[str]:
    """What the picks were to keep to, as the form calls it; empty where that is nothing."""
    fields, given = CandidateParams.model_fields, record.params
    known = {name: given[name] for name in CONSTRAINTS if given.get(name) is not None}
    said = [f"{str(fields[name].title).lower()}: {value:g}" for name, value in known.items()]
    said += map(_quota, map(quota_word, given.get("quota") or ()))
    return [f"asked for {counted(given['k'], 'pick')}; {'; '.join(said)}"] if said else []


def _quota(asked: QuotaWord) -> str:
    most = "" if asked.most is None else f"at most {asked.most:,}"
    least = f"at least {asked.least:,}" if asked.least or not most else ""
    return f"{asked.kind}: {' and '.join(filter(None, (least, most)))}"


Writer = Callable[[fo.Dataset, Names, BudgetResult], bytes]
WRITERS: dict[str, Writer] = {".html": _page, ".png": _png, ".csv": _csv}
"""What writes a file, by its ending."""
