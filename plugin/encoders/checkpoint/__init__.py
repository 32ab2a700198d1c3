"""A model id or a folder becomes a checkpoint on this disk, read with care."""
