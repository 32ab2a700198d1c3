"""One analysis as arrays: the sphere's points in one order, with what is known of each.

The columns come from :mod:`..store.vectors.points`, which follows the samples, and are kept in
memory while they stay the same, so that a question costs no scan.  Embeddings are read when a
question first needs them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import fiftyone as fo
import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from ...coverage.criterion import GAP, Threshold
from ...coverage.yardstick import Yardstick
from ...errors import EmptySetError, GapsphereError, OutdatedError, UnfinishedError
from ...projection.sampling import draw_rows
from ...projection.search_space import OWNED, SearchSpace
from ...vectors.sample_ids import id_column
from ..store import runs
from ..store.fiftyone_internals import dataset_id
from ..store.names import SEQUENCE, Names, suffixes
from ..store.samples import flat
from ..store.sets.drives import drive_ids, drive_name
from ..store.sets.resolve import resolve
from ..store.vectors import points, vectors
from ..store.vectors.points import Points
from . import sphere
from .coverage import coverage
from .coverage.coverage import CoverageResult
from .coverage.measured import of_another_encoder
from .picks import picks
from .point_ids import PointIds

logger = logging.getLogger(__name__)

Array = NDArray[Any]
WARM_AFTER = 2.0
"""Seconds before reading ahead: drawing the points comes first."""
KEPT = 3
"""Analyses held in memory: a dataset or two, and a second encoder."""
EMBEDDINGS = "embeddings"
IMPORTED = "imported"
"""In place of an encoder, where a folder brought what it made."""
UNSAID, UNMEASURED = "0.95 quantile of dist_to_S", "not measured: run compute_coverage"


class NoAnalysisError(GapsphereError):
    """There is no sphere on this dataset yet."""


class UnfinishedAnalysisError(NoAnalysisError):
    """A step of it is running, or was interrupted."""


@dataclass(frozen=True)
class Stale:
    """How the dataset has changed since the run."""

    added: int
    removed: int


@dataclass(eq=False)
class Analysis:
    """The points of one sphere, in the order of its brain run.

    Samples deleted since and those in neither S nor U are left out.

    ``sphere`` float32 (n, 3) unit rows; ``owned`` bool (n,), S; ``dist``, ``percentile``,
    ``novelty`` float32 (n,), NaN where there is none; ``verdicts`` int8 (n,), those of the run and
    OWNED for S; ``support``, ``support_drives`` int32 (n,), -1 where there is none; ``pick`` int32
    (n,), K-Center rank or 0.  ``covered`` is the coverage run, None where a map was imported, and
    ``params`` are its settings.
    ``lacks`` says what answers rest on where no embedding fits these distances, "" where they do.
    ``whole`` says that the order is the brain run's own, no sample missing.  The columns stay as
    they are; ``space`` and what is read for it is made when first needed.
    """

    dataset: fo.Dataset
    names: Names
    stamp: str
    ids: PointIds
    sphere: Array
    owned: Array
    dist: Array
    percentile: Array
    novelty: Array
    verdicts: Array
    support: Array
    support_drives: Array
    pick: Array
    threshold: Threshold
    delta_max: float
    covered: CoverageResult | None
    params: Mapping[str, Any]
    yardstick: Yardstick | None
    encoder: str
    lacks: str
    whole: bool
    stale: Stale | None
    space: SearchSpace = field(init=False, repr=False)
    _shown: dict[int, Array] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.space = SearchSpace(
            sphere=self.sphere,
            owned=self.owned,
            dist=self.dist,
            percentile=self.percentile,
            novelty=self.novelty,
            verdicts=self.verdicts,
            support=self.support,
            support_drives=self.support_drives,
            pick=self.pick,
            threshold=self.threshold,
            yardstick=self.yardstick,
            embeddings=partial(_embeddings, self.dataset, self.names.embedding, self.ids),
            lacks=self.lacks,
            drives=partial(_drives, self.dataset, self.sequence_field, self.ids),
        )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def placed(self) -> str:
        """When the sphere was laid out."""
        made = self.dataset.get_brain_info(self.names.brain_key).timestamp
        return str(made.isoformat(timespec="milliseconds"))

    @property
    def gaps(self) -> Array:
        """Which points are gaps of the run, bool (n,)."""
        return self.verdicts == GAP

    @property
    def sequence_field(self) -> str | None:
        """The path that names drives, as the run had it; None where it is gone since."""
        named: str | None = SEQUENCE
        if self.covered is not None and self.covered.basis != "unrated":
            named = self.covered.sequence_field
        return named if named and self.dataset.has_field(named) else None

    def rows_of_drive(self, drive: str) -> Array:
        """Points of U that belong to a drive, int64."""
        if self.sequence_field is None:
            return np.empty(0, np.int64)
        rows = self.ids.rows_of(drive_ids(self.dataset, self.sequence_field, drive))
        return rows[~self.owned[rows]]

    @property
    def key(self) -> tuple[str, str]:
        """Names it among the analyses of all datasets, for what is kept of it."""
        return str(self.dataset.name), self.stamp

    def column(self, path: str) -> list[Any]:
        """The value of a path at each point as it is now, None where it has none."""
        ordered: list[Any] = [None] * len(self)
        read = list(points.column(self.dataset, [path]))
        packed = b"".join(sample_id.binary for sample_id, _ in read)
        for row, (_, value) in zip(self.ids.places(packed).tolist(), read, strict=True):
            if row >= 0:
                ordered[row] = value
        return ordered

    def shown(self, limit: int) -> Array:
        """Rows that a panel draws at most ``limit`` of (0: all); see :func:`draw_rows`."""
        if limit not in self._shown:
            self._shown[limit] = draw_rows(self.owned, self.gaps, self.pick > 0, limit)
        return self._shown[limit]

    def warm(self) -> None:
        """Read in a thread what the first question needs, while the person looks around."""

        def read() -> None:
            time.sleep(WARM_AFTER)
            try:
                self.space.warm()
            except Exception:
                # No question was asked yet; the first one gets the same error as its answer.
                logger.debug("reading ahead failed", exc_info=True)

        threading.Thread(target=read, name="gap-explorer-warm", daemon=True).start()


def _embeddings(dataset: fo.Dataset, field: str, ids: PointIds) -> Array:
    """Unit embeddings of all points, float32 (n, d)."""
    found = vectors.find(dataset, field, order=ids.text(), unit=False)
    if found.missing:
        raise EmptySetError(
            f"From the sphere's coordinates and the distances of the run: {found.missing:,} of the "
            f"{len(ids):,} images on the sphere {'has' if found.missing == 1 else 'have'} no "
            f"{field!r}."
        )
    return found.matrix


def _embedded(dataset: fo.Dataset, names: Names) -> str:
    """Changes whenever images are embedded."""
    made_by = runs.read(dataset, names, EMBEDDINGS)
    return made_by.created if made_by and dataset.has_field(names.embedding) else "never"


def _lacks(dataset: fo.Dataset, names: Names, measured: runs.Record | None) -> str:
    """Why the embeddings cannot stand beside the run's distances, as far as no vector is read."""
    made_by = runs.read(dataset, names, EMBEDDINGS)
    ours: Mapping[str, Any] = measured.inputs if measured else {}
    theirs: Mapping[str, Any] = made_by.inputs if made_by else {}
    whose = "imported" if ours.get("encoder") == IMPORTED else "stored"
    rests = "From the sphere's coordinates"
    if measured is not None:
        rests += f" and the {whose} distances"
    if not dataset.has_field(names.embedding):
        return f"{rests}; there are no embeddings."
    if of_another_encoder(measured, made_by):
        return (
            f"{rests}, which were not made from the embeddings that the samples have now "
            f"({theirs.get('encoder')}). Run compute_coverage for their distances and δ."
        )
    return ""


def _drives(dataset: fo.Dataset, field: str | None, ids: PointIds) -> Array:
    """Drive of each point as a number, -1 where it has none, int64 (n,)."""
    if field is None:
        return np.full(len(ids), -1)
    drive = dict(zip(*flat(dataset).values(["id", field]), strict=True))
    names = [drive_name(drive.get(sample_id)) for sample_id in ids.text()]
    number = {name: i for i, name in enumerate(sorted({n for n in names if n is not None}))}
    return np.array([-1 if name is None else number[name] for name in names])


def analyses(dataset: fo.Dataset) -> list[str]:
    """Suffixes of the analyses that have a sphere, the plain one first."""
    return suffixes(dataset.list_brain_runs(), Names().brain_key)


_kept: LRUCache[tuple[str, str], tuple[Points, Analysis]] = LRUCache(KEPT)
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
        There is no sphere, the one asked for is gone, what coverage wrote was deleted, or a step of
        it runs or was interrupted.
    """
    found = analyses(dataset)
    if not found:
        _require_finished(dataset, Names(suffix or ""))
        raise NoAnalysisError("There is no sphere on this dataset: run find_gaps.")
    if suffix is not None and suffix not in found:
        raise NoAnalysisError(
            f"There is no analysis with the suffix {suffix!r} on this dataset; the suffixes are: "
            f"{', '.join(map(repr, found))}."
        )
    names = Names(found[0] if suffix is None else suffix)
    _require_finished(dataset, names)
    key = (str(dataset_id(dataset)), names.suffix)
    with _kept_lock:
        before, made = _kept.get(key, (None, None))
    try:
        now = points.read(dataset, names, known=before)
    except EmptySetError as error:
        raise NoAnalysisError(str(error)) from None
    lately = _embedded(dataset, names)
    if made is None or now is not before or not made.stamp.endswith(lately):
        # The panel also says how many samples came since.
        stamp = f"{now.digest}/{now.added}/{lately}"
        if made is None or made.stamp != stamp:
            made = _read(dataset, names, stamp, now)
        with _kept_lock:
            _kept[key] = now, made
    made.dataset = (
        dataset  # the App's server makes one a request: an earlier one knows no new field
    )
    return made


def _require_finished(dataset: fo.Dataset, names: Names) -> None:
    try:
        for step in (coverage.STEP, picks.STEP, sphere.STEP):
            runs.finished(dataset, names, step)
    except UnfinishedError as error:
        raise UnfinishedAnalysisError(str(error)) from None


def last_whole(dataset: fo.Dataset, suffix: str) -> Analysis | None:
    """The analysis as it was before the step that runs now, where it is still in memory."""
    with _kept_lock:
        return _kept.get((str(dataset_id(dataset)), suffix), (None, None))[1]


def standing(dataset: fo.Dataset, suffix: str, stamp: str) -> Analysis:
    """The analysis that a panel speaks of by its stamp.

    While a step of it runs anew, that is the one before: the arrays in memory are whole.

    Raises
    ------
    OutdatedError
        It has changed since the panel was filled.
    """
    try:
        analysis = load(dataset, suffix)
    except UnfinishedAnalysisError:
        before = last_whole(dataset, suffix)
        if before is None or before.stamp != stamp:
            raise
        return before
    if analysis.stamp != stamp:
        raise OutdatedError("The analysis has changed since this was shown.")
    return analysis


def _read(dataset: fo.Dataset, names: Names, stamp: str, now: Points) -> Analysis:
    record = runs.read(dataset, names, coverage.STEP)
    said = record.results if record else {}
    covered = coverage.of_record(said) if "delta" in said else None
    _refuse_unmeasured(names, covered, now)
    alive = now.present & ~_neither(dataset, record, now)
    whole = bool(alive.all())
    # Most often nothing is missing, and a copy of each column would be for nothing.
    kept: Array | slice = slice(None) if whole else alive
    columns = {name: getattr(now, name)[kept] for name in points.VALUES}
    dist = columns["dist"]
    known = dist[np.isfinite(dist)]
    # An imported map has places before anybody measured it: all of it is U, and nothing is a gap.
    measured = bool(len(known)) or covered is not None
    owned = ~np.isfinite(dist) if measured else np.zeros(len(dist), bool)
    removed = int((~now.present).sum())
    threshold = covered.threshold if covered else _unsaid(known)
    if covered and covered.basis != "unrated" and covered.sequence_field is None:
        columns["support_drives"] = np.full_like(columns["support_drives"], -1)
    written = columns.pop("verdict")
    judged = threshold.verdicts(dist, columns["novelty"])
    verdicts = np.where(written == points.UNWRITTEN, judged, written)
    return Analysis(
        dataset=dataset,
        names=names,
        stamp=stamp,
        ids=PointIds(id_column(now.ids[kept])),
        sphere=now.sphere[kept],
        owned=owned,
        **columns,
        verdicts=np.where(owned, OWNED, verdicts).astype(np.int8),
        threshold=threshold,
        delta_max=float(known.max()) if len(known) else 0.0,
        covered=covered,
        params=record.params if record else {},
        yardstick=coverage.yardstick(dataset, names, (dist, columns["percentile"])),
        encoder=str(record.inputs.get("encoder", "")) if record else "",
        lacks=_lacks(dataset, names, record),
        whole=whole,
        stale=Stale(now.added, removed) if now.added or removed else None,
    )


def _refuse_unmeasured(names: Names, covered: CoverageResult | None, now: Points) -> None:
    """NoAnalysisError where the distances of a coverage run are gone: all would count as owned."""
    if covered is None or not covered.candidates or np.isfinite(now.dist).any():
        return
    if now.present.sum() > covered.owned:
        raise NoAnalysisError(
            f"No candidate has a {names.dist_to_S!r} any more, which compute_coverage wrote: the "
            "field was deleted or cleared. Run compute_coverage again."
        )


def _unsaid(known: Array) -> Threshold:
    """δ where no coverage run says one."""
    if not len(known):
        return Threshold(0.0, UNMEASURED, basis="none")
    return Threshold(float(np.quantile(known, 0.95)), UNSAID, basis="unrated")


def _neither(dataset: fo.Dataset, record: runs.Record | None, now: Points) -> Array:
    """Which points the coverage took for neither S nor U, bool (n,).

    S carries no distance, so only who is in it tells it from samples that were left out; that is
    asked where more lack a distance than S had samples.
    """
    nowhere = np.zeros(len(now.ids), bool)
    unmeasured = ~np.isfinite(now.dist)
    counted = record.results.get("owned") if record else None
    if record is None or counted is None or unmeasured.sum() <= counted:
        return nowhere
    try:
        owned = resolve(dataset, str(record.params.get("owned", "S")))
    except GapsphereError:  # the field or view that named the set is gone
        return nowhere
    return unmeasured & ~np.isin(id_column(now.ids), id_column(points.view_ids(owned)))
