"""Rounds of coverage: what each found, and how it went on."""
