"""What was noticed on the way: counted by file and by what it is, the first few named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass
class Findings:
    """Counts and examples by file and sentence; printing it gives a line each.

    Sentences follow a number, so they begin with a noun in the plural.

    >>> found = Findings()
    >>> found.add("mis.csv", "rows left out: no sample of that name", "a.jpg")
    >>> print(found)
    mis.csv  1 row left out: no sample of that name ('a.jpg')
    """

    LISTED: ClassVar[int] = 100
    """Examples kept of one kind."""
    SHOWN: ClassVar[int] = 3

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    examples: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, file: str, sentence: str, *examples: str, count: int | None = None) -> None:
        """Count ``examples``, or ``count`` of which they are some; none counts nothing."""
        more = len(examples) if count is None else count
        if more:
            kind = file, sentence
            self.counts[kind] = self.counts.get(kind, 0) + more
            kept = self.examples.setdefault(kind, [])
            kept.extend(examples[: self.LISTED - len(kept)])

    def lines(self) -> list[str]:
        """A sentence for each kind, those of one file together."""
        files = list(dict.fromkeys(file for file, _ in self.counts))
        kinds = sorted(self.counts.items(), key=lambda item: files.index(item[0][0]))
        return [self._line(*kind, count) for kind, count in kinds]

    def listed(self) -> dict[str, list[str]]:
        """The names that were kept, by file and sentence."""
        return {f"{file}: {what}": names for (file, what), names in self.examples.items() if names}

    def _line(self, file: str, sentence: str, count: int) -> str:
        noun, _, rest = sentence.partition(" ")
        noun = noun.removesuffix("s") if count == 1 else noun
        examples = self.examples[file, sentence][: self.SHOWN]
        more = [f"{count - len(examples):,} more"] if count > len(examples) else []
        shown = ", ".join([*map(repr, examples), *more]) if examples else ""
        return f"{file}  {count:,} {noun} {rest}" + (f" ({shown})" if shown else "")

    def __str__(self) -> str:
        return "\n".join(self.lines())
