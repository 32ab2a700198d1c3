"""When the database itself fails: one sentence in place of a driver's traceback.

A mongod whose disk is full does not say so.  It ends itself, and all that arrives here is a closed
connection (tried on a full disk and below a file size limit).  So the sentence looks at the disk,
where the database lies on this machine, and otherwise says where to look.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import fiftyone as fo
from pymongo.errors import BulkWriteError, PyMongoError

from ...errors import DatabaseError
from .fiftyone_internals import collection, database
from .samples import Samples

LITTLE = 500 << 20
"""Bytes below which a disk counts as full: mongod itself refuses to build an index there."""


@contextmanager
def database_failures() -> Iterator[None]:
    """Say in a sentence what the driver raises; usable as a decorator.

    Raises
    ------
    DatabaseError
        The connection broke, the server refused to write, or its disk is full.
    """
    try:
        yield
    except PyMongoError as error:
        raise DatabaseError(_sentence(error)) from error
    except ValueError as error:
        # FiftyOne repeats the first refusal of a bulk write as a bare ValueError.
        if not isinstance(error.__cause__, BulkWriteError):
            raise
        raise DatabaseError(_sentence(error)) from error


def counted(samples: Samples) -> int:
    """How many samples there are, counted one by one.

    FiftyOne's ``len`` of a whole dataset is the server's own tally, and a server that ended on a
    full disk comes back with a tally of long ago: full datasets then look empty.
    """
    return int(samples.aggregate(fo.Count()))


def is_empty(samples: Samples) -> bool:
    """Whether there is no sample, which the server's tally (see :func:`counted`) cannot tell.

    Of a grouped dataset every slice counts.
    """
    if isinstance(samples, fo.Dataset):
        return collection(samples).find_one({}, {"_id": True}) is None
    return not counted(samples.limit(1))


def identity() -> str:
    """Digits that tell this database from another whose files lie in the same folder."""
    config = database().config.find_one({}, {"_id": True})
    assert config is not None, "FiftyOne writes it when it connects"
    return str(config["_id"])


def _sentence(error: Exception) -> str:
    said = str(error).split(" (configured timeouts")[0].split(", Timeout:")[0].rstrip(".")
    return (
        f"The database failed while Gapsphere wrote or read ({said}). {_where_to_look()} "
        "What was written before stays; run it again to go on."
    )


def _where_to_look() -> str:
    folder = fo.config.database_dir
    if fo.config.database_uri or not folder or not os.path.isdir(folder):
        return "See that its server runs and that the disk it writes to is not full."
    free = shutil.disk_usage(folder).free
    if free < LITTLE:
        return f"The disk of {folder} is full ({free >> 20} MB free): make room there."
    return f"See that mongod runs; it writes to {folder}, where {free >> 30} GB are free."
