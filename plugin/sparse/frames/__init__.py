"""Frames as measured pixels: coordinates, samples, nearest samples."""
