"""``export_visual_spec``: samples become a request that a person takes to the car.

Distances to S are computed here from the embeddings, so they hold on the day of issue whatever the
fields say; δ and the percentiles are those of the dataset's coverage run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ...coverage.words import counted, decimals, standing
from ...coverage.yardstick import Yardstick
from ...errors import EmptySetError, InputError, MismatchError
from ...progress import Progress, silent
from ...report.spec.package import write_spec
from ...report.spec.radius import Radius, learn_radius
from ...report.spec.rule import Novelty, Rule, make_rule, reference_rows, showcase, typical_count
from ...report.spec.visual_spec import MadeBy, VisualSpec
from ...results import Result
from ...settings.spec import SpecParams
from ..gaps.coverage import coverage
from ..gaps.coverage.coverage import CoverageResult
from ..gaps.coverage.measured import of_another_encoder
from ..gaps.vectors.embedding_run import STEP as EMBEDDINGS
from ..store import places, runs
from ..store.database import database_failures
from ..store.fields.metadata import columns, metadata
from ..store.fields.ownership import Writes, refuse_foreign
from ..store.leases import holds_lease
from ..store.names import SEQUENCE, Names
from ..store.sets.door import admitted
from ..store.sets.resolve import Samples, dataset_of, resolve
from ..store.steps.step import Step
from ..store.vectors import vectors
from ..store.vectors.vectors import Vectors
from . import issued
from .candidates import Chosen, choose
from .evidence import differences, drives_of, gather, worth
from .images import heatmap_method, images, nearest_owned, with_heatmaps
from .others import others
from .turned_down import TurnedDown, has_vectors, turned_down

STEP = "visual_spec"


@dataclass(frozen=True, repr=False)
class SpecResult(Result):
    """What ``export_visual_spec`` wrote; ``warnings`` are sentences the reader should know.

    ``standing`` says what δ is worth, ``apart`` what sets the candidates apart in light and colour.
    """

    path: Path
    id: str
    quantity: int
    candidates: int
    shown: int
    heatmaps: int
    radius: float | None
    delta: float
    metric: str
    missing: tuple[str, ...]
    reference_rows: int
    warnings: tuple[str, ...]
    standing: str
    apart: tuple[str, ...]

    def __str__(self) -> str:
        radius = "no radius" if self.radius is None else f"radius {decimals(self.radius, 4)}"
        lines = [
            f"{self.id}: {counted(self.quantity, 'image')} like "
            f"{counted(self.candidates, 'candidate')} "
            f"({self.shown} shown, {self.heatmaps} with heatmaps), {radius}, "
            f"δ {decimals(self.delta, 4)} ({self.metric}), "
            f"{counted(self.reference_rows, 'row')} of S for reference",
            self.standing,
            *(f"  {line}" for line in (*self.missing, *self.apart)),
            *self.warnings,
            str(self.path),
        ]
        return "\n".join(lines)


@database_failures()
@holds_lease("export_visual_spec", "spec")
def export_visual_spec(
    samples: Samples,
    params: SpecParams | None = None,
    *,
    source: str = "",
    progress: Progress = silent,
) -> SpecResult:
    """Write a Visual Spec for some samples.

    Parameters
    ----------
    samples
        The dataset, or the view whose samples are the candidates.
    source
        Where the candidates came from, in words for the page; by default the setting that chose
        them.

    Raises
    ------
    EmptySetError
        There is no candidate outside S with an embedding, or no coverage run yet.
    MismatchError
        The coverage run belongs to another encoder than the embeddings.
    InputError, ArtifactError
        A word or a file that cannot be used.
    """
    params = params or SpecParams()
    samples = admitted(samples, params.slices)
    refuse_foreign(dataset_of(samples), Names(params.suffix), Writes(STEP), issued.WRITES)
    spec, warnings = _compose(samples, params, source)
    own = _own(spec)
    if own is not None and own.count == own.total:
        raise InputError(f"The spec would turn down every image it shows. {own}")
    warnings += _warned(spec, own)
    written = write_spec(
        _output(params),
        spec,
        language=params.language,
        opacity=params.opacity,
        overwrite=params.replace_file,
        progress=progress,
    )
    result = SpecResult(
        path=written.path.resolve(),
        id=spec.id,
        quantity=spec.quantity,
        candidates=len(spec.candidates),
        shown=len(spec.shown),
        heatmaps=sum(1 for row in spec.shown if spec.candidates[row].heat is not None),
        radius=spec.rule.radius if spec.rule.checkable else None,
        delta=spec.rule.delta,
        metric=spec.rule.metric,
        missing=tuple(map(str, spec.missing)),
        reference_rows=len(spec.reference),
        warnings=(*warnings, *written.unreadable),
        standing=standing(spec.threshold),
        apart=tuple(map(str, spec.apart)),
    )
    _record(dataset_of(samples), params, spec, result)
    return result


def _compose(samples: Samples, params: SpecParams, source: str) -> tuple[VisualSpec, list[str]]:
    """The spec, and a sentence for what was left out of it."""
    dataset, names = dataset_of(samples), Names(params.suffix)
    covered, encoder = coverage.read(dataset, names), _made_by(dataset, names)
    chosen = choose(samples, dataset, params, names)
    embedded = has_vectors(chosen.samples, resolve(dataset, params.owned), names)
    field = names.embedding if embedded else names.sphere
    owned = _owned(dataset, params, field)
    found, warnings = _outside(chosen.samples, owned, field, params)
    imported = None if field == names.embedding else _imported(dataset, names, found.ids)
    scale = coverage.yardstick(dataset, names)
    threshold = worth(covered, params.spec_delta, scale)
    if imported is None:
        radius = params.spec_radius or _learnt(dataset, covered, found, scale)
        how: Any = {"metric": covered.metric, "radius": radius}
        if threshold.score == "novelty" and threshold.cutoff is not None:
            how["novelty"] = Novelty.of(owned.matrix, threshold.cutoff)
        rule = ball = make_rule(found.matrix, delta=threshold.delta, **how)
        rows, other_cards = others(dataset, names, found.ids, set(owned.ids), rule)
        rule = replace(rule, others=rows)
    else:
        if params.spec_radius is not None:
            raise InputError("A radius needs embeddings, of which there are none: leave it empty.")
        # What is shown is chosen on the sphere; nothing can be judged there.
        rule, other_cards = Rule.without_embeddings(threshold.delta, covered.metric), ()
        ball = make_rule(found.matrix, delta=0.0)
    evidence = gather(dataset, names, covered, found, owned, rule)
    here, there = metadata(dataset, found.ids), metadata(dataset, owned.ids)
    tried, missing = differences(dataset, here, there, params)
    ahead = [shared.field for shared in missing]
    given = f"given for this spec; the analysis has {covered.delta:.4g}"
    if rule.checkable:
        reference = owned.matrix[decide := reference_rows(owned.matrix, rule)]
        drives = None if evidence.drives is None else evidence.drives[decide]
    else:
        reference, drives = np.empty((0, 0), np.float32), None
    quantity, quantity_source = _quantity(params, chosen, owned, found, rule)
    spec = VisualSpec(
        title=params.spec_title,
        quantity=quantity,
        quantity_source=quantity_source,
        rule=rule,
        dataset=dataset.name,
        source=source or chosen.source,
        encoder=encoder,
        owned_count=len(owned.ids),
        threshold=threshold,
        delta_source=covered.delta_source if params.spec_delta is None else given,
        candidates=images(dataset, found, rule, owned, here, ahead, scale, evidence, imported),
        shown=tuple(showcase(found.matrix, params.images, ball).tolist()),
        owned=nearest_owned(
            dataset,
            owned,
            ball,
            there,
            ahead,
            params.owned_images_shown,
            measured=rule.checkable,
        ),
        missing=missing,
        tried=tried,
        reference=reference,
        reference_drives=drives,
        apart=evidence.apart,
        ranges=evidence.ranges,
        others=other_cards,
        place=chosen.place,
        parameters=params.model_dump(mode="json"),
        heatmap=heatmap_method(dataset, names),
        note=params.note,
        drive=_one_drive(here.get(SEQUENCE, [])),
    )
    return with_heatmaps(dataset, names, spec), warnings


def _imported(dataset: fo.Dataset, names: Names, ids: list[str]) -> NDArray[np.float64]:
    """Distances to S as the samples have them, (n,)."""
    known = columns(dataset, ids, {"distance": names.dist_to_S})["distance"]
    missing = known.count(None)
    if missing:
        raise EmptySetError(
            f"{counted(missing, 'candidate', 'has|have')} neither {names.embedding!r} nor "
            f"{names.dist_to_S!r}: run compute_embeddings and compute_coverage first."
        )
    return np.array(known, np.float64)


def _owned(dataset: fo.Dataset, params: SpecParams, field: str) -> Vectors:
    owned = vectors.read(resolve(dataset, params.owned), field, unit=True)
    if not owned.ids:
        record = runs.read(dataset, Names(params.suffix), coverage.STEP)
        used = None if record is None else record.params.get("owned")
        todo = "run find_gaps first."
        if used not in (None, params.owned):
            todo = f"the coverage run was of S {used!r}: give the same (`owned`)."
        raise EmptySetError(
            f"No sample of S ({params.owned!r}) has an embedding or a place on the sphere: {todo}"
        )
    return owned


def _made_by(dataset: fo.Dataset, names: Names) -> MadeBy:
    """Encoder, fingerprint and parameters behind the embeddings; coverage has to agree."""
    record = runs.read(dataset, names, EMBEDDINGS)
    inputs: Mapping[str, Any] = record.inputs if record else {}
    fingerprint = inputs.get("fingerprint", "unknown")
    measured = runs.read(dataset, names, coverage.STEP)
    if of_another_encoder(measured, record):
        raise MismatchError(
            "δ comes from vectors of another encoder than the embeddings have now: run "
            "compute_coverage again, with reset_delta."
        )
    encoder = inputs.get("encoder", "unknown")
    params = dict(record.params) if record else {}
    if params.get("encoder") == "auto":  # what it chose here, another machine need not choose
        params["encoder"] = encoder.partition(":")[0]
    return MadeBy(encoder, fingerprint, params)


def _outside(
    chosen: Samples, owned: Vectors, field: str, params: SpecParams
) -> tuple[Vectors, list[str]]:
    """Vectors of the candidates that S does not hold, and what was left out, in words."""
    found = vectors.read(chosen, field, unit=True)
    known = set(owned.ids)
    rows = [row for row, sample_id in enumerate(found.ids) if sample_id not in known]
    warnings = []
    if len(rows) < len(found.ids):
        warnings.append(f"{counted(len(found.ids) - len(rows), 'sample')} left out: in S already.")
    if found.missing:
        warnings.append(f"{counted(found.missing, 'sample')} left out: no {field!r}.")
    if not rows:
        raise EmptySetError(
            "There is no candidate for a spec: "
            + (" ".join(warnings) or f"{params.candidates or 'the selection'} holds no sample.")
        )
    return Vectors([found.ids[row] for row in rows], found.matrix[rows]), warnings


def _learnt(
    dataset: fo.Dataset, covered: CoverageResult, found: Vectors, scale: Yardstick | None
) -> Radius:
    drives = drives_of(dataset, covered, found.ids)
    return learn_radius(
        found.matrix,
        [None] * len(found.ids) if drives is None else drives.tolist(),
        scale=scale,
        owned_drives=covered.threshold.drives,
        delta=covered.delta,
        metric=covered.metric,
    )


def _quantity(
    params: SpecParams, chosen: Chosen, owned: Vectors, found: Vectors, rule: Rule
) -> tuple[int, str]:
    if params.quantity is not None:
        return params.quantity, "given"
    if chosen.card is not None:
        return chosen.card.wanted, "card"
    if not rule.checkable:
        return len(found.ids), "least"
    typical = typical_count(owned.matrix, rule)
    if typical <= len(found.ids):
        return len(found.ids), "least"
    return typical, "typical"


def _one_drive(sequences: Sequence[Any]) -> str:
    """The sequence that all of them are, or nothing."""
    drives = set(sequences)
    return str(drives.pop()) if len(drives) == 1 and None not in drives else ""


def _own(spec: VisualSpec) -> TurnedDown | None:
    """Candidates that the spec turns down itself; without embeddings it judges nothing."""
    rule = spec.rule
    if not rule.checkable:
        return None
    to_owned = [image.to_owned or 0.0 for image in spec.candidates]
    if rule.novelty is None:
        return turned_down(to_owned, rule.delta)
    novelty = rule.novelty(rule.candidates).tolist()
    return turned_down(to_owned, rule.delta, novelty, rule.novelty.beyond)


def _warned(spec: VisualSpec, own: TurnedDown | None) -> list[str]:
    warnings = []
    if not spec.rule.checkable:
        warnings.append(
            "There are no embeddings: distances and δ are the imported ones, pictures are chosen "
            "on the sphere, and the spec cannot check images. To have one that can, run "
            "compute_embeddings and compute_coverage and export it again."
        )
    elif own is not None:
        warnings.append(str(own))
    if spec.drive and spec.rule.radius_source in ("owned", "delta"):
        learnt = "δ" if spec.rule.radius_source == "delta" else "read off the drives of S"
        warnings.append(
            f"All candidates come from one drive ({spec.drive}), from which no radius can be "
            f"learnt: it is {learnt}, {spec.rule.radius:.4g}. Add candidates of other drives, or "
            "give spec_radius."
        )
    named = spec.encoder.fingerprint not in ("unknown", "")
    if spec.rule.checkable and (not named or spec.encoder.name.startswith("field:")):
        warnings.append(
            "The embeddings do not say which encoder made them, so check-spec cannot embed new "
            "images for this spec; check samples that have vectors of the same source."
        )
    if not spec.has_heatmaps:
        warnings.append("No candidate shown has a heatmap: run compute_heatmaps to add them.")
    return warnings


def _output(params: SpecParams) -> str:
    """Where the file goes; in a folder the spec's id names it."""
    if params.output:
        return params.output
    folder = places.specs()
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made ({error.strerror}): name a file.") from error
    return str(folder)


def _record(dataset: fo.Dataset, params: SpecParams, spec: VisualSpec, result: SpecResult) -> None:
    """Note the spec once its file is whole; the step writes no field of a sample."""
    inputs = {
        "encoder": spec.encoder.name,
        "fingerprint": spec.encoder.fingerprint,
        "owned_count": spec.owned_count,
        "candidates": [image.id for image in spec.candidates],
    }
    results = {**vars(result), "path": str(result.path)}
    results |= {name: list(results[name]) for name in ("missing", "warnings", "apart")}
    issued.keep(dataset, Names(params.suffix), spec, result.path)
    Step.of(STEP, dataset, params, inputs).complete(results)
