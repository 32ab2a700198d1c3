"""How fast steps were on this machine, as their records keep it: what the next run will take.

The record of a dataset's own run comes first, since its images are like those to come; then those
of other datasets in the same database.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import fiftyone as fo

from ...estimate import Pace
from . import fiftyone_internals as internals
from .names import Names
from .runs import METHOD, Record

LOOKED_AT = 20
"""Records of other datasets that are looked at, the latest first."""


@dataclass
class Clock:
    """Counts what is done while it runs."""

    count: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.monotonic() - self.began


def measured(
    count: float, seconds: float, before: float = 0.0, *, of: str = "", linear: bool = False
) -> Pace:
    """A pace of this machine."""
    return Pace(count, seconds, before, of, platform.node(), linear)


def of_record(record: Record | None) -> Pace | None:
    """The pace that a record keeps."""
    return None if record is None else _read(record.pace)


def last(
    dataset: fo.Dataset, names: Names, step: str, count: float, of: str = ""
) -> tuple[Pace | None, bool]:
    """The pace that tells how long ``count`` units take; whether it is of another dataset.

    None where no run of the step on this machine, by what is named ``of``, tells it.
    """
    own = internals.run_config(dataset, names.run_key(step)) or {}
    others = internals.run_configs(f"{METHOD}{step}", LOOKED_AT)
    for at, config in enumerate([own, *others]):
        pace = _read(config.get("pace"))
        if pace is None or (pace.of, pace.machine) != (of, platform.node()):
            continue
        if pace.takes(count) is not None:
            return pace, at > 0
    return None, False


def again(dataset: fo.Dataset, names: Names, step: str, count: float) -> Pace | None:
    """The pace of the step's last run that did what is new alone; None where it tells nothing."""
    config = internals.run_config(dataset, names.run_key(step)) or {}
    pace = _read(config.get("again"))
    told = pace is not None and pace.machine == platform.node() and pace.takes(count) is not None
    return pace if told else None


def _read(kept: Mapping[str, Any] | None) -> Pace | None:
    """A pace as a record has it; none where that is nothing to divide by."""
    try:
        pace = Pace(**(kept or {"count": 0, "seconds": 0}))
        return pace if pace.count > 0 and pace.seconds > 0 else None
    except TypeError:  # of another version
        return None
