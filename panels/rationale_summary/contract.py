"""What this panel's Python and TypeScript say to each other; ``web/contract.ts`` mirrors it.

A *pick* is what a person clicked: a dictionary of ``status``, ``class``, ``decision``, ``tier`` and
``score`` ([low, high, last bin]), of which those given must all hold; null is "none", which is a
value of its own.  Panel data only carries ``view``, another number for another view.
"""

from __future__ import annotations

COMPONENT = "GapsphereRationaleSummary"
EVENTS = ("open", "pick", "back", "review", "import_cache")
"""What the component may call."""
