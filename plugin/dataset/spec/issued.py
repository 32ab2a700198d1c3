"""The Visual Specs of a dataset: a list of those issued, and what has come for each since.

An image has come for a spec if its sample was made after the spec.  It is judged by the vector that
the spec's encoder has put on it; nothing is embedded here.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from ...errors import ArtifactError, GapsphereError, MismatchError
from ...report.spec.reading import read_spec
from ...report.spec.visual_spec import VisualSpec
from ...rounds.spec_progress import SpecProgress
from ..gaps.rounds.progress import ProgressResult
from ..gaps.vectors.embedding_run import STEP as EMBEDDINGS
from ..store import runs
from ..store.fields.ownership import Writes
from ..store.names import Names
from ..store.runs import Record
from ..store.samples import flat
from ..store.vectors import vectors
from ..store.vectors.marks import marks_of
from .check import check_vectors

RECORD = "specs"
WRITES = Writes(RECORD)
MOST = 50
"""Specs that are kept in the list, the newest."""
SHOWN = 10
"""Specs that new images are judged against."""


def keep(dataset: fo.Dataset, names: Names, spec: VisualSpec, path: Path) -> None:
    """Add a spec to the list."""
    about = {
        "id": spec.id,
        "title": spec.title or spec.source,
        "created": spec.created,
        "quantity": spec.quantity,
        "path": str(path),
        "since": str(ObjectId()),
    }
    listed = [*_listed(dataset, names), about][-MOST:]
    runs.write(dataset, names, Record(RECORD, {}, {}, {"specs": listed}))


class _Come:
    """Images in the order in which they came, and marks of those that have a vector.

    ``maker`` is the fingerprint of who made the vectors.
    """

    def __init__(self, dataset: fo.Dataset, names: Names, moment: str) -> None:
        self._come = flat(dataset).match({"_id": {"$gt": ObjectId(moment)}}).sort_by("id")
        self._field = names.embedding
        self._ids, self._paths = self._come.values(["id", "filepath"])
        found = marks_of(self._come, names.embedding)
        there = found.there[:, 0]
        ids = map(bytes.hex, map(bytes, found.ids[there]))
        self._marks = dict(zip(ids, found.marks[there, 0].tolist(), strict=True))
        record = runs.read(dataset, names, EMBEDDINGS)
        self.maker = str(record.inputs.get("fingerprint", "unknown")) if record else "unknown"

    def after(self, moment: str) -> tuple[list[tuple[str, str]], int]:
        """Ids and paths of those that can be judged, and how many more came."""
        first = bisect_right(self._ids, moment)
        come = list(zip(self._ids[first:], self._paths[first:], strict=True))
        known = [item for item in come if item[0] in self._marks]
        return known, len(come) - len(known)

    def marks(self, items: Sequence[tuple[str, str]]) -> tuple[int, ...]:
        """Two are equal where the stored vectors are."""
        return tuple(self._marks[one] for one, _ in items)

    @cached_property
    def vectors(self) -> Mapping[str, NDArray[np.float32]]:
        """By id."""
        there = vectors.read(self._come, self._field, unit=True)
        return dict(zip(there.ids, there.matrix, strict=True))


def with_specs(found: ProgressResult, dataset: fo.Dataset) -> ProgressResult:
    """The rounds of an analysis with how its last specs stand, the newest first."""
    names = Names(found.suffix)
    listed = _listed(dataset, names)[-SHOWN:]
    if not listed:
        return found
    come = _Come(dataset, names, min(about["since"] for about in listed))
    return replace(found, specs=[_progress(about, come) for about in reversed(listed)])


def _listed(dataset: fo.Dataset, names: Names) -> list[Mapping[str, Any]]:
    record = runs.read(dataset, names, RECORD)
    return [] if record is None else list(record.results.get("specs", []))


def _progress(about: Mapping[str, Any], come: _Come) -> SpecProgress:
    path = Path(about["path"])
    if path.suffix.lower() != ".zip":
        problem = "it was written as a page alone, which checks nothing"
        return SpecProgress(**_asked(about), problem=problem)
    items, waiting = come.after(about["since"])
    try:
        return replace(_judged(about, path, items, come), waiting=waiting)
    except GapsphereError as error:
        return SpecProgress(**_asked(about), problem=str(error))


def _asked(about: Mapping[str, Any]) -> dict[str, Any]:
    return {key: about[key] for key in ("id", "title", "created", "quantity")}


def _state(
    about: Mapping[str, Any], path: Path, items: Sequence[tuple[str, str]], come: _Come
) -> tuple[Hashable, ...]:
    """Names all that a judgement is made of."""
    try:
        written = path.stat()
        file = written.st_mtime_ns, written.st_size
    except OSError:  # reading it says why
        file = None
    asked = tuple(_asked(about).values())
    return str(path), file, asked, come.maker, tuple(items), come.marks(items)


@cached(LRUCache(4 * SHOWN), _state, threading.Lock())
def _judged(
    about: Mapping[str, Any], path: Path, items: Sequence[tuple[str, str]], come: _Come
) -> SpecProgress:
    """How the spec stands; read and judged again only where its file or what came is another.

    Raises
    ------
    GapsphereError
        Why nothing can be checked.
    """
    spec = read_spec(path)
    if spec.id != about["id"]:
        raise ArtifactError(f"another spec is in {path.name} now")
    if spec.encoder.fingerprint != come.maker:
        raise MismatchError("the embeddings are of another encoder now")
    if not items:
        return SpecProgress(**_asked(about))
    checked = check_vectors(spec, items, come.vectors)
    counts = checked.counts
    return SpecProgress(
        **_asked(about),
        images=len(checked.answers),
        accepted=counts["accepted"],
        near_miss=counts["near miss"],
        off_target=counts["off target"],
        covered=counts["covered already"],
        met=checked.met,
    )
