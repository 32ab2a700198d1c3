"""What the last coverage run measured, for steps that start from it and need not measure again.

Its columns count only where the run finished and saw the same vectors of S and U.
"""

from __future__ import annotations

from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ....coverage.nearest.distances import nearest_distance
from ....coverage.nearest.rows import squared_distance_of_pairs, squared_to_metric
from ....engine.engine import LOCAL, Engine
from ...store import runs
from ...store.fields.metadata import columns
from ...store.names import Names
from ...store.steps.inputs import Inputs
from . import coverage

ROUNDING = 1e-6
"""Between a distance of a float32 column and the same in float64."""
UNKNOWN = "unknown"
"""The fingerprint of an encoder that no record names."""


def of_another_encoder(covered: runs.Record | None, embedded: runs.Record | None) -> bool:
    """Whether a coverage run measured other vectors than the embeddings' run has made since.

    Its δ and its distances then say nothing beside distances between the vectors of now.
    """
    made = {each.inputs.get("fingerprint", UNKNOWN) for each in (covered, embedded) if each}
    return len(made - {UNKNOWN}) > 1


def distances(
    dataset: fo.Dataset, names: Names, inputs: Inputs, engine: Engine = LOCAL
) -> NDArray[np.float32]:
    """Euclidean distance of each candidate to S, float32 (n,).

    The pairs that the coverage run found nearest are measured again in float64, which is what
    comparing all of U with all of S would end in.
    """
    owned, pool = inputs.owned, inputs.pool
    read = _columns(dataset, names, inputs, names.nearest_S, names.dist_to_S)
    if read is not None:
        nearest, said = read
        row = {sample_id: at for at, sample_id in enumerate(owned.ids)}
        index = np.array([row.get(str(each), -1) for each in nearest])
        if (index >= 0).all():
            every = np.arange(len(index))
            squared = squared_distance_of_pairs(pool.matrix, every, owned.matrix, index)
            # Else somebody has changed one column alone.
            metric = coverage.read(dataset, names).metric
            found = squared_to_metric(squared, metric)
            if np.allclose(found, np.array(said, float), rtol=0, atol=ROUNDING):
                return squared_to_metric(squared, "euclidean").astype(np.float32)
    both = pool.matrix, owned.matrix
    return nearest_distance(*both, metric="euclidean", engine=engine).distance


def support(dataset: fo.Dataset, names: Names, inputs: Inputs) -> NDArray[np.int64] | None:
    """Images of S within δ of each candidate; None where they were not counted."""
    read = _columns(dataset, names, inputs, names.support)
    return None if read is None else np.array(read[0], np.int64)


def _columns(
    dataset: fo.Dataset, names: Names, inputs: Inputs, *fields: str
) -> list[list[Any]] | None:
    """Columns of the run, a value for each candidate; None where one is not whole."""
    record = runs.read(dataset, names, coverage.STEP)
    if record is None or record.running or not record.saw(inputs.trace(record)):
        return None
    found = list(columns(dataset, inputs.pool.ids, dict(zip(fields, fields, strict=True))).values())
    return None if any(None in column for column in found) else found
