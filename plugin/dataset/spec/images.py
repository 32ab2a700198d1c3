"""The images of a Visual Spec: distances, percentiles, metadata and heatmaps of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ...cards.columns import as_text
from ...coverage.nearest.distances import nearest_distance
from ...coverage.yardstick import Yardstick
from ...report.spec.rule import Rule
from ...report.spec.visual_spec import Image, VisualSpec
from ..gaps.heatmaps import STEP as HEATMAPS
from ..store import runs
from ..store.names import SEQUENCE, Names
from ..store.samples import flat
from ..store.sets.drives import drive_name
from ..store.vectors.vectors import Vectors
from .evidence import Evidence

FRAMES_OF_ONE_DRIVE = 2
"""Images of S shown from one sequence while other sequences have some as near."""


def images(
    dataset: fo.Dataset,
    found: Vectors,
    rule: Rule,
    owned: Vectors,
    columns: Mapping[str, list[Any]],
    ahead: Sequence[str],
    scale: Yardstick | None,
    evidence: Evidence,
    imported: NDArray[np.float64] | None = None,
) -> tuple[Image, ...]:
    """The candidates' images as the spec lists them, with what is known of each.

    ``imported`` are their distances to S where there are no embeddings to measure them by.
    """
    to_centre = None
    if imported is not None:
        to_owned: NDArray[Any] = imported
    else:
        to_centre = nearest_distance(found.matrix, rule.centre[None], metric=rule.metric).distance
        to_owned = nearest_distance(found.matrix, owned.matrix, metric=rule.metric).distance
    percentile = None if scale is None else scale.percentile(to_owned)
    paths, drives = _paths(dataset, found.ids), evidence.support_drives
    return tuple(
        Image(
            sample_id,
            paths[row],
            None if to_centre is None else float(to_centre[row]),
            float(to_owned[row]),
            None if percentile is None else float(percentile[row]),
            _facts(columns, row, ahead),
            support=None if evidence.support is None else evidence.support[row],
            support_drives=None if drives is None else drives[row],
            attributes=evidence.attributes[row],
        )
        for row, sample_id in enumerate(found.ids)
    )


def nearest_owned(
    dataset: fo.Dataset,
    owned: Vectors,
    rule: Rule,
    columns: Mapping[str, list[Any]],
    ahead: Sequence[str],
    count: int,
    *,
    measured: bool = True,
) -> tuple[Image, ...]:
    """Images of S nearest to the centre, few of one drive: its frames are near-copies.

    How near they are is left out unless ``measured`` in the embedding.
    """
    distance = nearest_distance(owned.matrix, rule.centre[None], metric=rule.metric).distance
    order = np.argsort(distance, kind="stable").tolist()
    sequences = columns.get(SEQUENCE, [None] * len(order))
    taken: dict[Any, int] = {}
    first: list[int] = []
    later: list[int] = []
    for row in order:
        if len(first) == count:
            break
        drive = drive_name(sequences[row]) or ("alone", row)
        taken[drive] = taken.get(drive, 0) + 1
        (first if taken[drive] <= FRAMES_OF_ONE_DRIVE else later).append(row)
    rows = sorted([*first, *later[: count - len(first)]], key=lambda row: float(distance[row]))
    paths = _paths(dataset, [owned.ids[row] for row in rows])
    return tuple(
        Image(
            owned.ids[row],
            path,
            float(distance[row]) if measured else None,
            facts=_facts(columns, row, ahead),
        )
        for row, path in zip(rows, paths, strict=True)
    )


def _facts(
    columns: Mapping[str, list[Any]], row: int, ahead: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Metadata of one image in words: what the gap is about first, the drive last."""
    facts = []
    for name in dict.fromkeys([*ahead, *sorted(columns, key=SEQUENCE.__eq__)]):
        value = columns[name][row]
        if value is not None and value != "":
            facts.append((name, as_text(value)))
    return tuple(facts)


def _paths(dataset: fo.Dataset, ids: Sequence[str]) -> list[str]:
    found = dict(zip(*flat(dataset).select(list(ids)).values(["id", "filepath"]), strict=True))
    return [found[sample_id] for sample_id in ids]


def with_heatmaps(dataset: fo.Dataset, names: Names, spec: VisualSpec) -> VisualSpec:
    """The heatmaps of the candidates that are shown, where somebody computed them."""
    field = names.heatmap
    if not dataset.has_field(field):
        return spec
    ids = [spec.candidates[row].id for row in spec.shown]
    found = dict(zip(*flat(dataset).select(ids).exists(field).values(["id", field]), strict=True))
    candidates = list(spec.candidates)
    for row in spec.shown:
        heat = _heat(found.get(candidates[row].id))
        candidates[row] = replace(candidates[row], heat=heat)
    return replace(spec, candidates=tuple(candidates))


def heatmap_method(dataset: fo.Dataset, names: Names) -> str:
    """How the heatmaps of this analysis were made, or an empty text."""
    record = runs.read(dataset, names, HEATMAPS)
    return str(record.results.get("method", "")) if record else ""


def _heat(heatmap: Any) -> NDArray[np.uint8] | None:
    """A stored heatmap as uint8, stretched over its range if it holds other numbers."""
    values = heatmap.get_map() if isinstance(heatmap, fo.Heatmap) and heatmap.has_map else None
    if values is None or np.ndim(values) != 2 or not np.size(values):
        return None
    if values.dtype == np.uint8:
        return cast("NDArray[np.uint8]", values)
    wide = np.nan_to_num(np.asarray(values, np.float64))
    low, high = heatmap.range or (wide.min(), wide.max())
    scaled = (wide - low) / ((high - low) or 1.0)
    return cast("NDArray[np.uint8]", np.rint(255 * np.clip(scaled, 0, 1)).astype(np.uint8))
