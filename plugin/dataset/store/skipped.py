"""The tag of samples that a step could not use."""

from __future__ import annotations

from collections.abc import Sequence

import fiftyone as fo

from .database import counted
from .names import Names


def tag_skipped(
    dataset: fo.Dataset,
    names: Names,
    tried: Sequence[str],
    failed: Sequence[str],
    *,
    embedded: bool = False,
) -> None:
    """Tag the samples that failed now; of those tried, one that works now loses an old tag.

    ``embedded``: the tag stays on samples without an embedding, as it says why they have none.
    """
    works = dataset.select(list(tried), ordered=False).match_tags(names.skipped_tag)
    if failed:
        works = works.exclude(list(failed))
    if embedded and dataset.has_field(names.embedding):
        works = works.exists(names.embedding)
    if tried and counted(works):
        works.untag_samples(names.skipped_tag)
    if failed:
        dataset.select(list(failed), ordered=False).tag_samples(names.skipped_tag)
