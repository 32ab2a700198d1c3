"""A verdict as sentences, the same in the panel, in Python and on the command line.

It leads with what is true and how sure that is, then the evidence, then what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..coverage.criterion import Threshold
from ..coverage.words import counted, share, too_few
from .verdict import Around, Verdict

TRUST_WEAK, TRUST_ARTEFACT = 0.5, 0.2
"""Below these shares of common neighbours the sphere is called weak, then a likely artefact."""
STRONG_IMAGES, STRONG_DRIVES = 10, 3
"""Support from which more labels of the same add little: both counts at least."""


@dataclass(frozen=True)
class Trust:
    """How far to believe the sphere at a place, in one word and in a sentence."""

    level: Literal["supported", "weak", "artefact"]
    text: str


@dataclass(frozen=True)
class Sentences:
    """What a person reads of a verdict.

    ``tone`` is for colours, ``badge`` a word or two, ``headline`` the verdict and its level,
    ``evidence`` a sentence each, ``advice`` what to do; ``trust`` None where there is none.
    """

    tone: Literal["gap", "provisional", "covered", "unknown", "empty"]
    badge: str
    headline: str
    evidence: tuple[str, ...]
    advice: str
    trust: Trust | None

    def __str__(self) -> str:
        trust = self.trust.text if self.trust else ""
        lines = (*self.evidence, self.advice, trust)
        return "\n".join([f"{self.badge}: {self.headline}", *(line for line in lines if line)])


def sentences(verdict: Verdict, said: Sequence[str] = ()) -> Sentences:
    """The verdict in words; ``said`` are more sentences of evidence, from outside the sphere.

    Examples
    --------
    >>> level = Threshold(0.3, "", basis="level", drives=31, level=0.1)
    >>> far = Verdict("U", "gap", level, distance=0.41, percentile=99.7, support=0, looked_at=50)
    >>> print(sentences(far))
    GAP: 0.410 from S, 0.110 beyond δ (0.300, level 10 %)
    Farther than 99.7 % of the images of S are from other drives of S.
    No image of S lies within δ.
    U has nothing that fills it either: this place wants new recordings.
    """
    provisional = verdict.threshold.provisional and verdict.status == "gap"
    tone: Literal["gap", "provisional", "covered", "unknown", "empty"] = (
        "provisional" if provisional else _TONES[verdict.status]
    )
    of_images = verdict.around is not None
    return Sentences(
        tone=tone,
        badge=_BADGES[tone],
        headline=_around_headline(verdict) if of_images else _headline(verdict),
        evidence=(
            *_lacks(verdict),
            *(_around_evidence(verdict) if of_images else _evidence(verdict)),
            *said,
        ),
        advice=_advice(verdict),
        trust=_trust(verdict),
    )


_TONES: dict[str, Literal["gap", "covered", "unknown", "empty"]] = {
    "gap": "gap",
    "covered": "covered",
    "cannot say": "unknown",
    "empty": "empty",
}
_BADGES = {
    "gap": "GAP",
    "provisional": "Provisional gap",
    "covered": "Covered",
    "unknown": "Cannot say",
    "empty": "Nothing here",
}


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


def _why_unknown(threshold: Threshold) -> str:
    return f"{too_few(threshold.drives, threshold.alpha)}."


def _worth(threshold: Threshold) -> str:
    """δ with what it is worth, in brackets."""
    if threshold.basis == "unrated" or threshold.level is None:
        return f"{threshold.delta:.3f}, level unknown"
    return f"{threshold.delta:.3f}, level {share(threshold.level)}"


def _lacks(verdict: Verdict) -> list[str]:
    """What the answer rests on where there are no embeddings."""
    if not verdict.lacks:
        return []
    if verdict.kind in ("cap", "lasso", "drive"):
        return [verdict.lacks]
    return [
        f"{verdict.lacks} Neighbours are in the order of the sphere, without re-ranking, and how "
        "far to trust the sphere here is unknown."
    ]


# An image -----------------------------------------------------------------------------------------


def _headline(verdict: Verdict) -> str:
    threshold, distance = verdict.threshold, verdict.distance
    place = "from the rest of S" if verdict.kind == "S" else "from S"
    if distance is None:
        what = "an image of S" if verdict.kind == "S" else "an image of U"
        return f"{what}; how far it is {place} is unknown."
    if verdict.status == "cannot say":
        return f"{distance:.3f} {place}; {_why_unknown(threshold)}"
    if threshold.score == "novelty" and threshold.cutoff is not None:
        new = verdict.novelty or 0.0
        side = "above" if new > threshold.cutoff else "not above"
        whose = "stretches of S" if threshold.provisional else f"level {share(threshold.alpha)}"
        return f"novelty {new:.3f}, {side} {threshold.cutoff:.3f} ({whose})"
    by = abs(distance - threshold.delta)
    side = "beyond" if distance > threshold.delta else "within"
    worth = f"{threshold.delta:.3f}, stretches of S" if threshold.provisional else _worth(threshold)
    return f"{distance:.3f} {place}, {by:.3f} {side} δ ({worth})"


def _evidence(verdict: Verdict) -> list[str]:
    threshold, lines = verdict.threshold, []
    if threshold.provisional and verdict.status == "gap":
        lines.append(f"New against other stretches of S; {_why_unknown(threshold)}")
    if threshold.score == "novelty" and verdict.status != "cannot say":
        lines.append(f"{verdict.distance:.3f} from S.")
    if verdict.percentile is not None:
        lines.append(_percentile(verdict.percentile, threshold.drives))
    if verdict.support is not None:
        lines.append(_support(verdict))
    return lines


def _percentile(value: float, drives: int) -> str:
    rest = "other drives of S" if drives > 1 else "the rest of S"
    if value >= 100:
        return f"Farther than any image of S is from {rest}."
    if value <= 0:
        return f"Nearer than any image of S is to {rest}."
    return f"Farther than {percent(value)} of the images of S are from {rest}."


def _support(verdict: Verdict) -> str:
    images, drives = verdict.support or 0, verdict.support_drives
    if not images:
        return "No image of S lies within δ."
    lie = "lies" if images == 1 else "lie"
    whose = "" if drives is None else f" from {counted(drives)}"
    return f"{counted(images, 'image')} of S{whose} {lie} within δ."


def _advice(verdict: Verdict) -> str:
    if verdict.status == "empty":
        return (
            "U lacks images here as well: if the map can be trusted, such scenes have to be "
            "recorded, or do not exist."
        )
    if verdict.status == "cannot say":
        if verdict.around is None and verdict.distance is None:
            return ""
        return (
            "What helps: label in the order of distance or novelty, look at the Drives list, add "
            "drives to S, or give δ."
        )
    if verdict.status == "gap":
        return _gap_advice(verdict)
    if verdict.around is not None:
        return ""
    if verdict.support is None:
        return ""
    drives = STRONG_DRIVES if verdict.support_drives is None else verdict.support_drives
    if verdict.support >= STRONG_IMAGES and drives >= STRONG_DRIVES:
        return "S covers this well; labelling more here adds little."
    return "S covers this with little support; images of other drives would make it firm."


def _gap_advice(verdict: Verdict) -> str:
    if verdict.around is not None:
        return f"U has {counted(verdict.around.gaps, 'image')} here that S lacks: label these."
    if verdict.candidates is None:
        return "Whether U holds images that fill it can only be told with embeddings."
    if verdict.candidates:
        return (
            f"U can fill it: {verdict.candidates:,} of the {verdict.looked_at:,} nearest "
            "candidates are gaps and closer to it than S."
        )
    if verdict.looked_at:
        return "U has nothing that fills it either: this place wants new recordings."
    return "U is empty here: this place wants new recordings."


# A place or a cap ---------------------------------------------------------------------------------


def _around_headline(verdict: Verdict) -> str:
    around = verdict.around
    assert around is not None
    place = f"within {around.angle:.1f}° of here"
    within = place if verdict.kind == "place" else f"in this {verdict.kind}"
    if verdict.p is not None:
        return _drive_headline(verdict, verdict.p)
    if verdict.status == "empty":
        return f"no image of S or U lies {within}."
    if verdict.status == "cannot say":
        return _why_unknown(verdict.threshold)
    if verdict.status == "gap":
        return (
            f"most images {within} are gaps."
            if around.gaps < around.count
            else (f"all {counted(around.count, 'image')} {within} are gaps.")
        )
    return f"most images {within} are covered or of S (δ = {_worth(verdict.threshold)})."


def _drive_headline(verdict: Verdict, p: float) -> str:
    level, drives = share(verdict.threshold.alpha), counted(verdict.threshold.drives)
    if verdict.status == "gap":
        return f"new against the {drives} of S at level {level} (p = {p:.2g})."
    return f"not unusual among the {drives} of S (p = {p:.2g}, level {level})."


def _around_evidence(verdict: Verdict) -> list[str]:
    around = verdict.around
    assert around is not None
    if not around.count:
        return []
    lines = [_counts(verdict, around)]
    if around.distances:
        least, median, most = around.distances
        lines.append(f"Distances to S from {least:.3f} to {most:.3f}, median {median:.3f}.")
    if verdict.kind == "place":
        lines.append("An empty place has no embedding: this is what holds for its neighbours.")
    return lines


def _counts(verdict: Verdict, around: Around) -> str:
    gaps = "provisional gap" if verdict.threshold.provisional else "gap"
    parts = [
        text
        for count, text in (
            (around.gaps, counted(around.gaps, gaps)),
            (around.covered, f"{around.covered:,} covered"),
            (around.cannot_say, f"{around.cannot_say:,} cannot say"),
            (around.owned, f"{around.owned:,} of S"),
        )
        if count
    ]
    where = "Nearest images" if verdict.kind == "place" else "Images"
    drives = "" if around.drives is None else f", from {counted(around.drives)}"
    return f"{where}: {', '.join(parts)}{drives}."


def _trust(verdict: Verdict) -> Trust | None:
    if verdict.trust is None:
        return None
    share_of = (
        f"{percent(100 * verdict.trust)} of its {verdict.trust_k} neighbours on the sphere are "
        "neighbours in embedding space."
    )
    if verdict.trust < TRUST_ARTEFACT:
        return Trust("artefact", f"This may be an artefact of the projection: only {share_of}")
    if verdict.trust < TRUST_WEAK:
        return Trust("weak", f"The sphere is only a rough guide here: {share_of}")
    return Trust("supported", f"The sphere can be trusted here: {share_of}")
