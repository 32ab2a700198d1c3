"""Benchmarks: what the figures in the docs are printed by."""
