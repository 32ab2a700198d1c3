"""``compute_attributes``: attributes of images that were embedded without them.

The embedding pass measures them while it has the image decoded; this step decodes once more, for
datasets embedded by an earlier version, or whose vectors came from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from dataclasses import field as made_by
from itertools import islice

from ....embeddings.attributes import ATTRIBUTES, image_attributes
from ....embeddings.decode_ahead import decode_ahead
from ....embeddings.extract import Skipped
from ....embeddings.images import open_rgb
from ....errors import EmptySetError
from ....progress import Progress, silent
from ....results import Result
from ....settings.steps import AttributeParams
from ...store.database import counted, database_failures
from ...store.fields import attributes
from ...store.fields.ownership import Writes
from ...store.fields.skipped import tag_skipped, untag_mended
from ...store.leases import holds_lease
from ...store.names import Names
from ...store.samples import by_slice
from ...store.sets.door import admitted
from ...store.sets.resolve import Samples
from ...store.steps.step import Step
from .embedding_run import figures, in_words

STEP = "attributes"
BATCH = 64
"""Images that are written at once: what a kill can lose."""


@dataclass(frozen=True, repr=False)
class AttributeResult(Result):
    """What ``compute_attributes`` did.

    ``done`` images were measured now, ``known`` had attributes before; ``skipped`` cannot be read.
    """

    field: str
    done: int
    known: int
    skipped: tuple[Skipped, ...]
    seconds: float
    slices: Mapping[str, int] = made_by(default_factory=dict)

    def __str__(self) -> str:
        return in_words(self, repr(self.field), "measured")


def writes(names: Names) -> Writes:
    """What the step writes."""
    return Writes(STEP, (attributes.column(names),), compared=False)


@database_failures()
@holds_lease("compute_attributes")
def compute_attributes(
    samples: Samples, params: AttributeParams | None = None, *, progress: Progress = silent
) -> AttributeResult:
    """Measure brightness, contrast and the other attributes of every sample that has none.

    Raises
    ------
    EmptySetError
        There is no sample.
    InputError
        The user has a field of that name.
    """
    params = params or AttributeParams()
    samples = admitted(samples, params.slices)
    total = counted(samples)
    if not total:
        raise EmptySetError("There is no sample to measure.")
    step = Step.of(STEP, samples, params, {"attributes": list(ATTRIBUTES)}, writes)
    dataset, names = step.dataset, step.names
    step.begin()
    untag_mended(samples, names)
    waiting = samples if params.overwrite else samples.exists(names.attributes, False)
    ids, paths = waiting.values(["id", "filepath"])
    skipped: list[Skipped] = []
    handled = 0
    with step.timed("") as clock:
        for batch in _measured(paths, params.num_workers):
            measured = {}
            for row, found in enumerate(batch, handled):
                if isinstance(found, str):
                    skipped.append(Skipped(ids[row], paths[row], found))
                else:
                    measured[ids[row]] = found
            attributes.write(dataset, names, list(measured), list(measured.values()))
            handled = clock.count = handled + len(batch)
            progress(handled, len(ids))
    tag_skipped(dataset, names, ids, [item.id for item in skipped], embedded=True)
    result = AttributeResult(
        names.attributes,
        len(ids) - len(skipped),
        total - len(ids),
        tuple(skipped),
        step.seconds,
        by_slice(samples),
    )
    step.complete({"measured": result.done, **figures(result)})
    return result


def _measured(paths: list[str], workers: int) -> Iterator[list[dict[str, float] | str]]:
    """Attributes of each image, or the sentence that says why there are none, by batches."""
    decoding = decode_ahead(
        paths,
        lambda path: image_attributes(open_rgb(path)),
        ahead=lambda: BATCH + workers,
        workers=workers,
    )
    with closing(decoding):
        while batch := list(islice(decoding, BATCH)):
            yield batch
