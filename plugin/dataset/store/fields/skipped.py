"""The tag of samples that a step could not use."""

from __future__ import annotations

from collections.abc import Sequence

import fiftyone as fo

from ..names import Names
from ..samples import flat
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
    """
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
