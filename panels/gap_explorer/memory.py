"""What the server remembers of an open panel: which points it shows and what it put into the grid.

None of it may live in panel *state*: the App treats a change of state as a change of the session
and then drops the extended selection, so the answer just put into the grid would be gone (seen with
FiftyOne 1.22.1).  The person's choices are kept by the browser for the same reason.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from cachetools import LRUCache

from .contract import DEFAULT_CHOICES

PANELS_KEPT = 64
LINKS_KEPT = 8


@dataclass
class PanelMemory:
    """One open panel."""

    limit: int = DEFAULT_CHOICES["limit"]
    suffix: str | None = None
    source: str | None = None
    tagged: tuple[str, list[str]] | None = None
    """The last tag that was given, and the samples that had it from then."""
    fields: str = ""
    """The dataset's fields when the panel was filled."""
    owes_fields: bool = False
    """The sidebar lacks new fields: only reloading the dataset brings them, and drops an answer."""
    linked: deque[str] = field(default_factory=lambda: deque(maxlen=LINKS_KEPT))

    def shown_of(self, known: Sequence[str]) -> str:
        """Which of a dataset's analyses it shows: the one chosen, else the first; "" of none."""
        return next((one for one in known if one == self.suffix), next(iter(known), ""))

    def link(self, ids: Sequence[str]) -> None:
        """Note what the panel put into the grid.

        The answers before it stay known: an event that was sent while one of them was in the grid
        may be read after the next question, or after the answer was cleared.
        """
        self.linked.append(_digest(ids))

    def is_own(self, selection: Sequence[str] | None) -> bool:
        """Whether the grid's extended selection is what this panel put there, now or lately."""
        return bool(selection) and _digest(selection or ()) in self.linked


_panels: LRUCache[str, PanelMemory] = LRUCache(PANELS_KEPT)
_lock = threading.Lock()


def of(panel_id: str | None) -> PanelMemory:
    """What is remembered of a panel; the defaults of one never seen."""
    with _lock:
        return _panels.setdefault(str(panel_id), PanelMemory())


def _digest(ids: Sequence[str]) -> str:
    return hashlib.blake2b("".join(sorted(ids)).encode(), digest_size=8).hexdigest()
