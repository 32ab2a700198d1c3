"""Phrases of an image-text encoder that set a card apart from S.

The one idea: an encoder finds every phrase a little similar to every image, so a phrase is said
only where its similarities rank the card above S: an AUROC of 0.8 at least, drives weighted alike
(the ranking step of VisDiff, Dunlap et al. 2024, arXiv 2312.02974, without its language model).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..coverage.verdict import Labels, drive_weights
from ..errors import DimensionError, EmptySetError, NotFiniteError

SAID_FROM = 0.8
"""AUROC from which a phrase, or a name, separates a card from S."""
MOST = 3
"""Phrases of a card."""


@dataclass(frozen=True)
class Phrase:
    """A phrase that is more similar to a card than to S: ``auroc`` 0.8 to 1."""

    text: str
    auroc: float


def phrases_apart(
    card: ArrayLike,
    owned: ArrayLike,
    phrases: Sequence[str],
    *,
    card_drives: Labels = (),
    owned_drives: Labels = (),
) -> list[Phrase]:
    """The phrases that separate a card from S, the best first.

    Parameters
    ----------
    card, owned : (k, p), (m, p)
        Similarity of each image of the card and of S to each of p phrases.
    card_drives, owned_drives : k, m labels, optional
        Each drive weighs the same; without them each image does.

    Raises
    ------
    DimensionError, EmptySetError, NotFiniteError
        The tables do not fit the phrases, a side has no image, or a similarity is NaN.

    Examples
    --------
    >>> phrases_apart([[0.3, 0.2], [0.4, 0.1]], [[0.1, 0.2], [0.2, 0.1]], ["snow", "a road"])
    [Phrase(text='snow', auroc=1.0)]
    """
    mine, theirs = (np.asarray(side, np.float64) for side in (card, owned))
    for side in (mine, theirs):
        if side.ndim != 2 or side.shape[1] != len(phrases):
            raise DimensionError(f"Similarities of shape {side.shape} for {len(phrases)} phrases.")
        if not len(side):
            raise EmptySetError("The card or S has no image; there is nothing to separate.")
        if np.isnan(side).any():
            raise NotFiniteError("Similarities are NaN; compute them again.")
    ours, other = drive_weights(card_drives, len(mine)), drive_weights(owned_drives, len(theirs))
    found = [
        Phrase(text, auroc(mine[:, at], theirs[:, at], ours, other))
        for at, text in enumerate(phrases)
    ]
    said = [phrase for phrase in found if phrase.auroc >= SAID_FROM - 1e-12]
    return sorted(said, key=lambda phrase: -phrase.auroc)[:MOST]


def phrases_sentence(phrases: Sequence[Phrase]) -> str:
    """What is said, and how well it separates.

    Examples
    --------
    >>> phrases_sentence([Phrase("a wet road", 0.934)])
    'an image-text encoder says: a wet road (AUROC 0.93 against owned images)'
    """
    said = ", ".join(f"{one.text} ({one.auroc:.2f})" for one in phrases[1:])
    first = phrases[0]
    rest = f", {said}" if said else ""
    return (
        f"an image-text encoder says: {first.text} (AUROC {first.auroc:.2f} against owned "
        f"images){rest}"
    )


def auroc(
    above: NDArray[np.float64],
    below: NDArray[np.float64],
    above_weight: NDArray[np.float64],
    below_weight: NDArray[np.float64],
) -> float:
    """Chance that a value of ``above`` exceeds one of ``below``, half for ties; weights sum to 1.

    Examples
    --------
    >>> auroc(np.array([1.0, 2.0]), np.array([1.0]), np.array([0.5, 0.5]), np.array([1.0]))
    0.75
    """
    order = np.argsort(below, kind="stable")
    reached = np.concatenate([[0.0], np.cumsum(below_weight[order])])
    lower = reached[np.searchsorted(below[order], above, side="left")]
    up_to = reached[np.searchsorted(below[order], above, side="right")]
    return float(min(1.0, (above_weight * (lower + up_to) / 2).sum()))
