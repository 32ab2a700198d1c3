"""``show_results``: what the last analysis found, read off its records and fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import fiftyone as fo
import numpy as np

from ...coverage.words import drive_line
from ...errors import EmptySetError, MismatchError
from ...results import Result
from ..store import runs
from ..store.names import Names
from ..store.samples import flat
from ..store.sets.resolve import Samples, dataset_of
from . import sphere
from .analysis import EMBEDDINGS, NoAnalysisError
from .cards import card_records
from .cards.card_records import CardResult
from .coverage import coverage
from .coverage.coverage import CoverageResult
from .coverage.measured import of_another_encoder
from .picks import picks
from .picks.picks import PickResult
from .sphere import SphereResult

LISTED = 10


@dataclass(frozen=True, repr=False)
class AnalysisResult(Result):
    """The last results of an analysis; a step that never ran is None.

    ``farthest`` are ``(sample_id, filepath, distance)`` of the candidates farthest from S,
    ``picks`` ``(sample_id, filepath, radius)`` of the first K-Center picks, ten each at most.
    ``guide`` is the path of the last collection guide; ``newer`` names the encoder of embeddings
    that came since, where coverage is of others.
    """

    dataset: str
    suffix: str
    covered: CoverageResult | None
    picked: PickResult | None
    laid: SphereResult | None
    carded: CardResult | None = None
    farthest: list[tuple[str, str, float]] = field(default_factory=list)
    picks: list[tuple[str, str, float | None]] = field(default_factory=list)
    guide: str | None = None
    newer: str | None = None

    def __str__(self) -> str:
        steps: dict[str, Result | None] = {
            "coverage": self.covered,
            "K-Center": self.picked,
            "sphere": self.laid,
            "gap cards": self.carded,
        }
        lines = [f"{self.dataset}: last results" + (f" of {self.suffix!r}" * bool(self.suffix))]
        for name, result in steps.items():
            text = "not computed" if result is None else str(result).replace("\n", f"\n{'':12}")
            lines.append(f"{name:<12}{text}")
        if self.newer:
            lines.append(
                f"embeddings  by {self.newer} are newer than coverage, which used others: run "
                "compute_coverage for their distances and δ."
            )
        lines += [f"guide       {self.guide}"] if self.guide else []
        return "\n".join(lines)

    def record(self) -> dict[str, Any]:
        """The same as JSON, for a program that reads the operator's result."""
        found: dict[str, Any] = {"summary": str(self), "suffix": self.suffix}
        if self.covered is not None:
            names = "metric", "delta", "basis", "alpha", "level", "candidates", "gaps", "covered"
            more = "cannot_say", "owned", "drives_owned", "drives_pool", "quantiles"
            found |= {name: _number(getattr(self.covered, name)) for name in names + more}
            found["drives"] = [drive_line(row).strip() for row in self.covered.drives[:LISTED]]
        if self.carded is not None:
            found["cards"] = [card.line() for card in self.carded.found[:LISTED]]
        found["farthest"] = [_row(row, "distance") for row in self.farthest]
        found["picks"] = [_row(row, "radius") for row in self.picks]
        return found | {"guide": self.guide, "newer_embeddings": self.newer}


def show_results(samples: Samples, suffix: str = "") -> AnalysisResult:
    """What the last runs of an analysis found; nothing is computed.

    Raises
    ------
    NoAnalysisError
        The dataset has no analysis of this suffix.
    UnfinishedError
        A step of it was interrupted.
    """
    dataset, names = dataset_of(samples), Names(suffix)
    covered = _read(dataset, names, coverage.STEP)
    chosen = picks.read(dataset, names)
    laid = _read(dataset, names, sphere.STEP)
    if covered is None and chosen is None and laid is None:
        known = ", ".join(repr(each) for each in runs.suffixes(dataset, coverage.STEP))
        others = f"; suffixes with one: {known}" if known else ""
        which = f" of suffix {suffix!r}" if suffix else " without a suffix" * bool(others)
        raise NoAnalysisError(
            f"{dataset.name!r} has no analysis{which}{others}: run find_gaps first."
        )
    guide = _read(dataset, names, "visual_spec") or {}
    return AnalysisResult(
        dataset.name,
        suffix,
        None if covered is None else coverage.of_record(covered),
        chosen,
        None if laid is None else sphere.of_record(laid),
        _cards(dataset, names),
        _farthest(dataset, names),
        [] if chosen is None else _first(dataset, chosen),
        guide.get("path"),
        _newer(dataset, names),
    )


def _read(dataset: fo.Dataset, names: Names, step: str) -> dict[str, Any] | None:
    record = runs.finished(dataset, names, step)
    return dict(record.results) if record is not None and record.results else None


def _newer(dataset: fo.Dataset, names: Names) -> str | None:
    """The encoder of embeddings that coverage was not made from."""
    covered, embedded = (runs.read(dataset, names, each) for each in (coverage.STEP, EMBEDDINGS))
    other = embedded is not None and of_another_encoder(covered, embedded)
    return str(embedded.inputs.get("encoder")) if embedded and other else None


def _cards(dataset: fo.Dataset, names: Names) -> CardResult | None:
    """The cards; those of an earlier coverage run are none."""
    try:
        return card_records.read(dataset, names)
    except (EmptySetError, MismatchError):
        return None


def _farthest(dataset: fo.Dataset, names: Names) -> list[tuple[str, str, float]]:
    if not dataset.has_field(names.dist_to_S):
        return []
    far = flat(dataset).exists(names.dist_to_S).sort_by(names.dist_to_S, reverse=True).limit(LISTED)
    return list(zip(*far.values(["id", "filepath", names.dist_to_S]), strict=True))


def _first(dataset: fo.Dataset, picked: PickResult) -> list[tuple[str, str, float | None]]:
    ids = picked.ids[:LISTED]
    paths = dict(zip(*flat(dataset).select(ids).values(["id", "filepath"]), strict=True))
    radii = [*picked.radii, *[None] * len(ids)]
    return [(each, paths[each], radii[row]) for row, each in enumerate(ids) if each in paths]


def _row(row: tuple[str, str, float | None], name: str) -> dict[str, Any]:
    sample_id, path, number = row
    return {"id": sample_id, "filepath": path, name: number}


def _number(value: Any) -> Any:
    """JSON holds no infinity: δ of too few drives is null."""
    return None if isinstance(value, float) and not np.isfinite(value) else value
