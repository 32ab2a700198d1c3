"""Sparse pixel sampling on the sequences of a dataset."""
