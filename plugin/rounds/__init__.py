"""Rounds of coverage as a dataset grows, on arrays: what changed, and what became of each card."""
