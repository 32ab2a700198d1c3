"""``compute_embeddings``: images of samples become unit vectors on samples.

Each batch is written as soon as the model has made it, so a kill loses at most one batch and a
re-run continues.  Attributes are measured on the way and written just before the vectors of their
batch, so that whatever has a vector has its attributes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....embeddings.extract import extract_with
from ....encoders import opening
from ....encoders.checkpoint.offline import is_offline
from ....encoders.protocol import Encoder
from ....encoders.registry import INTERNVL_VARIABLE
from ....engine.engine import Kept, opened
from ....errors import DatabaseError, EmptySetError
from ....progress import Progress, silent
from ....settings.steps import EmbeddingParams
from ...store.database import counted, database_failures, is_empty
from ...store.fields import attributes
from ...store.fields.ownership import refuse_foreign
from ...store.fields.skipped import tag_skipped, untag_mended
from ...store.leases import holds_lease
from ...store.names import Names
from ...store.runs import Record
from ...store.samples import by_slice
from ...store.sets.door import admitted
from ...store.sets.resolve import Samples
from ...store.steps import written
from ...store.steps.step import Step
from ...store.vectors import mapped, vectors
from ...store.vectors.marks import Seen
from .copy_field import copy_field
from .embedding_run import STEP, EmbeddingResult, claim, complete, writes
from .zoo import register_zoo

register_zoo()


def open_encoder(params: EmbeddingParams) -> Encoder:
    """The encoder that ``params`` name, with its preprocessing."""
    return opening.named(params.model_dump())


@contextmanager
def _encoders(params: EmbeddingParams, given: Encoder | None) -> Iterator[Kept]:
    """The encoder, here or on each GPU or core of a cluster.

    One of FiftyOne's zoo stays here: who loads it opens the database.
    """
    name = "local" if params.encoder == "zoo" and given is None else params.engine
    make: Callable[..., Encoder] = open_encoder
    what: list[Any] = [params]
    if given is not None:
        make, what = opening.given, [given]
    elif name != "local":
        make, what = opening.named, [params.model_dump(), is_offline()]
    gpu = not str(params.device).startswith("cpu")
    with opened(name, params.ray_address) as engine, engine.keeping(make, what, gpu=gpu) as kept:
        yield kept


def made_with(params: EmbeddingParams) -> str:
    """What decides how fast images are embedded, for the pace of the next run."""
    params = resolved(params)
    packaged = params.encoder == "auto" and params.model_path is None
    name = "packaged" if packaged else params.encoder
    size = params.image_size if name != "packaged" else None  # it reads a size of its own
    where = None if params.engine == "local" else params.engine
    what = (name, params.model_path, size, params.precision, params.device, where)
    return " ".join(str(each) for each in what if each is not None)


@database_failures()
@holds_lease("compute_embeddings")
def compute_embeddings(
    samples: Samples,
    params: EmbeddingParams | None = None,
    *,
    encoder: Encoder | None = None,
    seen: Seen | None = None,
    progress: Progress = silent,
) -> EmbeddingResult:
    """Give every sample of ``samples`` that has none a unit vector, whatever its tags.

    An opened ``encoder`` takes the place of the one that ``params`` name.  Marks that were ``seen``
    are not asked for again, and follow what is written.

    Raises
    ------
    MismatchError
        The field holds vectors of another encoder, weights or preprocessing, and
        ``params.overwrite`` is off.
    DatabaseError
        The database failed, on a full disk for one: the batches before stay and a re-run goes on.
    """
    params = resolved(params or EmbeddingParams())
    samples = admitted(samples, params.slices)
    if is_empty(samples):
        raise EmptySetError("There is no sample to embed.")
    if encoder is None and params.encoder == "field":
        return copy_field(samples, params, seen)
    step = Step.of(STEP, samples, params)
    names = step.names
    untag_mended(samples, names)
    if encoder is None and (reused := _all_there(samples, step, seen)):
        return reused
    measured = params.attributes and (params.overwrite or not _all_embedded(samples, names))
    step.writes = writes(names, measured=measured)
    refuse_foreign(step.dataset, names, step.writes)
    made_by = made_with(params) if encoder is None else encoder.name
    opened_at = time.monotonic()
    with _encoders(params, encoder) as kept:
        about, started = kept.ask(opening.about), time.monotonic()
        claim(step, about.name, about.fingerprint, about, overwrite=params.overwrite, seen=seen)
        waiting = samples.exists(names.embedding, False)
        ids, paths = waiting.values(["id", "filepath"])
        known = counted(samples) - len(ids)

        def write(batch: list[str], rows: NDArray[np.float32]) -> None:
            marks = vectors.write(step.dataset, names.embedding, batch, rows)
            if seen is not None:
                seen.wrote(names.embedding, batch, marks)
            grow(batch, marks, rows)
            clock.count += len(batch)
            step.at("batch")

        with (
            step.timed(made_by, started - opened_at) as clock,
            mapped.growing(step.dataset, names.embedding, len(ids), about.dimension) as grow,
        ):
            extraction = extract_with(
                kept,
                list(zip(ids, paths, strict=True)),
                write,
                batch_size=params.batch_size,
                num_workers=params.num_workers,
                keep_attributes=partial(attributes.write, step.dataset, names)
                if measured
                else None,
                fingerprint=about.fingerprint,
                progress=progress,
            )
    skipped = {item.id for item in extraction.skipped}
    # Images may have come meanwhile, which nobody has embedded.
    lost = set(ids).intersection(waiting.values("id")) - skipped
    if lost:
        raise DatabaseError(
            f"The database lost {len(lost)} of the {extraction.done} vectors that were written: "
            "run it again to embed them."
        )
    tag_skipped(step.dataset, names, ids, list(skipped))
    result = EmbeddingResult(
        about.name,
        about.fingerprint,
        about.dimension,
        extraction.done,
        known,
        extraction.skipped,
        time.monotonic() - started,
        by_slice(samples),
        written.by_others(step, samples, names.embedding, ids, seen),
    )
    if about.revision:
        step.inputs = {**step.inputs, "revision": about.revision}
    written.note(step, names.embedding, [each for each in ids if each not in skipped], seen)
    complete(step, result)
    return result


def resolved(params: EmbeddingParams) -> EmbeddingParams:
    """Write the environment's checkpoint into the parameters: the record has to name it."""
    path = os.environ.get(INTERNVL_VARIABLE)
    if params.encoder == "auto" and params.model_path is None and path:
        return params.model_copy(update={"model_path": path})
    return params


def _all_there(samples: Samples, step: Step, seen: Seen | None) -> EmbeddingResult | None:
    """The earlier result, where the same parameters left nothing to do; no model is loaded."""
    record = step.earlier
    if not record:
        return None
    settings = dict(step.settings)
    if "pooling" not in record.params and settings["pooling"] == _pooling_before(record):
        del settings["pooling"]
    if "attributes" not in record.params:  # they are measured with vectors that are made now
        del settings["attributes"]
    if not record.holds(settings, record.inputs) or not _all_embedded(samples, step.names):
        return None
    return EmbeddingResult(
        record.inputs["encoder"],
        record.inputs["fingerprint"],
        record.results["dimension"],
        0,
        counted(samples),
        (),
        0.0,
        by_slice(samples),
        written.by_others(step, samples, step.names.embedding, seen=seen),
    )


def has_new(samples: Samples, params: EmbeddingParams) -> bool:
    """Whether an image without a vector may get one: its field has it, or no run has skipped it."""
    names = Names(params.suffix)
    there = samples.has_field(names.embedding)
    without = samples.exists(names.embedding, False) if there else samples
    if params.encoder == "field":
        source = params.model_path
        known = source is not None and samples.has_field(source)
        return known and not is_empty(without.exists(source))
    return not is_empty(without.match_tags(names.skipped_tag, bool=False))


def _all_embedded(samples: Samples, names: Names) -> bool:
    """Whether every sample has a vector."""
    field = names.embedding
    return samples.has_field(field) and not len(samples.exists(field, False))


def _pooling_before(record: Record) -> str | None:
    """The setting that gives what a run made before there was one; None is the default."""
    return "mean" if record.inputs.get("encoder", "").startswith("packaged:") else None
