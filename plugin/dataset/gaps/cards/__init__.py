"""``summarize_gaps``: gaps in groups, named, on samples, in a record and in files."""
