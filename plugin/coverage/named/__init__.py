"""The named channel: how a drive differs from those of S in attributes and fields."""
