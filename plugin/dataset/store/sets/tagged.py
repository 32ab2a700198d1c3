"""The fields that ``tag_samples`` told S from U by, kept: the tags alone do not say them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import fiftyone as fo

from .. import runs
from ..names import Names

STEP = "tagged"


def note(dataset: fo.Dataset, fields: Mapping[str, Iterable[str]]) -> None:
    """Note by which fields samples were given each of some tags; none forgets what was noted."""
    before = tagged_by(dataset)
    now = {**before, **{tag: sorted(of) for tag, of in fields.items()}}
    now = {tag: of for tag, of in now.items() if of}
    if now != before:
        runs.write(dataset, Names(), runs.Record(STEP, {}, {}, now))


def tagged_by(dataset: fo.Dataset) -> dict[str, Sequence[str]]:
    """Fields by tag."""
    record = runs.read(dataset, Names(), STEP)
    return {} if record is None else dict(record.results)
