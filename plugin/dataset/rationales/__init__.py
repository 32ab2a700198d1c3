"""A feature cache with a language model's rationales: imported, reviewed, exported."""
