"""What may happen to a dataset, its database and the disk while a step runs, said in a sentence.

Every step, whoever calls it, runs under :func:`guarded`.  FiftyOne itself notices little: writing
to a dataset or a field that another process has deleted raises nothing.
"""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import PyMongoError

from ....errors import Cancelled, DatabaseError, InputError
from ....progress import Progress, Reporter
from ..connection import BEAT, WAIT
from ..database import database_failures
from ..fields.ownership import read_only
from ..fiftyone_internals import database, dataset_id, impatient
from ..names import Names
from ..sets.resolve import Samples, dataset_of

READ_ONLY = re.compile(r"^Cannot edit read-only field '(.+)'")
"""What FiftyOne raises, as a ValueError, where a field does not let itself be written."""
EVERY = 1.0
"""Seconds between two looks at whether the dataset is still there."""
OF_THE_DISK = frozenset((
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.EIO,
    errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EMFILE,
    errno.ENFILE,
))  # fmt: skip


class Watch:
    """The dataset that a step works on, looked at from time to time."""

    def __init__(self, samples: Samples, what: str, suffix: str) -> None:
        self._dataset, self._what = dataset_of(samples), what
        self._key, self._name = dataset_id(self._dataset), self._dataset.name
        self._called = self._name
        self._own = set(vars(Names(suffix)).values())
        self._next = time.monotonic() + EVERY

    def reporter(self, report: Reporter) -> Reporter:
        """``report``, which then stops the work soon after its dataset is gone."""

        def watched(stage: str) -> Progress:
            progress = report(stage)

            def look_and_tell(done: int, total: int) -> None:
                if time.monotonic() > self._next:
                    self._fields()
                    self._next = time.monotonic() + EVERY
                progress(done, total)

            return look_and_tell

        return watched

    def look(self, *, failed: bool = False) -> None:
        """Raise where the dataset is gone, or a field of the step's.

        Where the step failed, any other field and the dataset's name may be the reason.
        """
        known = self._fields()
        if failed and self._called != self._name:
            raise InputError(
                f"The dataset {self._name!r} was renamed to {self._called!r} while {self._what} "
                "ran on it: run it again on that name; finished work is kept."
            )
        held = set() if self._dataset.deleted else set(self._dataset.get_field_schema())
        lost = sorted((held - known) & (held if failed else self._own))
        if lost:
            names = ", ".join(map(repr, lost))
            raise InputError(
                f"{self._what} ran on the dataset {self._name!r} while {names} was deleted or "
                "renamed there: run it again when the dataset stays as it is."
            )

    def _fields(self) -> set[str]:
        """Fields as the database has them now."""
        found = database().datasets.find_one(
            {"_id": self._key}, {"name": True, "sample_fields.name": True}
        )
        if found is None:
            raise InputError(
                f"The dataset {self._name!r} was deleted while {self._what} ran on it; what was "
                "computed went with it."
            )
        self._called = found["name"]
        return {field["name"] for field in found.get("sample_fields", [])}


@contextmanager
def guarded(samples: Samples, what: str, suffix: str = "") -> Iterator[Watch]:
    """Run a step on some samples.

    Parameters
    ----------
    what
        The step, as its user calls it.
    suffix
        Of the fields that it writes.

    Raises
    ------
    DatabaseError
        The database went away: said within seconds.
    InputError
        The dataset, or a field that the step writes, was deleted meanwhile; a field is read-only;
        the disk is full, or a file may not be read or written.
    """
    with database_failures(), impatient(WAIT, BEAT), disk_failures():
        watch = Watch(samples, what, suffix)
        try:
            yield watch
        except (Cancelled, DatabaseError, PyMongoError):
            raise
        except Exception as error:
            watch.look(failed=True)
            if found := READ_ONLY.search(str(error)):
                raise read_only(found[1]) from error
            raise
        watch.look()


@contextmanager
def disk_failures() -> Iterator[None]:
    """Say in a sentence what the system refuses.

    Raises
    ------
    InputError
        The disk is full or read-only, or this account may not do that.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in OF_THE_DISK:
            raise
        raise InputError(
            f"{error.filename or 'A file'} cannot be read or written ({error.strerror}): free some "
            "space, or name a place that this account may use."
        ) from error
