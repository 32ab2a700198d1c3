"""Every setting of every step: declared once, read by forms, Python, the command line and YAML."""
