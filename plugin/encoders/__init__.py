"""Images to unit vectors: one protocol, one registry, several networks behind it."""
