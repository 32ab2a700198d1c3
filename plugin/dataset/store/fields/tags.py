"""Tags that we set: which samples carry one by us is kept, so that a user's tag is never taken off.

Members are written down before samples change: whoever is killed in between has claimed a few tags
too many, of samples that a run of ours was about to tag.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Sequence

import fiftyone as fo
import numpy as np

from ....vectors.sample_ids import ID, id_words, pack_ids
from .. import runs
from ..leases import lease
from ..names import Names
from ..samples import flat
from .fields import blocks

RECORD = "tags"
LARGEST = 3_500_000
"""Characters of the members of one tag: there are four tags, and a document ends at 16 MB."""
WAIT = 600.0
"""Seconds to wait for another run's note, a moment's work: no run of hours ends for that."""
_PACKED = "z:"
"""Before members that are packed; earlier versions wrote their digits, one after the other."""


def ours(dataset: fo.Dataset, names: Names, tag: str) -> set[str]:
    """Samples that carry the tag because a run of ours set it."""
    record = runs.read(dataset, names, RECORD)
    packed = record.results.get(tag) if record else None
    if packed is None:
        return _before(dataset, names, tag)
    return set(unpacked_members(packed))


def change(
    dataset: fo.Dataset, names: Names, tag: str, *, add: Iterable[str], remove: Iterable[str]
) -> None:
    """Tag samples and take the tag off others, except where the user set it."""
    mine = ours(dataset, names, tag)
    off = mine.intersection(remove).difference(add := set(add))
    tagged: set[str] = set()
    for block in blocks(sorted(add)):
        tagged |= set(flat(dataset).select(block, ordered=False).match_tags(tag).values("id"))
    on = sorted(add - tagged)
    if on:
        _keep(dataset, names, tag, add=on)
    for block in blocks(on):
        flat(dataset).select(block, ordered=False).tag_samples(tag)
    for block in blocks(sorted(off)):
        flat(dataset).select(block, ordered=False).untag_samples(tag)
    if off:
        _keep(dataset, names, tag, remove=off)


def _keep(
    dataset: fo.Dataset,
    names: Names,
    tag: str,
    *,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
) -> None:
    """Note members of a tag, in one record for all tags: a simulation may be noting others now."""
    with lease(dataset, f"{RECORD}/{names.suffix}", "tagging", wait=WAIT):
        members = ours(dataset, names, tag).union(add).difference(remove)
        record = runs.read(dataset, names, RECORD)
        results = {**(record.results if record else {}), tag: packed_members(sorted(members))}
        runs.write(dataset, names, runs.Record(RECORD, {}, {}, results))


def packed_members(members: Sequence[str]) -> str:
    """Sorted ids as text, some three characters each; the first of them, where all are too many.

    Ids of one process differ in the last bytes: bytes of one place stand together for zlib.
    """
    columns = pack_ids(members).T.tobytes()
    packed = _PACKED + base64.b64encode(zlib.compress(columns)).decode()
    if len(packed) <= LARGEST:
        return packed
    return packed_members(members[: int(0.95 * len(members) * LARGEST / len(packed))])


def unpacked_members(packed: str) -> list[str]:
    """The ids that a record has."""
    if packed.startswith(_PACKED):
        columns = zlib.decompress(base64.b64decode(packed[len(_PACKED) :]))
        return id_words(np.frombuffer(columns, np.uint8).reshape(ID, -1).T)
    return [packed[at : at + 2 * ID] for at in range(0, len(packed), 2 * ID)]


def _before(dataset: fo.Dataset, names: Names, tag: str) -> set[str]:
    """What records of earlier versions tell of a tag's members."""
    if tag == names.kcenter_tag:
        record = runs.read(dataset, names, "kcenter")
        return set(record.results.get("ids", ())) if record else set()
    found: set[str] = set()
    for step in ("embeddings", "attributes", "heatmaps", "sparse"):
        record = runs.read(dataset, names, step)
        found |= {item["id"] for item in (record.results.get("skipped", ()) if record else ())}
    return found
