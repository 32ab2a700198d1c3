"""The points of one analysis as columns, kept as one binary so that a million open at once.

Reading them off the samples costs seconds a million, so they are read once and kept in FiftyOne's
database (GridFS bucket ``gapsphere``), under the runs they came from.  The samples stay the only
source of truth: each time the columns are asked for, the number of samples and the newest
``last_modified_at`` are compared (both from an index), samples changed since are read again, and
where samples came or went, or a run was made again, so is everything.

FiftyOne stamps every edit, whoever makes it; an edit past FiftyOne, straight in the database, is
not seen before the next one that is stamped.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import threading
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray
from pymongo.errors import PyMongoError

from ....coverage.criterion import NAMES
from ....errors import EmptySetError, GapsphereError
from ....vectors.sample_ids import pack_ids, places
from .. import binaries, runs
from ..fiftyone_internals import Stages, answers, collection, dataset_id, value_of
from ..fiftyone_internals import view_ids as view_ids
from ..names import Names
from ..sets.counts import version
from ..sets.resolve import resolve

logger = logging.getLogger(__name__)

Array = NDArray[Any]
LAYOUT = 2
"""Of the binary; another number is not read but made again."""
OVERLAP = timedelta(seconds=10)
"""Changes are looked for from this long before the newest one known: clocks differ, and a bulk
write carries the time at which it began."""
REREAD_SHARE = 0.25
"""Past this share of changed samples everything is read: one scan is cheaper than many look-ups."""
KEEP_AFTER = 5_000
"""Changed samples from which the binary is written again."""
UNWRITTEN = 2
"""In place of a verdict, where a sample carries none."""
CODES = {name: code for code, name in NAMES.items()}
VALUES: dict[str, tuple[type[np.generic], float]] = {
    "dist": (np.float32, np.nan),
    "percentile": (np.float32, np.nan),
    "novelty": (np.float32, np.nan),
    "pick": (np.int32, 0),
    "verdict": (np.int8, UNWRITTEN),
    "support": (np.int32, -1),
    "support_drives": (np.int32, -1),
}
"""Type of each column read off the samples, and what stands where a sample has no value."""
_locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
"""Two panels that open at once read once; a lock that nobody holds goes."""
_locks_guard = threading.Lock()


@dataclass(frozen=True)
class Mark:
    """State of a dataset's samples, as far as an index tells it."""

    samples: int
    newest: str


@dataclass(frozen=True, eq=False)
class Points:
    """Columns in the order of the sphere's brain run, samples deleted since included.

    ``ids`` uint8 (n, 12); ``sphere`` float32 (n, 3); ``present`` bool (n,), still in the dataset;
    ``dist``, ``percentile``, ``novelty`` float32 (n,), NaN where there is none; ``pick`` int32
    (n,), K-Center rank or 0; ``verdict`` int8 (n,), a code of :data:`NAMES` or
    UNWRITTEN; ``support``, ``support_drives`` int32 (n,), -1 where there is none; ``others`` uint8
    (m, 12), samples that are not points.  ``added`` counts those of them that belong to S or U.
    """

    ids: Array
    sphere: Array
    present: Array
    dist: Array
    percentile: Array
    novelty: Array
    pick: Array
    verdict: Array
    support: Array
    support_drives: Array
    others: Array
    added: int
    runs: str
    mark: Mark

    @property
    def digest(self) -> str:
        """Changes with the columns and only with them."""
        digest = hashlib.blake2b(self.runs.encode(), digest_size=8)
        for column in ("present", *VALUES):
            digest.update(np.ascontiguousarray(getattr(self, column)).data)
        return digest.hexdigest()


COLUMNS = tuple(f.name for f in fields(Points) if f.name not in ("added", "runs", "mark"))


def read(dataset: fo.Dataset, names: Names, *, known: Points | None = None) -> Points:
    """The points as the samples are now.

    Parameters
    ----------
    known
        The last answer, where the caller still has it.

    Raises
    ------
    EmptySetError
        There is no sphere of three dimensions.
    """
    with _lock(_filename(dataset, names)):
        made_by, mark = run_stamp(dataset, names), mark_of(dataset)
        if known is None or known.runs != made_by:
            known = _kept(dataset, names, made_by)
        if known is not None and known.mark == mark:
            return known
        points = None if known is None else _follow(dataset, names, known, mark)
        if points is None:
            points = _scan(dataset, names, made_by, mark, known)
            _keep(dataset, names, points)
        return points


def _lock(filename: str) -> threading.Lock:
    with _locks_guard:
        return _locks.setdefault(filename, threading.Lock())


def run_stamp(dataset: fo.Dataset, names: Names) -> str:
    """Changes whenever a run behind the columns does."""
    # The database keeps milliseconds; who registered the run still holds microseconds.
    parts = [dataset.get_brain_info(names.brain_key).timestamp.isoformat(timespec="milliseconds")]
    for step in ("coverage", "kcenter"):
        record = runs.read(dataset, names, step)
        parts.append(record.created if record else "")
    # Deleting a field does not edit a sample.
    parts += [name for name in _fields(names).values() if dataset.has_field(name)]
    return "/".join(parts)


def mark_of(dataset: fo.Dataset) -> Mark:
    """Number of samples and time of the newest change, both without a scan."""
    _, newest, there = version(dataset)
    return Mark(there, newest.isoformat() if newest else "")


def forget(dataset: fo.Dataset, names: Names) -> None:
    """Delete the binary; the next reading makes it again."""
    bucket = binaries.bucket()
    for old in list(bucket.find({"filename": _filename(dataset, names)})):
        bucket.delete(old._id)


# From the samples --------------------------------------------------------------------------------


def column(
    dataset: fo.Dataset, paths: Iterable[str], query: Mapping[str, Any] | None = None
) -> Iterator[tuple[Any, ...]]:
    """(id, value, ...) of each sample, straight from the database: a third of ``values``' time."""
    keys = [path.split(".") for path in paths]
    projection = dict.fromkeys([".".join(key) for key in keys], 1)
    for document in collection(dataset).find(
        query or {}, projection or {"_id": 1}, batch_size=50_000
    ):
        values = []
        for key in keys:
            value: Any = document
            for part in key:
                value = _part(value, part)
            values.append(value)
        yield (document["_id"], *values)


def _part(value: Any, part: str) -> Any:
    """One part of a document, or of each in a list."""
    if isinstance(value, list):
        return [_part(one, part) for one in value]
    return value.get(part) if isinstance(value, dict) else None


def _fields(names: Names) -> dict[str, str]:
    return {
        "dist": names.dist_to_S,
        "percentile": names.dist_percentile,
        "novelty": names.novelty,
        "pick": names.kcenter_rank,
        "verdict": names.gap_verdict,
        "support": names.support,
        "support_drives": names.support_drives,
    }


def _rows(
    dataset: fo.Dataset, names: Names, query: Mapping[str, Any] | None = None
) -> tuple[Array, dict[str, Array]]:
    """Ids, uint8 (n, 12), and columns of the samples that match."""
    there = {key: name for key, name in _fields(names).items() if dataset.has_field(name)}
    which: Stages = [{"$match": dict(query)}] if query else []
    asked = [value_of(dataset, name) for name in there.values()]
    found, *values = answers(dataset, asked, which)
    ids = pack_ids(found)
    read = dict(zip(there, values, strict=True))
    return ids, {name: _column(name, read.get(name), len(ids)) for name in VALUES}


def _column(name: str, values: list[Any] | None, count: int) -> Array:
    """Values of samples as a column; the sign of none where a sample has no value."""
    kind, missing = VALUES[name]
    if values is None:
        return np.full(count, missing, kind)
    if name == "verdict":
        values = [CODES.get(value) for value in values]
    return np.array([missing if value is None else value for value in values], kind)


def _scan(
    dataset: fo.Dataset, names: Names, made_by: str, mark: Mark, known: Points | None
) -> Points:
    """Everything, from the brain run and the samples."""
    if known is None:
        ids, sphere = _brain_run(dataset, names)
    else:
        ids, sphere = known.ids, known.sphere
    found, values = _rows(dataset, names)
    at = _places(found, ids)
    present = at >= 0
    columns = {name: _taken(name, column, at) for name, column in values.items()}
    others = found[_places(ids, found) < 0]
    return Points(
        ids=ids,
        sphere=sphere,
        present=present,
        **columns,
        others=others,
        added=_added(dataset, names, others),
        runs=made_by,
        mark=mark,
    )


def _brain_run(dataset: fo.Dataset, names: Names) -> tuple[Array, Array]:
    results = dataset.load_brain_results(names.brain_key, cache=False, load_view=False)
    if results is None or np.ndim(results.points) != 2 or results.points.shape[1] != 3:
        raise EmptySetError(
            f"The brain run {names.brain_key!r} holds no three-dimensional points: run "
            "compute_sphere again."
        )
    ids = pack_ids(results.sample_ids)
    return ids, np.ascontiguousarray(results.points, dtype=np.float32)


def _follow(dataset: fo.Dataset, names: Names, known: Points, mark: Mark) -> Points | None:
    """``known`` with the samples changed since read again; None where that does not do."""
    if mark.samples != known.mark.samples or not known.mark.newest:
        return None
    since = {"last_modified_at": {"$gte": datetime.fromisoformat(known.mark.newest) - OVERLAP}}
    changed = collection(dataset).count_documents(since)
    if changed > KEEP_AFTER and changed > REREAD_SHARE * mark.samples:
        return None
    found, values = _rows(dataset, names, since)
    at = _places(known.ids, found)
    strangers = found[at < 0]
    if len(strangers) and (_places(known.others, strangers) < 0).any():
        return None  # as many were added as deleted
    mine = at >= 0
    columns = {}
    for name, fresh in values.items():
        columns[name] = getattr(known, name).copy()
        columns[name][at[mine]] = fresh[mine]
    added = _added(dataset, names, known.others) if len(strangers) else known.added
    followed = replace(known, **columns, added=added, mark=mark)
    if changed > KEEP_AFTER:
        _keep(dataset, names, followed)
    return followed


def _places(ids: Array, wanted: Array) -> Array:
    """Row in ``ids`` of each of ``wanted``, -1 where there is none, int64."""
    if ids.shape == wanted.shape and np.array_equal(ids, wanted):
        return np.arange(len(ids))
    return places(ids, wanted)


def _taken(name: str, column: Array, at: Array) -> Array:
    """``column[at]``, with the sign of none where ``at`` is -1."""
    missing = VALUES[name][1]
    if not len(column):
        return np.full(len(at), missing, column.dtype)
    taken = column[at]
    taken[at < 0] = missing
    return taken


def _added(dataset: fo.Dataset, names: Names, others: Array) -> int:
    """How many of the samples that are not points belong to S or U."""
    if not len(others):
        return 0
    record = runs.read(dataset, names, "coverage")
    params = record.params if record else {}
    total = 0
    for word in (params.get("owned", "S"), params.get("pool", "U")):
        try:
            members = resolve(dataset, word)
        except GapsphereError:  # the field or view that named the set is gone
            continue
        total += int((_places(view_ids(members), others) >= 0).sum())
    return total


# The binary --------------------------------------------------------------------------------------


def _filename(dataset: fo.Dataset, names: Names) -> str:
    return f"points/{dataset_id(dataset)}/{names.suffix}"


def _kept(dataset: fo.Dataset, names: Names, made_by: str) -> Points | None:
    """The binary, where it is of these runs."""
    files = list(
        binaries.bucket().find({"filename": _filename(dataset, names)}).sort("uploadDate", -1)
    )
    if (
        not files
        or files[0].metadata.get("layout") != LAYOUT
        or files[0].metadata["runs"] != made_by
    ):
        return None
    try:
        with np.load(io.BytesIO(files[0].read()), allow_pickle=False) as read:
            columns = {name: read[name] for name in COLUMNS}
            about = json.loads(str(read["about"]))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, PyMongoError):
        logger.warning("The points kept for %s cannot be read; making them again", dataset.name)
        return None
    return Points(**columns, added=about["added"], runs=made_by, mark=Mark(**about["mark"]))


def _keep(dataset: fo.Dataset, names: Names, points: Points) -> None:
    """Write the binary in place of an older one; a database that refuses only costs speed."""
    about = json.dumps({"added": points.added, "mark": asdict(points.mark)})
    columns = {"about": np.array(about), **{name: getattr(points, name) for name in COLUMNS}}
    made_of = {"layout": LAYOUT, "runs": points.runs}
    binaries.replace(dataset, _filename(dataset, names), columns, **made_of)
