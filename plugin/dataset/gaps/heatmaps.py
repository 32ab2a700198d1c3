"""``compute_heatmaps``: what the encoder looked at, as a heatmap on each sample.

The encoder is opened again with the settings its embeddings were made with, so that a map shows
what made *these* vectors.  Another one can be named; where nothing says what made them (a folder of
distances from elsewhere) the default is taken, and the result says so.  Every map carries its
recipe, a digest of the encoder's fingerprint and of all that shaped it: a map whose recipe still
holds is not made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made_by
from typing import Any

import fiftyone as fo
import numpy as np
from fiftyone import ViewField as F
from numpy.typing import NDArray

from ...attention.draw import HeatmapRequest, draw
from ...attention.explain import Explainer, Question
from ...embeddings.extract import Skipped
from ...encoders.protocol import Encoder
from ...errors import EmptySetError, InputError, MismatchError
from ...progress import Progress, silent
from ...results import Result
from ...settings.steps import EmbeddingParams, HeatmapParams
from ..store import runs
from ..store.database import counted, database_failures
from ..store.fields import fields
from ..store.fields.metadata import columns
from ..store.fields.ownership import Column, Writes, refuse_foreign
from ..store.fields.skipped import tag_skipped, untag_mended
from ..store.leases import holds_lease
from ..store.names import Names
from ..store.samples import by_slice, slices_line
from ..store.sets.door import admitted
from ..store.sets.resolve import Samples, dataset_of
from ..store.steps.step import Step
from ..store.vectors import vectors
from .picks import picks
from .vectors import embed, embedding_run

STEP = "heatmaps"
SHOWN = 5
FIELD = "field"
"""The encoder of vectors that were taken from a field: there is nothing to open."""
RECIPE = "recipe"
SHAPING = ("about", "start", "point", "head_fusion", "discard_ratio", "residual")


@dataclass(frozen=True, repr=False)
class HeatmapResult(Result):
    """What ``compute_heatmaps`` did.

    ``done`` maps were made now, ``known`` were there before; ``skipped`` samples have none, each
    with its reason; ``notes`` say what was done otherwise than asked.
    """

    field: str
    encoder: str
    method: str
    layers: str
    done: int
    known: int
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    seconds: float
    slices: Mapping[str, int] = made_by(default_factory=dict)

    def __str__(self) -> str:
        counts = f"{self.done} made, {self.known} already there, {len(self.skipped)} skipped"
        reasons = [f"  skipped: {skipped.reason}" for skipped in self.skipped[:SHOWN]]
        if len(self.skipped) > SHOWN:
            reasons.append(f"  and {len(self.skipped) - SHOWN} more, listed in the run")
        head = f"{self.field!r} by {self.method} of {self.encoder}: {counts}"
        return "\n".join(
            [head, *slices_line(self.slices), *(f"  {note}" for note in self.notes), *reasons]
        )


def writes(names: Names) -> Writes:
    """What the step writes; a map says by its recipe whether it still holds."""
    heatmap = Column(
        names.heatmap,
        fo.EmbeddedDocumentField,
        "Where the encoder looked: 0 least, 255 most of this image, by Gapsphere",
        first=True,
        document=fo.Heatmap,
    )
    return Writes(STEP, (heatmap,), compared=False)


@database_failures()
@holds_lease("compute_heatmaps")
def compute_heatmaps(
    samples: Samples,
    params: HeatmapParams | None = None,
    *,
    encoder: Encoder | None = None,
    progress: Progress = silent,
) -> HeatmapResult:
    """Give samples a heatmap of what the encoder looked at.

    Writes ``heatmap``: uint8, 0 for the least looked-at patch of the image and 255 for the most,
    in a grid that covers the whole image.  Each batch is written as soon as it is made.
    An opened ``encoder``, or one that ``params`` name, takes the place of the one that made the
    embeddings; it is also what is looked into where nothing says which made them.

    Raises
    ------
    EmptySetError
        No sample is left to work on.
    InputError
        The encoder cannot be looked into.
    MismatchError
        The encoder is no longer the one that made the embeddings.
    """
    params = params or HeatmapParams()
    samples = admitted(samples, params.slices)
    step = Step.of(STEP, samples, params, writes=writes)
    dataset, names = step.dataset, step.names
    view = narrowed(samples, names, params)
    made_by = runs.read(dataset, names, embedding_run.STEP)
    recorded: Mapping[str, Any] = made_by.inputs if made_by else {}
    if encoder is None and not _is_own(made_by, params):
        encoder = embed.open_encoder(_named(made_by, params))
    fingerprint = encoder.fingerprint if encoder else recorded["fingerprint"]
    notes: tuple[str, ...] = ()
    if recorded.get("fingerprint") != fingerprint:
        assert encoder is not None
        if params.about != "attention":
            raise MismatchError(_cannot_compare(params.about, dataset, names, recorded, encoder))
        notes = (_shows(encoder, made_by),)
    refuse_foreign(dataset, names, writes(names))
    untag_mended(view, names)
    wanted, recipes, skipped = _wanted(view, names, params, fingerprint)
    waiting = wanted if params.overwrite else _without_map(dataset, names, wanted, recipes)
    known = len(wanted) - len(waiting)
    last = step.earlier
    same = last and not last.running and last.inputs.get("fingerprint") == fingerprint
    if last and same and not waiting and last.params.get("about") == params.about:
        made = last.inputs["encoder"], last.results["method"], last.results["layers"]
        counts = by_slice(view)
        return HeatmapResult(
            names.heatmap, *made, 0, known, tuple(skipped), notes, step.seconds, counts
        )
    if encoder is None:
        encoder = _reopened(made_by, params)
    fused = params.head_fusion, params.discard_ratio, params.residual
    explainer = Explainer(encoder, Question(params.about, params.start, *fused))
    step.inputs = {"encoder": encoder.name, "fingerprint": encoder.fingerprint}
    step.begin()
    recipe = "Digest of the encoder and the settings that this map was made with"
    fields.declare(dataset, f"{names.heatmap}.{RECIPE}", fo.StringField, recipe)

    def write(ids: list[str], maps: list[NDArray[np.uint8]]) -> None:
        # A map made coarser for want of memory is not what was asked for: the next run makes it
        # again.
        coarse = "" if explainer.grid == explainer.encoder.patch_grid else " coarse"
        values = {
            i: fo.Heatmap(map=heat, range=[0, 255], **{RECIPE: recipes[i] + coarse})
            for i, heat in zip(ids, maps, strict=True)
        }
        dataset.set_values(names.heatmap, values, key_field="id", progress=False)
        clock.count += len(ids)
        step.at("batch")

    with step.timed(made_with(params, made_by.params if made_by else {})) as clock:
        drawn = draw(
            waiting,
            explainer,
            write,
            point=params.point,
            batch_size=params.batch_size,
            num_workers=params.num_workers,
            progress=progress,
        )
    skipped += drawn.skipped
    tried, failed = [item.id for item in waiting], [item.id for item in drawn.skipped]
    tag_skipped(dataset, names, tried, failed, embedded=True)
    result = HeatmapResult(
        names.heatmap,
        encoder.name,
        explainer.method,
        explainer.layers,
        drawn.done,
        known,
        tuple(skipped),
        (*notes, *drawn.notes),
        step.seconds,
        by_slice(view),
    )
    _complete(step, result, explainer)
    return result


def made_with(params: HeatmapParams, recorded: Mapping[str, Any]) -> str:
    """What decides how fast maps are made; ``recorded`` are the settings of the embeddings."""
    named = _asked(params)
    settings = embedding_run.recorded(recorded) if recorded else EmbeddingParams()
    if named != (None, None) or settings.encoder == FIELD:
        change = {"encoder": named[0] or "auto", "model_path": named[1]}
        settings = settings.model_copy(update=change)
    if params.device:
        settings = settings.model_copy(update={"device": params.device})
    return f"{params.about} {embed.made_with(settings)}"


def narrowed(samples: Samples, names: Names, params: HeatmapParams) -> Samples:
    """The samples that get a map: all, picks or gaps; an EmptySetError where there is none."""
    view = samples
    if params.only == "picks":
        runs.finished(dataset_of(samples), names, "kcenter")
        view = samples.match_tags(names.kcenter_tag)
        if not counted(view):
            picks.require(dataset_of(samples), names)
        missing = "none of them is a pick: take another view, or choose `all`."
    elif params.only == "gaps":
        runs.finished(dataset_of(samples), names, "coverage")
        there = samples.has_field(names.is_gap)
        view = samples.match(F(names.is_gap) == True) if there else samples.limit(0)  # noqa: E712
        missing = "none of them is a gap: run compute_coverage, or choose `all`."
    else:
        missing = "the dataset, view or selection holds none."
    if not counted(view):
        raise EmptySetError(f"There is no sample to make a heatmap of: {missing}")
    return view


def _wanted(
    view: Samples, names: Names, params: HeatmapParams, fingerprint: str
) -> tuple[list[HeatmapRequest], dict[str, str], list[Skipped]]:
    """The samples and their recipes; those without a question's other side are skipped."""
    shaping = {name: getattr(params, name) for name in SHAPING}
    common = json.dumps([fingerprint, shaping], sort_keys=True)
    ids, paths = view.values(["id", "filepath"])
    if params.about == "attention":
        wanted = [HeatmapRequest(i, path) for i, path in zip(ids, paths, strict=True)]
        return wanted, dict.fromkeys(ids, _digest(common)), []
    if not view.has_field(names.nearest_S):
        raise InputError(f"`{params.about}` needs {names.nearest_S!r}: run compute_coverage first.")
    runs.finished(dataset_of(view), names, "coverage")
    nearest: list[str | None] = view.values(names.nearest_S)
    others = sorted({each for each in nearest if each})
    found = vectors.of(dataset_of(view), names.embedding, others, unit=True)
    rows = dict(zip(found.ids, found.matrix, strict=True))
    wanted, recipes, skipped = [], {}, []
    for sample_id, path, other in zip(ids, paths, nearest, strict=True):
        query = rows.get(other) if other else None
        if query is None:
            reason = (
                f"{path} has no nearest image of S with an embedding to be compared with: "
                "is it in U, and was compute_coverage run?"
            )
            skipped.append(Skipped(sample_id, path, reason))
        else:
            wanted.append(HeatmapRequest(sample_id, path, query))
            recipes[sample_id] = _digest(common, query.tobytes())
    if not wanted:
        raise EmptySetError(f"There is no sample to make a heatmap of: {skipped[0].reason}")
    return wanted, recipes, skipped


def _digest(text: str, more: bytes = b"") -> str:
    return hashlib.sha256(text.encode() + more).hexdigest()[:32]


def _without_map(
    dataset: fo.Dataset, names: Names, wanted: list[HeatmapRequest], recipes: dict[str, str]
) -> list[HeatmapRequest]:
    """Those whose map is missing or was made by another recipe."""
    path = f"{names.heatmap}.{RECIPE}"
    if not dataset.has_field(path):
        return wanted
    made = columns(dataset, [item.id for item in wanted], {"recipe": path})["recipe"]
    return [item for item, by in zip(wanted, made, strict=True) if by != recipes[item.id]]


def _is_own(made_by: runs.Record | None, params: HeatmapParams) -> bool:
    """Whether the encoder that made the embeddings is known, and no other is asked for."""
    if made_by is None or made_by.params.get("encoder", FIELD) == FIELD:
        return False
    named, recorded = _asked(params), made_by.params
    return named == (None, None) or named == (recorded["encoder"], recorded.get("model_path"))


def _asked(params: HeatmapParams) -> tuple[str | None, str | None]:
    """Encoder and model that are asked for; a field of vectors is none to look into."""
    return (None, None) if params.encoder == FIELD else (params.encoder, params.model_path)


def _named(made_by: runs.Record | None, params: HeatmapParams) -> EmbeddingParams:
    """How the encoder is opened that is asked for, or the default one; it sees the same region."""
    encoder, model_path = _asked(params)
    settings = EmbeddingParams()
    if made_by is not None and made_by.params:
        settings = embedding_run.recorded(made_by.params).model_copy(update={"pooling": None})
    change: dict[str, Any] = {"encoder": encoder or "auto", "model_path": model_path}
    if params.device:
        change["device"] = params.device
    return settings.model_copy(update=change)


def _shows(encoder: Encoder, made_by: runs.Record | None) -> str:
    """What a map shows that is not the embeddings' own."""
    head = f"The maps show what {encoder.name} looks at"
    if made_by is None or not made_by.params:
        return f"{head}; what made the distances is not known here."
    return f"{head}; {made_by.inputs.get('encoder')} made the embeddings."


def _cannot_compare(
    about: str, dataset: fo.Dataset, names: Names, recorded: Mapping[str, Any], encoder: Encoder
) -> str:
    made = f"{names.embedding!r} was made by {recorded.get('encoder', 'something unrecorded')}"
    if not dataset.has_field(names.embedding):
        return (
            f"`{about}` compares with embeddings of S, and there are none: run "
            "compute_embeddings first, or ask for `attention`."
        )
    return (
        f"`{about}` compares with embeddings of S, and {made}, not by {encoder.name}: embed with "
        "it first, or ask for `attention`."
    )


def _reopened(made_by: runs.Record | None, params: HeatmapParams) -> Encoder:
    """The encoder of the embeddings, with the settings of their run; it must be the same still."""
    assert made_by is not None
    settings = embedding_run.recorded(made_by.params)
    if params.device:
        # Precision follows the device when it is left open; the vectors were made in one.
        settings = settings.model_copy(update={"device": params.device})
    encoder = embed.open_encoder(settings)
    if encoder.fingerprint != made_by.inputs["fingerprint"]:
        raise MismatchError(
            f"{encoder.name} is no longer what made the embeddings (other weights, or another "
            "precision on this device): embed again, or name the device they were made on."
        )
    return encoder


def _complete(step: Step, result: HeatmapResult, explainer: Explainer) -> None:
    encoder = explainer.encoder
    results = {
        **explainer.settings(),
        "pixels": encoder.pixels.as_dict(),
        "patch_grid": list(encoder.patch_grid),
        "made": result.done,
        "notes": list(result.notes),
        **embedding_run.figures(result),
    }
    step.complete(results)
