"""Feature caches, and what a language model said of their images."""
