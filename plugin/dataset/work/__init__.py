"""Long work on a dataset: in a thread, told to whoever looks, and stopped by whoever asks."""
