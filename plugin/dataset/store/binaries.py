"""Columns of any length that go with a dataset, as binaries in the database (GridFS).

A document of the database ends at 16 MB; FiftyOne does not know of these files.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray
from pymongo.errors import PyMongoError

from .fiftyone_internals import database, dataset_id

logger = logging.getLogger(__name__)

CHUNK = 8 << 20
BUCKET = "gapsphere"


def bucket() -> Any:
    """Where the files lie."""
    import gridfs

    return gridfs.GridFSBucket(database(), bucket_name=BUCKET, chunk_size_bytes=CHUNK)


def replace(
    dataset: fo.Dataset, filename: str, columns: Mapping[str, NDArray[Any]], **about: Any
) -> None:
    """Write columns in place of older files of that name; a database that refuses costs speed."""
    binary = io.BytesIO()
    # Any name may be a column's, but the type has `savez` take a flag of its own among them.
    np.savez(binary, **columns)  # type: ignore[arg-type]
    try:
        old = [file._id for file in bucket().find({"filename": filename})]
        # FiftyOne deletes none of these files: those of datasets since deleted go with the next.
        alive = database().datasets.distinct("_id")
        old += [file._id for file in bucket().find({"metadata.dataset": {"$nin": alive}})]
        about |= {"dataset": dataset_id(dataset)}
        bucket().upload_from_stream(filename, binary.getvalue(), metadata=about)
        for file_id in set(old):
            bucket().delete(file_id)
    except PyMongoError:
        logger.warning("%s of %s could not be kept", filename, dataset.name, exc_info=True)


def delete(dataset: fo.Dataset, suffix: str) -> None:
    """Delete the files of an analysis: the last part of a file's name is its suffix."""
    for file in bucket().find({"metadata.dataset": dataset_id(dataset)}):
        if file.filename.rpartition("/")[2] == suffix:
            bucket().delete(file._id)
