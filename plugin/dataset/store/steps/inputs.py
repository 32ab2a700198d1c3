"""What the array steps start from: the vectors of S and U, read once and handed on.

``find_gaps`` reads them once for all its steps, and a step that runs alone reads its own: where
their marks say that nothing has changed, none does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ....cards.near_drives import NearDrives
from ....coverage.nearest.rows import Metric
from ....coverage.picks.duplicates import Duplicates, near_duplicates
from ....coverage.verdict import drive_numbers
from ....coverage.words import counted
from ....errors import EmptySetError, UnfinishedError
from ....progress import Progress, silent
from ....settings.steps import SetParams
from .. import runs
from ..names import Names
from ..runs import Record
from ..sets.drives import Drives, read_drives
from ..sets.resolve import Samples, Sets, reloaded, resolve_sets
from ..vectors import vectors
from ..vectors.marks import Seen
from ..vectors.vectors import Vectors


@dataclass(frozen=True)
class Inputs:
    """S and U of one analysis: views, vectors, and who made the vectors; ``seen`` with others.

    With ``draws`` a later step draws drives of S at random: who compares U with S keeps the few
    that each candidate is nearest to.
    """

    sets: Sets
    owned: Vectors
    pool: Vectors
    encoder: str
    fingerprint: str
    seen: Seen | None = None
    draws: bool = False
    _drives: dict[str, Drives] = field(default_factory=dict, repr=False, compare=False)
    _alike: dict[tuple[Any, ...], Duplicates] = field(
        default_factory=dict, repr=False, compare=False
    )
    _near: dict[tuple[bytes, Metric], NearDrives] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def marks(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Marks of the vectors of S and of U, by which they were found."""
        owned, pool = self.owned.marks, self.pool.marks
        assert owned is not None
        assert pool is not None
        return owned, pool

    def drives(self, samples: Samples, name: str) -> Drives:
        """The drives that a field names (:func:`..sets.drives.read_drives`), read once."""
        if name not in self._drives:
            self._drives[name] = read_drives(samples, name, self.owned.ids, self.pool.ids)
        return self._drives[name]

    def alike(
        self, rows: NDArray[np.int64], scale: float, metric: Metric, progress: Progress = silent
    ) -> Duplicates:
        """Near duplicates among some rows of U, looked for once."""
        asked = (rows.tobytes(), scale, metric)
        if asked not in self._alike:
            self._alike[asked] = near_duplicates(
                self.pool.matrix[rows], scale, metric=metric, progress=progress
            )
        return self._alike[asked]

    def keep_near(self, drive: NDArray[np.int64], metric: Metric, found: NearDrives) -> None:
        """Keep the drives of S that each candidate is nearest to; ``drive`` (m,) of S."""
        self._near[drive_numbers(drive).tobytes(), metric] = found

    def near(self, drive: NDArray[np.int64], metric: Metric) -> NearDrives | None:
        """What was kept for these drives of S, whatever their numbers."""
        return self._near.get((drive_numbers(drive).tobytes(), metric))

    def trace(self, earlier: Record | None = None) -> dict[str, Any]:
        """What a record keeps of the inputs: equal traces give equal results.

        Records of earlier versions keep a digest of all numbers: where ``earlier`` is one and saw
        these vectors, the trace is its own.
        """
        known = {} if earlier is None else earlier.inputs
        sets = {"owned_digest": self.owned, "pool_digest": self.pool}
        digests = {name: found.digest() for name, found in sets.items()}
        if all(known.get(name) and not known[name].startswith(vectors.MARK) for name in sets):
            whole = {name: found.whole_digest for name, found in sets.items()}
            if whole.items() <= known.items():
                digests = whole
        return {
            "encoder": self.encoder,
            "fingerprint": self.fingerprint,
            "owned_count": len(self.owned.ids),
            "pool_count": len(self.pool.ids),
            **digests,
        }


def _why(dataset: fo.Dataset, names: Names, sets: Sets) -> str:
    """The reason that the last embedding run had for one of the samples; else what to run."""
    record = runs.read(dataset, names, "embeddings")
    skipped = record.results.get("skipped", ()) if record else ()
    members = {*sets.owned.values("id"), *sets.pool.values("id")} if skipped else set()
    reasons = [item["reason"] for item in skipped if item["id"] in members]
    if not reasons:
        return "run compute_embeddings first."
    count = record.results["skipped_count"] if record else 0
    more = f" ({counted(count, 'image', 'was|were')} skipped)" if record else ""
    return f"{reasons[0]}{more}"


def read_inputs(
    samples: Samples,
    params: SetParams,
    *,
    seen: Seen | None = None,
    progress: Progress = silent,
) -> Inputs:
    """Find S and U; their vectors are read when they are first asked for.

    Marks that were ``seen`` are not asked for again.

    Raises
    ------
    EmptySetError
        A set has no sample, or none of its samples has a vector.
    """
    dataset, names = reloaded(samples), Names(params.suffix)
    asked = (seen.ids_of,) if seen else ()
    sets = resolve_sets(samples, params.owned, params.pool, *asked)
    owned, pool = vectors.find_sets(sets.owned, sets.pool, names.embedding, progress, seen)
    for found, role in ((owned, "S"), (pool, "U")):
        if not found.ids:
            raise EmptySetError(
                f"No sample of {role} has an {names.embedding!r}: {_why(dataset, names, sets)}"
            )
    record = runs.read(dataset, names, "embeddings")
    if record and record.running and record.inputs.get(vectors.COPYING):
        raise UnfinishedError(runs.unfinished(record, names))
    made_by: Mapping[str, Any] = record.inputs if record else {}
    maker = made_by.get("encoder", "unknown"), made_by.get("fingerprint", "unknown")
    return Inputs(sets, owned, pool, *maker, seen)
