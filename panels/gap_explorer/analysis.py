"""One analysis as arrays: the sphere's points in one order, with what is known of each.

The columns come from :mod:`plugin.dataset.store.points`, which follows the samples, and are kept in
memory while they stay the same, so that an event of the panel costs no scan.  Embeddings are read
when a question first needs them.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ...plugin.dataset.store import points, runs, vectors
from ...plugin.dataset.store.fiftyone_internals import dataset_id
from ...plugin.dataset.store.names import SEQUENCE, Names
from ...plugin.dataset.store.points import Points
from ...plugin.dataset.store.sets import resolve
from ...plugin.errors import EmptySetError, GapsphereError, MismatchError
from ...plugin.projection.sketch import Sketch
from ...plugin.projection.sphere import SphereIndex
from .sampling import draw_rows

logger = logging.getLogger(__name__)

Array = NDArray[Any]
SETS = ("S", "U", "both")
BRAIN_KEY = Names().brain_key
WARM_AFTER = 2.0
"""Seconds before reading ahead: drawing the points comes first."""
KEPT = 3
"""Analyses held in memory: a dataset or two, and a second encoder."""


IN_MEMORY = 1 << 30
"""Bytes of embeddings up to which they stay in memory."""


UNSAID, UNMEASURED = "0.95 quantile of dist_to_S", "not measured: run compute_coverage"


class NoAnalysisError(GapsphereError):
    """There is no sphere on this dataset yet."""


@dataclass(frozen=True)
class Stale:
    """How the dataset has changed since the run."""

    added: int
    removed: int


@dataclass(frozen=True, eq=False)
class Analysis:
    """The points of one sphere, in the order of its brain run, samples deleted since and those in
    neither S nor U left out.

    ``sphere`` float32 (n, 3) unit rows; ``owned`` bool (n,), S; ``dist``, ``percentile`` float32
    (n,), NaN where there is none; ``pick`` int32 (n,), K-Center rank or 0.  ``whole`` says that the
    order is the brain run's own, no sample missing.
    """

    dataset: fo.Dataset
    names: Names
    stamp: str
    ids: Array
    sphere: Array
    owned: Array
    dist: Array
    percentile: Array
    pick: Array
    delta: float
    delta_max: float
    delta_source: str
    metric: str
    encoder: str
    whole: bool
    stale: Stale | None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _shown: dict[int, Array] = field(default_factory=dict, repr=False)
    _sketch: Sketch | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def gaps(self) -> Array:
        """Which points are gaps at the run's δ, bool (n,)."""
        return self.dist > self.delta

    def shown(self, limit: int) -> Array:
        """Rows that a panel draws at most ``limit`` of (0: all); see :func:`.draw_rows`."""
        if limit not in self._shown:
            self._shown[limit] = draw_rows(self.owned, self.gaps, self.pick > 0, limit)
        return self._shown[limit]

    def text_ids(self, rows: Array | slice) -> list[str]:
        """Sample ids of some rows."""
        return [sample_id.decode() for sample_id in self.ids[rows].tolist()]

    def packed_ids(self, rows: Array | slice) -> bytes:
        """Sample ids of some rows, 12 bytes each."""
        return bytes.fromhex(self.ids[rows].tobytes().decode())

    def rows_of(self, sample_ids: Sequence[str]) -> Array:
        """Rows of some samples, int64, those that are no point left out."""
        rows = self._find(np.array(list(sample_ids), dtype="S24"))
        return rows[rows >= 0]

    def places(self, packed: bytes) -> Array:
        """Row of each id, 12 bytes an id, int64; -1 where it is no point."""
        if packed == self._packed:
            return np.arange(len(self))
        return self._find(points.text(np.frombuffer(packed, np.uint8)))

    def _find(self, wanted: Array) -> Array:
        if not len(wanted) or not len(self):
            return np.full(len(wanted), -1)
        at = np.searchsorted(self.ids, wanted, sorter=self._order)
        rows = self._order[np.minimum(at, len(self) - 1)]
        return np.where(self.ids[rows] == wanted, rows, -1)

    @cached_property
    def _packed(self) -> bytes:
        return self.packed_ids(slice(None))

    @cached_property
    def _order(self) -> Array:
        return np.argsort(self.ids, kind="stable")

    @cached_property
    def _members(self) -> dict[str, Array]:
        both = np.arange(len(self))
        return {"S": both[self.owned], "U": both[~self.owned], "both": both}

    def members(self, which: str) -> Array:
        """Rows of S, of U or of both."""
        return self._members[which]

    @cached_property
    def _indexes(self) -> dict[str, SphereIndex]:
        return {which: SphereIndex(self.sphere[self.members(which)]) for which in SETS}

    def index(self, which: str) -> SphereIndex:
        """Nearest neighbours on the sphere among S, U or both; its rows count ``members``."""
        return self._indexes[which]

    def embeddings(self) -> Array:
        """Unit embeddings of all points, float32 (n, d); read when first asked for.

        Raises
        ------
        EmptySetError
            A point has no embedding any more.
        """
        with self._lock:
            return self._embeddings

    def warm(self) -> None:
        """Read in a thread what the first question needs, while the person looks around."""

        def read() -> None:
            time.sleep(WARM_AFTER)
            try:
                self.sketch()
                for which in SETS:
                    self.index(which)
            except Exception:
                # Nobody asked yet; whoever asks gets the same error as an answer.
                logger.debug("reading ahead failed", exc_info=True)

        threading.Thread(target=read, name="gap-explorer-warm", daemon=True).start()

    @cached_property
    def _embeddings(self) -> Array:
        read = vectors.read(self.dataset, self.names.embedding, allocate=_room)
        rows = self.rows_of(read.ids)
        if len(rows) != len(self) or len(read.ids) < len(self):
            missing = len(self) - len(rows)
            raise EmptySetError(
                f"{missing} points of the sphere have no {self.names.embedding!r} any more. "
                "Run find_gaps again."
            )
        if len(read.ids) == len(self) and np.array_equal(rows, np.arange(len(self))):
            return read.matrix
        place = {sample_id: i for i, sample_id in enumerate(read.ids)}
        return read.matrix[[place[sample_id] for sample_id in self.text_ids(slice(None))]]

    def sketch(self) -> Sketch:
        """Exact search in embedding space; made when first asked for, as `embeddings` is."""
        embeddings = self.embeddings()
        with self._lock:
            if self._sketch is None:
                object.__setattr__(self, "_sketch", Sketch(embeddings))
            return cast(Sketch, self._sketch)

    def mask(self, which: str) -> Array | None:
        """Members of S or of U, bool (n,); None for both."""
        return {"S": self.owned, "U": ~self.owned}.get(which)

    @cached_property
    def sequences(self) -> Array:
        """Sequence of each point as a number, -1 where it has none, int64 (n,)."""
        if not self.dataset.has_field(SEQUENCE):
            return np.full(len(self), -1)
        sequence = dict(zip(*self.dataset.values(["id", SEQUENCE]), strict=True))
        names = [sequence.get(sample_id) for sample_id in self.text_ids(slice(None))]
        number = {name: i for i, name in enumerate(sorted({n for n in names if n is not None}))}
        return np.array([number.get(name, -1) for name in names])

    @cached_property
    def own_quantiles(self) -> Array:
        """Distances at the percentiles 0..100 of S, float32 (101,), or empty.

        Read off the pairs (``dist_to_S``, ``dist_percentile``) that U carries: no second pass over
        the embeddings, and the same answer as the fields give.
        """
        known = np.isfinite(self.dist) & np.isfinite(self.percentile)
        if known.sum() < 2:
            return np.empty(0, np.float32)
        order = np.argsort(self.dist[known], kind="stable")
        # No distance at all stands at 0: below the nearest of U the line goes there.
        distance = np.concatenate([[0.0], self.dist[known][order]])
        percentile = np.concatenate([[0.0], np.maximum.accumulate(self.percentile[known][order])])
        return np.interp(np.arange(101), percentile, distance).astype(np.float32)

    def percentile_of(self, distance: float) -> float:
        """Where a distance stands within S, 0..100, as ``dist_percentile`` has it."""
        table = self.own_quantiles
        if not len(table):
            return float("nan")
        if distance < table[0]:
            return 0.0
        return float(np.interp(distance, table, np.arange(101)))


def analyses(dataset: fo.Dataset) -> list[str]:
    """Suffixes of the analyses that have a sphere, the plain one first."""
    keys = [key for key in dataset.list_brain_runs() if key.startswith(BRAIN_KEY)]
    suffixes = [key[len(BRAIN_KEY) :].removeprefix("_") for key in keys]
    return sorted(s for s in suffixes if Names(s).brain_key in keys)


def _room(shape: tuple[int, int], dtype: Any) -> Array:
    """A matrix in memory, or in a file where it would fill it: questions read a few rows of it."""
    if np.prod(shape) * np.dtype(dtype).itemsize <= IN_MEMORY:
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile(prefix="gapsphere-") as file:
        return np.memmap(file, dtype, "w+", shape=shape)


_kept: OrderedDict[tuple[str, str], tuple[Points, Analysis]] = OrderedDict()
_kept_lock = threading.Lock()


def load(dataset: fo.Dataset, suffix: str | None = None) -> Analysis:
    """The analysis of a dataset as its samples are now; the same object while nothing changed.

    Parameters
    ----------
    suffix
        Which one; None takes the first that there is.

    Raises
    ------
    NoAnalysisError
        There is no sphere, or the one asked for is gone.
    """
    found = analyses(dataset)
    if not found or (suffix is not None and suffix not in found):
        raise NoAnalysisError("There is no sphere on this dataset: run find_gaps.")
    names = Names(found[0] if suffix is None else suffix)
    key = (str(dataset_id(dataset)), names.suffix)
    with _kept_lock:
        before, made = _kept.get(key, (None, None))
    try:
        now = points.read(dataset, names, known=before)
    except EmptySetError as error:
        raise NoAnalysisError(str(error)) from None
    if made is None or now is not before:
        stamp = _stamp(now)
        if made is None or made.stamp != stamp:
            made = _read(dataset, names, stamp, now)
        with _kept_lock:
            _kept[key] = now, made
            _kept.move_to_end(key)
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
    return made


def standing(dataset: fo.Dataset, suffix: str, stamp: str) -> Analysis:
    """The analysis that a panel speaks of by its stamp.

    Raises
    ------
    MismatchError
        It has changed since the panel was filled.
    """
    analysis = load(dataset, suffix)
    if analysis.stamp != stamp:
        raise MismatchError("The analysis has changed since: reload the panel.")
    return analysis


def _stamp(now: Points) -> str:
    """Changes with the columns, and with what the panel says of samples that came since."""
    return f"{now.digest}/{now.added}"


def _read(dataset: fo.Dataset, names: Names, stamp: str, now: Points) -> Analysis:
    coverage = runs.read(dataset, names, "coverage")
    result = coverage.results if coverage else {}
    alive = now.present & ~_neither(dataset, coverage, now)
    whole = bool(alive.all())
    # Most often nothing is missing, and a copy of each column would be for nothing.
    kept: Array | slice = slice(None) if whole else alive
    dist = now.dist[kept]
    known = dist[np.isfinite(dist)]
    # An imported map has places before anybody measured it: all of it is U, and nothing is a gap.
    measured = bool(len(known)) or np.isfinite(result.get("delta", np.nan))
    owned = ~np.isfinite(dist) if measured else np.zeros(len(dist), bool)
    removed = int((~now.present).sum())
    return Analysis(
        dataset=dataset,
        names=names,
        stamp=stamp,
        ids=points.text(now.ids[kept]),
        sphere=now.sphere[kept],
        owned=owned,
        dist=dist,
        percentile=now.percentile[kept],
        pick=now.pick[kept],
        delta=float(result.get("delta", np.quantile(known, 0.95) if len(known) else 0.0)),
        delta_max=float(known.max()) if len(known) else 0.0,
        delta_source=str(result.get("delta_source", UNSAID if measured else UNMEASURED)),
        metric=result.get("metric", "cosine"),
        encoder=str(coverage.inputs.get("encoder", "")) if coverage else "",
        whole=whole,
        stale=Stale(now.added, removed) if now.added or removed else None,
    )


def _neither(dataset: fo.Dataset, coverage: runs.Record | None, now: Points) -> Array:
    """Which points the coverage took for neither S nor U, bool (n,).

    S carries no distance, so only who is in it tells it from samples that were left out; that is
    asked where more lack a distance than S had samples.
    """
    nowhere = np.zeros(len(now.ids), bool)
    unmeasured = ~np.isfinite(now.dist)
    counted = coverage.results.get("owned") if coverage else None
    if coverage is None or counted is None or unmeasured.sum() <= counted:
        return nowhere
    try:
        owned = resolve(dataset, str(coverage.params.get("owned", "S")))
    except GapsphereError:  # the field or view that named the set is gone
        return nowhere
    return unmeasured & ~np.isin(points.text(now.ids), points.text(points.view_ids(owned)))
