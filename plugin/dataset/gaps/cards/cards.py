"""``summarize_gaps``: the gaps of the last coverage run in cards, on samples and in a record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....cards.called import Called, call_cards
from ....cards.card import Card, make_cards
from ....cards.group import SINGLE, Links, group_gaps, joining_distance, linked_runs
from ....cards.phrases import Phrase
from ....cards.stability import HOLDS_ABOVE, NO_GAP, Held, can_be_drawn, drawn_runs, stability
from ....coverage.criterion import GAP, NAMES
from ....coverage.nearest.rows import metric_to_squared, pairs_within
from ....coverage.picks.duplicates import near_duplicates
from ....progress import Progress, Reporter, quiet, silent
from ....settings.steps import CardParams
from ...store import runs
from ...store.fields.metadata import columns
from ...store.fields.ownership import Column, Writes, refuse_foreign
from ...store.leases import holds_lease
from ...store.names import Names
from ...store.sets.door import admitted
from ...store.sets.resolve import Samples, reloaded
from ...store.steps.inputs import Inputs, read_inputs
from ...store.steps.step import Step
from ...store.vectors import vectors
from ...store.vectors.vectors import Vectors
from ..coverage import coverage
from ..rounds import round_cards
from . import card_phrases, drawn
from .card_records import (
    LISTED,
    SINGLE_IMAGES,
    STEP,
    CardResult,
    coverage_stamp,
    keys,
    of_record,
    record_of,
)
from .card_scene import Scene

SEED = 51
ASKED = 64
"""Images of S that say how many it usually has within δ."""

Ints = NDArray[np.int64]


def writes(names: Names) -> Writes:
    """What the step writes."""
    about = f"The gap card of an image, {SINGLE_IMAGES!r} of a gap in none"
    return Writes(STEP, (Column(names.gap_card, str, about),), tags=(names.duplicate_tag,))


@holds_lease("summarize_gaps")
def summarize_gaps(
    samples: Samples,
    params: CardParams | None = None,
    *,
    inputs: Inputs | None = None,
    report: Reporter = quiet,
) -> CardResult:
    """Group the gaps of the last coverage run in cards, and say what each is.

    Writes ``gap_card`` on gaps: the card's key, or ``single images``; on images of a kind that S
    lacks by its metadata its card's key, gaps or not; and the tag ``gap_duplicate`` on gaps that
    count once with an earlier one.

    Raises
    ------
    EmptySetError
        There is no coverage run.
    MismatchError
        S, U or their drives are not what the coverage run saw.
    InputError
        A field of the user's is named ``gap_card``.
    """
    params = params or CardParams()
    samples = admitted(samples, params.slices)
    dataset, names = reloaded(samples), Names(params.suffix)
    covered = coverage.read(dataset, names)
    trace = {"coverage": coverage_stamp(dataset, names)}
    step = Step.of(STEP, samples, params, trace, writes)
    step.work = float(covered.candidates)
    refuse_foreign(dataset, names, writes(names))
    scene = None
    if covered.basis != "none":
        inputs = inputs or read_inputs(samples, params, progress=report("Reading vectors"))
        scene = Scene.read(samples, params, inputs)
        phrases = card_phrases.trace(params, step.earlier)
        step.inputs = {**trace, **scene.trace(step.earlier), **phrases}
    if known := step.current():
        round_cards.note(dataset, names)
        return replace(of_record(known), reused=True)
    result = CardResult(dataset.name, params.suffix, 0, 0, 0, [], covered.basis)
    if scene is None:
        return _write(step, result, [], [], [])
    before = drawn.recall(step, scene)
    links = {drawn.ITSELF: _linked(scene, before, report("Grouping gaps"))}
    (card,) = links[drawn.ITSELF].cards(len(scene.gap))
    near, held = None, []
    if _drawn(scene, card, params.card_runs):
        near = drawn.lists(scene, before, report("Runs for stability"))
        links[drawn.DRAWN] = _linked_runs(scene, before, params.card_runs, near)
        held = stability(card, links[drawn.DRAWN].cards(len(card)))
    called = _called(scene, card, report("Naming cards"))
    gaps, beside = np.flatnonzero(scene.gap), np.flatnonzero(called.card > card)
    alike = _duplicates(scene, gaps, report("Near duplicates"))
    counted = np.where(called.card > card, _duplicates(scene, beside), alike)
    told = card_phrases.said(scene, called.card, params, report("Phrases"))
    made = _cards(scene, called, told, held, counted)
    key, number = keys(made), {int(called.card[one.rows[0]]): at for at, one in enumerate(made)}
    wanted, elsewhere = _wanted(scene, params.card_quantity), _elsewhere(scene, card)
    found = [
        record_of(
            one,
            key[at],
            at + 1,
            (scene.inputs.pool.ids, scene.inputs.owned.ids),
            wanted,
            covered.alpha,
            {s: ok[int(card[one.rows[0]])] for s, ok in elsewhere.items() if not one.kind},
        )
        for at, one in enumerate(made[:LISTED])
    ]
    result = replace(
        result,
        gaps=len(gaps),
        once=len(np.unique(alike[scene.gap])),
        count=len(made),
        single=int((called.card == SINGLE).sum()),
        found=found,
        by_metadata=len(called.kinds),
        lacking=called.lacking,
        scale=float(links[drawn.ITSELF].scale[0]),
        left_out=scene.left_out,
    )
    values = {SINGLE: SINGLE_IMAGES, **{label: key[at] for label, at in number.items()}}
    carded = np.flatnonzero(called.card > NO_GAP).tolist()
    ids = [scene.inputs.pool.ids[row] for row in carded]
    again = [scene.inputs.pool.ids[row] for row in gaps.tolist() if alike[row] != row]
    note = partial(drawn.keep, step, scene, near, links) if near else None
    return _write(step, result, ids, [values[int(called.card[row])] for row in carded], again, note)


def _write(
    step: Step,
    result: CardResult,
    ids: Sequence[str],
    values: Sequence[str],
    again: Sequence[str],
    note: Callable[[], None] | None = None,
) -> CardResult:
    """Write the field of the images ``ids``, the tag of those that count no more, the record.

    ``note`` is called before the record is completed.
    """
    step.begin()
    step.write(step.names.gap_card, ids, values)
    step.tag(step.names.duplicate_tag, again)
    if note:
        note()
    result = replace(result, seconds=step.seconds)
    step.complete(asdict(result))
    round_cards.note(step.dataset, step.names)
    return result


def _linked(scene: Scene, before: drawn.Before | None, progress: Progress) -> Links:
    """The gaps in groups; where S has one image nothing says what is near: each is alone."""
    if scene.scale is None or not scene.gap.any():
        alone = np.flatnonzero(scene.gap)
        return Links(alone, alone[None], np.zeros(1))
    return linked_runs(
        scene.inputs.pool.matrix,
        scene.gap[None],
        [joining_distance(scene.scale)],
        known=before.links(drawn.ITSELF) if before else None,
        metric=scene.covered.metric,
        memory_mb=scene.settings.memory_mb,
        progress=progress,
    )


def _drawn(scene: Scene, card: Ints, count: int) -> bool:
    """Whether runs are drawn: there are cards, and S has drives to draw from."""
    covered = scene.covered
    told = can_be_drawn(covered.drives_owned, covered.basis, covered.score)
    return bool(told and count and card.max() >= 0)


def _linked_runs(scene: Scene, before: drawn.Before | None, count: int, near: drawn.Lists) -> Links:
    """The gaps of each drawn run in groups."""
    covered, pool = scene.covered, scene.inputs.pool.matrix
    how: dict[str, Any] = {"metric": covered.metric, "memory_mb": scene.settings.memory_mb}
    runs = drawn_runs(
        scene.inputs.owned.matrix,
        scene.owned_drives,
        pool,
        covered.alpha,
        delta=None if covered.basis == "level" else covered.delta,
        runs=count,
        seed=SEED,
        near=near,
        **how,
    )
    return linked_runs(pool, *runs, known=before.links(drawn.DRAWN) if before else None, **how)


def _duplicates(scene: Scene, rows: Ints, progress: Progress = silent) -> Ints:
    """The row of U that each of ``rows`` is a near duplicate of, or its own: (n,), -1 elsewhere.

    Nearer than neighbouring frames of S usually are, as picks have it.
    """
    found = np.full(len(scene.gap), -1)
    if not len(rows):
        return found
    alike = scene.inputs.alike(rows, scene.frame_scale, scene.covered.metric, progress)
    found[rows] = rows[alike.representatives[alike.group]]
    return found


def _called(scene: Scene, card: Ints, progress: Progress) -> Called:
    """What cards are called; where S has one image there are none."""
    if scene.scale is None:
        return Called(card, [])
    return call_cards(
        scene.inputs.owned.matrix,
        scene.inputs.pool.matrix,
        card,
        scene.gap,
        scene.owned_drives,
        scene.pool_drives,
        scene.terms.terms,
        alpha=scene.covered.alpha,
        metric=scene.covered.metric,
        seed=SEED,
        progress=progress,
    )


def _cards(
    scene: Scene, called: Called, told: list[tuple[Phrase, ...]], held: list[Held], alike: Ints
) -> list[Card]:
    if scene.scale is None:
        return []
    return make_cards(
        scene.inputs.owned.matrix,
        scene.inputs.pool.matrix,
        called.card,
        scene.distance,
        scene.scale,
        scene.owned_drives,
        scene.pool_drives,
        names=called.names,
        kinds=called.kinds,
        attributes=scene.said.attributes,
        cameras=scene.said.cameras,
        support=scene.support,
        rates=_rates(scene, called.card > NO_GAP),
        phrases=told,
        held=held,
        duplicates=alike,
        alpha=scene.covered.alpha,
        metric=scene.covered.metric,
    )


def _rates(scene: Scene, asked: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Failure rate around each image asked for, (n,); None where nothing was reviewed."""
    if scene.said.judged is None:
        return None
    rows = np.flatnonzero(asked)
    pool = scene.inputs.pool
    carded = Vectors([pool.ids[row] for row in rows.tolist()], pool.matrix[rows])
    rates = np.full(len(scene.gap), np.nan)
    rates[rows] = scene.said.judged.rates(carded, scene.said.neighbors)
    return rates


def _wanted(scene: Scene, given: int | None) -> int:
    """Images that are wanted of each card: as many as S usually has within δ of one of its own.

    The median over at most 64 images of S, near duplicates counted once: so many make a gap as well
    covered as S is.
    """
    if given is not None:
        return given
    owned, metric = scene.inputs.owned.matrix, scene.covered.metric
    squared = metric_to_squared(scene.covered.delta, metric)
    asked = np.unique(np.linspace(0, len(owned) - 1, ASKED).astype(np.int64))
    counts = [
        len(near_duplicates(owned[near], scene.frame_scale, metric=metric).representatives)
        for near in pairs_within(owned[asked], owned, squared)
    ]
    return max(int(np.median(counts)), 1)


def _elsewhere(scene: Scene, card: Ints) -> dict[str, list[bool]]:
    """Whether each card holds in the other analyses that have measured U, by suffix."""
    found = {}
    for suffix in scene.others():
        if (seen := _seen_by(scene, Names(suffix))) is not None:
            found[suffix] = [one.overlap > HOLDS_ABOVE for one in stability(card, [seen])]
    return found


def _seen_by(scene: Scene, other: Names) -> Ints | None:
    """The card of each image of U in another analysis; None where it has not measured them."""
    dataset, ids = scene.dataset, scene.inputs.pool.ids
    record = runs.read(dataset, other, coverage.STEP)
    scale = coverage.yardstick(dataset, other)
    if record is None or scale is None or not dataset.has_field(other.gap_verdict):
        return None
    verdicts = columns(dataset, ids, {"verdict": other.gap_verdict})["verdict"]
    gaps = [i for i, verdict in zip(ids, verdicts, strict=True) if verdict == NAMES[GAP]]
    found = vectors.of(dataset, other.embedding, gaps, unit=True)
    if not any(verdicts) or len(found.ids) < len(gaps):
        return None
    label = np.full(len(ids), NO_GAP)
    if gaps:
        row = {sample_id: at for at, sample_id in enumerate(ids)}
        metric = coverage.of_record(record.results).metric
        groups = group_gaps(found.matrix, joining_distance(scale), metric=metric)
        label[[row[sample_id] for sample_id in found.ids]] = groups.card
    return label
