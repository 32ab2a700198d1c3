"""Who is S and who is U, as tags: ``tag_samples``, and known images that are loaded again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import fiftyone as fo

from ....coverage.words import counted
from ....errors import InputError
from ...store.fields.fields import blocks
from ...store.fields.ownership import read_only
from ...store.names import OWNED_TAG, POOL_TAG
from ...store.samples import flat
from ...store.sets import tagged
from ...store.sets.resolve import fields_of, resolve

_OTHER = {OWNED_TAG: POOL_TAG, POOL_TAG: OWNED_TAG}


@dataclass(frozen=True)
class Retagging:
    """Known samples that get the tag ``role`` (``on``), and lose the other one (``off``)."""

    role: str
    on: list[str]
    off: list[str]
    stayed: int = 0
    """Samples that are in the other set, and stay there."""

    @classmethod
    def of(cls, dataset: fo.Dataset, ids: list[str], role: str, *, keep: bool = False) -> Retagging:
        """What changes for these samples to be in the set; with ``keep`` others stay in theirs."""
        other = _OTHER[role]
        on, off, stayed = [], [], 0
        for block in blocks(ids):
            view = flat(dataset).select(block, ordered=False)
            for sample_id, tags in zip(*view.values(["id", "tags"]), strict=True):
                if keep and other in tags:
                    stayed += 1
                    continue
                on += [sample_id] * (role not in tags)
                off += [sample_id] * (other in tags)
        return cls(role, on, off, stayed)

    def write(self, dataset: fo.Dataset) -> None:
        """Change the tags."""
        for block in blocks(self.off):
            flat(dataset).select(block, ordered=False).untag_samples(_OTHER[self.role])
        for block in blocks(self.on):
            flat(dataset).select(block, ordered=False).tag_samples(self.role)


def refuse_locked(dataset: fo.Dataset, changes: Iterable[Retagging]) -> None:
    """Raise an InputError where a tag would change and the dataset's are read-only."""
    if any(each.on or each.off for each in changes) and dataset.get_field("tags").read_only:
        raise read_only("tags")


def tag_samples(
    dataset: fo.Dataset, owned: str | None = None, pool: str | None = None
) -> dict[str, int]:
    """Tag samples as ``S`` and ``U`` that two words name (:mod:`...store.sets`); counts by role.

    Who was S or U before and is named by neither word keeps the tag.
    """
    views = {
        role: resolve(dataset, word).values("id")
        for role, word in ((OWNED_TAG, owned), (POOL_TAG, pool))
        if word
    }
    if not views:
        raise InputError("Say which samples are S, or U, or both.")
    both = set(views.get(OWNED_TAG, [])) & set(views.get(POOL_TAG, []))
    if both:
        raise InputError(
            f"{counted(len(both), 'sample')} would be both S and U: an owned image is not a "
            "candidate."
        )
    changes = [Retagging.of(dataset, ids, role) for role, ids in views.items()]
    refuse_locked(dataset, changes)
    for each in changes:
        each.write(dataset)
    words, known = {OWNED_TAG: owned, POOL_TAG: pool}, tagged.tagged_by(dataset)
    tagged.note(dataset, {r: fields_of(word, tagged=known) for r, word in words.items() if word})
    return {role: len(ids) for role, ids in views.items()}
