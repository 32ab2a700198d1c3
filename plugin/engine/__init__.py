"""Where shards of work run: here, one after the other, or on a Ray cluster."""
