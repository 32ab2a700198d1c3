"""Which drives exist: the factors, the combinations that S lacks, and the sequences to render.

A combination is (time of day, weather, environment).  S and U both hold :data:`COVERED`; only U
holds :data:`MISSING_IN_S`, in short sequences that are a quarter of it.  Finding those is what the
demo is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ....plugin.errors import InputError

TimeOfDay = Literal["day", "dusk", "night"]
Weather = Literal["dry", "rain", "fog", "snow"]
Environment = Literal["city", "rural", "highway", "tunnel"]
Traffic = Literal["low", "medium", "high"]
Split = Literal["S", "U"]


class Combination(NamedTuple):
    """What a frame shows, as far as coverage goes."""

    time_of_day: TimeOfDay
    weather: Weather
    environment: Environment

    def __str__(self) -> str:
        return " ".join(self)


COVERED: tuple[Combination, ...] = (
    Combination("day", "dry", "city"),
    Combination("day", "dry", "rural"),
    Combination("day", "dry", "highway"),
    Combination("day", "rain", "city"),
    Combination("day", "rain", "highway"),
    Combination("day", "fog", "rural"),
    Combination("dusk", "dry", "city"),
    Combination("dusk", "dry", "rural"),
    Combination("dusk", "dry", "highway"),
    Combination("dusk", "rain", "city"),
    Combination("night", "dry", "city"),
    Combination("night", "dry", "highway"),
)
"""Combinations that S and U hold alike."""

MISSING_IN_S: tuple[Combination, ...] = (
    Combination("day", "dry", "tunnel"),
    Combination("day", "snow", "city"),
    Combination("day", "snow", "rural"),
    Combination("dusk", "fog", "highway"),
    Combination("dusk", "rain", "rural"),
    Combination("night", "fog", "rural"),
    Combination("night", "rain", "city"),
    Combination("night", "snow", "highway"),
)
"""Combinations that only U holds: what a good selection finds first."""

MISSING_SHARE = 0.25
"""Part of U that shows a combination missing in S."""

_TRAFFIC: tuple[Traffic, ...] = ("low", "medium", "high")
_FRAMES_FOR_TWO_SEQUENCES = 8


@dataclass(frozen=True)
class Drive:
    """One sequence of consecutive frames: what it shows and the seed of its scene."""

    name: str
    split: Split
    combination: Combination
    traffic: Traffic
    frames: int
    seed: tuple[int, int]

    @property
    def missing_in_S(self) -> bool:  # noqa: N802 - the name of the column
        return self.combination in MISSING_IN_S


def plan_drives(images: tuple[int, int], seed: int) -> tuple[Drive, ...]:
    """The sequences of a demo drive.

    Parameters
    ----------
    images : (int, int)
        How many images S and U get.  U needs one for each of its combinations, S as well.
    seed : int
        Of the scenes; the plan itself holds no chance.

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
    counts: list[tuple[Split, Sequence[Combination], int]] = [
        ("S", COVERED, in_S),
        ("U", COVERED, in_U - missing),
        ("U", MISSING_IN_S, missing),
    ]
    drives: list[Drive] = []
    for split, combinations, total in counts:
        if total < len(combinations):
            raise InputError(
                f"The demo drive needs at least {len(COVERED)} images in S and "
                f"{round(len(MISSING_IN_S) / MISSING_SHARE)} in U to show every combination, not "
                f"{in_S} and {in_U}."
            )
        for i, combination in enumerate(combinations):
            frames = total // len(combinations) + (i < total % len(combinations))
            parts = 2 if frames >= _FRAMES_FOR_TWO_SEQUENCES else 1
            for part in range(parts):
                number = len(drives)
                drives.append(
                    Drive(
                        name=f"{split}{number:03}_{'_'.join(combination)}",
                        split=split,
                        combination=combination,
                        traffic=_TRAFFIC[(i + part + (split == "U")) % 3],
                        frames=frames // parts + (part < frames % parts),
                        seed=(seed, number),
                    )
                )
    return tuple(drives)
