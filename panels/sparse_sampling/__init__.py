"""The sparse sampling panel: how well each policy reconstructs a sequence, frame by frame."""
