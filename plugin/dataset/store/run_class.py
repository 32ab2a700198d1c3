"""Records as FiftyOne's own runs: which fields they stand for, and what stays when one is deleted.

FiftyOne deletes and renames custom runs.  The fields stay then, since embeddings cost hours: what
stays is said in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import fiftyone as fo

log = logging.getLogger(__name__)

_MODULE = "gapsphere.plugin.dataset.store.run_class"


class StepRunConfig(fo.RunConfig):
    """The config of a record; ``fields`` are those that the run wrote."""

    def __init__(self, fields: Sequence[str] = (), **values: Any) -> None:
        self.fields = list(fields)
        super().__init__(**values)

    @property
    def cls(self) -> str:
        """Where FiftyOne finds this class: its own where ``gapsphere`` is no installed package."""
        if find_spec("gapsphere") is None:
            return "fiftyone.core.runs.RunConfig"
        return f"{_MODULE}.StepRunConfig"


class StepRun(fo.Run):
    """A record, as FiftyOne handles it."""

    def get_fields(self, samples: fo.Dataset | fo.DatasetView, key: str) -> list[str]:  # noqa: ARG002
        """The fields that the run wrote and that are there."""
        return [name for name in self.config.fields if samples.has_field(name)]

    def cleanup(self, samples: fo.Dataset | fo.DatasetView, key: str) -> None:
        """Say what stays."""
        there = self.get_fields(samples, key)
        if there:
            log.warning(
                "The run %r is deleted; its fields stay on the samples (%s). "
                "dataset.delete_sample_fields removes them.",
                key,
                ", ".join(there),
            )

    def rename(self, samples: fo.Dataset | fo.DatasetView, key: str, new_key: str) -> None:  # noqa: ARG002
        """Say what the new name means."""
        log.warning(
            "The run %r is now %r: Gapsphere finds its results under the first name only and takes "
            "the fields for your own.",
            key,
            new_key,
        )
