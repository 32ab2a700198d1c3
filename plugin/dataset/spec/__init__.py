"""Visual Specs of a dataset: written, and checked against."""
