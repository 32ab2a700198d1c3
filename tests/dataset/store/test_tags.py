"""Who carries our tags is kept in one document, of a million samples too."""

import threading
from functools import partial

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.store import fiftyone_internals, leases, runs
from gapsphere.plugin.dataset.store.fields import tags
from gapsphere.plugin.dataset.store.names import Names


def ids_of_one_process(count):
    """As ObjectIds are made: seconds, five bytes of the process, a counter."""
    return [f"{1_700_000_000 + at // 3000:08x}a1b2c3d4e5{at:06x}" for at in range(count)]


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_members_are_read_as_they_were_packed(count):
    members = ids_of_one_process(count)
    assert tags.unpacked_members(tags.packed_members(members)) == members


def test_a_million_members_fit():
    members = ids_of_one_process(1_000_000)
    packed = tags.packed_members(members)
    assert len(packed) < tags.LARGEST
    assert tags.unpacked_members(packed) == members


def test_of_members_that_do_not_fit_the_first_are_kept():
    rows = np.random.default_rng(0).integers(0, 256, (300_000, 12), np.uint8)
    members = sorted(row.tobytes().hex() for row in rows)
    packed = tags.packed_members(members)
    kept = tags.unpacked_members(packed)
    assert 0.8 * tags.LARGEST < len(packed) <= tags.LARGEST
    assert kept == members[: len(kept)]


def test_members_that_an_earlier_version_wrote_are_read(dataset):
    members = ids_of_one_process(3)
    runs.write(dataset, Names(), runs.Record(tags.RECORD, {}, {}, {"kcenter": "".join(members)}))
    assert tags.ours(dataset, Names(), "kcenter") == set(members)


def test_tags_that_two_runs_note_at_once_are_both_known(dataset, monkeypatch):
    """As an analysis and a simulation do, which hold leases of their own."""
    dataset.add_samples([fo.Sample(filepath=f"/made/{i}.png") for i in range(4)])
    first, second, *_ = dataset.values("id")
    picked = fiftyone_internals.detached(dataset)
    pack, threads = tags.packed_members, []

    def pack_while_another_tags(members):
        if not threads:
            change = partial(tags.change, picked, Names(), "kcenter", add=[second], remove=[])
            threads.append(threading.Thread(target=change))
            threads[0].start()
            threads[0].join(0.5)
        return pack(members)

    monkeypatch.setattr(leases, "WAIT", 0.0)  # whoever holds a lease for long is not waited for
    monkeypatch.setattr(tags, "packed_members", pack_while_another_tags)
    tags.change(dataset, Names(), "skipped", add=[first], remove=[])
    threads[0].join()
    known = [tags.ours(dataset, Names(), tag) for tag in ("skipped", "kcenter")]
    assert known == [{first}, {second}]
