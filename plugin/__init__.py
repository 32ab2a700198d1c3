"""What Gapsphere knows: encoders, coverage, projection, reports; ``dataset`` alone has FiftyOne."""

PLUGIN = "@gapsphere/gap-explorer"
"""What FiftyOne calls it: the operator ``NAME`` is ``@gapsphere/gap-explorer/NAME``."""
