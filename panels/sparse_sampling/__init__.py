"""The sparse sampling panel: how well each policy rebuilds a sequence, frame by frame."""
