"""A verdict as sentences, the same in the panel, in Python and on the command line.

A raw cosine distance means little to a person.  What they act on is whether the place is a gap,
whether U can fill it, and whether the map can be believed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .questions import Verdict

TRUST_WEAK, TRUST_ARTEFACT = 0.5, 0.2
"""Below these shares of common neighbours the sphere is called weak, then a likely artefact."""


@dataclass(frozen=True)
class Trust:
    """How far to believe the sphere at a place, in one word and in a sentence."""

    level: Literal["supported", "weak", "artefact"]
    text: str


@dataclass(frozen=True)
class Sentences:
    """What a person reads of a verdict; ``trust`` and ``estimated`` None where there is none."""

    tone: Literal["gap", "covered"]
    badge: str
    headline: str
    percentile: str
    fill: str
    trust: Trust | None
    estimated: str | None

    def __str__(self) -> str:
        trust = self.trust.text if self.trust else None
        rest = (self.percentile, self.fill, trust, self.estimated)
        return "\n".join([f"{self.badge}: {self.headline}", *(line for line in rest if line)])


def sentences(verdict: Verdict) -> Sentences:
    """The verdict in words.

    Examples
    --------
    >>> far = Verdict(False, False, 0.41, 99.7, 0.3, "cosine", True, 0, 50, 0.1, None, 30)
    >>> print(sentences(far))
    GAP: 0.410 from S, 0.110 beyond δ (0.300)
    Farther than 99.7 % of the images of S are from the rest of S.
    U has nothing that fills it either: this place wants new recordings.
    """
    place = "from the rest of S" if verdict.owned else "from S"
    side = "beyond" if verdict.gap else "within"
    by = abs(verdict.distance - verdict.delta)
    estimated = (
        "Estimated: an empty place has no image of its own, so the mean of its nearest samples "
        "stands for it."
    )
    return Sentences(
        tone="gap" if verdict.gap else "covered",
        badge="GAP" if verdict.gap else "Covered",
        headline=f"{verdict.distance:.3f} {place}, {by:.3f} {side} δ ({verdict.delta:.3f})",
        percentile=_percentile(verdict.percentile),
        fill=_fill(verdict),
        trust=_trust(verdict),
        estimated=estimated if verdict.estimated else None,
    )


def percent(value: float) -> str:
    """A percentage that rounds to 100 or 0 only where it is all or nothing.

    >>> percent(99.97), percent(0.01), percent(42.4), percent(4.26)
    ('99.9 %', '0.1 %', '42 %', '4.3 %')
    """
    if value >= 100:
        return "100 %"
    if value <= 0:
        return "0 %"
    digits = 1 if value < 10 or value > 90 else 0
    return f"{min(max(value, 0.1), 99.9):.{digits}f} %"


def _percentile(value: float) -> str:
    if value >= 100:
        return "Farther than any image of S is from the rest of S."
    if value <= 0:
        return "Nearer than any image of S is to the rest of S."
    return f"Farther than {percent(value)} of the images of S are from the rest of S."


def _fill(verdict: Verdict) -> str:
    near, some = f"{verdict.looked_at:,}", f"{verdict.candidates:,}"
    if verdict.gap:
        if verdict.candidates:
            return (
                f"U can fill it: {some} of the {near} nearest candidates are closer to it than S "
                "and beyond δ."
            )
        if verdict.looked_at:
            return "U has nothing that fills it either: this place wants new recordings."
        return "U is empty here: this place wants new recordings."
    if verdict.candidates:
        who = "1 candidate" if verdict.candidates == 1 else f"{some} candidates"
        lie = "lies" if verdict.candidates == 1 else "lie"
        return f"S covers this place, though {who} of the {near} nearest in U {lie} beyond δ."
    return "S covers this place; labelling more here adds little."


def _trust(verdict: Verdict) -> Trust | None:
    if verdict.trust is None:
        return None
    share = (
        f"{percent(100 * verdict.trust)} of its {verdict.trust_k} neighbours on the sphere are "
        "neighbours in embedding space."
    )
    if verdict.trust < TRUST_ARTEFACT:
        return Trust("artefact", f"This may be an artefact of the projection: only {share}")
    if verdict.trust < TRUST_WEAK:
        return Trust("weak", f"The sphere is only a rough guide here: {share}")
    return Trust("supported", f"The sphere can be trusted here: {share}")
