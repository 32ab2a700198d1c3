"""Samples into the database by the way that FiftyOne's own dataset importer takes.

``add_samples`` reads each document back into an object after it was written, which is half of its
time and nothing that an import needs: it never touches the sample again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

import fiftyone as fo

from .fiftyone_internals import collection, documents


def insert(dataset: fo.Dataset, samples: Sequence[fo.Sample]) -> list[str]:
    """Add samples whose fields are declared and whose values are of their types; their ids.

    The documents are made by FiftyOne itself, so that they are what ``add_samples`` would write.
    """
    if not samples:
        return []
    ids: list[str] = []
    rest = list(samples)
    if dataset.media_type is None:  # the first sample settles it
        ids = dataset.add_samples([rest.pop(0)], progress=False)
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    made = documents(dataset, rest, now)
    if made:
        collection(dataset).insert_many(made)
    return ids + [str(document["_id"]) for document in made]
