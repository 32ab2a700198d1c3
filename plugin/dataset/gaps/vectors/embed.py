"""``compute_embeddings``: images of samples become unit vectors on samples.

Each batch is written as soon as the model has made it, so a kill loses at most one batch and a
re-run continues.  Attributes are measured on the way and written just before the vectors of their
batch, so that whatever has a vector has its attributes.  The run records the encoder's fingerprint
*before* the first batch: vectors of two encoders can then never share a field.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ....embeddings.extract import Skipped, extract_with
from ....encoders import opening
from ....encoders.checkpoint.offline import is_offline
from ....encoders.opening import About
from ....encoders.pooling import refuse_rows
from ....encoders.protocol import Encoder
from ....encoders.registry import INTERNVL_VARIABLE
from ....engine.engine import Kept, opened
from ....errors import DatabaseError, EmptySetError, InputError, MismatchError
from ....progress import Progress, silent
from ....results import Result
from ....settings.fields import make
from ....settings.steps import EmbeddingParams
from ...store.database import counted, database_failures, is_empty
from ...store.fields import attributes
from ...store.fields.ownership import Column, Writes, refuse_foreign
from ...store.fields.skipped import tag_skipped
from ...store.leases import holds_lease
from ...store.names import Names
from ...store.runs import Record
from ...store.samples import by_slice, slices_line
from ...store.sets.door import admitted
from ...store.sets.resolve import Samples
from ...store.steps.step import Step
from ...store.vectors import mapped, vectors
from ...store.vectors.marks import Seen
from ...store.vectors.vectors import Vectors
from . import copies
from .copies import Copies
from .zoo import register_zoo

register_zoo()

STEP = "embeddings"
LISTED = 100
AT_ONCE = 8192
"""Vectors that are copied in one command to the database."""


@dataclass(frozen=True, repr=False)
class EmbeddingResult(Result):
    """What ``compute_embeddings`` did.

    ``done`` vectors were made now, ``known`` were there before; ``skipped`` images cannot be used.
    ``slices`` counts the samples of each slice of a grouped dataset.
    """

    encoder: str
    fingerprint: str
    dimension: int
    done: int
    known: int
    skipped: tuple[Skipped, ...]
    seconds: float
    slices: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return in_words(self, f"{self.encoder} ({self.dimension} numbers)", "embedded")


def writes(names: Names, *, measured: bool = True) -> Writes:
    """What the step writes; attributes where they are ``measured`` on the way."""
    vector = Column(
        names.embedding, fo.VectorField, "Unit vector of the image, by Gapsphere", first=True
    )
    columns = (vector, attributes.column(names)) if measured else (vector,)
    return Writes(STEP, columns, compared=False)


def in_words(found: Any, what: str, done: str) -> str:
    """A result that counts images, of which so many are ``done``: a line, and what was skipped."""
    rate = f", {found.done / found.seconds:.1f} images/s" if found.done and found.seconds else ""
    count = f"{found.done} {done}, {found.known} already there"
    reasons = [f"  skipped: {item.reason}" for item in found.skipped[:5]]
    head = f"{what}: {count}, {len(found.skipped)} skipped{rate}"
    return "\n".join([head, *slices_line(found.slices), *reasons])


def figures(found: Any) -> dict[str, Any]:
    """The same for the step's record."""
    return {
        "already_there": found.known,
        "skipped_count": len(found.skipped),
        "skipped": [asdict(item) for item in found.skipped[:LISTED]],
        "seconds": found.seconds,
    }


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


def recorded(params: Mapping[str, Any]) -> EmbeddingParams:
    """The parameters an earlier run was made with; before there was a choice it was the mean."""
    return make(EmbeddingParams, {"pooling": "mean", **params})


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
        return _copy_field(samples, params, seen)
    step = Step.of(STEP, samples, params)
    names = step.names
    if encoder is None and (reused := _all_there(samples, step)):
        return reused
    measured = params.attributes and (params.overwrite or not _all_embedded(samples, step))
    step.writes = writes(names, measured=measured)
    refuse_foreign(step.dataset, names, step.writes)
    made_by = made_with(params) if encoder is None else encoder.name
    opened_at = time.monotonic()
    with _encoders(params, encoder) as kept:
        about, started = kept.ask(opening.about), time.monotonic()
        _claim(step, about.name, about.fingerprint, about, overwrite=params.overwrite, seen=seen)
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
    )
    if about.revision:
        step.inputs = {**step.inputs, "revision": about.revision}
    _complete(step, result)
    return result


def resolved(params: EmbeddingParams) -> EmbeddingParams:
    """Write the environment's checkpoint into the parameters: the record has to name it."""
    path = os.environ.get(INTERNVL_VARIABLE)
    if params.encoder == "auto" and params.model_path is None and path:
        return params.model_copy(update={"model_path": path})
    return params


def _all_there(samples: Samples, step: Step) -> EmbeddingResult | None:
    """The earlier result, where the same parameters left nothing to do; no model is loaded."""
    record = step.earlier
    if not record:
        return None
    settings = dict(step.settings)
    if "pooling" not in record.params and settings["pooling"] == _pooling_before(record):
        del settings["pooling"]
    if "attributes" not in record.params:  # they are measured with vectors that are made now
        del settings["attributes"]
    if not record.holds(settings, record.inputs) or not _all_embedded(samples, step):
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
    )


def _all_embedded(samples: Samples, step: Step) -> bool:
    field = step.names.embedding
    return step.dataset.has_field(field) and not len(samples.exists(field, False))


def _pooling_before(record: Record) -> str | None:
    """The setting that gives what a run made before there was one; None is the default."""
    return "mean" if record.inputs.get("encoder", "").startswith("packaged:") else None


def _refuse_other_pooling(found: str, about: About, fingerprint: str | None) -> None:
    """Say so where vectors of that fingerprint differ in their pooling alone."""
    for pooling, other in about.fingerprints.items():
        if other == fingerprint:
            raise MismatchError(
                f"{found} that {about.name} made with pooling {pooling}, and this run makes "
                f"{about.pooling}. Set pooling to {pooling} to continue with them, use a suffix to "
                "keep both, or overwrite to replace them."
            )


def _claim(
    step: Step,
    encoder: str,
    fingerprint: str,
    about: About | None = None,
    *,
    overwrite: bool,
    seen: Seen | None,
) -> None:
    """Reserve the field for this encoder, or refuse; on overwrite, clear it first."""
    field, inputs = step.names.embedding, {"encoder": encoder, "fingerprint": fingerprint}
    made_by = step.earlier.inputs if step.earlier else {}
    filled = step.filled(field)
    if not filled or made_by.get("fingerprint") == fingerprint:
        step.inputs = inputs
        step.begin()
        return
    if not overwrite:
        found = f"{filled} samples have a value in {field!r}"
        if about is not None:
            _refuse_other_pooling(found, about, made_by.get("fingerprint"))
        raise MismatchError(
            f"{found} made by "
            f"{made_by.get('encoder', 'something unrecorded')} with other weights or "
            f"preprocessing than {encoder} has now. Use a suffix to keep both, or "
            f"overwrite to replace them."
        )
    # Until the field is empty, what it holds is of the encoder before.
    step.inputs = made_by
    step.begin()
    step.dataset.clear_sample_field(field)
    if seen is not None:
        seen.wrote(field, [], None)
    step.at("cleared")
    step.now(inputs)


def _complete(step: Step, result: EmbeddingResult) -> None:
    step.complete({"dimension": result.dimension, "embedded": result.done, **figures(result)})


def _copy_field(samples: Samples, params: EmbeddingParams, known: Seen | None) -> EmbeddingResult:
    """Take vectors from a field that holds them, as unit rows.

    The fingerprint follows the vectors: where those of known samples have changed, another model
    has made them.
    """
    source, step = params.model_path, Step.of(STEP, samples, params)
    field = step.names.embedding
    if not source or not samples.has_field(source):
        raise InputError(f"encoder `field` needs model_path: a field with vectors, not {source!r}.")
    vectors.refuse_other_kinds(samples, source)
    if source == field:
        raise InputError(
            f"{source!r} is where Gapsphere writes: name another field, or use a suffix."
        )
    refuse_rows(params.pooling, f"field {source!r}")
    step.writes = writes(step.names, measured=False)
    refuse_foreign(step.dataset, step.names, step.writes)
    seen = copies.look(step, samples, source, field, known)
    if not len(seen.ids):
        raise EmptySetError(f"No sample has a vector in {source!r}.")
    label = f"field:{source}"
    made_by = step.earlier.inputs if step.earlier else {}
    ours = made_by.get("encoder") == label
    skipped = _without(samples, source) if seen.missing else ()
    slices, count = by_slice(samples), len(seen.ids)
    if ours and step.earlier and seen.same.all() and step.earlier.holds(step.settings, made_by):
        dimension = step.earlier.results["dimension"]
        return EmbeddingResult(
            label, made_by["fingerprint"], dimension, 0, count, skipped, step.seconds, slices
        )
    found = _new(step, seen, source) if ours else None
    if found is not None:
        fingerprint = made_by["fingerprint"]
    else:
        room = partial(mapped.room, step.dataset)
        found = copies.unit(vectors.read(samples, source, allocate=room), source, room)
        # Of whatever name the field was: the same vectors are of the same model.
        copied = str(made_by.get("encoder")).startswith("field:") and step.filled(field)
        alike = copied and copies.agree(vectors.read(step.dataset, field, allocate=room), found)
        fingerprint = made_by["fingerprint"] if alike else f"field:{found.digest()}"
    if known is not None:
        known.read(source, found.ids)
    _claim(step, label, fingerprint, overwrite=params.overwrite or ours, seen=known)
    step.now({**step.inputs, vectors.COPYING: True})
    _write(step.dataset, field, found, known)
    step.work = float(len(found.ids))
    step.at("copied")
    step.inputs = {"encoder": label, "fingerprint": fingerprint}
    done, dimension = len(found.ids), found.matrix.shape[1]
    result = EmbeddingResult(
        label, fingerprint, dimension, done, max(count - done, 0), skipped, step.seconds, slices
    )
    copies.note(step, seen, field, known)
    _complete(step, result)
    return result


def _write(dataset: fo.Dataset, field: str, found: Vectors, known: Seen | None) -> None:
    count, dimension = found.matrix.shape
    with mapped.growing(dataset, field, count, dimension) as grow:
        for start in range(0, count, AT_ONCE):
            part = slice(start, start + AT_ONCE)
            ids, rows = found.ids[part], found.matrix[part]
            marks = vectors.write(dataset, field, ids, rows)
            if known is not None:
                known.wrote(field, ids, marks)
            grow(ids, marks, rows)


def _new(step: Step, seen: Copies, source: str) -> Vectors | None:
    """The vectors that are not copied as they are; None where all have to be looked at.

    That is where none is known, or where those known have others now: of another model.
    """
    if not seen.same.any():
        return None
    field, of = step.names.embedding, partial(vectors.of, step.dataset)
    wanted = seen.ids[~seen.same].tolist()
    if not wanted:
        shape = (0, step.earlier.results["dimension"] if step.earlier else 0)
        return Vectors([], np.empty(shape, np.float32))
    found = copies.unit(of(source, wanted), source)
    changed = seen.ids[~seen.same & seen.copied].tolist()
    there = of(field, changed) if changed else None
    if there is not None and not copies.agree(there, found):
        return None
    some = of(field, seen.ids[seen.same][:1].tolist())
    return found if some.matrix.shape[1] == found.matrix.shape[1] else None


def _without(samples: Samples, source: str) -> tuple[Skipped, ...]:
    """The samples that have no vector to copy."""
    rows = zip(*samples.exists(source, False).values(["id", "filepath"]), strict=True)
    return tuple(Skipped(i, path, f"{path} has no vector in {source!r}") for i, path in rows)
