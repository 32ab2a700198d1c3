"""The Gap Explorer: S and U on the unit sphere, beside the sample grid and linked with it."""
