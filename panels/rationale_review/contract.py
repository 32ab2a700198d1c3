"""What this panel's Python and TypeScript say to each other; ``web/contract.ts`` mirrors it.

The browser knows which sample is open and what its person chose, so it asks and every event answers
with all that changed.  Panel data only carries ``view``, another number for another view.
"""

from __future__ import annotations

COMPONENT = "GapsphereRationaleReview"
EVENTS = ("open", "card", "decide", "undo", "step", "show", "neighbors", "import_cache")
TEXT_MAX = 20_000
"""Characters of a rationale that are sent; a model that runs on may not choke the browser."""
NEIGHBORS = 8
