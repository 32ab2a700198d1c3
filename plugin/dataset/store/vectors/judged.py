"""Samples on which a model was right or wrong, and how often it is wrong near others.

A sample is judged by the tables of a feature cache, corrected by a person where one decided:
``misclassified`` is a failure, ``correct`` is not, ``ambiguous`` and ``unknown`` decide nothing.
``disagree`` turns the verdict round.  ``relabel`` says that the ground truth was wrong: what agreed
with it has failed, and of what did not agree nothing is known any more.  ``unsure`` tells nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ....coverage.failures import failure_rate
from ....errors import DimensionError, EmptySetError
from ....progress import Progress, silent
from ..fields.decided import is_decided
from ..names import Names, ReviewNames
from ..samples import flat
from . import vectors
from .vectors import Vectors

FAILURES = "failures"
"""The step that ranks gaps by them."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Samples that tell where a model fails.

    ``failed`` bool (m,), one for each of the ``vectors``; ``corrected`` of them by a person.
    """

    vectors: Vectors
    failed: NDArray[np.bool_]
    corrected: int

    @classmethod
    def read(cls, dataset: fo.Dataset, names: Names, said: ReviewNames) -> Judged:
        """Read those that have a vector.

        Raises
        ------
        EmptySetError
            None has.
        """
        failed, corrected = _verdicts(dataset, said)
        found = vectors.of(dataset, names.embedding, list(failed), unit=True)
        if not found.ids:
            raise EmptySetError(
                f"No sample that was judged has an {names.embedding!r}: embed those as well."
            )
        wrong = np.array([failed[i] for i in found.ids])
        return cls(found, wrong, len(corrected.intersection(found.ids)))

    def rates(
        self, wanted: Vectors, neighbors: int, progress: Progress = silent
    ) -> NDArray[np.float64]:
        """Failure rate around each of the ``wanted`` samples, 0 to 1."""
        found = self.vectors
        if wanted.matrix.shape[1] != found.matrix.shape[1]:
            raise DimensionError("The vectors have two lengths: embed with one encoder.")
        row_of = {sample_id: row for row, sample_id in enumerate(found.ids)}
        own = [row_of.get(i, -1) for i in wanted.ids]
        return failure_rate(
            wanted.matrix,
            found.matrix,
            self.failed,
            neighbors=neighbors,
            own=own,
            progress=progress,
        )


def _verdicts(dataset: fo.Dataset, said: ReviewNames) -> tuple[dict[str, bool], set[str]]:
    """Whether each sample failed, where that is known, and those that a person decided on."""
    ids, statuses = flat(dataset).values(["id", said.prediction_status])
    decisions: Sequence[str | None] = [None] * len(ids)
    if is_decided(dataset, said):
        decisions = flat(dataset).values(said.decision)
    failed, corrected = {}, set()
    for sample_id, status, decision in zip(ids, statuses, decisions, strict=True):
        verdict = failed_there(status, decision)
        if verdict is not None:
            failed[sample_id] = verdict
            if decision is not None:
                corrected.add(sample_id)
    return failed, corrected


def failed_there(status: str | None, decision: str | None) -> bool | None:
    """Whether the model failed on a sample, None where nothing tells.

    >>> failed_there("misclassified", None), failed_there("misclassified", "disagree")
    (True, False)
    >>> failed_there("correct", "relabel"), failed_there("misclassified", "relabel")
    (True, None)
    """
    if status not in ("misclassified", "correct") or decision == "unsure":
        return None
    wrong = status == "misclassified"
    if decision == "relabel":
        return None if wrong else True
    return not wrong if decision == "disagree" else wrong
