"""What was noticed on the way: counted by what it is, the first few named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass
class Findings:
    """Counts and examples by sentence; printing it gives a line each.

    >>> found = Findings()
    >>> found.add("rows match no sample", "a.jpg", "b.jpg")
    >>> print(found)
    2 rows match no sample, such as 'a.jpg'
    """

    LISTED: ClassVar[int] = 100
    """Examples kept of one kind."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, sentence: str, *examples: str, count: int | None = None) -> None:
        """Count ``examples``, or ``count`` of which they are some; none counts nothing."""
        more = len(examples) if count is None else count
        if more:
            self.counts[sentence] = self.counts.get(sentence, 0) + more
            kept = self.examples.setdefault(sentence, [])
            kept.extend(examples[: self.LISTED - len(kept)])

    def lines(self) -> list[str]:
        """A sentence for each kind."""
        return [
            f"{count:,} {sentence}"
            + (f", such as {self.examples[sentence][0]!r}" if self.examples[sentence] else "")
            for sentence, count in self.counts.items()
        ]

    def __str__(self) -> str:
        return "\n".join(self.lines())
