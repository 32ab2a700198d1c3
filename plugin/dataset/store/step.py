"""One run of a step: is the earlier record still true, how long did it take, what did it find.

A step writes its fields first and its record last, so a record vouches for fields that are there.
:class:`Step` is the one place that reads and writes records of steps.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import fiftyone as fo

from . import runs
from .names import Names
from .runs import Record
from .sets import Samples, dataset_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from ...settings.steps import AnalysisParams


@dataclass
class Step:
    """A step on a dataset, with its settings and what goes in, both JSON-able."""

    name: str
    dataset: fo.Dataset
    names: Names
    settings: Mapping[str, Any]
    inputs: Mapping[str, Any]
    earlier: Record | None = field(init=False)

    def __post_init__(self) -> None:
        self.earlier = runs.read(self.dataset, self.names, self.name)
        self._started = time.monotonic()

    @classmethod
    def of(
        cls,
        name: str,
        samples: Samples,
        params: AnalysisParams,
        inputs: Mapping[str, Any] | None = None,
    ) -> Step:
        """The step on the dataset of ``samples``; what goes in may become known later."""
        settings = params.model_dump(mode="json")
        return cls(name, dataset_of(samples), Names(params.suffix), settings, inputs or {})

    def current(self) -> Mapping[str, Any] | None:
        """Results of the earlier run, where these settings and inputs would give them again.

        Whether the fields still hold them is for the step to say: a user may have cleared them.
        """
        earlier = self.earlier
        holds = earlier is not None and earlier.holds(self.settings, self.inputs)
        return earlier.results if earlier is not None and holds else None

    def filled(self, path: str) -> int:
        """How many samples have a value in a field."""
        return len(self.dataset.exists(path)) if self.dataset.has_field(path) else 0

    def begin(self) -> None:
        """Start the clock: the work begins here, and fields change from here on."""
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the work began."""
        return time.monotonic() - self._started

    def claim(self) -> None:
        """Write a record without results: the fields are being filled from these inputs."""
        self.complete({})

    def complete(self, results: Mapping[str, Any] | DataclassInstance) -> None:
        """Write the record; all fields are written by now."""
        plain: Mapping[str, Any] = results if isinstance(results, Mapping) else asdict(results)
        record = Record(self.name, self.settings, self.inputs, plain)
        self.earlier = runs.write(self.dataset, self.names, record)
