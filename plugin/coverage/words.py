"""What a coverage run can and cannot say, as sentences for console, panel and Visual Spec."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .criterion import Threshold
from .radius import CoverageReport
from .verdict import drives_needed, supported_level

SHOWN_DRIVES = 5

LOOKS_LIKE_VIDEO = (
    "The owned images look like video: most are nearest to the file beside them, and no field "
    "names their drives, so all of them count as one drive. Name the field with sequence_field."
)


def unnamed(images: int, owned: int, field: str) -> str:
    """What it means that owned images have no name of a drive.

    >>> unnamed(27, 80, "ride")
    '27 of 80 owned images name no drive in ride: each counts as one, which is wrong for video.'
    """
    return (
        f"{images:,} of {counted(owned, 'owned image')} {'names' if images == 1 else 'name'} no "
        f"drive in {field}: each counts as one, which is wrong for video."
    )


def decimals(value: float, digits: int = 3) -> str:
    """A distance, δ or radius: so many decimals, and more where these would all be zero.

    What is below one millionth is the rounding of vectors.

    >>> decimals(0.1234), decimals(0.00012), decimals(0.000496), decimals(2e-8), decimals(0.1, 4)
    ('0.123', '0.00012', '0.00050', '0.000', '0.1000')
    """
    text = f"{value:.{digits}f}"
    if float(text) or abs(value) < 1e-6:
        return text
    return f"{value:.{1 - math.floor(math.log10(abs(value)))}f}"


def share(level: float) -> str:
    """A level as a percentage.

    >>> share(0.1), share(1 / 3), share(0.025)
    ('10 %', '33 %', '2.5 %')
    """
    return f"{100 * level:.2g} %" if level < 0.995 else "100 %"


def in_percent(part: float, digits: int = 1) -> str:
    """A part of a whole, 100 % only where it is all and 0 % only where it is none.

    >>> in_percent(0.424), in_percent(0.9996), in_percent(1.0), in_percent(0.0)
    ('42.4 %', '99.9 %', '100.0 %', '0.0 %')
    >>> in_percent(0.003, 0), in_percent(0.996, 0)
    ('1 %', '99 %')
    """
    return f"{of_hundred(part, digits)} %"


def of_hundred(part: float, digits: int = 1) -> str:
    """The same number without its sign, for a sentence that writes the sign itself.

    >>> of_hundred(0.424, 0), of_hundred(0.9996)
    ('42', '99.9')
    """
    least = 10.0**-digits
    shown = min(max(100 * part, least), 100 - least) if 0 < part < 1 else 100 * part
    return f"{shown:.{digits}f}"


def two_digits(value: float) -> str:
    """How many times something is something, as a person writes it.

    >>> two_digits(1.44), two_digits(0.031), two_digits(1234.5), two_digits(3_210_000)
    ('1.4', '0.031', '1,200', '3,200,000')
    """
    return f"{float(rounded(value, 2)):,.15g}"


def rounded(value: float, digits: int, gap: float = math.inf) -> str:
    """A number with so many digits that count, written out; without commas, as it may be a year.

    It has more of them where it would be off by over a tenth of ``gap``, the distance to another
    number that the reader is to tell it from: as of times or places.

    >>> rounded(59.9138, 3), rounded(1699999999, 7), rounded(59.9138, 3, 59.9211 - 59.9138)
    ('59.9', '1700000000', '59.914')
    """
    shown = value
    for count in range(digits, 16):
        shown = float(f"{value:.{count}g}")
        if abs(shown - value) <= gap / 10:
            break
    return f"{shown:.15g}"


def counted(count: int, noun: str = "drive", verb: str = "") -> str:
    """A number with its noun, and with the form of a verb that agrees with it.

    >>> counted(1), counted(1200, "image")
    ('1 drive', '1,200 images')
    >>> counted(1, "image", "has|have"), counted(2, "image", "has|have")
    ('1 image has', '2 images have')
    """
    one, _, many = verb.partition("|")
    words = [f"{count:,}", noun + ("" if count == 1 else "s"), one if count == 1 else many]
    return " ".join(filter(None, words))


def joined(words: Sequence[str]) -> str:
    """Words as English joins them.

    >>> joined(["night", "rain", "city"])
    'night, rain and city'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def capital(text: str) -> str:
    """With its first letter as a sentence has it.

    >>> capital("since round 2")
    'Since round 2'
    """
    return f"{text[:1].upper()}{text[1:]}"


def too_few(drives: int, alpha: float) -> str:
    """What so many owned drives support, and how many are needed.

    >>> too_few(2, 0.1)
    '2 owned drives support no verdict below 33 %; level 10 % needs 9'
    """
    supports = "supports" if drives == 1 else "support"
    finest = share(supported_level(drives))
    return (
        f"{counted(drives, 'owned drive')} {supports} no verdict below {finest}; "
        f"level {share(alpha)} needs {drives_needed(alpha)}"
    )


def standing(threshold: Threshold) -> str:
    """What verdicts with this threshold are worth, in a sentence or two.

    Examples
    --------
    >>> print(standing(Threshold(0.28, "", basis="level", drives=31, level=0.1)))
    δ = 0.2800 cosine holds level 10 % over 31 owned drives: of a new drive of a kind that you \
own, at most 10 % of the frames are called gaps by mistake.
    """
    delta = f"δ = {decimals(threshold.delta, 4)} {threshold.metric}"
    if threshold.basis == "level":
        return _at_level(threshold, delta)
    if threshold.basis in ("given", "kept"):
        whose = "was given" if threshold.basis == "given" else "is an earlier run's"
        if threshold.level is None:
            return f"{delta} {whose}; its error rate is unknown."
        return (
            f"{delta} {whose}; over {counted(threshold.drives, 'owned drive')} it holds level "
            f"{share(threshold.level)}."
        )
    if threshold.provisional:
        return (
            f"Provisional: {too_few(threshold.drives, threshold.alpha)}. A gap is new against "
            "other stretches of the drives you own; of the rest nothing can be said. The ranking "
            "by distance, the drives and what they differ in by name still hold; or give δ."
        )
    if threshold.basis == "none":
        return (
            f"Cannot say: {too_few(threshold.drives, threshold.alpha)}, and too few images are "
            "owned for a provisional one. The ranking by distance, the drives and what they "
            "differ in by name still hold; or give δ."
        )
    return (
        f"{delta} has an unknown error rate: run compute_coverage for verdicts that have a known "
        "one."
    )


def standing_in_short(threshold: Threshold) -> str:
    """What stands beside the level in a line: the drives, and what is missing for a level.

    Examples
    --------
    >>> standing_in_short(Threshold(0.28, "", basis="level", drives=31, level=0.1))
    '31 owned drives'
    >>> standing_in_short(Threshold(0.28, "", basis="provisional", drives=2))
    '2 owned drives: level 10 % needs 9'
    >>> standing_in_short(Threshold(0.28, "", drives=2, level=1 / 3))
    '2 owned drives, δ given'
    >>> standing_in_short(Threshold(0.28, "", basis="unrated"))
    'error rate unknown: run compute_coverage'
    """
    drives = counted(threshold.drives, "owned drive")
    if threshold.basis == "level":
        return drives
    if threshold.basis == "unrated":
        return "error rate unknown: run compute_coverage"
    if threshold.basis in ("given", "kept"):
        whose = "given" if threshold.basis == "given" else "of an earlier run"
        return f"{drives}, δ {whose}" if threshold.drives else f"δ {whose}"
    return f"{drives}: level {share(threshold.alpha)} needs {drives_needed(threshold.alpha)}"


def _at_level(threshold: Threshold, delta: str) -> str:
    over = f"over {counted(threshold.drives, 'owned drive')}"
    if threshold.score == "novelty":
        return (
            f"Novelty above {decimals(threshold.cutoff or 0.0, 4)} makes a gap, read off the owned "
            f"images at level {share(threshold.alpha)} {over}. What is guaranteed is "
            f"{share(threshold.level or 1)}: novelty can rise as more is owned (jackknife+)."
        )
    return (
        f"{delta} holds level {share(threshold.alpha)} {over}: of a new drive of a kind that you "
        f"own, at most {share(threshold.alpha)} of the frames are called gaps by mistake."
    )


def unit(run: CoverageReport) -> str:
    """The unit of evidence: how many drives of S and of U there are."""
    if run.looks_like_video:
        return "no field names drives of owned images, so all owned images count as one"
    if not run.drives_pool:  # a folder's, which says at most how many drives S had
        return counted(run.drives_owned, "owned drive") if run.drives_owned else "drives unknown"
    if run.sequence_field is None:
        return "no field names drives, so each image counts as one"
    if run.sequence_field.endswith(".id"):
        groups = f"{run.drives_owned:,} owned, {run.drives_pool:,} of candidates"
        return f"no field names scenes, so each group counts as one: {groups}"
    return f"{counted(run.drives_owned, 'owned drive')}, {run.drives_pool:,} of candidates"


def of_them(images: int, once: int) -> str:
    """How many images are without near duplicates, where there are some.

    >>> of_them(52, 31), of_them(3, 3)
    (' (31 without near duplicates)', '')
    """
    return f" ({once:,} without near duplicates)" if 0 < once < images else ""


def tally(run: CoverageReport) -> str:
    """How many candidates are gaps, covered, or neither."""
    gap = "provisional gap" if run.threshold.provisional else "gap"
    rest = [
        f"{count:,} {word}"
        for count, word in ((run.covered, "covered"), (run.cannot_say, "cannot say"))
        if count
    ]
    once = of_them(run.gaps, run.gaps_once)
    are = f"is a {gap}" if run.gaps == 1 or run.candidates == 1 else f"are {gap}s"
    return ", ".join([f"{run.gaps:,} of {counted(run.candidates, 'candidate')} {are}{once}", *rest])


def notes(run: CoverageReport) -> list[str]:
    """What a person should know about a run, beyond what it found."""
    said = [LOOKS_LIKE_VIDEO] if run.looks_like_video else []
    return said + ([run.threshold.warning] if run.threshold.warning else [])


def coverage_summary(run: CoverageReport) -> str:
    """A run as lines of text."""
    spread = ", ".join(f"{name} {decimals(value, 4)}" for name, value in run.quantiles.items())
    lines = [
        f"{tally(run)} ({unit(run)})",
        standing(run.threshold),
        f"distance to the nearest owned image: {spread}",
    ]
    return "\n".join(lines + notes(run) + [drive_line(row) for row in run.drives[:SHOWN_DRIVES]])


def drive_sentences(row: Mapping[str, Any]) -> list[str]:
    """What is known of one drive of U, a sentence each.

    Examples
    --------
    >>> row = {"drive": "dusk", "p": 0.1, "effect": 1.4, "owned": False, "findings": []}
    >>> print(" ".join(drive_sentences(row)))
    Its p-value is 0.1. Its median distance to owned images is 1.4 times the usual one among them.
    """
    said = []
    if row["owned"]:
        said.append("Frames of this drive are owned, so it is not a new one.")
    if row["p"] is not None:
        said.append(f"Its p-value is {row['p']:.2g}.")
    if row["effect"] is not None:
        said.append(
            f"Its median distance to owned images is {two_digits(row['effect'])} times the usual "
            "one among them."
        )
    return said + [f"{capital(finding['sentence'])}." for finding in row["findings"]]


def drive_line(row: Mapping[str, Any]) -> str:
    """One drive of U in a line.

    Examples
    --------
    >>> row = {"drive": "dusk", "frames": 124, "p": 1 / 3, "effect": 1.4, "gaps": 60}
    >>> row |= {"owned": False, "findings": [{"sentence": "darker than every owned drive"}]}
    >>> drive_line(row)
    '  dusk: 124 frames, p 0.33, 1.4 x the usual distance, 60 gaps; darker than every owned drive'
    """
    p = "" if row["p"] is None else f", p {row['p']:.2g}"
    effect = "" if row["effect"] is None else f", {two_digits(row['effect'])} x the usual distance"
    said = "".join(f"; {finding['sentence']}" for finding in row["findings"][:2])
    owned = " (frames of it are owned)" if row["owned"] else ""
    return (
        f"  {row['drive']}{owned}: {counted(row['frames'], 'frame')}{p}{effect}, "
        f"{counted(row['gaps'], 'gap')}{said}"
    )
