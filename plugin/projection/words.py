"""A verdict as sentences, the same in the panel, in Python and on the command line.

The evidence first: how far, compared with what, what differs.  The verdict comes last, with its
reservation, and what to do.  S is called owned and U candidates, as wherever a person reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..coverage.criterion import Threshold
from ..coverage.nearest.rows import Metric
from ..coverage.words import capital, counted, decimals, share, too_few
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


Tone = Literal["gap", "provisional", "covered", "unknown", "empty", "plain"]


@dataclass(frozen=True)
class Sentences:
    """What a person reads of an answer, in this order.

    ``apart`` is how far an image is from the owned image beside it, ``evidence`` a sentence each;
    then the verdict: ``tone`` for colours, ``badge`` a word or two (none for a place or a cap),
    ``headline`` the verdict with its reservation, ``advice`` what to do; ``trust`` None where there
    is none.  Any text may be empty.
    """

    tone: Tone
    apart: str
    evidence: tuple[str, ...]
    badge: str
    headline: str
    advice: str
    trust: Trust | None

    def __str__(self) -> str:
        verdict = ": ".join(part for part in (self.badge, self.headline) if part)
        trust = self.trust.text if self.trust else ""
        lines = (self.apart, *self.evidence, verdict, self.advice, trust)
        return "\n".join(line for line in lines if line)


def sentences(
    verdict: Verdict,
    said: Sequence[str] = (),
    metric: Metric | None = None,
    *,
    unowned: bool = False,
) -> Sentences:
    """The verdict in words; ``said`` are more sentences of evidence, from outside the sphere.

    Parameters
    ----------
    metric
        The unit that all distances are told in; the run's by default.
    unowned
        Whether ``said`` names something that no owned image has: more labels may then add much,
        however near the embeddings are.

    Examples
    --------
    >>> level = Threshold(0.3, "", basis="level", drives=31, level=0.1)
    >>> far = Verdict("U", "gap", level, distance=0.41, percentile=99.7, support=0, looked_at=50)
    >>> print(sentences(far))
    0.410 from the nearest owned image (cosine distance)
    Farther than 99.7 % of owned images are from owned images of other drives.
    No owned image lies within δ.
    GAP: 0.110 beyond δ (0.300, level 10 %).
    No other candidate fills it: this place wants new recordings.
    """
    verdict = verdict.in_metric(metric or verdict.threshold.metric)
    tone = _tone(verdict)
    of_images = verdict.around is not None
    return Sentences(
        tone=tone,
        apart=_apart(verdict),
        evidence=(
            *_lacks(verdict),
            *(_around_evidence(verdict) if of_images else _evidence(verdict)),
            *said,
            *_support(verdict),
        ),
        badge=_badge(verdict, tone),
        headline=_around_headline(verdict) if of_images else _headline(verdict),
        advice=_advice(verdict, unowned),
        trust=_trust(verdict),
    )


def _tone(verdict: Verdict) -> Tone:
    """Green only where the level holds and nobody is told to label the image all the same."""
    if verdict.status == "empty":
        return "empty"
    if verdict.kind in ("S", "place", "cap", "lasso"):
        return "plain"
    if verdict.status == "cannot say":
        return "unknown"
    if verdict.status == "gap":
        return "provisional" if verdict.threshold.provisional else "gap"
    return "plain" if verdict.pick or _unsure(verdict.threshold) else "covered"


def _unsure(threshold: Threshold) -> bool:
    """Whether S has too few drives for the level, so that δ is no more than a person's choice."""
    return threshold.drives < threshold.needed


_BADGES: dict[Tone, str] = {
    "gap": "GAP",
    "provisional": "Provisional gap",
    "covered": "Covered",
    "unknown": "Cannot say",
    "empty": "Nothing here",
    "plain": "Within δ",
}


def _badge(verdict: Verdict, tone: Tone) -> str:
    if verdict.kind in ("place", "cap", "lasso"):
        return ""
    return "Owned" if verdict.kind == "S" else _BADGES[tone]


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


def _reservation(threshold: Threshold) -> str:
    """What follows a verdict at a δ that too few drives stand behind."""
    unsure = threshold.drives and _unsure(threshold)
    return f" {_why_unknown(threshold)}" if unsure else ""


def _worth(threshold: Threshold) -> str:
    """δ with what it is worth, in brackets."""
    if threshold.provisional:
        return f"{decimals(threshold.delta)}, stretches of owned drives"
    if threshold.basis == "unrated" or threshold.level is None:
        return f"{decimals(threshold.delta)}, level unknown"
    return f"{decimals(threshold.delta)}, level {share(threshold.level)}"


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


def _apart(verdict: Verdict) -> str:
    if verdict.kind not in ("S", "U"):
        return ""
    nearest = "the nearest owned image"
    if verdict.kind == "S":
        nearest = f"the nearest {'owned' if verdict.elsewhere else 'other owned'} image"
        nearest += " of another drive" if verdict.elsewhere else ""
    if verdict.distance is None:
        return f"How far it is from {nearest} is unknown"
    return (
        f"{decimals(verdict.distance)} from {nearest} ({_unit(verdict.threshold.metric)} distance)"
    )


def _unit(metric: Metric) -> str:
    return "Euclidean" if metric == "euclidean" else metric


def _evidence(verdict: Verdict) -> list[str]:
    lines = []
    if verdict.percentile is not None:
        lines.append(_percentile(verdict.percentile, verdict.threshold.drives))
    if verdict.pick:
        lines.append(f"Pick {verdict.pick:,} of {verdict.picks:,}.")
    return lines


def _percentile(value: float, drives: int, who: str = "") -> str:
    """Where a distance stands among those of owned images from each other."""
    rest = "owned images of other drives" if drives > 1 else "the rest of them"
    farther, nearer = (f"{who} farther", f"{who} nearer") if who else ("Farther", "Nearer")
    if value >= 100:
        return f"{farther} than any owned image is from {rest}."
    if value <= 0:
        return f"{nearer} than any owned image is to {rest}."
    if value < 50:
        return f"{nearer} than {percent(100 - value)} of owned images are to {rest}."
    return f"{farther} than {percent(value)} of owned images are from {rest}."


def _support(verdict: Verdict) -> list[str]:
    images, drives = verdict.support, verdict.support_drives
    if images is None:
        return []
    if not images:
        return ["No owned image lies within δ."]
    lie = "lies" if images == 1 else "lie"
    whose = "" if drives is None else f" from {counted(drives)}"
    return [f"{counted(images, 'owned image')}{whose} {lie} within δ."]


def _headline(verdict: Verdict) -> str:
    threshold, distance = verdict.threshold, verdict.distance
    if distance is None:
        return "no distance, no verdict."
    if verdict.status == "cannot say":
        return _why_unknown(threshold)
    if threshold.score == "novelty" and threshold.cutoff is not None:
        return _novel(verdict, threshold.cutoff)
    by = abs(distance - threshold.delta)
    side = "beyond" if distance > threshold.delta else "within"
    few = _reservation(threshold)
    return f"{decimals(by)} {side} δ ({_worth(threshold)}).{few}"


def _novel(verdict: Verdict, cutoff: float) -> str:
    threshold, new = verdict.threshold, verdict.novelty or 0.0
    side = "above" if new > cutoff else "not above"
    if threshold.provisional and verdict.status == "gap":
        return (
            f"new against other stretches of the owned drives (novelty {decimals(new)}, {side} "
            f"{decimals(cutoff)}). {_why_unknown(threshold)}"
        )
    return f"novelty {decimals(new)}, {side} {decimals(cutoff)} (level {share(threshold.alpha)})."


def _advice(verdict: Verdict, unowned: bool) -> str:
    if _without_reach(verdict):
        return "On this sphere images lie exactly on one another: places between them mean nothing."
    if verdict.status == "empty":
        return (
            "Candidates lack such images as well: if the sphere can be trusted here, such scenes "
            "have to be recorded, or do not exist."
        )
    if verdict.kind == "S":
        return ""
    if verdict.pick and verdict.status != "gap":
        return (
            "Picks are the order in which to label, farthest first from what is owned; whether it "
            "is a gap is another question."
        )
    if verdict.status == "cannot say":
        if verdict.around is None and verdict.distance is None:
            return ""
        return (
            "What helps: label in the order of the picks, look at the Drives list, own more "
            "drives, or give δ."
        )
    if verdict.status == "gap":
        return _gap_advice(verdict)
    if verdict.around is not None or verdict.support is None or _unsure(verdict.threshold):
        return ""
    drives = STRONG_DRIVES if verdict.support_drives is None else verdict.support_drives
    if verdict.support >= STRONG_IMAGES and drives >= STRONG_DRIVES:
        if unowned:
            return (
                "Well covered by the embedding alone: no owned image has what is named above, so "
                "look at it before you leave it out."
            )
        return "Well covered; labelling more like it adds little."
    return "Covered with little support; owned images of other drives would make it firm."


def _gap_advice(verdict: Verdict) -> str:
    if verdict.around is not None:
        new = counted(verdict.around.gaps, "candidate")
        return f"{new} here that you own nothing like: label these."
    if verdict.candidates is None:
        return "Whether candidates can fill it can only be told with embeddings."
    if verdict.candidates:
        return (
            f"Candidates can fill it: {verdict.candidates:,} of the {verdict.looked_at:,} nearest "
            "are gaps and closer to it than any owned image."
        )
    if verdict.looked_at:
        return "No other candidate fills it: this place wants new recordings."
    return "There is no candidate here: this place wants new recordings."


# A place, a cap or a drive ------------------------------------------------------------------------


def _around_headline(verdict: Verdict) -> str:
    around, threshold = verdict.around, verdict.threshold
    assert around is not None
    if verdict.p is not None:
        return _drive_headline(verdict, verdict.p)
    if not around.pool:
        return ""
    if threshold.basis == "none" or around.cannot_say == around.pool:
        return _why_unknown(threshold)
    said = _how_many(
        around.gaps, around.pool, "provisional gap" if threshold.provisional else "gap"
    )
    if threshold.provisional:
        return f"{said}. {_why_unknown(threshold)}"
    return f"{said} (δ {_worth(threshold)}).{_reservation(threshold)}"


def _how_many(gaps: int, pool: int, gap: str) -> str:
    """Say how many of the candidates are gaps."""
    if pool == 1:
        return f"The candidate is {'a' if gaps else 'no'} {gap}"
    of = f"All {pool:,} candidates" if gaps == pool else f"{gaps:,} of the {pool:,} candidates"
    return f"{of} {f'is a {gap}' if gaps == 1 else f'are {gap}s'}"


def _drive_headline(verdict: Verdict, p: float) -> str:
    level, drives = share(verdict.threshold.alpha), counted(verdict.threshold.drives, "owned drive")
    if verdict.status == "gap":
        return f"new against the {drives} at level {level} (p = {p:.2g})."
    return f"not unusual among the {drives} (p = {p:.2g}, level {level})."


def _around_evidence(verdict: Verdict) -> list[str]:
    around = verdict.around
    assert around is not None
    lines = [_there(verdict, around)]
    if around.distances and around.pool > 1:
        least, median, most = around.distances
        lines.append(
            f"The candidates are {decimals(least)} to {decimals(most)} from their nearest owned "
            f"images, median {decimals(median)} ({_unit(verdict.threshold.metric)} distance)."
        )
        if around.percentile is not None:
            drives = verdict.threshold.drives
            lines.append(_percentile(around.percentile, drives, "Half of them are"))
    return lines


def _there(verdict: Verdict, around: Around) -> str:
    """What lies here and what does not."""
    if verdict.kind == "place":
        where = f"within {around.angle:.1f}° of here"
    else:
        where = f"in this {verdict.kind}"
    sides = (
        (around.pool, "candidate", around.next_pool),
        (around.owned, "owned image", around.next_owned),
    )
    if not around.count:
        near = [f"the nearest {name} is {away:.1f}° away" for _, name, away in sides if away]
        more = f"; {', '.join(near)}" if near else ""
        return f"Nothing lies {where}{more}."
    drives = "" if around.drives is None else f", from {counted(around.drives)}"
    if verdict.kind == "drive":
        return f"{counted(around.pool, 'candidate')} {where}."
    parts = []
    for count, name, away in sides:
        part = counted(count, name) if count else f"no {name}"
        part += f" (the nearest is {away:.1f}° away)" if not count and away else ""
        parts.append(part)
    return f"{capital(where)}{drives}: {' and '.join(parts)}."


def _without_reach(verdict: Verdict) -> bool:
    """Whether it is of an empty place on a sphere where each image lies on another one."""
    around = verdict.around
    return verdict.status == "empty" and around is not None and around.angle == 0


def _trust(verdict: Verdict) -> Trust | None:
    if verdict.trust is None or _without_reach(verdict):
        return None
    share_of = (
        f"{percent(100 * verdict.trust)} of its {verdict.trust_k} neighbours on the sphere are "
        "also neighbours by embedding."
    )
    if verdict.trust < TRUST_ARTEFACT:
        return Trust("artefact", f"The sphere misleads here: only {share_of}")
    if verdict.trust < TRUST_WEAK:
        return Trust("weak", f"The sphere is only a rough guide here: {share_of}")
    return Trust("supported", f"The sphere can be trusted here: {share_of}")
