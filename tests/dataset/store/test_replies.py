"""Batches of replies, against what the driver decodes."""

from __future__ import annotations

import bson
import pytest
from gapsphere.plugin.dataset.store.replies import batch_of

EQUAL, OTHER = {"a": 1}, {"a": "of another size"}


@pytest.mark.parametrize(
    "documents",
    [
        [EQUAL] * 9,
        [EQUAL] * 12_345,
        [OTHER, *[EQUAL] * 1200],
        [*[EQUAL] * 1200, OTHER],
        [*[EQUAL] * 150, OTHER, *[EQUAL] * 101, OTHER, OTHER, *[EQUAL] * 98],
        [{"a": "x" * (at % 3)} for at in range(1500)],
        [*[EQUAL] * 1000, *[OTHER] * 1000],
    ],
)
def test_documents_of_any_sizes_come_whole_and_in_order(documents):
    reply = bson.encode({"cursor": {"nextBatch": documents, "id": 7, "ns": "d.c"}, "ok": 1.0})
    (found,) = batch_of(reply)["cursor"]["nextBatch"]
    assert bson.decode_all(found) == documents
