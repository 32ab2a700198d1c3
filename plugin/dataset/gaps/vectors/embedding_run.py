"""A run of ``compute_embeddings``: what it writes, whose field that is, what is recorded of it.

The run records the encoder's fingerprint *before* the first vector: vectors of two encoders can
then never share a field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import fiftyone as fo

from ....coverage.words import counted
from ....embeddings.extract import Skipped
from ....encoders.opening import About
from ....errors import MismatchError
from ....results import Result
from ....settings.fields import make
from ....settings.steps import EmbeddingParams
from ...store.fields import attributes
from ...store.fields.ownership import Column, Writes
from ...store.names import Names
from ...store.samples import slices_line
from ...store.steps import written
from ...store.steps.step import Step
from ...store.vectors.marks import Seen

STEP = "embeddings"
LISTED = 100


@dataclass(frozen=True, repr=False)
class EmbeddingResult(Result):
    """What ``compute_embeddings`` did.

    ``done`` vectors were made now, ``known`` were there before; ``skipped`` images cannot be used.
    ``slices`` counts the samples of each slice of a grouped dataset.  ``by_others`` have a vector
    that no run of this analysis wrote.
    """

    encoder: str
    fingerprint: str
    dimension: int
    done: int
    known: int
    skipped: tuple[Skipped, ...]
    seconds: float
    slices: Mapping[str, int] = field(default_factory=dict)
    by_others: int = 0

    def __str__(self) -> str:
        made = f"{self.encoder} ({counted(self.dimension, 'number')})"
        said = in_words(self, made, "embedded")
        return "\n  ".join([said, *written.said(self.by_others)])


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


def recorded(params: Mapping[str, Any]) -> EmbeddingParams:
    """The parameters an earlier run was made with; before there was a choice it was the mean."""
    return make(EmbeddingParams, {"pooling": "mean", **params})


def _refuse_other_pooling(found: str, about: About, fingerprint: str | None) -> None:
    """Say so where vectors of that fingerprint differ in their pooling alone."""
    for pooling, other in about.fingerprints.items():
        if other == fingerprint:
            raise MismatchError(
                f"{found} that {about.name} made with pooling {pooling}, and this run makes "
                f"{about.pooling}. Set pooling to {pooling} to continue with them, use a suffix to "
                "keep both, or overwrite to replace them."
            )


def claim(
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
        found = f"{counted(filled, 'sample', 'has|have')} a value in {field!r}"
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


def complete(step: Step, result: EmbeddingResult) -> None:
    """Complete the step's record."""
    step.complete({"dimension": result.dimension, "embedded": result.done, **figures(result)})
