"""``field=value:min..max``: how many picks of a kind, as a user writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORM = re.compile(
    r"(?P<field>[^=]+)=(?P<value>.*):(?=\.\.\d|\d)(?P<least>\d{0,9})(?P<dots>\.\.)?"
    r"(?P<most>(?<=\.)\d{0,9})?"
)


@dataclass(frozen=True)
class QuotaWord:
    """At least ``least`` and at most ``most`` picks whose ``field`` is ``value``."""

    field: str
    value: str
    least: int
    most: int | None

    @property
    def kind(self) -> str:
        """``field=value``."""
        return f"{self.field}={self.value}"


def quota_word(word: str) -> QuotaWord:
    """What a word asks for.

    >>> quota_word("weather=night:10..")
    QuotaWord(field='weather', value='night', least=10, most=None)
    >>> quota_word("at=12:30:5").kind
    'at=12:30'

    Raises
    ------
    ValueError
        It is not of that form, or at most fewer are asked for than at least.
    """
    found = _FORM.fullmatch(word)
    if found is None:
        raise ValueError(
            f"the quota {word!r} is not of the form field=value:min..max, such as "
            "weather=night:10..20, weather=night:10.. or weather=night:..20"
        )
    least = int(found["least"] or 0)
    most = found["most"] if found["dots"] else found["least"]
    if most and int(most) < least:
        raise ValueError(f"the quota {word!r} asks for {least} to {most} picks: the smaller first")
    return QuotaWord(found["field"], found["value"], least, int(most) if most else None)
