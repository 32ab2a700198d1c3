"""A table of vectors in files, mapped into memory: arrays and a folder, no database."""
