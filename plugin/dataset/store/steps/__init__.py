"""A run of a step: what it starts from, what guards it, what it leaves."""
