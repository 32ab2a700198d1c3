"""From embeddings to places on the unit sphere, and how far to trust each of them."""
