"""``compute_coverage``: how far every candidate is from what you own, and which are gaps.

δ is read off S once and then stays: only a fixed threshold lets the number of gaps fall as S grows.
"""

from __future__ import annotations

STEP = "coverage"
