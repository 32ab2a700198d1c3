"""What the server remembers of an open panel: which points it shows and what it put into the grid.

None of it may live in panel *state*: the App treats a change of state as a change of the session
and then drops the extended selection, so the answer just put into the grid would be gone (seen with
FiftyOne 1.22.1).  The person's choices are kept by the browser for the same reason.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

POINT_LIMIT = 50_000
PANELS_KEPT = 64


@dataclass
class Remembered:
    """One open panel."""

    limit: int = POINT_LIMIT
    suffix: str | None = None
    source: str | None = None
    linked: str | None = None

    def link(self, ids: Sequence[str] | None) -> None:
        """Note what the panel put into the grid; None: nothing."""
        self.linked = None if ids is None else _digest(ids)

    def is_own(self, selection: Sequence[str] | None) -> bool:
        """Whether the grid's extended selection is what this panel put there."""
        return bool(selection) and self.linked == _digest(selection or ())


_panels: OrderedDict[str, Remembered] = OrderedDict()
_lock = threading.Lock()


def of(panel_id: str | None) -> Remembered:
    """What is remembered of a panel; the defaults of one never seen."""
    with _lock:
        remembered = _panels.setdefault(str(panel_id), Remembered())
        _panels.move_to_end(str(panel_id))
        while len(_panels) > PANELS_KEPT:
            _panels.popitem(last=False)
        return remembered


def _digest(ids: Sequence[str]) -> str:
    return hashlib.blake2b("".join(sorted(ids)).encode(), digest_size=8).hexdigest()
