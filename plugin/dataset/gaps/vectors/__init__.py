"""``compute_embeddings`` and ``compute_attributes``: images become numbers on samples."""
