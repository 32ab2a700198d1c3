"""Gap cards on arrays: gaps in groups, what sets each apart, and whether it holds."""
