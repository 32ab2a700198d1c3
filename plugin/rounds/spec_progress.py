"""Visual Specs that were issued, and what has come for them so far."""

from __future__ import annotations

from dataclasses import dataclass

from ..coverage.words import counted


@dataclass(frozen=True)
class SpecProgress:
    """A spec against the images that came after it.

    Of ``images`` that could be judged, ``met`` are accepted and no copies, of a ``quantity``;
    ``waiting`` more have no embedding yet.  They are all 0 where ``problem`` says why nothing could
    be checked.
    """

    id: str
    title: str
    created: str
    quantity: int
    images: int = 0
    accepted: int = 0
    near_miss: int = 0
    off_target: int = 0
    covered: int = 0
    met: int = 0
    waiting: int = 0
    problem: str = ""

    @property
    def state(self) -> str:
        """``met``, ``open``, or ``unknown`` where nothing could be checked."""
        if self.problem:
            return "unknown"
        return "met" if self.met >= self.quantity else "open"

    @property
    def said(self) -> str:
        """What came, in a sentence; or why nothing could be checked."""
        if self.problem:
            return self.problem
        waiting = f"{counted(self.waiting, 'image')} without an embedding" * bool(self.waiting)
        if not self.images:
            return f"{waiting} since" if waiting else "no image has come since"
        copies = self.accepted - self.met
        parts = [
            f"{self.accepted:,} accepted" + f" ({copies:,} of them copies)" * bool(copies),
            f"{self.near_miss:,} near miss",
            f"{self.off_target:,} off target",
            f"{self.covered:,} covered already",
            *[f"and {waiting}"] * bool(waiting),
        ]
        return f"of {counted(self.images, 'image')} since, {', '.join(parts)}"

    @property
    def count(self) -> str:
        """How much of the quantity is here; empty where nothing could be checked."""
        return "" if self.problem else f"{self.met:,} of {self.quantity:,}"

    def line(self) -> str:
        """How it stands.

        Examples
        --------
        >>> print(SpecProgress("GS-1", "dusk", "", 40).line())
        GS-1 dusk (open): 0 of 40; no image has come since
        """
        name = f"{self.id} {self.title}".strip()
        count = f" ({self.state}): {self.count}; " if self.count else ": "
        return f"{name}{count}{self.said}"
