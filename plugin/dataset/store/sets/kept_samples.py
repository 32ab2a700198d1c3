"""Samples that were passed as a view or by their ids, kept so that later steps find the same ones.

A run's settings are text, and a view says how to find samples, not which: run again after a change
of the dataset, it would find others.  So the ids are kept, in a record of their own named by a
digest of them.  The same samples give the same word, so that a step with them is skipped as ever;
other samples give another word, and the step runs again.  Samples that are deleted later are
missing in what :func:`find` gives.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import fiftyone as fo
from bson import ObjectId

from ....coverage.words import counted
from ....errors import InputError
from .. import fiftyone_internals as internals
from .. import runs
from ..names import Names
from ..runs import Record

STEP = "samples_"
MOST = 250_000
"""Ids that are kept: two such sets still fit into one query of the database."""
ID = 12
_DIGEST = re.compile("[0-9a-f]{16}")
UNUSED = timedelta(days=1)
"""After this, a set that no run was made with is dropped."""


def keep(dataset: fo.Dataset, ids: Iterable[str], said: str, lost: str = "") -> str:
    """Keep these samples; the digest to find them by.

    ``said`` tells a person where from, and ``lost`` what of a rig is not among them.

    Raises
    ------
    InputError
        They are too many.
    """
    packed = b"".join(sorted({bytes.fromhex(each) for each in ids}))
    count = len(packed) // ID
    refuse_too_many(count)
    digest = hashlib.blake2b(packed, digest_size=8).hexdigest()
    names = Names()
    record = runs.read(dataset, names, STEP + digest)
    if record is None:
        _drop_unused(dataset)
        text = b64encode(zlib.compress(packed)).decode()
        record = Record(STEP + digest, {"from": said}, {}, {"count": count, "ids": text})
    record = replace(record, params={**record.params, "lost": lost})
    # As new as the run that is about to use it: or another keep would drop it.
    runs.write(dataset, names, replace(record, created=datetime.now(timezone.utc).isoformat()))
    return digest


def refuse_too_many(count: int) -> None:
    """Stop where so many samples could not be kept.

    Raises
    ------
    InputError
        They are more than ``MOST``.
    """
    if count > MOST:
        raise InputError(
            f"{count:,} samples were passed, and {MOST:,} at most can be kept with a run: save the "
            "view (dataset.save_view) and pass its name, or tag the samples and pass the tag."
        )


def find(dataset: fo.Dataset, digest: str) -> list[ObjectId]:
    """The samples of that digest.

    Raises
    ------
    InputError
        They were never kept, or are no longer.
    """
    record = _record(dataset, digest)
    if record is None:
        raise InputError(
            f"The dataset keeps no samples {digest!r} (any more): pass the view or the ids again."
        )
    packed = zlib.decompress(b64decode(record.results["ids"]))
    return [ObjectId(packed[at : at + ID]) for at in range(0, len(packed), ID)]


def described(dataset: fo.Dataset, digest: str) -> str:
    """How many samples they are, and where from, for a person."""
    record = _record(dataset, digest)
    if record is None:
        return "samples that were passed to an earlier run"
    return f"{counted(record.results['count'], 'sample')}, {record.params['from']}"


def left_out(dataset: fo.Dataset, digest: str) -> str:
    """What of a rig is not among them, because they came in a view of groups; "" for nothing."""
    record = _record(dataset, digest)
    return "" if record is None else str(record.params.get("lost", ""))


def _record(dataset: fo.Dataset, digest: str) -> Record | None:
    """The record of that digest, which may be any text that somebody typed."""
    known = _DIGEST.fullmatch(digest) is not None
    return runs.read(dataset, Names(), STEP + digest) if known else None


def _drop_unused(dataset: fo.Dataset) -> None:
    """Delete kept samples that the settings of no run name."""
    start = Names().run_key(STEP)
    settings = internals.run_parts(dataset, "params", "created")
    used = json.dumps([found for key, found in settings.items() if not key.startswith(start)])
    old = datetime.now(timezone.utc) - UNUSED
    unused = []
    for key in settings:
        digest = key.removeprefix(start)
        if digest == key or digest in used:
            continue
        record = runs.read(dataset, Names(), STEP + digest)
        if record is not None and datetime.fromisoformat(record.created) < old:
            unused.append(key)
    if unused:
        dataset.reload()  # another process may have written them, or deleted them since
        for key in filter(dataset.has_run, unused):
            dataset.delete_run(key)
