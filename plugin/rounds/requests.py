"""Visual Specs that were issued, and what has come for them so far."""

from __future__ import annotations

from dataclasses import dataclass

from ..coverage.words import counted


@dataclass(frozen=True)
class SpecProgress:
    """A spec against the images that came after it.

    ``images`` that came, by verdict; ``met`` of ``quantity`` are accepted and no copies.  They are
    all 0 where ``problem`` says why nothing could be checked.
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
        if not self.images:
            return "no image has come since"
        return (
            f"of {counted(self.images, 'image')} since, {self.accepted:,} accepted, "
            f"{self.near_miss:,} near miss, {self.off_target:,} off target, {self.covered:,} "
            "covered already"
        )

    def line(self) -> str:
        """How it stands.

        Examples
        --------
        >>> print(SpecProgress("GS-1", "dusk", "", 40).line())
        GS-1 dusk (open): 0 of 40; no image has come since
        """
        name = f"{self.id} {self.title}".strip()
        return f"{name} ({self.state}): {self.met:,} of {self.quantity:,}; {self.said}"
