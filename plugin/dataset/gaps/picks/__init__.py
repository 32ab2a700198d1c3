"""``select_candidates`` and the budget curve."""
