"""Every setting: declared once, read by forms, Python, the command line and YAML files."""
