"""What an image-text encoder on this disk says of cards: phrases that set them apart from S.

Some images of a card and of S are embedded by that encoder, for this alone; where its weights lie
is a setting, and without it nothing is said.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....cards.phrases import Phrase, phrases_apart
from ....cards.vocabulary import PHRASES, PROMPT
from ....coverage.verdict import drive_numbers
from ....embeddings.extract import extract
from ....encoders.image_text import load_image_text, model_stamp
from ....progress import Progress
from ....settings.steps import CardParams
from ...store.fields.metadata import columns
from ...store.runs import Record
from .card_scene import Scene

CARDS = 30
"""Cards that are asked about, the largest."""
CARD_IMAGES = 24
OWNED_IMAGES = 360
"""Images that are looked at of a card and of S, spread over their drives."""

Ints = NDArray[np.int64]


def trace(params: CardParams, earlier: Record | None) -> dict[str, Any]:
    """What a record keeps of the encoder: other weights under the same name are told apart.

    Where it is on this disk no more, what was said before stays.
    """
    if params.phrase_model is None:
        return {}
    kept = None if earlier is None else earlier.inputs.get("phrases")
    return {"phrases": model_stamp(params.phrase_model) or kept}


def said(
    scene: Scene, card: Ints, params: CardParams, progress: Progress
) -> list[tuple[Phrase, ...]]:
    """Phrases of each card, by its number; all empty where no encoder is named.

    Raises
    ------
    CheckpointError, InputError
        The encoder that is named cannot be loaded.
    """
    count = int(card.max(initial=-1)) + 1
    none: list[tuple[Phrase, ...]] = [()] * count
    if params.phrase_model is None or not count:
        return none
    model = load_image_text(params.phrase_model)
    texts = model.texts([PROMPT.format(phrase) for phrase in PHRASES])
    owned, pool = scene.inputs.owned.ids, scene.inputs.pool.ids
    ours = spread(np.arange(len(owned)), scene.owned_drives, OWNED_IMAGES)
    theirs = [
        spread(np.flatnonzero(card == at), scene.pool_drives, CARD_IMAGES)
        for at in range(min(count, CARDS))
    ]
    ids = [owned[row] for row in ours.tolist()]
    ids += [pool[row] for row in np.concatenate(theirs).tolist()]
    paths = columns(scene.dataset, ids, {"path": "filepath"})["path"]
    alike: dict[str, NDArray[np.float32]] = {}
    extract(
        [(each, path) for each, path in zip(ids, paths, strict=True) if path],
        model.images,
        lambda done, rows: alike.update(zip(done, rows @ texts.T, strict=True)),
        progress=progress,
    )
    ours = np.array([row for row in ours.tolist() if owned[row] in alike], np.int64)
    found = list(none)
    for at, rows in enumerate(theirs):
        seen = [row for row in rows.tolist() if pool[row] in alike]
        if seen and len(ours):
            found[at] = tuple(
                phrases_apart(
                    [alike[pool[row]] for row in seen],
                    [alike[owned[row]] for row in ours.tolist()],
                    PHRASES,
                    card_drives=[scene.pool_drives[row] for row in seen],
                    owned_drives=[scene.owned_drives[row] for row in ours.tolist()],
                )
            )
    return found


def spread(rows: Ints, drives: Sequence[Hashable], most: int) -> Ints:
    """So many of the rows, each drive in turn and evenly within it, ascending.

    Of more drives than that some are left out, evenly.  A row without a drive is one of its own.

    Examples
    --------
    >>> spread(np.arange(6), ["a", "a", "a", "a", "b", None], 4).tolist()
    [0, 2, 4, 5]
    >>> spread(np.arange(6), [None] * 6, 3).tolist()
    [0, 2, 4]
    """
    if len(rows) <= most:
        return rows
    number = drive_numbers([drives[row] for row in rows.tolist()])
    order = np.argsort(number, kind="stable")
    mine = np.split(rows[order], np.flatnonzero(np.diff(number[order])) + 1)
    if len(mine) > most:
        mine = [mine[at * len(mine) // most] for at in range(most)]
    counts, left = [0] * len(mine), most
    while left:
        for drive, of in enumerate(mine):
            if left and counts[drive] < len(of):
                counts[drive] += 1
                left -= 1
    taken = [
        of[at * len(of) // counts[drive]]
        for drive, of in enumerate(mine)
        for at in range(counts[drive])
    ]
    return np.sort(np.array(taken, np.int64))
