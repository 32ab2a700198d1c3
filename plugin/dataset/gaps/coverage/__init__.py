"""``compute_coverage``: measured anew, or only what has changed."""
