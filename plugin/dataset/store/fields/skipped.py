"""The tag of samples that a step could not use."""

from __future__ import annotations

from collections.abc import Sequence

import fiftyone as fo

from ....embeddings.images import open_rgb
from ....errors import GapsphereError
from ..names import Names
from ..samples import Samples, dataset_of, flat
from . import tags
from .fields import blocks


def tag_skipped(
    dataset: fo.Dataset,
    names: Names,
    tried: Sequence[str],
    failed: Sequence[str],
    *,
    embedded: bool = False,
) -> None:
    """Tag the samples that failed now; of those tried, one that works now loses our old tag.

    ``embedded``: the tag stays on samples without an embedding, as it says why they have none.
    Where tags are read-only no work ends for them: the result says what was skipped.
    """
    if dataset.get_field("tags").read_only:
        return
    works = sorted(tags.ours(dataset, names, names.skipped_tag).intersection(tried))
    if embedded and dataset.has_field(names.embedding):
        works = [
            sample_id
            for block in blocks(works)
            for sample_id in flat(dataset)
            .select(block, ordered=False)
            .exists(names.embedding)
            .values("id")
        ]
    tags.change(dataset, names, names.skipped_tag, add=failed, remove=works)


def untag_mended(samples: Samples, names: Names) -> None:
    """Take our tag off samples with an embedding whose file can be read again.

    A step does not try what has its result already: without this the tag would outlast the reason.
    """
    dataset, tag = dataset_of(samples), names.skipped_tag
    mine = tags.ours(dataset, names, tag)
    if not mine or not dataset.has_field(names.embedding) or dataset.get_field("tags").read_only:
        return
    ids, paths = flat(samples).match_tags(tag).exists(names.embedding).values(["id", "filepath"])
    mended = [each for each, path in zip(ids, paths, strict=True) if each in mine and _read(path)]
    if mended:
        tags.change(dataset, names, tag, add=[], remove=mended)


def _read(path: str) -> bool:
    try:
        open_rgb(path)
    except (GapsphereError, OSError, MemoryError):
        return False
    return True
