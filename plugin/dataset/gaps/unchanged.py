"""Whether anything has changed since ``find_gaps`` found everything as it was.

The truth is the content: a digest of every value of every sample (:mod:`..store.vectors.marks`),
and one of all that the dataset has beside them (fields, saved views, runs of any analysis).  Where
both are as they were, and the settings and the view too, no step is asked: what they found stands.

The digest counts only if it was taken *before* a look at every step that found nothing to do, so
that a change made while the steps ran is never taken for one that they saw.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import fiftyone as fo

from ..store import paces, runs
from ..store.database import counted
from ..store.fields.ownership import Writes
from ..store.fiftyone_internals import stages
from ..store.names import Names
from ..store.runs import Record
from ..store.samples import Samples, reloaded
from ..store.sets.kept_samples import STEP as KEPT
from ..store.vectors.marks import Seen, look_at, surroundings_digest

RECORD = "find_gaps"
WRITES = Writes(RECORD)
NOTES = tuple(Names().run_key(step) for step in (RECORD, KEPT))
"""Runs that change nothing: notes of this kind, and samples kept under a digest of their ids."""


@dataclass(frozen=True)
class Look:
    """A dataset as it was at one moment, for a run with these settings.

    ``seen`` are the marks of its vectors; looking took ``seconds``.
    """

    dataset: fo.Dataset
    names: Names
    settings: Mapping[str, Any]
    content: Mapping[str, Any]
    seen: Seen
    seconds: float

    @classmethod
    def at(
        cls,
        samples: Samples,
        names: Names,
        settings: Mapping[str, Any],
        known: Seen | None = None,
    ) -> Look:
        """Look at the dataset of ``samples``; at vectors only where their marks are not ``known``.

        Whoever has changed one since those were seen is found by the next look.
        """
        began, dataset = time.monotonic(), reloaded(samples)
        view = stages(samples) if isinstance(samples, fo.DatasetView) else []
        samples_digest, seen = look_at(dataset, known)
        content = {
            "view": hashlib.blake2b(repr(view).encode(), digest_size=16).hexdigest(),
            "samples": samples_digest,
            "surroundings": surroundings_digest(dataset, NOTES),
        }
        return cls(dataset, names, settings, content, seen, time.monotonic() - began)

    def known(self) -> Mapping[str, Any] | None:
        """What was kept where all was as it is."""
        record = runs.read(self.dataset, self.names, RECORD)
        if record is None or not record.holds(self.settings, self.content):
            return None
        return record.results

    def keep(self, results: Mapping[str, Any]) -> None:
        """Note that all steps hold for what was looked at."""
        pace = asdict(paces.measured(float(counted(self.dataset)), self.seconds))
        record = Record(RECORD, self.settings, self.content, results, again=pace)
        runs.write(self.dataset, self.names, record)
