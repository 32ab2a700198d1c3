"""The Visual Specs of a dataset: a list of those issued, and what has come for each since.

An image has come for a spec if its sample was made after the spec.  It is judged by the vector that
the spec's encoder has put on it; nothing is embedded here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import fiftyone as fo
import numpy as np
from bson import ObjectId
from numpy.typing import NDArray

from ...errors import GapsphereError
from ...report.spec.reading import read_spec
from ...report.spec.visual_spec import VisualSpec
from ...rounds.spec_progress import SpecProgress
from ..gaps.rounds.progress import ProgressResult
from ..gaps.vectors.embed import STEP as EMBEDDINGS
from ..store import runs
from ..store.fields.ownership import Writes
from ..store.names import Names
from ..store.runs import Record
from ..store.samples import flat
from ..store.vectors import vectors
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


@dataclass(frozen=True)
class _Come:
    """Images in the order in which they came, and vectors of those that have one, by id.

    ``maker`` is the fingerprint of who made the vectors.
    """

    ids: list[str]
    paths: list[str]
    vectors: Mapping[str, NDArray[np.float32]]
    maker: str

    @classmethod
    def since(cls, dataset: fo.Dataset, names: Names, moment: str) -> _Come:
        come = flat(dataset).match({"_id": {"$gt": ObjectId(moment)}}).sort_by("id")
        ids, paths = come.values(["id", "filepath"])
        there = vectors.read(come, names.embedding, unit=True)
        record = runs.read(dataset, names, EMBEDDINGS)
        maker = str(record.inputs.get("fingerprint", "unknown")) if record else "unknown"
        return cls(ids, paths, dict(zip(there.ids, there.matrix, strict=True)), maker)

    def after(self, moment: str) -> tuple[list[tuple[str, str]], int]:
        """Ids and paths of those that can be judged, and how many more came."""
        first = bisect_right(self.ids, moment)
        come = list(zip(self.ids[first:], self.paths[first:], strict=True))
        known = [item for item in come if item[0] in self.vectors]
        return known, len(come) - len(known)


def with_specs(found: ProgressResult, dataset: fo.Dataset) -> ProgressResult:
    """The rounds of an analysis with how its last specs stand, the newest first."""
    names = Names(found.suffix)
    listed = _listed(dataset, names)[-SHOWN:]
    if not listed:
        return found
    come = _Come.since(dataset, names, min(about["since"] for about in listed))
    return replace(found, specs=[_progress(about, come) for about in reversed(listed)])


def _listed(dataset: fo.Dataset, names: Names) -> list[Mapping[str, Any]]:
    record = runs.read(dataset, names, RECORD)
    return [] if record is None else list(record.results.get("specs", []))


def _progress(about: Mapping[str, Any], come: _Come) -> SpecProgress:
    asked = {key: about[key] for key in ("id", "title", "created", "quantity")}
    path = Path(about["path"])
    if path.suffix.lower() != ".zip":
        return SpecProgress(**asked, problem="it was written as a page alone, which checks nothing")
    try:
        spec = read_spec(path)
        if spec.id != about["id"]:
            return SpecProgress(**asked, problem=f"another spec is in {path.name} now")
        if spec.encoder.fingerprint != come.maker:
            return SpecProgress(**asked, problem="the embeddings are of another encoder now")
        items, waiting = come.after(about["since"])
        if not items:
            return SpecProgress(**asked, waiting=waiting)
        checked = check_vectors(spec, items, come.vectors)
    except GapsphereError as error:
        return SpecProgress(**asked, problem=str(error))
    counts = checked.counts
    return SpecProgress(
        **asked,
        images=len(checked.answers),
        accepted=counts["accepted"],
        near_miss=counts["near miss"],
        off_target=counts["off target"],
        covered=counts["covered already"],
        met=checked.met,
        waiting=waiting,
    )
