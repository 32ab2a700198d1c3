"""Sparse pixel sampling and reconstruction (SGAPS): how few pixels a frame needs, and which."""
