"""Fields and tags on samples: written, cleared, and whose they are."""
