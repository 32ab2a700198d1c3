"""What each step did, kept as a custom run on the dataset, so that a number can always be traced.

A record holds the step's parameters, what went in (a digest of the vectors, the encoder's
fingerprint, counts) and what came out.  A step whose record still holds need not run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

import fiftyone as fo

from .names import Names
from .names import suffixes as suffixes_among


@dataclass(frozen=True)
class Record:
    """One step's trace: JSON-able values only."""

    step: str
    params: Mapping[str, Any]
    inputs: Mapping[str, Any]
    results: Mapping[str, Any] = field(default_factory=dict)
    created: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat())

    def holds(self, params: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
        """Whether the same parameters on the same inputs would give these results again."""
        return bool(self.results) and dict(self.params) == params and dict(self.inputs) == inputs


def write(dataset: fo.Dataset, names: Names, record: Record) -> Record:
    """Keep ``record`` on the dataset in place of an older one of the same step."""
    key = names.run_key(record.step)
    config = dataset.init_run(method=f"gapsphere/{record.step}", **asdict(record))
    if dataset.has_run(key):
        dataset.delete_run(key)
    dataset.register_run(key, config)
    return record


def suffixes(dataset: fo.Dataset, step: str) -> list[str]:
    """Suffixes of the analyses with a record of ``step``, the plain one first."""
    return suffixes_among(dataset.list_runs(), Names().run_key(step))


def read(dataset: fo.Dataset, names: Names, step: str) -> Record | None:
    """The step's record, or None where it never ran (or was deleted)."""
    key = names.run_key(step)
    if not dataset.has_run(key):
        return None
    config = dataset.get_run_info(key).config
    values = {name: _plain(getattr(config, name, None)) for name in Record.__dataclass_fields__}
    return Record(**{name: value for name, value in values.items() if value is not None})


def _plain(value: Any) -> Any:
    """Plain dictionaries and lists: ``asdict`` cannot copy those of the database."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
