"""Training of the reconstruction model."""
