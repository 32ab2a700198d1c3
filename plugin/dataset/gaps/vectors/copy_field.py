"""Encoder ``field``: vectors that the user's own field holds become unit rows in ours.

What is copied already and has not changed (:mod:`.copies`) is not copied again; where a vector was
cleared its copy goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import fiftyone as fo
import numpy as np

from ....embeddings.extract import Skipped
from ....encoders.pooling import refuse_rows
from ....errors import DimensionError, EmptySetError, InputError
from ....settings.steps import EmbeddingParams
from ...store.fields.fields import blocks
from ...store.fields.ownership import refuse_foreign
from ...store.fields.skipped import untag_mended
from ...store.fiftyone_internals import set_fields
from ...store.samples import by_slice
from ...store.sets.resolve import Samples
from ...store.steps import written
from ...store.steps.step import Step
from ...store.vectors import mapped, vectors
from ...store.vectors.marks import Seen
from ...store.vectors.vectors import Vectors
from . import copies
from .copies import Copies
from .embedding_run import STEP, EmbeddingResult, claim, complete, writes

AT_ONCE = 8192
"""Vectors that are copied in one command to the database."""


def copy_field(samples: Samples, params: EmbeddingParams, known: Seen | None) -> EmbeddingResult:
    """Take vectors from a field that holds them, as unit rows.

    The fingerprint follows the vectors: where those of known samples have changed, another model
    has made them.
    """
    source, step = params.model_path, Step.of(STEP, samples, params)
    field = step.names.embedding
    if not source:
        raise InputError("Encoder `field` needs model_path: name a field with vectors.")
    if not samples.has_field(source):
        raise InputError(
            f"The samples have no field {source!r}: name a field with vectors as model_path."
        )
    vectors.refuse_other_kinds(samples, source)
    if source == field:
        raise InputError(
            f"{source!r} is where Gapsphere writes: name another field, or use a suffix."
        )
    refuse_rows(params.pooling, f"field {source!r}")
    step.writes = writes(step.names, measured=False)
    refuse_foreign(step.dataset, step.names, step.writes)
    untag_mended(samples, step.names)
    seen = copies.look(step, samples, source, field, known)
    if not len(seen.ids):
        raise EmptySetError(f"No sample has a vector in {source!r}.")
    label = f"field:{source}"
    made_by = step.earlier.inputs if step.earlier else {}
    ours = made_by.get("encoder") == label
    skipped = _without(samples, source) if seen.missing else ()
    slices, count = by_slice(samples), len(seen.ids)
    done_before = ours and seen.same.all() and not seen.left
    if done_before and step.earlier and step.earlier.holds(step.settings, made_by):
        fingerprint, dimension = made_by["fingerprint"], step.earlier.results["dimension"]
        others = written.by_others(step, samples, field, seen.ids.tolist(), known)
        return EmbeddingResult(
            label, fingerprint, dimension, 0, count, skipped, step.seconds, slices, others
        )
    found = _new(step, seen, source) if ours else None
    if found is not None:
        fingerprint = made_by["fingerprint"]
    else:
        room = partial(mapped.room, step.dataset)
        found = copies.unit(vectors.read(samples, source, allocate=room), source, room)
        # Of whatever name the field was: the same vectors are of the same model.
        copied = str(made_by.get("encoder")).startswith("field:") and step.filled(field)
        alike = copied and _of_one_model(step, source, found)
        fingerprint = made_by["fingerprint"] if alike else f"field:{found.digest()}"
    if known is not None:
        known.read(source, found.ids)
    claim(step, label, fingerprint, overwrite=params.overwrite or ours, seen=known)
    step.now({**step.inputs, vectors.COPYING: True})
    _forget(step.dataset, field, seen.left, known)
    _write(step.dataset, field, found, known)
    step.work = float(len(found.ids))
    step.at("copied")
    step.inputs = {"encoder": label, "fingerprint": fingerprint}
    done, dimension = len(found.ids), found.matrix.shape[1]
    others = written.by_others(step, samples, field, seen.ids.tolist(), known)
    result = EmbeddingResult(
        label,
        fingerprint,
        dimension,
        done,
        max(count - done, 0),
        skipped,
        step.seconds,
        slices,
        others,
    )
    copies.note(step, seen, field, known)
    complete(step, result)
    return result


def _of_one_model(step: Step, source: str, found: Vectors) -> bool:
    """Whether the copies that are there are of the model that made these vectors.

    Where these are all of new samples, the others tell: whether they hold in the source what was
    copied.

    Raises
    ------
    DimensionError
        They do, and are of another length.
    """
    room = partial(mapped.room, step.dataset)
    copied = vectors.read(step.dataset, step.names.embedding, allocate=room)
    if not set(copied.ids).isdisjoint(found.ids):
        return copies.agree(copied, found)
    others = vectors.of(step.dataset, source, copied.ids, allocate=room)
    if not others.ids or not copies.agree(copied, copies.unit(others, source, room)):
        return False
    lengths = others.matrix.shape[1], found.matrix.shape[1]
    if lengths[0] != lengths[1]:
        raise DimensionError(
            f"Sample {found.ids[0]} has a vector of {lengths[1]} numbers in {source!r} where those "
            f"copied before have {lengths[0]}: two encoders are mixed. Clear the vectors of one."
        )
    return True


def _forget(dataset: fo.Dataset, field: str, ids: Sequence[str], known: Seen | None) -> None:
    """Take the copies of vectors that are gone from the source: their images are skipped."""
    for block in blocks(ids):
        set_fields(dataset, {sample_id: {field: None} for sample_id in block})
    if len(ids) and known is not None:
        known.wrote(field, ids, None)


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
