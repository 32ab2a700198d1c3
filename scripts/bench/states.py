"""Everything that ``find_gaps`` leaves on a dataset, to compare a run with an undisturbed one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

STEPS = ("embeddings", "coverage", "kcenter", "sphere", "cards")
ROUND = ("metric", "delta", "owned", "pool", "gaps", "covered", "cannot_say")
"""What the newest round of coverage has to say, whatever its number."""
TOLERANCE = 1e-4


def pieces(name: str) -> Iterator[tuple[str, Any]]:
    """What is compared, a column at a time, samples called by their files and in their order."""
    import fiftyone as fo

    from ...plugin.dataset.gaps.rounds import rounds
    from ...plugin.dataset.store import runs
    from ...plugin.dataset.store.names import Names

    dataset, n = fo.load_dataset(name), Names()
    dataset.reload()
    ids, paths, tags = dataset.values(["id", "filepath", "tags"])
    file = dict(zip(ids, paths, strict=True))
    order = sorted(range(len(ids)), key=lambda row: file[ids[row]])
    yield "files", [file[ids[row]] for row in order]
    columns = (
        n.embedding, n.dist_to_S, n.dist_percentile, n.gap_verdict, n.is_gap, n.nearest_S,
        n.support, n.support_drives, n.novelty, n.kcenter_rank, n.kcenter_radius, n.umap3d,
        n.sphere, n.gap_card, f"{n.attributes}.brightness",
    )  # fmt: skip
    for column in columns:
        values = dataset.values(column) if dataset.has_field(column) else [None] * len(ids)
        yield column, [file.get(values[row], values[row]) if isinstance(values[row], str)
                       else values[row] for row in order]  # fmt: skip
    yield "tags", [sorted(tags[row]) for row in order]
    brain = dataset.load_brain_results(n.brain_key, cache=False)
    places = dict(zip(brain.sample_ids, brain.points, strict=True))
    yield "brain run", [places.get(ids[row]) for row in order]
    for step in STEPS:
        record = runs.read(dataset, n, step)
        yield f"{step} record", "none" if record is None else "running" * record.running
        if step == "coverage" and record is not None:
            yield "δ", [record.results["delta"]]
    last = rounds.read(dataset, n).rounds[-1]
    yield "round", [getattr(last, figure) for figure in ROUND]


def state(name: str) -> dict[str, Any]:
    """All of it at once."""
    return dict(pieces(name))


def compare(wanted: dict[str, Any], found: dict[str, Any]) -> str:
    """What differs by more than a tolerance, "" where nothing does."""
    return ", ".join(name for name in wanted if not alike(wanted[name], found[name], TOLERANCE))


def alike(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two columns are the same."""
    if isinstance(one, str) or len(one) != len(other):
        return bool(one == other)
    return all(_same(*pair, tolerance) for pair in zip(one, other, strict=True))


def _same(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, float | np.ndarray) and isinstance(other, float | np.ndarray):
        return np.allclose(one, other, rtol=tolerance / 10, atol=tolerance)
    return bool(one == other)
