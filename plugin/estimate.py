"""How long a run will take, in words, before it starts: at the pace of runs that were measured.

Nothing is guessed: what was never measured here, or only on far smaller or larger work, has no
time, and the words say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .coverage.words import capital, joined

REACH = 4.0
"""A pace holds for up to so many times more work, where time may grow otherwise than the work."""
WORTH = 64
"""Units that are enough to measure: fewer do not take the place of more."""


@dataclass(frozen=True)
class Pace:
    """A run did ``count`` units in ``seconds``, after ``before`` seconds of getting ready.

    ``of`` names what did it, such as the encoder: another one has another pace.  ``linear``: twice
    the units take twice the time, however many they are.
    """

    count: float
    seconds: float
    before: float = 0.0
    of: str = ""
    machine: str = ""
    linear: bool = False

    def takes(self, count: float) -> float | None:
        """Seconds for so many units; None where far fewer were measured.

        >>> Pace(700, 70.0, before=2.0, linear=True).takes(7000)
        702.0
        >>> Pace(700, 70.0).takes(7000) is None
        True
        """
        share = count / self.count
        if not self.linear:
            if share > REACH:
                return None
            share = max(share, 1 / REACH)  # part of it is the same however little there is
        return self.before + self.seconds * share

    def replaces(self, other: Pace | None) -> bool:
        """Whether it says more of the next run than the one that was measured before."""
        if other is None or (other.of, other.machine) != (self.of, self.machine):
            return self.count > 0
        return self.count >= min(other.count, WORTH)


@dataclass(frozen=True)
class Part:
    """One part of a run: ``what`` it does, with its number; ``called`` is the part in a word.

    ``pace`` is that of the last run like it, ``elsewhere`` where that was on another dataset.
    """

    what: str
    called: str
    count: float
    pace: Pace | None = None
    elsewhere: bool = False

    @property
    def seconds(self) -> float | None:
        return None if self.pace is None else self.pace.takes(self.count)

    def __str__(self) -> str:
        if self.pace is None or not self.pace.linear or self.seconds is None:
            return self.what
        where = "of another dataset here" if self.elsewhere else "here"
        rate = _rate(self.pace.count / self.pace.seconds)
        return f"{self.what} (at {rate} a second, as in the last run {where})"


def told(parts: Sequence[Part], there: Sequence[str] = (), *, again: bool = False) -> str:
    """What a run will do and how long that takes.

    Parameters
    ----------
    parts
        What is to do, in order.
    there
        Sentences on what is done already.
    again
        Some parts may turn out to hold still, which takes less.

    Examples
    --------
    >>> embed = Part("701 images to embed", "embedding", 701, Pace(350, 85.0, linear=True))
    >>> told([embed, Part("50 picks", "picking", 50, Pace(50, 10.0))])
    'About 3 min: 701 images to embed (at 4.1 a second, as in the last run here), 50 picks.'
    >>> told([Part("50 picks", "picking", 50, Pace(50, 20.0))], ["All images are embedded."])
    'All images are embedded. About 20 s: 50 picks.'
    >>> told([Part("9 picks", "picking", 9)])
    '9 picks. Nothing like it has run here yet: the time is shown once it has begun.'
    """
    known = [part for part in parts if part.seconds is not None]
    unknown = [part.called for part in parts if part.seconds is None]
    less = ", less where an earlier result still holds" if again else ""
    about = f"about {clock(sum(part.seconds or 0.0 for part in known))}{less}"
    listed = ", ".join(map(str, parts))
    sentences = [*there]
    if parts and not unknown:
        sentences.append(f"{capital(about)}: {listed}.")
    elif parts:
        sentences.append(f"{capital(listed)}.")
        when = "is shown once it has begun"
        if known:
            verb = "takes" if len(unknown) == 1 else "take"
            sentences.append(f"How long {joined(unknown)} {verb} {when}; the rest takes {about}.")
        else:
            sentences.append(f"Nothing like it has run here yet: the time {when}.")
    return " ".join(sentences)


def clock(seconds: float) -> str:
    """A time as a person says it.

    >>> [clock(seconds) for seconds in (0.2, 8, 42, 171, 6000, 30000)]
    ['1 s', '8 s', '40 s', '3 min', '1.7 h', '8.3 h']
    """
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    if seconds < 95:
        return f"{5 * round(seconds / 5)} s"
    if seconds < 5400 - 30:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def _rate(rate: float) -> str:
    return f"{rate:.1f}" if rate < 10 else f"{rate:,.0f}"
