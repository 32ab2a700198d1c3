"""The Visual Specs of a dataset: a list of those issued, and what has come for each since.

An image has come for a spec if its sample was made after the spec.  It is judged by the vector that
the spec's encoder has put on it; nothing is embedded here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import fiftyone as fo
from bson import ObjectId

from ...errors import GapsphereError
from ...report.spec_reading import read_spec
from ...report.visual_spec import VisualSpec
from ...rounds.requests import SpecProgress
from ..gaps.embed import STEP as EMBEDDINGS
from ..gaps.progress import ProgressResult
from ..store import runs
from ..store.names import Names
from ..store.runs import Record
from ..store.samples import flat
from .check import check_vectors

RECORD = "specs"
MOST = 50
"""Specs that are kept in the list, the newest."""


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


def with_specs(found: ProgressResult, dataset: fo.Dataset) -> ProgressResult:
    """The rounds of an analysis with how its specs stand, the newest first."""
    names = Names(found.suffix)
    record = runs.read(dataset, names, EMBEDDINGS)
    maker = str(record.inputs.get("fingerprint", "unknown")) if record else "unknown"
    listed = reversed(_listed(dataset, names))
    return replace(found, specs=[_progress(dataset, names, about, maker) for about in listed])


def _listed(dataset: fo.Dataset, names: Names) -> list[Mapping[str, Any]]:
    record = runs.read(dataset, names, RECORD)
    return [] if record is None else list(record.results.get("specs", []))


def _progress(
    dataset: fo.Dataset, names: Names, about: Mapping[str, Any], maker: str
) -> SpecProgress:
    asked = {key: about[key] for key in ("id", "title", "created", "quantity")}
    path = Path(about["path"])
    if path.suffix.lower() != ".zip":
        return SpecProgress(**asked, problem="it was written as a page alone, which checks nothing")
    try:
        spec = read_spec(path)
        if spec.id != about["id"]:
            return SpecProgress(**asked, problem=f"another spec is in {path.name} now")
        if spec.encoder.fingerprint != maker:
            return SpecProgress(**asked, problem="the embeddings are of another encoder now")
        come = flat(dataset).match({"_id": {"$gt": ObjectId(about["since"])}})
        checked = check_vectors(spec, come, names)
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
    )
