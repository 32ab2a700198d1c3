"""The model that rebuilds a frame from few pixels, and what its attention says."""
