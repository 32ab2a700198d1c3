"""Vectors and points between samples and arrays."""
