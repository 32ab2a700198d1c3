"""``find_gaps``: embeddings to gap cards in a row; what still holds is skipped."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ...encoders.protocol import Encoder
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
from ..store import points
from ..store.door import admitted
from ..store.inputs import read_inputs
from ..store.leases import holds_lease
from ..store.names import Names
from ..store.ownership import refuse_foreign
from ..store.sets import Samples, dataset_of, resolve_sets
from . import cards, coverage, embed, picks, sphere
from .card_records import CardResult
from .cards import summarize_gaps
from .coverage import CoverageResult, compute_coverage
from .embed import EmbeddingResult, compute_embeddings
from .picks import PickResult, select_kcenter
from .sphere import SphereResult, compute_sphere


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
                f"{self.dataset}: S {_of(self.owned, self.without_vector[0], 'images')}, "
                f"U {_of(self.pool, self.without_vector[1], 'candidates')}",
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
    samples = admitted(samples, params.slices)
    sets = resolve_sets(samples, params.owned, params.pool)
    seconds: dict[str, float] = {}
    names = Names(params.suffix)
    plans = [each.writes(names) for each in (coverage, picks, sphere, cards)]
    measured = params.attributes and params.encoder != "field"
    plans.append(embed.writes(names, measured=measured))
    refuse_foreign(dataset_of(samples), names, *plans)
    clock = time.monotonic()

    def lap(step: str) -> None:
        nonlocal clock
        now = time.monotonic()
        seconds[step], clock = now - clock, now

    embedded = compute_embeddings(
        sets.owned.concat(sets.pool),
        select(EmbeddingParams, params),
        encoder=encoder,
        progress=report("Embeddings"),
    )
    lap("embeddings")
    inputs = read_inputs(samples, params, progress=report("Reading vectors"))
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
    return f"{count:,} {noun}{left_out}"
