"""``find_gaps``: embeddings to gap cards in a row; what still holds is skipped.

Where nothing at all has changed since a run, no step is asked (:mod:`.unchanged`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import fiftyone as fo

from ...coverage.words import counted
from ...embeddings.extract import Skipped
from ...encoders.protocol import Encoder
from ...engine.engine import together
from ...progress import Reporter, quiet
from ...results import Result
from ...settings.fields import select
from ...settings.steps import (
    CardParams,
    CoverageParams,
    EmbeddingParams,
    GapParams,
    KCenterParams,
    SphereParams,
)
from ..store import runs
from ..store.fields.ownership import read_only_among, refuse_foreign
from ..store.leases import holds_lease
from ..store.names import Names
from ..store.sets.door import admitted
from ..store.sets.resolve import Samples, dataset_of, left_out, resolve_sets
from ..store.steps.inputs import read_inputs
from ..store.vectors import points
from ..store.vectors.marks import Seen
from . import sphere, unchanged
from .cards import card_records, cards
from .cards.card_records import CardResult
from .cards.cards import summarize_gaps
from .coverage import coverage
from .coverage.coverage import CoverageResult, compute_coverage
from .picks import picks
from .picks.picks import PickResult, select_kcenter
from .sphere import SphereResult, compute_sphere
from .unchanged import Look
from .vectors import embed, embedding_run
from .vectors.embed import compute_embeddings
from .vectors.embedding_run import EmbeddingResult


@dataclass(frozen=True, repr=False)
class GapResult(Result):
    """What ``find_gaps`` found; printing it prints the summary.

    ``without_vector`` are the images of S and of U that no step could use.
    """

    dataset: str
    owned: int
    pool: int
    embedded: EmbeddingResult
    covered: CoverageResult
    picked: PickResult
    laid: SphereResult
    carded: CardResult
    seconds: dict[str, float] = field(default_factory=dict)
    without_vector: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        covered, picked, carded = (
            str(result).replace("\n", "\n            ")
            for result in (self.covered, self.picked, self.carded)
        )
        times = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in self.seconds.items())
        return "\n".join(
            [
                f"{self.dataset}: S {_of(self.owned, self.without_vector[0], 'image')}, "
                f"U {_of(self.pool, self.without_vector[1], 'candidate')}",
                f"embeddings  {self.embedded}",
                f"coverage    {covered}",
                f"K-Center    {picked}",
                f"sphere      {self.laid}",
                f"gap cards   {carded}",
                f"time        {times}",
            ]
        )


@holds_lease("find_gaps")
def find_gaps(
    samples: Samples,
    params: GapParams | None = None,
    *,
    encoder: Encoder | None = None,
    report: Reporter = quiet,
) -> GapResult:
    """Run the main job on S and U.

    An opened ``encoder`` takes the place of the one that ``params`` name.

    Raises
    ------
    EmptySetError
        S or U has no sample, or none with a usable image.
    """
    params = params or GapParams()
    with together(params.engine):
        found = _found(admitted(samples, params.slices), params, encoder, report)
    # The steps have seen the images alone, without the groups that a view of a rig is made of.
    notes = left_out(samples, params.owned, params.pool)
    return replace(found, covered=replace(found.covered, notes=notes))


def _found(
    samples: Samples, params: GapParams, encoder: Encoder | None, report: Reporter
) -> GapResult:
    """What the steps find, or have found where nothing has changed."""
    if encoder is not None:
        return _steps(samples, params, report, encoder=encoder)
    names, clock = Names(params.suffix), time.monotonic()
    settings = params.model_dump(mode="json") | {"checkpoint": embed.resolved(params).model_path}
    look = Look.at(samples, names, settings)
    if kept := look.known():
        return _as_before(dataset_of(samples), names, kept, time.monotonic() - clock)
    found = latest = _steps(samples, params, report, seen=look.seen)
    if not _nothing_to_do(found) and not _tries_again(found, params):
        clock = time.monotonic()
        look = Look.at(samples, names, settings, look.seen)
        latest = _steps(samples, params, lambda stage: report(f"Checking: {stage}"), seen=look.seen)
        found.seconds["checking"] = time.monotonic() - clock
    if not _nothing_to_do(latest):
        # Images came, or somebody changed some, while the steps ran.
        return replace(latest, seconds=found.seconds)
    if not _tries_again(latest, params):
        look.keep(
            {
                "owned": found.owned,
                "pool": found.pool,
                "embedded": asdict(latest.embedded),
                "without_vector": found.without_vector,
            }
        )
    return found


def _nothing_to_do(found: GapResult) -> bool:
    """Whether each step found what an earlier run has written."""
    steps = (found.covered, found.picked, found.laid, found.carded)
    return not found.embedded.done and all(step.reused for step in steps)


def _tries_again(found: GapResult, params: GapParams) -> bool:
    """Whether the next run has to look at images that could not be used: files may be mended."""
    skipped = len(found.embedded.skipped)
    return bool(skipped) and (params.encoder != "field" or skipped > embedding_run.LISTED)


def _as_before(
    dataset: fo.Dataset, names: Names, kept: Mapping[str, Any], seconds: float
) -> GapResult:
    """What the steps found, off their records."""
    found = {
        step: runs.read(dataset, names, step) for step in (picks.STEP, sphere.STEP, cards.STEP)
    }
    results = {step: {} if record is None else record.results for step, record in found.items()}
    skipped = tuple(Skipped(**each) for each in kept["embedded"]["skipped"])
    return GapResult(
        dataset.name,
        kept["owned"],
        kept["pool"],
        EmbeddingResult(**{**kept["embedded"], "skipped": skipped}),
        replace(coverage.read(dataset, names), reused=True),
        replace(picks.of_record(results[picks.STEP]), reused=True),
        replace(sphere.of_record(results[sphere.STEP]), reused=True),
        replace(card_records.of_record(results[cards.STEP]), reused=True),
        {"looking for changes": seconds},
        (kept["without_vector"][0], kept["without_vector"][1]),
    )


def _steps(
    samples: Samples,
    params: GapParams,
    report: Reporter,
    *,
    encoder: Encoder | None = None,
    seen: Seen | None = None,
) -> GapResult:
    """All steps, each of which does what is not done yet."""
    sets = resolve_sets(samples, params.owned, params.pool, *((seen.ids_of,) if seen else ()))
    seconds: dict[str, float] = {}
    names = Names(params.suffix)
    plans = [each.writes(names) for each in (coverage, picks, sphere, cards)]
    measured = params.attributes and params.encoder != "field"
    plans += [embedding_run.writes(names, measured=measured), *coverage.NOTES, unchanged.WRITES]
    refuse_foreign(dataset_of(samples), names, *plans)
    images = sets.owned.concat(sets.pool)
    locked = read_only_among(dataset_of(samples), *plans)
    if locked and (params.overwrite or embed.has_new(images, params)):
        raise locked  # before hours of work, not after
    clock = time.monotonic()

    def lap(step: str) -> None:
        nonlocal clock
        now = time.monotonic()
        seconds[step], clock = now - clock, now

    embedded = compute_embeddings(
        images,
        select(EmbeddingParams, params),
        encoder=encoder,
        seen=seen,
        progress=report("Embeddings"),
    )
    lap("embeddings")
    if seen and embedded.done and params.encoder != "field":
        seen.forget_views()  # it may have taken hours
    inputs = read_inputs(samples, params, seen=seen, progress=report("Reading vectors"))
    inputs = replace(inputs, draws=params.card_runs > 0)
    lap("reading")
    covered = compute_coverage(
        samples, select(CoverageParams, params), inputs=inputs, progress=report("Coverage")
    )
    lap("coverage")
    picked = select_kcenter(
        samples, select(KCenterParams, params), inputs=inputs, progress=report("K-Center")
    )
    lap("K-Center")
    laid = compute_sphere(
        samples, select(SphereParams, params), inputs=inputs, progress=report("Sphere")
    )
    lap("sphere")
    carded = summarize_gaps(samples, select(CardParams, params), inputs=inputs, report=report)
    lap("gap cards")
    # Gap Explorer opens from this; without it the first to open the panel waits for the reading.
    points.read(dataset_of(samples), Names(params.suffix))
    lap("points")
    return GapResult(
        dataset_of(samples).name,
        len(sets.owned),
        len(sets.pool),
        embedded,
        covered,
        picked,
        laid,
        carded,
        seconds,
        (inputs.owned.missing, inputs.pool.missing),
    )


def _of(count: int, missing: int, noun: str) -> str:
    left_out = f" ({missing:,} of them without a vector, left out)" if missing else ""
    return f"{counted(count, noun)}{left_out}"
