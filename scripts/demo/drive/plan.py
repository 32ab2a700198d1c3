"""Which drives exist: the combinations that S lacks, and the sequences to render.

S and U both hold :data:`COVERED`; only U holds :data:`MISSING_IN_S`, in short sequences that are a
quarter of it.  Finding those is what the demo is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ....plugin.errors import InputError


class Combination(NamedTuple):
    """What a frame shows, as far as coverage goes."""

    time_of_day: str
    weather: str
    environment: str

    def __str__(self) -> str:
        return " ".join(self)


def _combinations(*texts: str) -> tuple[Combination, ...]:
    return tuple(Combination(*text.split()) for text in texts)


COVERED = (
    *_combinations("day dry city", "day dry rural", "day dry highway"),
    *_combinations("day rain city", "day rain highway", "day fog rural"),
    *_combinations("dusk dry city", "dusk dry rural", "dusk dry highway", "dusk rain city"),
    *_combinations("night dry city", "night dry highway"),
)
"""Combinations that S and U hold alike."""

MISSING_IN_S = (
    *_combinations("day dry tunnel", "day snow city", "day snow rural"),
    *_combinations("dusk fog highway", "dusk rain rural"),
    *_combinations("night fog rural", "night rain city", "night snow highway"),
)
"""Combinations that only U holds: what a good selection finds first."""

MISSING_SHARE = 0.25
"""Part of U that shows a combination missing in S."""

TRAFFIC = ("low", "medium", "high")
FRAMES_FOR_TWO_SEQUENCES = 8


@dataclass(frozen=True)
class Drive:
    """One sequence of consecutive frames: what it shows and the seed of its scene."""

    name: str
    split: str
    combination: Combination
    traffic: str
    frames: int
    seed: tuple[int, int]

    @property
    def missing_in_S(self) -> bool:  # noqa: N802 - the name of the column
        return self.combination in MISSING_IN_S


def plan_drives(images: tuple[int, int], seed: int) -> tuple[Drive, ...]:
    """The sequences of a demo drive with so many images in S and in U; ``seed`` is the scenes'.

    Raises
    ------
    InputError
        Too few images for every combination to appear.

    Examples
    --------
    >>> drives = plan_drives((240, 360), seed=51)
    >>> sum(d.frames for d in drives if d.split == "U" and d.missing_in_S)
    90
    """
    in_S, in_U = images
    missing = round(in_U * MISSING_SHARE)
    drives: list[Drive] = []
    counts = (("S", COVERED, in_S), ("U", COVERED, in_U - missing), ("U", MISSING_IN_S, missing))
    for split, combinations, total in counts:
        if total < len(combinations):
            least = round(len(MISSING_IN_S) / MISSING_SHARE)
            raise InputError(
                f"The demo drive needs at least {len(COVERED)} images in S and {least} in U to "
                f"show every combination, not {in_S} and {in_U}."
            )
        for i, combination in enumerate(combinations):
            frames = total // len(combinations) + (i < total % len(combinations))
            parts = 2 if frames >= FRAMES_FOR_TWO_SEQUENCES else 1
            for part in range(parts):
                number = len(drives)
                name = f"{split}{number:03}_{'_'.join(combination)}"
                traffic = TRAFFIC[(i + part + (split == "U")) % 3]
                share = frames // parts + (part < frames % parts)
                drives.append(Drive(name, split, combination, traffic, share, (seed, number)))
    return tuple(drives)
