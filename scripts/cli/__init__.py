"""The command line, ``gapsphere``."""
