"""The first δ of an analysis, in a record of its own.

The record of the last coverage run may be deleted, or replaced by a run with other settings that
never finished: δ does not move for that.  There is one for each metric, level and encoder, and for
each field that names drives unless the user gave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import fiftyone as fo

from ....coverage.radius import CoverageReport
from ...store import runs
from ...store.fields.ownership import Writes
from ...store.names import Names
from ...store.runs import Record

RECORD = "delta"
WRITES = Writes(RECORD)
KEPT = ("level", "given", "kept")
"""What a δ rests on that later runs reuse: one that held no level is read again."""


class KeptDelta(NamedTuple):
    """A δ and when it was found: ISO time, UTC."""

    delta: float
    since: str

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        return f"the run of {self.since[:16].replace('T', ' ')} UTC"


def recall(
    dataset: fo.Dataset,
    names: Names,
    *,
    metric: str,
    alpha: float,
    fingerprint: str,
    drive_field: str | None,
) -> KeptDelta | None:
    """The δ that a run with these settings goes on with."""
    wanted = {"metric": metric, "alpha": alpha, "fingerprint": fingerprint}
    for entry in reversed(_entries(dataset, names)):
        if wanted.items() <= entry.items() and (entry["given"] or entry["drives"] == drive_field):
            return KeptDelta(entry["delta"], entry["since"])
    return None


def keep(dataset: fo.Dataset, names: Names, record: Record, found: CoverageReport) -> None:
    """Note the δ that a coverage run ``found``, of which ``record`` tells."""
    entries = _entries(dataset, names)
    again = found.basis == "kept" and bool(entries)
    entry = {
        "metric": found.metric,
        "alpha": found.alpha,
        "fingerprint": record.inputs.get("fingerprint"),
        "drives": found.sequence_field,
        "given": found.basis == "given",
        "delta": found.delta,
        "since": record.created,
    }
    rest = [each for each in entries if not _replaces(entry, each)]
    if again or found.basis not in KEPT or found.score != "nearest":
        # Nothing to go on with; where δ was asked for anew, the one before is none either.
        if record.params.get("reset_delta") and len(rest) < len(entries):
            _write(dataset, names, rest)
    elif entry not in entries:
        _write(dataset, names, [*rest, entry])


def is_given(dataset: fo.Dataset, names: Names, delta: float) -> bool:
    """Whether a person gave this δ, in some earlier run."""
    return any(each["given"] and each["delta"] == delta for each in _entries(dataset, names))


def _replaces(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    same = all(new[name] == old[name] for name in ("metric", "alpha", "fingerprint"))
    return same and (new["given"] or old["given"] or new["drives"] == old["drives"])


def _write(dataset: fo.Dataset, names: Names, entries: list[dict[str, Any]]) -> None:
    runs.write(dataset, names, Record(RECORD, {}, {}, {"kept": entries}))


def _entries(dataset: fo.Dataset, names: Names) -> list[dict[str, Any]]:
    record = runs.read(dataset, names, RECORD)
    return [] if record is None else list(record.results["kept"])
