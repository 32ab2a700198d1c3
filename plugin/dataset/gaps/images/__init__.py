"""``load_images`` and what it reads: files, folders, tables, recordings."""
