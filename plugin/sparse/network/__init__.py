"""The model that rebuilds a frame from few pixels, and the importance read off its attention."""
